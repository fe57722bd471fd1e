-- What waits has its place by enterprise, campaign and scope; what is refused stays with its reason.
-- Rows from before have no campaign and no scope: nothing replaces them, they are released or refused as ever.

ALTER TABLE desk.pending
    ADD COLUMN scope text COLLATE "C",
    ADD COLUMN issued_at bigint NOT NULL DEFAULT 0,
    ADD COLUMN refused_at bigint,
    ADD COLUMN refused_by text COLLATE "C",
    ADD COLUMN reason text,
    ADD CHECK ((refused_at IS NULL) = (reason IS NULL) AND (refused_at IS NULL) = (refused_by IS NULL));

CREATE UNIQUE INDEX pending_by_place ON desk.pending (subject, campaign, scope) WHERE refused_at IS NULL;
