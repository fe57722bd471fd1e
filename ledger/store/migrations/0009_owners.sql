-- Whose uploads are that no entry names yet: quotas are per owner. Party ids, and `client:<address>`.

ALTER TABLE ledger.held_bodies ADD COLUMN owner text COLLATE "C" NOT NULL DEFAULT 'client:';
ALTER TABLE ledger.held_annexes ADD COLUMN owner text COLLATE "C" NOT NULL DEFAULT 'client:';
