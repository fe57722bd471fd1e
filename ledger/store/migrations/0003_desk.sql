-- The desk: private working papers, ordinary mutable data, never part of the log. And room for the projections.

CREATE SCHEMA desk;

CREATE TABLE desk.pending (
    statement_id bytea PRIMARY KEY CHECK (octet_length(statement_id) = 32),
    statement bytea NOT NULL,
    body bytea,
    subject text COLLATE "C" NOT NULL,
    campaign text COLLATE "C",
    received_at bigint NOT NULL
);
CREATE INDEX pending_by_campaign ON desk.pending (campaign, received_at, statement_id);
CREATE INDEX pending_by_subject ON desk.pending (subject);

GRANT USAGE ON SCHEMA desk TO "service_role";
GRANT SELECT, INSERT, UPDATE, DELETE ON desk.pending TO "service_role";

CREATE SCHEMA projections AUTHORIZATION "service_role";
