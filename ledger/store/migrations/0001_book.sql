-- The book: what is written here stays as it was written. "service_role" stands for the service's role.

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'ledger.% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- A signed tree head for each commit. Size 0 (the empty tree) has no row: it is the previous size of the first.
-- One successor for each size, and no successor of a size that is not there: the chain has no fork and no gap.
CREATE TABLE ledger.checkpoints (
    tree_size bigint PRIMARY KEY,
    previous_size bigint NOT NULL UNIQUE CHECK (previous_size >= 0),
    previous_checkpoint bigint GENERATED ALWAYS AS (nullif(previous_size, 0)) STORED
        REFERENCES ledger.checkpoints (tree_size),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    recorded_at bigint NOT NULL,
    note bytea NOT NULL,
    receipt_protected bytea NOT NULL,
    receipt_signature bytea NOT NULL,
    CHECK (tree_size > previous_size)
);

-- Columns named as the eventsourcing library names them: notification_id is leaf index + 1, without gaps;
-- state is the statement, byte for byte; recorded_at is that of the checkpoint, in Unix seconds.
CREATE TABLE ledger.entries (
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL CHECK (originator_version > 0),
    topic text COLLATE "C" NOT NULL,
    state bytea STORAGE EXTERNAL NOT NULL,
    notification_id bigint NOT NULL UNIQUE CHECK (notification_id > 0),
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    recorded_at bigint NOT NULL,
    commitment bytea,
    PRIMARY KEY (originator_id, originator_version)
);
CREATE INDEX entries_leaf_hash ON ledger.entries (leaf_hash);
-- The streams that decide what others may say, in log order: read whole at each start.
CREATE INDEX entries_governing ON ledger.entries (notification_id)
    WHERE originator_id = 'policy' OR starts_with(originator_id, 'party:') OR starts_with(originator_id, 'campaign:');

-- Full tiles only (C2SP tlog-tiles): 256 hashes of 32 bytes.
CREATE TABLE ledger.tiles (
    level bigint NOT NULL CHECK (level BETWEEN 0 AND 63),
    number bigint NOT NULL CHECK (number >= 0),
    hashes bytea STORAGE EXTERNAL NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (level, number)
);

-- What may be true of one entry only, across all streams.
CREATE TABLE ledger.unique_facts (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    leaf_index bigint NOT NULL,
    PRIMARY KEY (kind, key)
);

-- Rows are never updated or deleted: vacuum has to freeze and to keep the visibility map, no more.
ALTER TABLE ledger.entries SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE ledger.unique_facts SET (autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.entries
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.checkpoints
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.tiles
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.tiles
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.unique_facts
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.unique_facts
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

GRANT USAGE ON SCHEMA ledger TO "service_role";
GRANT SELECT, INSERT ON ledger.entries, ledger.checkpoints, ledger.tiles, ledger.unique_facts TO "service_role";
GRANT SELECT ON ledger.migrations TO "service_role";
