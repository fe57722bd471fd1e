-- Every statement that the store sends, by name. Placeholders are psycopg's; %b asks for the binary format.

-- name: append
-- One commit of the book: all of it or nothing. The checkpoint is inserted first, since all else reads from it:
-- a second writer waits there, on the unique previous size, before it holds anything that the first could need.
WITH head AS (
    INSERT INTO ledger.checkpoints
        (tree_size, previous_size, root, recorded_at, note, receipt_protected, receipt_signature)
    VALUES (%(tree_size)b, %(previous_size)b, %(root)b, %(recorded_at)b, %(note)b, %(protected)b, %(signature)b)
    RETURNING tree_size, previous_size, recorded_at
), new_entries AS (
    INSERT INTO ledger.entries (originator_id, originator_version, topic, state,
                                notification_id, leaf_hash, recorded_at, commitment)
    SELECT n.subject, n.version, n.topic, n.statement,
           head.previous_size + n.place, n.leaf_hash, head.recorded_at, n.commitment
    FROM head, unnest(%(subjects)b, %(versions)b, %(topics)b, %(statements)b, %(leaf_hashes)b, %(commitments)b)
        WITH ORDINALITY AS n (subject, version, topic, statement, leaf_hash, commitment, place)
), new_facts AS (
    INSERT INTO ledger.unique_facts (kind, key, leaf_index)
    SELECT n.kind, n.key, n.leaf_index
    FROM head, unnest(%(fact_kinds)b, %(fact_keys)b, %(fact_indices)b) AS n (kind, key, leaf_index)
), new_bodies AS (
    INSERT INTO ledger.vault (leaf_index, commitment, body, public)
    SELECT n.leaf_index, n.commitment, n.body, n.public <> 0
    FROM head, unnest(%(body_indices)b, %(body_commitments)b, %(bodies)b, %(body_public)b)
        AS n (leaf_index, commitment, body, public)
), erased_bodies AS (
    UPDATE ledger.vault SET body = NULL FROM head WHERE leaf_index = ANY (%(erased)b) AND body IS NOT NULL
), used_bodies AS (
    DELETE FROM ledger.held_bodies USING head WHERE commitment = ANY (%(body_commitments)b)
), new_tiles AS (
    INSERT INTO ledger.tiles (level, number, hashes)
    SELECT n.level, n.number, n.hashes
    FROM head, unnest(%(tile_levels)b, %(tile_numbers)b, %(tile_hashes)b) AS n (level, number, hashes)
)
SELECT pg_notify('ledger', tree_size::text) FROM head

-- name: latest
SELECT tree_size, previous_size, root, recorded_at, note, receipt_protected, receipt_signature
FROM ledger.checkpoints ORDER BY tree_size DESC LIMIT 1

-- name: checkpoint_covering
SELECT tree_size, previous_size, root, recorded_at, note, receipt_protected, receipt_signature
FROM ledger.checkpoints WHERE tree_size > %b ORDER BY tree_size LIMIT 1

-- name: checkpoint_at
SELECT tree_size, previous_size, root, recorded_at, note, receipt_protected, receipt_signature
FROM ledger.checkpoints WHERE tree_size = %b

-- name: size
SELECT coalesce(max(tree_size), 0) FROM ledger.checkpoints

-- name: entries
-- The window is said of the vault, too, so that no plan reads all of it.
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
    AND v.leaf_index >= %(start)b AND v.leaf_index < %(stop)b
WHERE e.notification_id > %(start)b AND e.notification_id <= %(stop)b
ORDER BY e.notification_id

-- name: governing_entries
-- The condition is that of the partial index entries_governing, word for word.
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
WHERE (e.originator_id = 'policy' OR starts_with(e.originator_id, 'party:') OR starts_with(e.originator_id, 'campaign:'))
    AND e.notification_id > %(after)b
ORDER BY e.notification_id

-- name: stream
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
WHERE e.originator_id = %(subject)b AND e.originator_version > %(after)b AND e.notification_id <= %(size)b
ORDER BY e.originator_version

