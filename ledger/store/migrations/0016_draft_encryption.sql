-- What is drafted lies encrypted, each draft under a key of its own outside of the database. `document`, `statement` and
-- `body` are ciphertext where `encrypted` says so; rows from before are encrypted when a service next starts.
-- `commitment` is the SHA-256 of `body`, as its statement publishes it: an erased body is found by it.

ALTER TABLE desk.drafts
    ALTER COLUMN document TYPE bytea USING convert_to(document, 'UTF8'),
    ADD COLUMN encrypted boolean NOT NULL DEFAULT false,
    ADD COLUMN commitment bytea CHECK (octet_length(commitment) = 32);
