-- The completeness map's tables. "_set" is empty for those that serve, and `_next` for those that a rebuild fills.

-- name: tables
-- The newest state, a page of the trie a row (`trie_pages.py`); prefixes are hexadecimal digits of the keys.
CREATE TABLE projections.map_pages_set (
    prefix text COLLATE "C" PRIMARY KEY,
    page bytea NOT NULL
);
-- What proofs under the newest published root need and the newest state has no more: pages as they were at `kept_size`,
-- NULL where there was none.
CREATE TABLE projections.map_kept_set (
    prefix text COLLATE "C" PRIMARY KEY,
    page bytea
);
-- One row. The pages hold the first `size` entries; a cut is being made at `target`, and is complete once they are the
-- same. `kept_size` is the size of the newest published root that can be served, 0 for none.
CREATE TABLE projections.map_state_set (
    shape integer NOT NULL,
    size bigint NOT NULL,
    target bigint NOT NULL,
    kept_size bigint NOT NULL,
    subjects bigint NOT NULL,
    root bytea NOT NULL
);
