-- What is to be told to somebody outside: programs by webhook, people by mail, parties without mail by letter. Private
-- and mutable, never part of the log. No table here holds an address in the open: where notices go to is encrypted under
-- a key of the row's own that lies outside of the database (ledger/store/receiver_encryption.py).

-- A subscription is its own queue: what it has not been told of yet begins at `next_entry` of the log, and that moves on
-- only after the receiver has answered.
CREATE TABLE desk.webhooks (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32), -- SHA-256; whoever has the token manages it
    client bytea NOT NULL,                  -- from where: a keyed hash, so that one client's can be counted
    receiver bytea NOT NULL,                -- web address and signing secret, encrypted
    subjects text[] NOT NULL,               -- empty: any
    campaigns text[] NOT NULL,
    types text[] NOT NULL,
    state text NOT NULL CHECK (state IN ('asked', 'active', 'stopped')),
    confirmed_at bigint,                    -- when the receiver answered the challenge
    next_entry bigint NOT NULL CHECK (next_entry >= 0),
    asked_at bigint NOT NULL,
    due_at bigint NOT NULL,
    attempts integer NOT NULL DEFAULT 0,    -- that failed, since the last that did not
    failing_since bigint,
    problem text,
    delivered_at bigint,
    -- who delivers has it until then; who finds this past takes it over. `claim` is drawn for each taking
    claim bytea,
    leased_until bigint,
    CHECK (state <> 'active' OR confirmed_at IS NOT NULL)
);
CREATE INDEX webhooks_due ON desk.webhooks (due_at) WHERE state <> 'stopped';
CREATE INDEX webhooks_of_clients ON desk.webhooks (client);

-- Who asked to be told of an enterprise by mail; for `party:…` a party's own officers, of what concerns the party.
CREATE TABLE desk.follows (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    subject text COLLATE "C" NOT NULL,
    address_hash bytea NOT NULL CHECK (octet_length(address_hash) = 32), -- keyed: tells nothing without the key
    client bytea NOT NULL,
    receiver bytea NOT NULL,                -- the address, encrypted
    language text NOT NULL CHECK (language IN ('zh', 'en')),
    asked_at bigint NOT NULL,
    confirmed_at bigint,                    -- by the link in the mail
    UNIQUE (subject, address_hash)
);
CREATE INDEX follows_of_addresses ON desk.follows (address_hash, asked_at);
CREATE INDEX follows_of_clients ON desk.follows (client) WHERE confirmed_at IS NULL;
CREATE INDEX follows_asked ON desk.follows (asked_at) WHERE confirmed_at IS NULL;

-- Written in the transaction that makes a notice necessary; taken by workers under a lease.
CREATE TABLE desk.outbox (
    id bytea PRIMARY KEY DEFAULT uuid_send(gen_random_uuid()) CHECK (octet_length(id) = 16),
    kind text COLLATE "C" NOT NULL,
    channel text NOT NULL CHECK (channel IN ('mail', 'letter')),
    receiver text COLLATE "C" NOT NULL,     -- follow:<id>, complaint:<number>, party:<id>: never an address
    about text COLLATE "C" NOT NULL,        -- an enterprise, a party, the number of a complaint file
    desk text COLLATE "C",                  -- the party at whose desk it is seen; NULL: at the organizer's
    first_entry bigint,
    last_entry bigint,
    due_on date,                            -- of a deadline
    once text COLLATE "C" NOT NULL UNIQUE,  -- what it is about: a notice becomes necessary once
    made_at bigint NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'dead', 'sent', 'given_up')),
    due_at bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    problem text,
    settled_at bigint,
    claim bytea,
    leased_until bigint
);
CREATE INDEX outbox_due ON desk.outbox (due_at, id) WHERE state = 'waiting' AND channel = 'mail';
CREATE INDEX outbox_seen ON desk.outbox (state, made_at, id);
CREATE INDEX outbox_settled ON desk.outbox (settled_at) WHERE settled_at IS NOT NULL;

-- How far the log was looked at for what has to be told by mail.
CREATE TABLE desk.notice_position (
    name text COLLATE "C" PRIMARY KEY,
    next_entry bigint NOT NULL CHECK (next_entry >= 0)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON desk.webhooks, desk.follows, desk.outbox, desk.notice_position TO "service_role";
