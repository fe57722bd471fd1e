-- Who is signed in at the desks. Private and mutable, never part of the log.

-- One row for each sign-in that lasts. The cookie has the id, this table its hash: who reads the table is nobody.
CREATE TABLE desk.sessions (
    id_hash bytea PRIMARY KEY CHECK (octet_length(id_hash) = 32),
    party text COLLATE "C" NOT NULL,
    officer text COLLATE "C" NOT NULL,
    kid bytea NOT NULL CHECK (octet_length(kid) = 32),
    roles text[] NOT NULL,          -- held at the sign-in: with any of them the session ends
    began_at bigint NOT NULL,
    seen_at bigint NOT NULL,        -- to the minute or so
    expires_at bigint NOT NULL CHECK (expires_at > began_at)
);
CREATE INDEX sessions_of_officers ON desk.sessions (party, officer, seen_at);

-- A challenge is made with the secret and kept by nobody; what is kept is which were answered, until they are too old.
CREATE TABLE desk.challenge_secret (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    secret bytea NOT NULL CHECK (octet_length(secret) = 32)
);
CREATE TABLE desk.answered_challenges (
    nonce bytea PRIMARY KEY CHECK (octet_length(nonce) = 32),
    expires_at bigint NOT NULL
);
CREATE INDEX answered_challenges_by_expiry ON desk.answered_challenges (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON desk.sessions TO "service_role";
GRANT SELECT, INSERT ON desk.challenge_secret TO "service_role";
GRANT SELECT, INSERT, DELETE ON desk.answered_challenges TO "service_role";
