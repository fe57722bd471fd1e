-- Complaint files of handling bodies. Private and mutable, never part of the log.

-- What persons said and who they are is in `content`, encrypted under a key of the file's own that lies outside of the
-- database (ledger/store/complaint_encryption.py). The other columns are what work lists are made by.
CREATE TABLE desk.complaint_files (
    number text COLLATE "C" PRIMARY KEY,          -- by which people name it
    case_id bytea NOT NULL UNIQUE CHECK (octet_length(case_id) = 16),  -- random; stands in the published outcome
    body text COLLATE "C" NOT NULL,               -- the party that handles it
    subject text COLLATE "C",                     -- the enterprise, once it is known which of the book it is
    holder text COLLATE "C",                      -- the officer whose file it is
    stage text COLLATE "C" NOT NULL,
    suspended boolean NOT NULL,
    due_on date NOT NULL,                         -- of the next thing to do; 9999-12-31 where nothing is due
    received_on date NOT NULL,
    closed_on date,
    entry bigint CHECK (entry >= 0),              -- of the published outcome
    version integer NOT NULL CHECK (version > 0), -- the number of its steps
    secret_hash bytea CHECK (octet_length(secret_hash) = 32),  -- SHA-256; NULL once it is erased
    content bytea,                                -- NULL once it is erased
    CHECK ((content IS NULL) = (secret_hash IS NULL))
);
CREATE INDEX complaint_files_by_body ON desk.complaint_files (body, stage, due_on);
CREATE INDEX complaint_files_by_subject ON desk.complaint_files (subject, received_on);
CREATE INDEX complaint_files_to_erase ON desk.complaint_files (closed_on) WHERE content IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON desk.complaint_files TO "service_role";
