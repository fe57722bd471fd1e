-- What is asked of the completeness map. "_set" as in schema.sql.

-- name: state
SELECT shape, size, target, kept_size, subjects, root FROM projections.map_state_set

-- name: first
INSERT INTO projections.map_state_set
VALUES (%(shape)b, %(size)b, %(target)b, %(kept_size)b, %(subjects)b, %(root)b)

-- name: begin
-- A new cut. Where the last one was published, proofs need it now, and nothing older.
UPDATE projections.map_state_set SET target = %(target)b, kept_size = %(kept_size)b

-- name: forget_kept
DELETE FROM projections.map_kept_set

-- name: advance
UPDATE projections.map_state_set SET size = %(size)b, subjects = %(subjects)b, root = %(root)b

-- name: pages
SELECT prefix, page FROM projections.map_pages_set WHERE prefix = ANY (%(prefixes)b)

-- name: pages_published
-- As they were at `kept_size`.
SELECT wanted.prefix, CASE WHEN kept.prefix IS NULL THEN now.page ELSE kept.page END AS page
FROM unnest(%(prefixes)b) AS wanted (prefix)
LEFT JOIN projections.map_pages_set now USING (prefix)
LEFT JOIN projections.map_kept_set kept USING (prefix)

-- name: keep
-- Before pages change for the first time since `kept_size`; what was kept stays.
INSERT INTO projections.map_kept_set (prefix, page)
SELECT wanted.prefix, now.page
FROM unnest(%(prefixes)b) AS wanted (prefix) LEFT JOIN projections.map_pages_set now USING (prefix)
ON CONFLICT (prefix) DO NOTHING

-- name: write
INSERT INTO projections.map_pages_set (prefix, page)
SELECT prefix, page FROM unnest(%(prefixes)b, %(pages)b) AS changed (prefix, page)
ON CONFLICT (prefix) DO UPDATE SET page = excluded.page
