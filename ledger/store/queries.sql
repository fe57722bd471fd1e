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
), new_annexes AS (
    -- None is missing but by a defect: then the type is null, and the whole commit is refused.
    INSERT INTO ledger.annexes (digest, leaf_index, media_type, content)
    SELECT DISTINCT ON (n.digest)
        n.digest, n.leaf_index, CASE WHEN h.content IS NOT NULL THEN n.media_type END, h.content
    FROM head, unnest(%(annex_digests)b, %(annex_indices)b, %(annex_types)b) AS n (digest, leaf_index, media_type)
    LEFT JOIN ledger.held_annexes h USING (digest)
    WHERE NOT EXISTS (SELECT FROM ledger.annexes a WHERE a.digest = n.digest)
    ORDER BY n.digest, n.leaf_index
), gone_annexes AS (
    -- One that is new in this very commit is not seen here: the settling after it (`erasure.py`) takes it down.
    UPDATE ledger.annexes SET content = NULL FROM head WHERE digest = ANY (%(taken_down)b) AND content IS NOT NULL
), used_annexes AS (
    DELETE FROM ledger.held_annexes USING head WHERE digest = ANY (%(annex_digests)b)
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

-- name: checkpoints_covering
SELECT wanted.leaf_index, c.tree_size, c.previous_size, c.root, c.recorded_at, c.note, c.receipt_protected,
       c.receipt_signature
FROM unnest(%b) AS wanted (leaf_index)
CROSS JOIN LATERAL (
    SELECT * FROM ledger.checkpoints WHERE tree_size > wanted.leaf_index ORDER BY tree_size LIMIT 1
) AS c

-- name: checkpoint_at
SELECT tree_size, previous_size, root, recorded_at, note, receipt_protected, receipt_signature
FROM ledger.checkpoints WHERE tree_size = %b

-- name: size
SELECT coalesce(max(tree_size), 0) FROM ledger.checkpoints

-- name: settle
-- A commit of nothing: what it waits for has all that was committed before it, too.
SELECT pg_logical_emit_message(true, 'credit-ledger', 'settled')

-- name: clock
SELECT extract(epoch FROM clock_timestamp())::float8

-- name: entries
-- The window is said of the vault, too, so that no plan reads all of it.
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
    AND v.leaf_index >= %(start)b AND v.leaf_index < %(stop)b
WHERE e.notification_id > %(start)b AND e.notification_id <= %(stop)b
ORDER BY e.notification_id

-- name: entries_at
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
WHERE e.notification_id = ANY (%(numbers)b)
ORDER BY e.notification_id

-- name: governing_entries
-- The condition of the first part is that of the partial index entries_governing, word for word; the roots of the map
-- are one stream, found by its own key.
SELECT * FROM (
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
WHERE (e.originator_id = 'policy' OR e.originator_id = 'access'
       OR starts_with(e.originator_id, 'party:') OR starts_with(e.originator_id, 'campaign:'))
    AND e.notification_id > %(after)b
UNION ALL
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, NULL
FROM ledger.entries e WHERE e.originator_id = 'map' AND e.notification_id > %(after)b
) AS governing (leaf_index, subject, version, topic, statement, recorded_at, body)
ORDER BY leaf_index

-- name: stream
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body
FROM ledger.entries e
LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1
WHERE e.originator_id = %(subject)b AND e.originator_version > %(after)b AND e.notification_id <= %(size)b
ORDER BY e.originator_version LIMIT %(most)b

-- name: stream_indices
SELECT notification_id - 1 FROM ledger.entries
WHERE originator_id = %(subject)b AND notification_id > %(after)b
ORDER BY originator_version LIMIT %(limit)b

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

-- name: leaves
-- What the completeness map is made of.
SELECT notification_id - 1, originator_id, leaf_hash FROM ledger.entries
WHERE notification_id > %b AND notification_id <= %b ORDER BY notification_id

-- name: tiles
SELECT t.level, t.number, t.hashes
FROM unnest(%b, %b) AS wanted (level, number) JOIN ledger.tiles t USING (level, number)

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
SELECT owner, sum(octet_length(body))::bigint FROM ledger.held_bodies GROUP BY owner

-- name: drop_expired_bodies
DELETE FROM ledger.held_bodies WHERE held_at <= %b

-- name: hold_body
INSERT INTO ledger.held_bodies (commitment, body, held_at, owner) VALUES (%b, %b, %b, %b)
ON CONFLICT (commitment) DO UPDATE SET held_at = greatest(excluded.held_at, held_bodies.held_at)

-- name: held_bodies
SELECT commitment, body FROM ledger.held_bodies WHERE commitment = ANY (%b) AND held_at > %b

-- name: drop_expired_annexes
DELETE FROM ledger.held_annexes WHERE held_at <= %b

-- name: hold_annex
-- No row where there is no room, and where an entry names it already.
INSERT INTO ledger.held_annexes (digest, media_type, content, held_at, owner)
SELECT %(digest)b, %(media_type)b, %(content)b, %(now)b, %(owner)b
WHERE NOT EXISTS (SELECT FROM ledger.annexes WHERE digest = %(digest)b)
    AND (EXISTS (SELECT FROM ledger.held_annexes WHERE digest = %(digest)b)
        OR ((SELECT coalesce(sum(octet_length(content)), 0) FROM ledger.held_annexes
                WHERE starts_with(owner, %(kind)b)) <= %(room)b
            AND (SELECT coalesce(sum(octet_length(content)), 0) FROM ledger.held_annexes
                WHERE owner = %(owner)b) <= %(own_room)b))
ON CONFLICT (digest) DO UPDATE SET held_at = greatest(excluded.held_at, held_annexes.held_at)
RETURNING digest

-- name: held_annexes_of
SELECT coalesce(sum(octet_length(content)), 0)::bigint FROM ledger.held_annexes WHERE owner = %b

-- name: known_annexes
SELECT digest, octet_length(content)::bigint, media_type FROM ledger.annexes
WHERE digest = ANY (%(digests)b) AND content IS NOT NULL
UNION ALL
SELECT h.digest, octet_length(h.content)::bigint, h.media_type FROM ledger.held_annexes h
WHERE h.digest = ANY (%(digests)b) AND h.held_at > %(after)b
    AND NOT EXISTS (SELECT FROM ledger.annexes a WHERE a.digest = h.digest)

-- name: annex
SELECT content, media_type FROM ledger.annexes WHERE digest = %b AND content IS NOT NULL

-- name: annex_gone
SELECT 1 FROM ledger.annexes WHERE digest = %b AND content IS NULL

-- name: take_down_annexes
WITH held AS (
    DELETE FROM ledger.held_annexes WHERE digest = ANY (%(digests)b)
), gone AS (
    UPDATE ledger.annexes SET content = NULL WHERE digest = ANY (%(digests)b) AND content IS NOT NULL RETURNING 1
)
SELECT count(*) FROM gone

-- name: keep_cosignature
INSERT INTO ledger.cosignatures (tree_size, name, key_id, signature) VALUES (%b, %b, %b, %b)
ON CONFLICT (tree_size, name, key_id) DO NOTHING

-- name: cosignatures
SELECT tree_size, name, key_id, signature FROM ledger.cosignatures
WHERE tree_size >= %b AND tree_size <= %b
ORDER BY tree_size DESC, name, key_id LIMIT %b

-- name: body
SELECT body, public FROM ledger.vault WHERE leaf_index = %b AND body IS NOT NULL

-- name: erase_body
-- A copy that was uploaded again goes with it.
WITH erased AS (
    UPDATE ledger.vault SET body = NULL WHERE leaf_index = %b RETURNING commitment
)
DELETE FROM ledger.held_bodies h USING erased e WHERE h.commitment = e.commitment

-- name: desk_put
-- A newer one takes the place of the one that waits; an older one sent again takes no place. Two at once may pass the
-- counts together: the index by place bounds what they add.
INSERT INTO desk.pending (statement_id, statement, body, subject, campaign, received_at, scope, issued_at)
SELECT %(statement_id)b, %(statement)b, %(body)b, %(subject)b, %(campaign)b, %(received_at)b, %(scope)b, %(issued_at)b
WHERE NOT EXISTS (SELECT FROM desk.pending WHERE statement_id = %(statement_id)b)
  AND NOT EXISTS (
    SELECT FROM desk.pending
    WHERE subject = %(subject)b AND campaign = %(campaign)b AND scope = %(scope)b AND issued_at > %(issued_at)b)
  AND (EXISTS (
        SELECT FROM desk.pending
        WHERE subject = %(subject)b AND campaign = %(campaign)b AND scope = %(scope)b AND refused_at IS NULL)
    OR ((SELECT count(*) FROM desk.pending WHERE subject = %(subject)b AND refused_at IS NULL) < %(most_own)b::bigint
        AND (SELECT count(*) FROM (SELECT FROM desk.pending LIMIT %(most)b::bigint) AS bounded) < %(most)b::bigint))
ON CONFLICT (subject, campaign, scope) WHERE refused_at IS NULL DO UPDATE SET
    statement_id = excluded.statement_id, statement = excluded.statement, body = excluded.body,
    received_at = excluded.received_at, issued_at = excluded.issued_at
    WHERE pending.issued_at <= excluded.issued_at
RETURNING statement_id, statement, body, subject, campaign, received_at, scope, issued_at, refused_at, refused_by, reason

-- name: desk_newer
-- Whether a later one of this place is here, and how many of this enterprise wait.
SELECT
    EXISTS (
        SELECT FROM desk.pending
        WHERE subject = %(subject)b AND campaign = %(campaign)b AND scope = %(scope)b AND issued_at > %(issued_at)b),
    (SELECT count(*) FROM desk.pending WHERE subject = %(subject)b AND refused_at IS NULL)

-- name: desk_get
SELECT statement_id, statement, body, subject, campaign, received_at, scope, issued_at, refused_at, refused_by, reason
FROM desk.pending WHERE statement_id = %b

-- name: desk_list
SELECT statement_id, statement, body, subject, campaign, received_at, scope, issued_at, refused_at, refused_by, reason
FROM desk.pending
WHERE (%(campaign)b::text IS NULL OR campaign = %(campaign)b)
  AND (%(subject)b::text IS NULL OR subject = %(subject)b)
  AND (received_at, statement_id) > (%(after_time)b, %(after_id)b)
ORDER BY received_at, statement_id LIMIT %(limit)b

-- name: desk_page
-- A list as its reader filters and sorts it.
SELECT statement_id, statement, body, subject, campaign, received_at, scope, issued_at, refused_at, refused_by, reason
FROM desk.pending
WHERE (%(campaign)b::text IS NULL OR campaign = %(campaign)b)
  AND (%(subject)b::text IS NULL OR subject = %(subject)b)
  AND (%(scope)b::text IS NULL OR scope = %(scope)b)
  AND (%(waiting)b::boolean IS NULL OR (refused_at IS NULL) = %(waiting)b)
  AND (%(subjects)b::text[] IS NULL OR subject = ANY (%(subjects)b))
  AND position(lower(%(part)b::text) IN lower(subject)) > 0
ORDER BY
    CASE WHEN %(order)b::text = 'enterprise' THEN subject COLLATE "C" END,
    CASE WHEN %(order)b::text = '-received' THEN received_at END DESC,
    received_at, statement_id
LIMIT %(limit)b::bigint OFFSET %(offset)b::bigint

-- name: desk_page_count
SELECT count(*)
FROM desk.pending
WHERE (%(campaign)b::text IS NULL OR campaign = %(campaign)b)
  AND (%(subject)b::text IS NULL OR subject = %(subject)b)
  AND (%(scope)b::text IS NULL OR scope = %(scope)b)
  AND (%(waiting)b::boolean IS NULL OR (refused_at IS NULL) = %(waiting)b)
  AND (%(subjects)b::text[] IS NULL OR subject = ANY (%(subjects)b))
  AND position(lower(%(part)b::text) IN lower(subject)) > 0

-- name: desk_refuse
-- Once; of the enterprise's refused ones the newest are kept. With the notice to the enterprise.
WITH refused AS (
    UPDATE desk.pending SET refused_at = %(at)b, refused_by = %(by)b, reason = %(reason)b
    WHERE statement_id = %(statement_id)b AND refused_at IS NULL
    RETURNING statement_id, statement, body, subject, campaign, received_at, scope, issued_at, refused_at, refused_by, reason
), dropped AS (
    DELETE FROM desk.pending WHERE statement_id IN (
        SELECT d.statement_id FROM desk.pending d JOIN refused r ON d.subject = r.subject
        WHERE d.refused_at IS NOT NULL
        ORDER BY d.refused_at DESC, d.statement_id DESC OFFSET %(others)b::bigint)
), of_party AS (
    SELECT r.statement_id, r.subject, f.id FROM refused r
    LEFT JOIN desk.follows f ON f.subject = 'party:' || r.subject AND f.confirmed_at IS NOT NULL
), told AS (
    INSERT INTO desk.outbox (kind, channel, receiver, about, once, made_at)
    SELECT 'pledge_refused', CASE WHEN id IS NULL THEN 'letter' ELSE 'mail' END,
        CASE WHEN id IS NULL THEN 'party:' || subject ELSE 'follow:' || encode(id, 'hex') END, subject,
        'pledge_refused/' || encode(statement_id, 'hex') || '/' || coalesce(encode(id, 'hex'), ''), %(at)b::bigint
    FROM of_party
    ON CONFLICT (once) DO NOTHING
)
SELECT statement_id, statement, body, subject, campaign, received_at, scope, issued_at, refused_at, refused_by, reason FROM refused

-- name: desk_remove
DELETE FROM desk.pending WHERE statement_id = ANY (%b)

-- name: desk_drop_campaign
DELETE FROM desk.pending WHERE campaign = %b

-- name: desk_campaigns
SELECT DISTINCT campaign FROM desk.pending WHERE campaign IS NOT NULL

-- name: desk_count
SELECT count(*) FILTER (WHERE refused_at IS NULL), count(*) FILTER (WHERE refused_at IS NOT NULL) FROM desk.pending

-- name: challenge_secret
SELECT secret FROM desk.challenge_secret

-- name: challenge_secret_make
-- Of processes that start at once the first has made it.
INSERT INTO desk.challenge_secret (secret) VALUES (%b) ON CONFLICT DO NOTHING

-- name: draft_lay
-- Within its party's bound. Goes with it: what was released long ago.
WITH old AS (
    DELETE FROM desk.drafts WHERE party = %(party)b AND state = 'released' AND settled_at < %(kept_since)b::bigint
)
INSERT INTO desk.drafts (id, party, drafter, type, subject, document, laid_at, state, encrypted)
SELECT %(id)b, %(party)b, %(drafter)b, %(type)b, %(subject)b, %(document)b, %(laid_at)b, 'draft', true
WHERE (SELECT count(*) FROM desk.drafts WHERE party = %(party)b AND state <> 'released') < %(most)b::bigint
RETURNING id, party, drafter, type, subject, document, laid_at, state, releaser, statement, statement_id, body, release_at,
    settled_at, entry, rule, zh, en, called_back_by, called_back_at

-- name: draft_get
SELECT id, party, drafter, type, subject, document, laid_at, state, releaser, statement, statement_id, body, release_at,
    settled_at, entry, rule, zh, en, called_back_by, called_back_at
FROM desk.drafts WHERE id = %(id)b AND party = %(party)b

-- name: drafts_of
-- What waits for somebody first, then what was released, the newest first.
SELECT id, party, drafter, type, subject, NULL, laid_at, state, releaser, NULL, statement_id, NULL, release_at,
    settled_at, entry, rule, zh, en, called_back_by, called_back_at
FROM desk.drafts WHERE party = %(party)b
ORDER BY state = 'released', laid_at DESC, id LIMIT %(limit)b

-- name: draft_leave
-- By another officer than its drafter: the condition stands here, too, where nothing comes between.
UPDATE desk.drafts SET state = 'left', releaser = %(releaser)b, statement = %(statement)b,
    statement_id = %(statement_id)b, body = %(body)b, commitment = %(commitment)b, release_at = %(release_at)b,
    leased_until = NULL, settled_at = NULL, rule = NULL, zh = NULL, en = NULL, called_back_by = NULL, called_back_at = NULL
WHERE id = %(id)b AND party = %(party)b AND state IN ('draft', 'refused') AND drafter <> %(releaser)b AND encrypted
RETURNING id, party, drafter, type, subject, document, laid_at, state, releaser, statement, statement_id, body, release_at,
    settled_at, entry, rule, zh, en, called_back_by, called_back_at

-- name: draft_call_back
-- Against a worker that takes it at the same moment, one of the two changes the row, and the other finds it changed.
UPDATE desk.drafts SET state = 'draft', releaser = NULL, statement = NULL, statement_id = NULL, body = NULL,
    commitment = NULL, release_at = NULL, called_back_by = %(officer)b, called_back_at = %(at)b
WHERE id = %(id)b AND party = %(party)b AND state = 'left' AND %(officer)b IN (drafter, releaser)
RETURNING id, party, drafter, type, subject, document, laid_at, state, releaser, statement, statement_id, body, release_at,
    settled_at, entry, rule, zh, en, called_back_by, called_back_at

-- name: draft_discard
DELETE FROM desk.drafts
WHERE id = %(id)b AND party = %(party)b AND state IN ('draft', 'refused') AND drafter = %(officer)b RETURNING id

-- name: draft_claim
-- Whose time has come, and those that somebody took and did not settle in time. From here on it is not called back.
UPDATE desk.drafts SET state = 'releasing', leased_until = %(leased_until)b
WHERE id IN (
    SELECT id FROM desk.drafts
    WHERE state IN ('left', 'releasing') AND release_at <= %(at)b
      AND (leased_until IS NULL OR leased_until <= %(at)b)
      AND (%(id)b::bytea IS NULL OR id = %(id)b)
    ORDER BY release_at, id LIMIT %(limit)b FOR UPDATE SKIP LOCKED)
RETURNING id, party, drafter, type, subject, document, laid_at, state, releaser, statement, statement_id, body, release_at,
    settled_at, entry, rule, zh, en, called_back_by, called_back_at

-- name: draft_released
-- Nothing is kept of what is in the book.
UPDATE desk.drafts SET state = 'released', settled_at = %(at)b, entry = %(entry)b, leased_until = NULL,
    document = NULL, statement = NULL, body = NULL, commitment = NULL
WHERE id = %(id)b AND state = 'releasing' AND statement_id = %(statement_id)b RETURNING id

-- name: draft_refused
UPDATE desk.drafts SET state = 'refused', settled_at = %(at)b, rule = %(rule)b, zh = %(zh)b, en = %(en)b,
    leased_until = NULL, statement = NULL, body = NULL, commitment = NULL
WHERE id = %(id)b AND state = 'releasing' AND statement_id = %(statement_id)b RETURNING id

-- name: drafts_not_encrypted
-- Of before drafts were encrypted.
SELECT id, document, statement, statement_id, body FROM desk.drafts WHERE NOT encrypted AND document IS NOT NULL

-- name: draft_encrypt
-- Unless it was settled, called back or left anew meanwhile: what is gone does not come back.
UPDATE desk.drafts SET encrypted = true, document = %(document)b,
    statement = CASE WHEN statement IS NULL THEN NULL ELSE %(statement)b::bytea END,
    body = CASE WHEN body IS NULL THEN NULL ELSE %(body)b::bytea END,
    commitment = CASE WHEN body IS NULL THEN NULL ELSE %(commitment)b::bytea END
WHERE id = %(id)b AND NOT encrypted AND document IS NOT NULL AND statement_id IS NOT DISTINCT FROM %(statement_id)b::bytea
RETURNING id

-- name: drafts_waiting
-- Of a party: to be released, left for a time, refused at its time.
SELECT count(*) FILTER (WHERE state = 'draft'), count(*) FILTER (WHERE state IN ('left', 'releasing')),
    count(*) FILTER (WHERE state = 'refused')
FROM desk.drafts WHERE party = %b AND state <> 'released'

-- name: webhook_expire
DELETE FROM desk.webhooks
WHERE (state = 'asked' AND asked_at < %(asked_until)b::bigint)
   OR (state = 'stopped' AND coalesce(failing_since, asked_at) < %(stopped_until)b::bigint)
RETURNING id

-- name: webhook_ask
-- Nothing where the client has too many, or all are too many.
INSERT INTO desk.webhooks (id, token_hash, client, receiver, subjects, campaigns, types, state, next_entry, asked_at, due_at)
SELECT %(id)b, %(token_hash)b, %(client)b, %(receiver)b, %(subjects)b, %(campaigns)b, %(types)b, 'asked',
    %(next_entry)b::bigint, %(at)b::bigint, %(at)b::bigint
WHERE (SELECT count(*) FROM desk.webhooks) < %(most)b::bigint
  AND (SELECT count(*) FROM desk.webhooks WHERE client = %(client)b) < %(most_of_client)b::bigint
RETURNING id, token_hash, receiver, subjects, campaigns, types, state, confirmed_at, next_entry, asked_at, due_at, attempts,
    failing_since, problem, delivered_at, claim

-- name: webhooks_of_client
SELECT count(*) FROM desk.webhooks WHERE client = %b

-- name: webhook_get
SELECT id, token_hash, receiver, subjects, campaigns, types, state, confirmed_at, next_entry, asked_at, due_at, attempts,
    failing_since, problem, delivered_at, claim
FROM desk.webhooks WHERE id = %b

-- name: webhook_claim
-- Those that have something to be told, and that nobody has, or had for too long.
UPDATE desk.webhooks SET claim = %(claim)b, leased_until = %(leased_until)b
WHERE id IN (
    SELECT id FROM desk.webhooks
    WHERE state <> 'stopped' AND due_at <= %(at)b AND (leased_until IS NULL OR leased_until <= %(at)b)
      AND (state = 'asked' OR next_entry < %(size)b)
    ORDER BY due_at, id LIMIT %(limit)b FOR UPDATE SKIP LOCKED)
RETURNING id, token_hash, receiver, subjects, campaigns, types, state, confirmed_at, next_entry, asked_at, due_at, attempts,
    failing_since, problem, delivered_at, claim

-- name: webhook_confirmed
UPDATE desk.webhooks SET state = 'active', confirmed_at = %(at)b::bigint, due_at = %(at)b::bigint, attempts = 0,
    failing_since = NULL, problem = NULL, claim = NULL, leased_until = NULL
WHERE id = %(id)b AND claim = %(claim)b RETURNING id

-- name: webhook_advance
UPDATE desk.webhooks SET next_entry = %(next_entry)b, delivered_at = %(at)b, leased_until = %(leased_until)b, attempts = 0,
    failing_since = NULL, problem = NULL
WHERE id = %(id)b AND claim = %(claim)b RETURNING id

-- name: webhook_rest
UPDATE desk.webhooks SET next_entry = %(next_entry)b, due_at = %(at)b, claim = NULL, leased_until = NULL
WHERE id = %(id)b AND claim = %(claim)b RETURNING id

-- name: webhook_failed
-- Counted is how often one and the same entry failed.
UPDATE desk.webhooks SET attempts = CASE WHEN next_entry = %(next_entry)b THEN attempts + 1 ELSE 1 END,
    failing_since = CASE WHEN next_entry = %(next_entry)b THEN coalesce(failing_since, %(at)b::bigint)
        ELSE %(at)b::bigint END,
    next_entry = %(next_entry)b, problem = %(problem)b, due_at = %(due_at)b, state = CASE WHEN %(stop)b THEN 'stopped' ELSE state END,
    claim = NULL, leased_until = NULL
WHERE id = %(id)b AND claim = %(claim)b RETURNING id

-- name: webhook_resume
-- Whoever is delivering from the old place finds that it is not theirs any more.
UPDATE desk.webhooks SET next_entry = coalesce(%(next_entry)b::bigint, next_entry), due_at = %(at)b,
    state = CASE WHEN confirmed_at IS NULL THEN 'asked' ELSE 'active' END, attempts = 0, failing_since = NULL,
    problem = NULL, claim = NULL, leased_until = NULL
WHERE id = %(id)b RETURNING id

-- name: webhook_end
DELETE FROM desk.webhooks WHERE id = %b RETURNING id

-- name: webhooks_failing
SELECT id, token_hash, receiver, subjects, campaigns, types, state, confirmed_at, next_entry, asked_at, due_at, attempts,
    failing_since, problem, delivered_at, claim
FROM desk.webhooks WHERE attempts > 0 OR state = 'stopped' ORDER BY state DESC, failing_since, id LIMIT %b

-- name: follow_expire
DELETE FROM desk.follows WHERE confirmed_at IS NULL AND asked_at < %b::bigint RETURNING id

-- name: follow_ask
-- With the mail that asks for the confirmation, in one. Nothing where it is there already, or a bound is reached.
WITH asked AS (
    INSERT INTO desk.follows (id, subject, address_hash, client, receiver, language, asked_at)
    SELECT %(id)b, %(subject)b, %(address_hash)b, %(client)b, %(receiver)b, %(language)b, %(at)b::bigint
    WHERE (SELECT count(*) FROM desk.follows WHERE confirmed_at IS NULL) < %(most_asked)b::bigint
      AND (SELECT count(*) FROM desk.follows WHERE client = %(client)b AND confirmed_at IS NULL)
          < %(most_of_client)b::bigint
      AND (SELECT count(*) FILTER (WHERE confirmed_at IS NULL) < %(most_asked_of_address)b::bigint
              AND count(*) < %(most_of_address)b::bigint
           FROM desk.follows WHERE address_hash = %(address_hash)b)
    ON CONFLICT (subject, address_hash) DO NOTHING
    RETURNING id, subject
)
INSERT INTO desk.outbox (kind, channel, receiver, about, once, made_at)
SELECT 'follow_asked', 'mail', 'follow:' || encode(id, 'hex'), subject, 'follow_asked/' || encode(id, 'hex'), %(at)b::bigint
FROM asked RETURNING id

-- name: follow_get
SELECT id, subject, address_hash, receiver, language, asked_at, confirmed_at FROM desk.follows WHERE id = %b

-- name: follows_of
SELECT id, subject, address_hash, receiver, language, asked_at, confirmed_at FROM desk.follows WHERE subject = %b ORDER BY asked_at, id

-- name: follow_confirm
UPDATE desk.follows SET confirmed_at = %(at)b WHERE id = %(id)b AND confirmed_at IS NULL RETURNING id

-- name: follow_end
-- With what was still to be sent to it.
WITH waiting AS (
    DELETE FROM desk.outbox WHERE receiver = 'follow:' || encode(%(id)b::bytea, 'hex') AND state IN ('waiting', 'dead')
)
DELETE FROM desk.follows WHERE id = %(id)b::bytea RETURNING id

-- name: outbox_claim
UPDATE desk.outbox SET claim = %(claim)b, leased_until = %(leased_until)b
WHERE id IN (
    SELECT id FROM desk.outbox
    WHERE state = 'waiting' AND channel = 'mail' AND due_at <= %(at)b AND (leased_until IS NULL OR leased_until <= %(at)b)
    ORDER BY due_at, id LIMIT %(limit)b FOR UPDATE SKIP LOCKED)
RETURNING id, kind, channel, receiver, about, desk, first_entry, last_entry, due_on, made_at, state, due_at, attempts, problem,
    settled_at, claim

-- name: outbox_sent
UPDATE desk.outbox SET state = 'sent', settled_at = %(at)b, problem = NULL, claim = NULL, leased_until = NULL
WHERE id = %(id)b AND claim = %(claim)b AND state = 'waiting' RETURNING id

-- name: outbox_failed
UPDATE desk.outbox SET attempts = attempts + 1, problem = %(problem)b, due_at = %(due_at)b, claim = NULL,
    leased_until = NULL, state = CASE WHEN %(dead)b THEN 'dead' ELSE state END
WHERE id = %(id)b AND claim = %(claim)b AND state = 'waiting' RETURNING id

-- name: outbox_gone
DELETE FROM desk.outbox WHERE id = %(id)b AND claim = %(claim)b RETURNING id

-- name: outbox_list
-- Dead ones first, then letters to be printed, then what waits, then what became of the rest.
SELECT id, kind, channel, receiver, about, desk, first_entry, last_entry, due_on, made_at, state, due_at, attempts, problem,
    settled_at, claim
FROM desk.outbox WHERE (desk = %(party)b OR (desk IS NULL AND %(general)b)) AND (%(state)b::text IS NULL OR state = %(state)b)
ORDER BY state <> 'dead', state <> 'waiting', channel, made_at DESC, id LIMIT %(limit)b

-- name: outbox_counts
SELECT count(*) FILTER (WHERE state = 'dead'), count(*) FILTER (WHERE state = 'waiting' AND channel = 'mail'),
    count(*) FILTER (WHERE state = 'waiting' AND channel = 'letter')
FROM desk.outbox WHERE (desk = %(party)b OR (desk IS NULL AND %(general)b)) AND state IN ('dead', 'waiting')

-- name: outbox_get
SELECT id, kind, channel, receiver, about, desk, first_entry, last_entry, due_on, made_at, state, due_at, attempts, problem,
    settled_at, claim
FROM desk.outbox WHERE id = %(id)b AND (desk = %(party)b OR (desk IS NULL AND %(general)b))

-- name: outbox_retry
UPDATE desk.outbox SET state = 'waiting', due_at = %(at)b, attempts = 0, problem = NULL, claim = NULL, leased_until = NULL
WHERE id = %(id)b AND (desk = %(party)b OR (desk IS NULL AND %(general)b)) AND state = 'dead' RETURNING id

-- name: outbox_settle
-- Given up, or a letter that was sent.
UPDATE desk.outbox SET state = %(state)b, settled_at = %(at)b, claim = NULL, leased_until = NULL
WHERE id = %(id)b AND (desk = %(party)b OR (desk IS NULL AND %(general)b)) AND state IN ('dead', 'waiting')
  AND (%(state)b = 'given_up' OR channel = 'letter')
RETURNING id

-- name: outbox_prune
WITH old AS (
    UPDATE desk.outbox SET state = 'given_up', problem = 'old', settled_at = %(at)b
    WHERE state IN ('waiting', 'dead') AND made_at < %(waiting_since)b
)
DELETE FROM desk.outbox WHERE settled_at < %(settled_until)b

-- name: notice_position
INSERT INTO desk.notice_position (name, next_entry) VALUES ('mail', %b::bigint)
ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name RETURNING next_entry

-- name: outbox_fan_out
-- What entries make necessary, and how far they were looked at, in one: of two services that look at once, one writes.
WITH taken AS (
    UPDATE desk.notice_position SET next_entry = %(next_entry)b WHERE name = 'mail' AND next_entry = %(first)b RETURNING 1
), touched AS (
    SELECT * FROM unnest(%(subjects)b::text[], %(firsts)b::bigint[], %(lasts)b::bigint[]) AS t (subject, first, last)
), published AS (
    SELECT * FROM unnest(%(publications)b::bigint[], %(publishers)b::text[]) AS p (entry, subject)
)
INSERT INTO desk.outbox (kind, channel, receiver, about, first_entry, last_entry, once, made_at)
SELECT 'followed', 'mail', 'follow:' || encode(f.id, 'hex'), t.subject, t.first, t.last,
    'followed/' || encode(f.id, 'hex') || '/' || t.first, %(at)b::bigint
FROM taken, touched t JOIN desk.follows f ON f.subject = t.subject WHERE f.confirmed_at IS NOT NULL
UNION ALL
SELECT 'pledge_published', 'mail', 'follow:' || encode(f.id, 'hex'), p.subject, p.entry, p.entry,
    'pledge_published/' || p.entry || '/' || encode(f.id, 'hex'), %(at)b::bigint
FROM taken, published p JOIN desk.follows f ON f.subject = 'party:' || p.subject WHERE f.confirmed_at IS NOT NULL
ON CONFLICT (once) DO NOTHING
RETURNING id

-- name: outbox_deadlines
-- Of complaint files, to the officers of their body who asked for it: before a day and after it, once each.
INSERT INTO desk.outbox (kind, channel, receiver, about, desk, due_on, once, made_at)
SELECT kind, 'mail', 'follow:' || encode(f.id, 'hex'), c.number, c.body, c.due_on,
    kind || '/' || c.number || '/' || c.due_on || '/' || encode(f.id, 'hex'), %(at)b::bigint
FROM desk.complaint_files c
JOIN desk.follows f ON f.subject = c.body AND f.confirmed_at IS NOT NULL
CROSS JOIN LATERAL (SELECT CASE WHEN c.due_on < %(today)b::date THEN 'complaint_overdue' ELSE 'complaint_due' END AS kind) k
WHERE c.content IS NOT NULL AND c.due_on BETWEEN %(since)b::date AND %(until)b::date
ON CONFLICT (once) DO NOTHING

-- name: session_begin
-- Nothing for a challenge that was answered before. What is over goes; of the officer's others the newest stay.
WITH answered AS (
    INSERT INTO desk.answered_challenges (nonce, expires_at) VALUES (%(nonce)b, %(challenge_expires_at)b)
    ON CONFLICT DO NOTHING RETURNING nonce
), past AS (
    DELETE FROM desk.answered_challenges WHERE expires_at < %(began_at)b
), over AS (
    DELETE FROM desk.sessions WHERE expires_at <= %(began_at)b OR seen_at <= %(idle_since)b
        OR id_hash IN (
            SELECT id_hash FROM desk.sessions WHERE party = %(party)b AND officer = %(officer)b
            ORDER BY seen_at DESC, id_hash OFFSET %(others)b::bigint)
)
INSERT INTO desk.sessions (id_hash, party, officer, kid, roles, began_at, seen_at, expires_at)
SELECT %(id_hash)b, %(party)b, %(officer)b, %(kid)b, %(roles)b, %(began_at)b, %(began_at)b, %(expires_at)b FROM answered
RETURNING id_hash

-- name: session_get
SELECT id_hash, party, officer, kid, roles, began_at, seen_at, expires_at FROM desk.sessions WHERE id_hash = %b

-- name: session_seen
UPDATE desk.sessions SET seen_at = %(at)b WHERE id_hash = %(id_hash)b AND seen_at < %(at)b

-- name: sessions_of
SELECT id_hash, party, officer, kid, roles, began_at, seen_at, expires_at FROM desk.sessions
WHERE party = %(party)b AND officer = %(officer)b AND expires_at > %(at)b AND seen_at > %(idle_since)b
ORDER BY began_at DESC, id_hash

-- name: session_end
DELETE FROM desk.sessions WHERE id_hash = %(id_hash)b AND party = %(party)b AND officer = %(officer)b RETURNING id_hash

-- name: session_drop
DELETE FROM desk.sessions WHERE id_hash = %b

-- name: complaint_begin
-- Nothing where the body has too many that are not closed. With the notice to the complainant.
WITH begun AS (
INSERT INTO desk.complaint_files (
    number, case_id, body, subject, holder, stage, suspended, due_on, received_on, closed_on, entry, version,
    secret_hash, content)
SELECT %(number)b, %(case_id)b, %(body)b, %(subject)b::text, %(holder)b::text, %(stage)b, %(suspended)b, %(due_on)b,
    %(received_on)b, %(closed_on)b::date, %(entry)b::bigint, %(version)b::bigint, %(secret_hash)b, %(content)b
WHERE (SELECT count(*) FROM desk.complaint_files WHERE body = %(body)b AND closed_on IS NULL) < %(most)b
RETURNING number, body, stage, version
), told AS (
    INSERT INTO desk.outbox (kind, channel, receiver, about, desk, once, made_at)
    SELECT 'complaint_registered', 'mail', 'complaint:' || number, number, body, 'complaint/' || number || '/' || version,
        %(at)b::bigint
    FROM begun ON CONFLICT (once) DO NOTHING
)
SELECT number FROM begun

-- name: complaint_get
SELECT number, case_id, body, subject, holder, stage, suspended, due_on, received_on, closed_on, entry, version,
    content IS NULL
FROM desk.complaint_files WHERE number = %b

-- name: complaint_contents
SELECT number, version, content FROM desk.complaint_files WHERE number = ANY (%b) AND content IS NOT NULL

-- name: complaint_secret
SELECT secret_hash FROM desk.complaint_files WHERE number = %b

-- name: complaint_save
-- The version before this one must be there: of two officers the second is told. With the notice to the complainant,
-- where the step is one of which the complainant is told.
WITH saved AS (
UPDATE desk.complaint_files SET
    subject = %(subject)b::text, holder = %(holder)b::text, stage = %(stage)b, suspended = %(suspended)b,
    due_on = %(due_on)b, closed_on = %(closed_on)b::date, entry = %(entry)b::bigint, version = %(version)b,
    content = %(content)b
WHERE number = %(number)b AND version = %(version)b - 1 AND content IS NOT NULL
RETURNING number, body, version
), told AS (
    INSERT INTO desk.outbox (kind, channel, receiver, about, desk, once, made_at)
    SELECT 'complaint_moved', 'mail', 'complaint:' || number, number, body, 'complaint/' || number || '/' || version,
        %(at)b::bigint
    FROM saved WHERE %(tells)b ON CONFLICT (once) DO NOTHING
)
SELECT number FROM saved

-- name: complaint_reschedule
UPDATE desk.complaint_files SET due_on = %(due_on)b WHERE number = %(number)b AND version = %(version)b

-- name: complaint_list
SELECT * FROM (
    SELECT number, case_id, body, subject, holder, stage, suspended, due_on, received_on, closed_on, entry, version,
    content IS NULL,
        CASE %(sort)b::text
            WHEN 'due' THEN due_on - DATE '2000-01-01'
            WHEN 'received' THEN received_on - DATE '2000-01-01'
            ELSE DATE '2000-01-01' - received_on
        END AS key
    FROM desk.complaint_files
    WHERE body = %(body)b
      AND (%(stages)b::text[] IS NULL OR stage = ANY (%(stages)b))
      AND (%(holder)b::text IS NULL OR coalesce(holder, '') = %(holder)b)
      AND (%(subject)b::text IS NULL OR subject = %(subject)b)
      AND (%(due_until)b::date IS NULL OR due_on <= %(due_until)b)
) AS listed
WHERE (key, number) > (%(after_key)b, %(after_number)b)
ORDER BY key, number LIMIT %(limit)b

-- name: complaint_near
SELECT number, case_id, body, subject, holder, stage, suspended, due_on, received_on, closed_on, entry, version,
    content IS NULL
FROM desk.complaint_files
WHERE subject = %(subject)b AND body = %(body)b AND number <> %(number)b AND content IS NOT NULL
  AND received_on BETWEEN %(on)b::date - %(days)b::integer AND %(on)b::date + %(days)b::integer
ORDER BY abs(received_on - %(on)b::date), number LIMIT %(limit)b

-- name: complaints_to_erase
SELECT number, case_id FROM desk.complaint_files WHERE closed_on <= %(until)b AND content IS NOT NULL
ORDER BY closed_on LIMIT %(limit)b

-- name: complaint_erase
UPDATE desk.complaint_files SET content = NULL, secret_hash = NULL, holder = NULL WHERE number = %b

-- name: enrolment_put
-- The same key again takes the place of its earlier request, refused or not. Two at once may pass the counts together:
-- one more than the limit is no harm.
INSERT INTO desk.enrolment_requests (kid, party, officer, cose_key, proof, recovers, client, asked_at)
SELECT %(kid)b, %(party)b, %(officer)b, %(cose_key)b, %(proof)b, %(recovers)b, %(client)b, %(asked_at)b
WHERE (SELECT count(*) FROM desk.enrolment_requests
        WHERE client = %(client)b AND kid <> %(kid)b AND refused_at IS NULL) < %(most_of_client)b::bigint
  AND (SELECT count(*) FROM desk.enrolment_requests
        WHERE party = %(party)b AND kid <> %(kid)b AND refused_at IS NULL) < %(most_of_party)b::bigint
  AND (SELECT count(*) FROM desk.enrolment_requests WHERE kid <> %(kid)b) < %(most)b::bigint
ON CONFLICT (kid) DO UPDATE SET
    party = excluded.party, officer = excluded.officer, cose_key = excluded.cose_key, proof = excluded.proof,
    recovers = excluded.recovers, client = excluded.client, asked_at = excluded.asked_at,
    refused_at = NULL, refused_by = NULL, reason = NULL
RETURNING kid

-- name: enrolment_counts
SELECT
    (SELECT count(*) FROM desk.enrolment_requests WHERE client = %(client)b AND refused_at IS NULL),
    (SELECT count(*) FROM desk.enrolment_requests WHERE party = %(party)b AND refused_at IS NULL)

-- name: enrolment_get
SELECT kid, party, officer, cose_key, proof, recovers, client, asked_at, refused_at, refused_by, reason
FROM desk.enrolment_requests WHERE kid = %(kid)b AND asked_at > %(since)b

-- name: enrolment_list
SELECT kid, party, officer, cose_key, proof, recovers, client, asked_at, refused_at, refused_by, reason
FROM desk.enrolment_requests
WHERE (%(party)b::text IS NULL OR party = %(party)b) AND (asked_at, kid) > (%(after_time)b, %(after_kid)b)
ORDER BY asked_at, kid LIMIT %(limit)b

-- name: enrolment_refuse
UPDATE desk.enrolment_requests SET refused_at = %(at)b, refused_by = %(by)b, reason = %(reason)b
WHERE kid = %(kid)b AND refused_at IS NULL RETURNING kid

-- name: enrolment_drop
DELETE FROM desk.enrolment_requests WHERE kid = ANY (%b)

-- name: enrolment_expire
DELETE FROM desk.enrolment_requests WHERE asked_at <= %b

-- name: erasures
-- The condition is that of the partial index entries_erasures, word for word.
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, NULL::bytea
FROM ledger.entries e
WHERE (e.topic = 'BodyErased' OR e.topic = 'AttachmentErased' OR e.topic = 'AnnexTakenDown')
    AND e.notification_id > %(after)b
ORDER BY e.notification_id

-- name: attachments_added
SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, NULL::bytea
FROM ledger.entries e
WHERE e.originator_id = %(subject)b AND e.topic = 'AttachmentAdded'
ORDER BY e.originator_version

-- name: erase_commitments
-- Wherever they lie: a copy that was uploaded again, or that waits at the desk of an older backup, goes with them.
WITH held AS (
    DELETE FROM ledger.held_bodies WHERE commitment = ANY (%(commitments)b)
), waiting AS (
    DELETE FROM desk.pending WHERE sha256(body) = ANY (%(commitments)b)
), drafted AS (
    DELETE FROM desk.drafts WHERE coalesce(commitment, sha256(body)) = ANY (%(commitments)b)
), erased AS (
    UPDATE ledger.vault SET body = NULL WHERE commitment = ANY (%(commitments)b) AND body IS NOT NULL RETURNING 1
)
SELECT count(*) FROM erased

-- name: put_attachment
INSERT INTO ledger.attachments (id, commitment, media_type, size_bytes, party, uploaded_at, ciphertext)
SELECT %(id)b, %(commitment)b, %(media_type)b, %(size_bytes)b::bigint, %(party)b, %(now)b::bigint, %(ciphertext)b
WHERE %(room)b::bigint >= (
    SELECT coalesce(sum(a.size_bytes), 0) FROM ledger.attachments a
    WHERE a.uploaded_at > %(after)b::bigint AND NOT EXISTS (
        SELECT FROM ledger.unique_facts f WHERE f.kind = 'attachment' AND f.key = encode(a.id, 'hex')
    )
) AND %(own_room)b::bigint >= (
    SELECT coalesce(sum(a.size_bytes), 0) FROM ledger.attachments a
    WHERE a.party = %(party)b AND a.uploaded_at > %(after)b::bigint AND NOT EXISTS (
        SELECT FROM ledger.unique_facts f WHERE f.kind = 'attachment' AND f.key = encode(a.id, 'hex')
    )
)
RETURNING id

-- name: held_attachments_of
SELECT coalesce(sum(a.size_bytes), 0)::bigint FROM ledger.attachments a
WHERE a.party = %(party)b AND a.uploaded_at > %(after)b::bigint AND NOT EXISTS (
    SELECT FROM ledger.unique_facts f WHERE f.kind = 'attachment' AND f.key = encode(a.id, 'hex')
)

-- name: drop_unnamed_attachments
-- An upload of the last while may be named by a statement that is under way: twice the time that it is held.
DELETE FROM ledger.attachments a
WHERE a.uploaded_at <= %(until)b AND a.uploaded_at > %(from)b AND NOT EXISTS (
    SELECT FROM ledger.unique_facts f WHERE f.kind = 'attachment' AND f.key = encode(a.id, 'hex')
)
RETURNING a.id

-- name: attachment
SELECT id, commitment, media_type, size_bytes, party, uploaded_at, ciphertext FROM ledger.attachments WHERE id = %b

-- name: erase_attachments
UPDATE ledger.attachments SET ciphertext = NULL WHERE id = ANY (%b) AND ciphertext IS NOT NULL

-- name: log_access
INSERT INTO ledger.accesses
    (number, at, day, party, officer, kid, cti, resource, purpose, outcome, subject, entry)
SELECT coalesce(max(number), 0) + 1, %(at)b::bigint, %(day)b::date, %(party)b::text, %(officer)b::text, %(kid)b::text,
    %(cti)b::text, %(resource)b::text, %(purpose)b::text, %(outcome)b::text, %(subject)b::text, %(entry)b::bigint
FROM ledger.accesses
ON CONFLICT DO NOTHING
RETURNING number

-- name: access_logged
SELECT number FROM ledger.accesses WHERE kid = %b AND cti = %b

-- name: accesses_of_day
SELECT number, at, day, party, officer, kid, cti, resource, purpose, outcome, subject, entry
FROM ledger.accesses WHERE day = %(day)b::date AND number > %(after)b::bigint ORDER BY number LIMIT %(limit)b::bigint

-- name: accesses_about
SELECT number, at, day, party, officer, kid, cti, resource, purpose, outcome, subject, entry
FROM ledger.accesses WHERE subject = %(subject)b::text AND number > %(after)b::bigint
ORDER BY number LIMIT %(limit)b::bigint

-- name: accesses_newest_of_day
SELECT number, at, day, party, officer, kid, cti, resource, purpose, outcome, subject, entry
FROM ledger.accesses
WHERE day = %(day)b::date AND number < %(before)b::bigint
    AND (%(subject)b::text IS NULL OR subject = %(subject)b::text)
ORDER BY number DESC LIMIT %(limit)b::bigint

-- name: accesses_newest_about
SELECT number, at, day, party, officer, kid, cti, resource, purpose, outcome, subject, entry
FROM ledger.accesses WHERE subject = %(subject)b::text AND number < %(before)b::bigint
ORDER BY number DESC LIMIT %(limit)b::bigint
