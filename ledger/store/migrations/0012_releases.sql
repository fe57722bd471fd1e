-- Drafts of statements: laid by one officer of a party, released by another, at once or at a chosen time. Private and
-- mutable, never part of the log.

CREATE TABLE desk.drafts (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    party text COLLATE "C" NOT NULL,
    drafter text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    document text,                      -- what was drafted, in JSON; gone once it is in the book
    laid_at bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'left', 'releasing', 'refused', 'released')),
    -- left for a time: the signed statement, by whom, until when it may be called back
    releaser text COLLATE "C",
    statement bytea,
    statement_id bytea CHECK (octet_length(statement_id) = 32),
    body bytea,
    release_at bigint,
    -- its time has come: who takes it has it until then; who finds this past takes it over
    leased_until bigint,
    -- what became of it; rule and words where it was refused
    settled_at bigint,
    entry bigint,
    rule text,
    zh text,
    en text,
    called_back_by text COLLATE "C",
    called_back_at bigint,
    CHECK (state IN ('draft', 'refused', 'released')
        OR (statement IS NOT NULL AND statement_id IS NOT NULL AND releaser IS NOT NULL AND release_at IS NOT NULL)),
    CHECK (releaser <> drafter),
    CHECK (state = 'released' OR document IS NOT NULL),
    CHECK (state <> 'released' OR (document IS NULL AND statement IS NULL AND body IS NULL))
);
CREATE INDEX drafts_of_parties ON desk.drafts (party, laid_at, id);
CREATE INDEX drafts_due ON desk.drafts (release_at) WHERE state IN ('left', 'releasing');

GRANT SELECT, INSERT, UPDATE, DELETE ON desk.drafts TO "service_role";
