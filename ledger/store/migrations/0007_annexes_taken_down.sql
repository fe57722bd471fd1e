-- An annex can be taken down: its content is destroyed, the row stays and says that it was there.

ALTER TABLE ledger.annexes ALTER COLUMN content DROP NOT NULL;  -- null once taken down

CREATE FUNCTION ledger.only_take_down() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.content IS NOT NULL
        OR (NEW.digest, NEW.leaf_index, NEW.media_type) IS DISTINCT FROM (OLD.digest, OLD.leaf_index, OLD.media_type)
    THEN
        RAISE EXCEPTION 'ledger.annexes is append-only: an annex can be taken down, not changed'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
DROP TRIGGER append_only ON ledger.annexes;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.annexes
    FOR EACH ROW EXECUTE FUNCTION ledger.only_take_down();
ALTER TABLE ledger.annexes SET (
    autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 0, toast.autovacuum_vacuum_scale_factor = 0
);
GRANT UPDATE (content) ON ledger.annexes TO "service_role";

-- Take-downs are found again with the erasures.
DROP INDEX ledger.entries_erasures;
CREATE INDEX entries_erasures ON ledger.entries (notification_id)
    WHERE topic = 'BodyErased' OR topic = 'AttachmentErased' OR topic = 'AnnexTakenDown';
