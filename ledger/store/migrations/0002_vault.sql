-- The vault: bodies of sealed statements. Content can be destroyed here, and nothing but destroyed.

CREATE TABLE ledger.vault (
    leaf_index bigint PRIMARY KEY,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    body bytea STORAGE EXTERNAL,  -- null once erased
    public boolean NOT NULL       -- whether the rules may ever let it be shown
);

CREATE FUNCTION ledger.only_erase() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
    IF NEW.body IS NOT NULL
        OR (NEW.leaf_index, NEW.commitment, NEW.public) IS DISTINCT FROM (OLD.leaf_index, OLD.commitment, OLD.public)
    THEN
        RAISE EXCEPTION 'ledger.vault: a body can be erased, not changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER only_erase BEFORE UPDATE ON ledger.vault FOR EACH ROW EXECUTE FUNCTION ledger.only_erase();
CREATE TRIGGER keep_rows BEFORE DELETE ON ledger.vault FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER keep_rows_truncate BEFORE TRUNCATE ON ledger.vault
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Bodies that were uploaded and wait for their statement.
CREATE TABLE ledger.held_bodies (
    commitment bytea PRIMARY KEY CHECK (octet_length(commitment) = 32),
    body bytea STORAGE EXTERNAL NOT NULL,
    held_at bigint NOT NULL
);
CREATE INDEX held_bodies_held_at ON ledger.held_bodies (held_at);

-- An erased or withdrawn body lies in a dead row until vacuum comes by: let it come at once.
ALTER TABLE ledger.vault SET (
    autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 0, toast.autovacuum_vacuum_scale_factor = 0
);
ALTER TABLE ledger.held_bodies SET (
    autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0.01,
    toast.autovacuum_vacuum_threshold = 50, toast.autovacuum_vacuum_scale_factor = 0.01
);

GRANT SELECT, INSERT, UPDATE (body) ON ledger.vault TO "service_role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.held_bodies TO "service_role";
