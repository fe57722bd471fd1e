-- What witnesses said of checkpoints: each of their cosignatures, as it came, once it was verified. The first of a
-- witness on a checkpoint stays. Columns are those of a signature line of the note (C2SP signed-note).

CREATE TABLE ledger.cosignatures (
    tree_size bigint NOT NULL REFERENCES ledger.checkpoints (tree_size),
    name text COLLATE "C" NOT NULL,
    key_id bytea NOT NULL CHECK (octet_length(key_id) = 4),
    signature bytea NOT NULL,  -- begins with its time, 8 bytes (C2SP tlog-cosignature)
    PRIMARY KEY (tree_size, name, key_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.cosignatures
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.cosignatures
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

GRANT SELECT, INSERT ON ledger.cosignatures TO "service_role";