-- name: streams
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
WHERE e.originator_id = ANY (%(subjects)b) AND e.originator_version <= %(most)b
ORDER BY e.originator_id, e.originator_version

-- name: facts
SELECT f.kind, f.key, f.leaf_index
FROM unnest(%b, %b) AS wanted (kind, key) JOIN ledger.unique_facts f USING (kind, key)

-- name: statements
SELECT notification_id - 1, state FROM ledger.entries WHERE notification_id = ANY (%b)

-- name: index_of_statement
SELECT min(notification_id) - 1 FROM ledger.entries WHERE leaf_hash = %b

-- name: leaf_hashes
SELECT leaf_hash FROM ledger.entries WHERE notification_id > %b AND notification_id <= %b ORDER BY notification_id

-- name: tile
SELECT hashes FROM ledger.tiles WHERE level = %b AND number = %b

-- name: select_stored
-- What the eventsourcing library reads of a stream.
SELECT e.originator_id, e.originator_version, e.topic, e.state, e.notification_id, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
WHERE e.originator_id = %(subject)b AND e.originator_version > %(after)b AND e.originator_version <= %(last)b
ORDER BY e.originator_version

-- name: select_notifications
-- What the eventsourcing library reads of the log.
SELECT e.originator_id, e.originator_version, e.topic, e.state, e.notification_id, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
WHERE e.notification_id >= %(start)b AND e.notification_id <= %(stop)b
  AND (cardinality(%(topics)b) = 0 OR e.topic = ANY (%(topics)b))
ORDER BY e.notification_id LIMIT %(limit)b

-- name: held_bytes
SELECT coalesce(sum(octet_length(body)), 0)::bigint FROM ledger.held_bodies

-- name: drop_expired_bodies
DELETE FROM ledger.held_bodies WHERE held_at <= %b

-- name: hold_body
INSERT INTO ledger.held_bodies (commitment, body, held_at) VALUES (%b, %b, %b)
ON CONFLICT (commitment) DO UPDATE SET held_at = greatest(excluded.held_at, held_bodies.held_at)

-- name: held_bodies
SELECT commitment, body FROM ledger.held_bodies WHERE commitment = ANY (%b) AND held_at > %b

-- name: body
SELECT body, public FROM ledger.vault WHERE leaf_index = %b AND body IS NOT NULL

-- name: erase_body
-- A copy that was uploaded again goes with it.
WITH erased AS (
    UPDATE ledger.vault SET body = NULL WHERE leaf_index = %b RETURNING commitment
)
DELETE FROM ledger.held_bodies h USING erased e WHERE h.commitment = e.commitment

-- name: desk_put
-- Full only for what is not there yet: the same again is no error.
INSERT INTO desk.pending (statement_id, statement, body, subject, campaign, received_at)
SELECT %(statement_id)b, %(statement)b, %(body)b, %(subject)b, %(campaign)b, %(received_at)b
WHERE EXISTS (SELECT FROM desk.pending WHERE statement_id = %(statement_id)b)
   OR (SELECT count(*) FROM (SELECT FROM desk.pending LIMIT %(most)b) AS bounded) < %(most)b
ON CONFLICT (statement_id) DO UPDATE SET received_at = pending.received_at
RETURNING statement_id, statement, body, subject, campaign, received_at

-- name: desk_get
SELECT statement_id, statement, body, subject, campaign, received_at FROM desk.pending WHERE statement_id = %b

-- name: desk_list
SELECT statement_id, statement, body, subject, campaign, received_at FROM desk.pending
WHERE (%(campaign)b::text IS NULL OR campaign = %(campaign)b)
  AND (received_at, statement_id) > (%(after_time)b, %(after_id)b)
ORDER BY received_at, statement_id LIMIT %(limit)b

-- name: desk_remove
DELETE FROM desk.pending WHERE statement_id = ANY (%b)

-- name: desk_count
SELECT count(*) FROM desk.pending
