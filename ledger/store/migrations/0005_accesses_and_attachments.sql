-- Who read what is not public, attachments under encryption, and ways to find erasures again.

-- Append-only like the book: what was read, and by whom, is not to be edited by whoever runs the service.
CREATE TABLE ledger.accesses (
    number bigint PRIMARY KEY CHECK (number > 0),
    at bigint NOT NULL,
    day date NOT NULL,            -- of `at`, in Asia/Shanghai
    party text COLLATE "C" NOT NULL,
    officer text COLLATE "C" NOT NULL,
    kid text COLLATE "C" NOT NULL,
    cti text COLLATE "C" NOT NULL,
    resource text COLLATE "C" NOT NULL,
    purpose text NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    subject text COLLATE "C",
    entry bigint,
    CONSTRAINT accesses_once UNIQUE (kid, cti)  -- a token is good for one access, whatever process it comes to
);
CREATE INDEX accesses_by_day ON ledger.accesses (day, number);
CREATE INDEX accesses_by_subject ON ledger.accesses (subject, number);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.accesses
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.accesses
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Attachments: nonce and ciphertext. The keys are not in this database, nor in its backups.
CREATE TABLE ledger.attachments (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    media_type text COLLATE "C" NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    party text COLLATE "C" NOT NULL,
    uploaded_at bigint NOT NULL,
    ciphertext bytea STORAGE EXTERNAL  -- null once erased
);
CREATE INDEX attachments_uploaded_at ON ledger.attachments (uploaded_at);

CREATE FUNCTION ledger.only_erase_attachment() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
    IF NEW.ciphertext IS NOT NULL
        OR (NEW.id, NEW.commitment, NEW.media_type, NEW.size_bytes, NEW.party, NEW.uploaded_at)
            IS DISTINCT FROM (OLD.id, OLD.commitment, OLD.media_type, OLD.size_bytes, OLD.party, OLD.uploaded_at)
    THEN
        RAISE EXCEPTION 'ledger.attachments: an attachment can be erased, not changed'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER only_erase BEFORE UPDATE ON ledger.attachments
    FOR EACH ROW EXECUTE FUNCTION ledger.only_erase_attachment();

-- What no entry ever named is dropped after a while; what one names stays.
CREATE FUNCTION ledger.keep_named_attachment() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger.unique_facts WHERE kind = 'attachment' AND key = encode(OLD.id, 'hex')) THEN
        RAISE EXCEPTION 'ledger.attachments: an entry names this attachment' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER keep_named BEFORE DELETE ON ledger.attachments
    FOR EACH ROW EXECUTE FUNCTION ledger.keep_named_attachment();
CREATE TRIGGER keep_rows_truncate BEFORE TRUNCATE ON ledger.attachments
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.attachments SET (
    autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 0, toast.autovacuum_vacuum_scale_factor = 0
);

GRANT SELECT, INSERT ON ledger.accesses TO "service_role";
GRANT SELECT, INSERT, DELETE, UPDATE (ciphertext) ON ledger.attachments TO "service_role";

-- The erasures, in log order: read whole at each start, and compared with the journal that lies beside the keys.
CREATE INDEX entries_erasures ON ledger.entries (notification_id)
    WHERE topic = 'BodyErased' OR topic = 'AttachmentErased';
CREATE INDEX vault_commitment ON ledger.vault (commitment);

-- The digests of the access log are a governing stream, too.
DROP INDEX ledger.entries_governing;
CREATE INDEX entries_governing ON ledger.entries (notification_id)
    WHERE originator_id = 'policy' OR originator_id = 'access'
        OR starts_with(originator_id, 'party:') OR starts_with(originator_id, 'campaign:');
