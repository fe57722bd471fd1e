-- Keys that somebody asks to have enrolled. Private and mutable, never part of the log: an approval is a statement, and
-- what it enrolled is no request any more.

CREATE TABLE desk.enrolment_requests (
    kid bytea PRIMARY KEY CHECK (octet_length(kid) = 32),
    party text COLLATE "C" NOT NULL,
    officer text COLLATE "C" NOT NULL,      -- a pseudonym
    cose_key bytea NOT NULL,
    proof bytea NOT NULL,                   -- of possession, for this party in this log
    recovers boolean NOT NULL,              -- in the place of a lost key
    client bytea NOT NULL,                  -- from where: a keyed hash, so that one client's requests can be counted
    asked_at bigint NOT NULL,
    refused_at bigint,
    refused_by text COLLATE "C",
    reason text,
    CHECK ((refused_at IS NULL) = (reason IS NULL) AND (refused_at IS NULL) = (refused_by IS NULL))
);
CREATE INDEX enrolment_requests_by_age ON desk.enrolment_requests (asked_at, kid);
CREATE INDEX enrolment_requests_of_parties ON desk.enrolment_requests (party, asked_at);
CREATE INDEX enrolment_requests_of_clients ON desk.enrolment_requests (client);

GRANT SELECT, INSERT, UPDATE, DELETE ON desk.enrolment_requests TO "service_role";
