-- Annexes: public files that an entry names by SHA-256. They stay as the entry does.

CREATE TABLE ledger.annexes (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    leaf_index bigint NOT NULL,  -- of the first entry that names it
    media_type text COLLATE "C" NOT NULL,
    content bytea STORAGE EXTERNAL NOT NULL,
    CHECK (sha256(content) = digest)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.annexes
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.annexes
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Files that were uploaded and wait for a statement that names them.
CREATE TABLE ledger.held_annexes (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    media_type text COLLATE "C" NOT NULL,
    content bytea STORAGE EXTERNAL NOT NULL,
    held_at bigint NOT NULL
);
CREATE INDEX held_annexes_held_at ON ledger.held_annexes (held_at);
ALTER TABLE ledger.held_annexes SET (
    autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0.01,
    toast.autovacuum_vacuum_threshold = 50, toast.autovacuum_vacuum_scale_factor = 0.01
);

GRANT SELECT, INSERT ON ledger.annexes TO "service_role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.held_annexes TO "service_role";
