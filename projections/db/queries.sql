-- What the service asks of the read models. Placeholders are psycopg's; %b asks for the binary format.

-- name: standing
-- One look into the primary key: the segment that holds on a day.
SELECT level, from_on, until_on, body, etag FROM projections.standing_segments
WHERE subject = %(subject)b AND from_on <= %(today)b ORDER BY from_on DESC LIMIT 1

-- name: dossiers
-- What a page shows of each of several enterprises on a day: the segment that holds and those that follow it, its changes
-- of level so far, its row, its pledges in the order of their publication and its sections as they hold.
SELECT subject, part, from_on, until_on, place, said, other, body FROM (
    SELECT wanted.subject, 'standing' AS part, s.from_on, s.until_on, 0::bigint AS place, s.level AS said,
           s.etag AS other, s.body
    FROM unnest(%(subjects)b) AS wanted (subject)
    CROSS JOIN LATERAL (
        SELECT from_on, until_on, level, etag, body FROM projections.standing_segments
        WHERE subject = wanted.subject AND (until_on IS NULL OR until_on > %(today)b)
        ORDER BY from_on LIMIT %(coming)b
    ) AS s
    UNION ALL
    SELECT wanted.subject, 'change', c.changed_on, NULL, c.position, c.level_before, c.level_after, NULL
    FROM unnest(%(subjects)b) AS wanted (subject)
    CROSS JOIN LATERAL (
        SELECT changed_on, position, level_before, level_after FROM projections.standing_changes
        WHERE subject = wanted.subject AND changed_on <= %(today)b
        ORDER BY changed_on, position LIMIT %(changes)b
    ) AS c
    UNION ALL
    SELECT subject, 'about', NULL, NULL, 0, NULL, NULL, body
    FROM projections.enterprises WHERE subject = ANY (%(subjects)b)
    UNION ALL
    SELECT p.subject, 'pledge', NULL, NULL, p.published_entry, NULL, NULL, page.body
    FROM projections.pledges p
    CROSS JOIN LATERAL (
        SELECT body FROM projections.pledge_pages
        WHERE code = p.code AND from_on <= %(today)b ORDER BY from_on DESC LIMIT 1
    ) AS page
    WHERE p.subject = ANY (%(subjects)b)
    UNION ALL
    SELECT subject, 'section', NULL, NULL, 0, section, NULL, value FROM (
        SELECT DISTINCT ON (subject, section) subject, section, value FROM projections.sections
        WHERE subject = ANY (%(subjects)b) AND from_on <= %(today)b ORDER BY subject, section, from_on DESC
    ) AS held
) AS parts
ORDER BY subject, part, from_on, place

-- name: drawn_pages
-- Of those asked for, the pages that rest on what there is now.
SELECT d.subject, d.language, d.content
FROM unnest(%(subjects)b, %(languages)b) AS wanted (subject, language)
JOIN projections.drawn_pages d USING (subject, language)
WHERE d.program = %(program)b AND d.day = %(day)b AND d.ruled_size = %(ruled_size)b
    AND d.read_models = to_regclass('projections.progress')
    AND NOT EXISTS (
        SELECT FROM ledger.entries e WHERE e.originator_id = d.subject AND e.originator_version > d.version
    )

-- name: overtaken
-- Which of these subjects have an entry that a log of that size does not.
SELECT wanted.subject, wanted.size
FROM unnest(%(subjects)b, %(sizes)b) AS wanted (subject, size)
CROSS JOIN LATERAL (
    SELECT notification_id FROM ledger.entries
    WHERE originator_id = wanted.subject ORDER BY originator_version DESC LIMIT 1
) AS newest
WHERE newest.notification_id > wanted.size

-- name: read_models
SELECT to_regclass('projections.progress')::oid::bigint

-- name: subjects_between
-- Whom the entries with index in [after, before) are about, the newest first.
SELECT subject FROM projections.event_index
WHERE entry >= %(after)b AND entry < %(before)b GROUP BY subject ORDER BY max(entry) DESC

-- name: pages_missing
-- Of the next enterprises after a subject: each, whether its pages rest on what there is, and whether there are any.
SELECT next.subject, count(d.language) = 2,
       EXISTS (SELECT FROM projections.drawn_pages o WHERE o.subject = next.subject)
FROM (
    SELECT DISTINCT subject FROM projections.standing_segments WHERE subject > %(after)b ORDER BY subject LIMIT %(limit)b
) AS next
LEFT JOIN projections.drawn_pages d
    ON d.subject = next.subject AND d.program = %(program)b AND d.day = %(day)b AND d.ruled_size = %(ruled_size)b
    AND d.read_models = to_regclass('projections.progress')
    AND NOT EXISTS (
        SELECT FROM ledger.entries e WHERE e.originator_id = d.subject AND e.originator_version > d.version
    )
GROUP BY next.subject ORDER BY next.subject

-- name: put_drawn_pages
-- But those about whom something was recorded meanwhile.
INSERT INTO projections.drawn_pages AS d
    (subject, language, version, newest, program, day, ruled_size, read_models, content)
SELECT n.subject, n.language, n.version, n.newest, %(program)b, %(day)b, %(ruled_size)b, %(read_models)b::oid, n.content
FROM unnest(%(subjects)b, %(languages)b, %(versions)b, %(newest)b, %(contents)b)
    AS n (subject, language, version, newest, content)
WHERE NOT EXISTS (
    SELECT FROM ledger.entries e WHERE e.originator_id = n.subject AND e.originator_version > n.version
)
ON CONFLICT (subject, language) DO UPDATE SET
    version = excluded.version, newest = excluded.newest, program = excluded.program, day = excluded.day,
    ruled_size = excluded.ruled_size, read_models = excluded.read_models, content = excluded.content

-- name: count_drawn_pages
SELECT count(*) FROM projections.drawn_pages

-- name: drop_drawn_pages
-- Of the enterprises about which nothing was recorded for the longest.
DELETE FROM projections.drawn_pages WHERE (subject, language) IN (
    SELECT subject, language FROM projections.drawn_pages ORDER BY newest LIMIT %(count)b
)

-- name: forget_drawn_pages
DELETE FROM projections.drawn_pages WHERE subject = ANY (%(subjects)b)

-- name: standings
SELECT wanted.subject, found.level, found.from_on, found.until_on, found.body, found.etag
FROM unnest(%(subjects)b) AS wanted (subject)
CROSS JOIN LATERAL (
    SELECT s.level, s.from_on, s.until_on, s.body, s.etag FROM projections.standing_segments s
    WHERE s.subject = wanted.subject AND s.from_on <= %(today)b ORDER BY s.from_on DESC LIMIT 1
) AS found

-- name: standings_page
-- The segments that hold on a day, by subject: a page of a dump.
SELECT DISTINCT ON (subject) subject, until_on, body FROM projections.standing_segments
WHERE subject > %(after)b AND from_on <= %(today)b ORDER BY subject, from_on DESC LIMIT %(limit)b

-- name: outcomes_page
-- The outcomes of some enterprises, by subject: a page of a dump.
SELECT subject, outcomes FROM projections.outcomes WHERE subject > %(after)b ORDER BY subject LIMIT %(limit)b

-- name: standing_changes
SELECT changed_on, position, subject, level_before, level_after FROM projections.standing_changes
WHERE (changed_on, position, subject) > (%(changed_on)b, %(position)b, %(subject)b) AND changed_on <= %(until)b
ORDER BY changed_on, position, subject LIMIT %(limit)b

-- name: progress
SELECT coalesce((SELECT max(notification_id) FROM projections.tracking WHERE application_name = 'ledger'), 0),
       (SELECT recorded_on FROM projections.progress)

-- name: enterprise
SELECT subject, code, name, body, etag FROM projections.enterprises WHERE subject = %(subject)b

-- name: enterprises_named
SELECT subject, code, name, body, etag FROM projections.enterprises WHERE subject = ANY (%(subjects)b)

-- name: enterprises_by_code
-- More than one only where registries give the same code.
SELECT subject, code, name, body, etag FROM projections.enterprises WHERE code = %(code)b ORDER BY subject LIMIT 20

-- name: common_grams
-- What many names hold, with the share of names that do, by the statistics that the planner goes by; and how many rows.
SELECT coalesce(most_common_elems::text::integer[], '{}'), coalesce(most_common_elem_freqs, '{}'), reltuples::bigint
FROM pg_class LEFT JOIN pg_stats ON schemaname = 'projections' AND tablename = relname AND attname = 'grams'
WHERE pg_class.oid = 'projections.enterprises'::regclass

-- name: search_codes
-- Those whose code begins so, itself first; and those within whose code the organisation code stands.
SELECT subject, code, name, rank, size, body FROM (
    SELECT subject, code, name, body, length(search_text)::bigint AS size,
           (CASE WHEN code = %(code)b THEN 0 WHEN code LIKE %(code_starts)b THEN 5 ELSE 1 END)::bigint AS rank
    FROM (
        (SELECT subject, code, name, search_text, body FROM projections.enterprises
         WHERE code ~>=~ %(code)b AND code ~<~ %(code_end)b
           AND (%(campaign)b = '' OR EXISTS (SELECT FROM projections.pledges p
                                          WHERE p.subject = enterprises.subject AND p.campaign = %(campaign)b))
         ORDER BY code LIMIT %(most)b)
        UNION ALL
        (SELECT subject, code, name, search_text, body FROM projections.enterprises
         WHERE grams && %(organisation_grams)b AND substr(code, 9, 9) = %(organisation)b
           AND (%(campaign)b = '' OR EXISTS (SELECT FROM projections.pledges p
                                          WHERE p.subject = enterprises.subject AND p.campaign = %(campaign)b))
         LIMIT %(most)b)
    ) AS found
) AS ranked
WHERE (rank, size, subject) > (%(after_rank)b, %(after_size)b, %(after_subject)b)
ORDER BY rank, size, subject LIMIT %(limit)b

-- name: search_exact
-- Those who have or had exactly this name: whatever else is capped, they are not.
SELECT subject, code, name, rank, size, body FROM (
    SELECT subject, code, name, body, length(search_text)::bigint AS size,
           (CASE WHEN split_part(search_text, E'\n', 1) = %(joined)b THEN 2 ELSE 3 END)::bigint AS rank
    FROM projections.enterprises
    WHERE grams @> %(exact)b AND %(joined)b = ANY (string_to_array(search_text, E'\n'))
      AND NOT (%(by_code)b AND code LIKE %(code_starts)b)
      AND (%(campaign)b = '' OR EXISTS (SELECT FROM projections.pledges p
                                          WHERE p.subject = enterprises.subject AND p.campaign = %(campaign)b))
    LIMIT %(most)b
) AS ranked
WHERE (rank, size, subject) > (%(after_rank)b, %(after_size)b, %(after_subject)b)
ORDER BY rank, size, subject LIMIT %(limit)b

-- name: search_words
-- Planned for its values each time: what is rare is found by the index, what is common by reading the table's pages before
-- a certain one (and then without `grams`). Capped before it is ranked: a name of one common character must not sort a
-- million rows.
SELECT subject, code, name, rank, size, body FROM (
    SELECT subject, code, name, body, length(search_text)::bigint AS size,
           (CASE WHEN search_text LIKE %(starts)b THEN 4
                 WHEN split_part(search_text, E'\n', 1) LIKE %(holds)b THEN 6
                 WHEN split_part(search_text, E'\n', 1) LIKE ALL (%(words)b) THEN 7
                 WHEN search_text LIKE %(holds)b THEN 8
                 ELSE 9 END)::bigint AS rank
    FROM (
        SELECT subject, code, name, search_text, body FROM projections.enterprises
        WHERE grams @> %(grams)b AND ctid < %(before_page)s::text::tid
          AND search_text LIKE ALL (%(words)b) AND NOT grams @> %(exact)b
          AND NOT (%(by_code)b AND code LIKE %(code_starts)b)
          AND (%(campaign)b = '' OR EXISTS (SELECT FROM projections.pledges p
                                          WHERE p.subject = enterprises.subject AND p.campaign = %(campaign)b))
        LIMIT %(most)b
    ) AS found
) AS ranked
WHERE (rank, size, subject) > (%(after_rank)b, %(after_size)b, %(after_subject)b)
ORDER BY rank, size, subject LIMIT %(limit)b

-- name: search_sounds
-- Names that are read as typed, or whose syllables begin so: column and places are those of the one or the other.
SELECT subject, code, name, rank, size, body FROM (
    SELECT subject, code, name, body, length(search_text)::bigint AS size,
           (CASE WHEN E'\n' || sounds LIKE ANY (%(starts)b) THEN %(rank)b
                 WHEN sounds LIKE ANY (%(together)b) THEN %(rank)b + 1 ELSE %(rank)b + 2 END)::bigint AS rank
    FROM (
        SELECT subject, code, name, search_text, body,
               CASE WHEN %(by_pinyin)b THEN pinyin ELSE initials END AS sounds
        FROM projections.enterprises
        WHERE (grams @> %(grams_1)b OR grams @> %(grams_2)b OR grams @> %(grams_3)b)
          AND (CASE WHEN %(by_pinyin)b THEN pinyin ELSE initials END LIKE ALL (%(sounds_1)b)
               OR CASE WHEN %(by_pinyin)b THEN pinyin ELSE initials END LIKE ALL (%(sounds_2)b)
               OR CASE WHEN %(by_pinyin)b THEN pinyin ELSE initials END LIKE ALL (%(sounds_3)b))
          AND search_text LIKE ALL (%(other_words)b)
          AND NOT search_text LIKE ALL (%(words)b)
          AND NOT pinyin LIKE ANY (%(heard)b)
          AND (%(campaign)b = '' OR EXISTS (SELECT FROM projections.pledges p
                                          WHERE p.subject = enterprises.subject AND p.campaign = %(campaign)b))
        LIMIT %(most)b
    ) AS found
) AS ranked
WHERE (rank, size, subject) > (%(after_rank)b, %(after_size)b, %(after_subject)b)
ORDER BY rank, size, subject LIMIT %(limit)b

-- name: search_similar
-- Rows that have all grams of one of several sets, each an array as text; the sets are few, and so are the rows of each.
SELECT DISTINCT found.subject, found.code, found.name, found.search_text, found.body
FROM unnest(%(sets)b) AS one (grams)
CROSS JOIN LATERAL (
    SELECT subject, code, name, search_text, body FROM projections.enterprises
    WHERE enterprises.grams @> one.grams::integer[]
      AND (%(campaign)b = '' OR EXISTS (SELECT FROM projections.pledges p
                                        WHERE p.subject = enterprises.subject AND p.campaign = %(campaign)b))
    LIMIT %(most)b
) AS found

-- name: enterprises
-- Everybody, or everybody with a public pledge in a campaign, by subject.
SELECT subject, code, name FROM projections.enterprises e
WHERE subject > %(after)b
  AND (%(campaign)b = '' OR EXISTS (SELECT FROM projections.pledges p
                                    WHERE p.subject = e.subject AND p.campaign = %(campaign)b))
ORDER BY subject LIMIT %(limit)b

-- name: pledge
SELECT p.subject, p.campaign, p.made_entry, p.published_entry, page.until_on, page.body, page.etag
FROM projections.pledges p
CROSS JOIN LATERAL (
    SELECT until_on, body, etag FROM projections.pledge_pages
    WHERE code = p.code AND from_on <= %(today)b ORDER BY from_on DESC LIMIT 1
) AS page
WHERE p.code = %(code)b

-- name: declarations
-- The pledges of an enterprise in the order of their publication (section ''), and its sections, as they hold on a day.
SELECT '' AS section, p.published_entry AS place, page.until_on, page.body AS value
FROM projections.pledges p
CROSS JOIN LATERAL (
    SELECT until_on, body FROM projections.pledge_pages
    WHERE code = p.code AND from_on <= %(today)b ORDER BY from_on DESC LIMIT 1
) AS page
WHERE p.subject = %(subject)b
UNION ALL
SELECT section, 0, until_on, value FROM (
    SELECT DISTINCT ON (section) section, until_on, value FROM projections.sections
    WHERE subject = %(subject)b AND from_on <= %(today)b ORDER BY section, from_on DESC
) AS held
ORDER BY section, place

-- name: campaigns
SELECT campaign, body, etag FROM projections.campaigns ORDER BY opens_on DESC, campaign LIMIT 1000

-- name: campaign
SELECT campaign, body, etag FROM projections.campaigns WHERE campaign = %(campaign)b

-- name: campaign_pledges
SELECT p.code, p.subject, coalesce(e.name, ''), p.published_entry, p.from_on, p.last_day
FROM projections.pledges p LEFT JOIN projections.enterprises e USING (subject)
WHERE p.campaign = %(campaign)b AND p.code > %(after)b ORDER BY p.code LIMIT %(limit)b

-- name: campaign_pledges_count
SELECT count(*) FROM projections.pledges WHERE campaign = %(campaign)b

-- name: marks
-- A look into the primary key for each range, whichever of its serials and whatever day is asked for.
SELECT range, subject, entry, count, erased, body FROM projections.marks WHERE range = ANY (%(ranges)b)

-- name: standards
-- By leaf index; a repudiated version is nobody's declaration.
SELECT s.entry, s.declaration, s.subject, coalesce(e.name, ''), s.number, s.title, s.state, s.from_on
FROM projections.standards s LEFT JOIN projections.enterprises e USING (subject)
WHERE s.number_key = %(key)b AND s.entry > %(after)b AND s.state <> 'repudiated'
ORDER BY s.entry LIMIT %(limit)b

-- name: standard
SELECT body, etag FROM projections.standards WHERE subject = %(subject)b AND entry = %(entry)b

-- name: events_newest
SELECT entry FROM projections.event_index ORDER BY entry DESC LIMIT 1

-- name: event_recorded
SELECT recorded_at FROM projections.event_index WHERE entry = %(entry)b

-- name: events_found
-- Here and in the four that follow, rows are compared with rows, and ordered by all that is compared: the one index
-- that gives this order is read from where the page begins. Left to choose, the planner walks along the whole log for
-- what is frequent by itself and rare together.
SELECT entry, subject, type, issuer, recorded_at, sealed FROM projections.event_index
WHERE entry BETWEEN %(first)b AND %(last)b
ORDER BY entry DESC LIMIT %(limit)b

-- name: events_found_about
-- The rest is looked for within one stream.
SELECT entry, subject, type, issuer, recorded_at, sealed FROM projections.event_index
WHERE (subject, entry) >= (%(subject)b, %(first)b) AND (subject, entry) <= (%(subject)b, %(last)b)
  AND (%(type)b = '' OR type = %(type)b) AND (%(issuer)b = '' OR issuer = %(issuer)b)
ORDER BY subject DESC, entry DESC LIMIT %(limit)b

-- name: events_found_of_type
SELECT entry, subject, type, issuer, recorded_at, sealed FROM projections.event_index
WHERE (type, entry) >= (%(type)b, %(first)b) AND (type, entry) <= (%(type)b, %(last)b)
ORDER BY type DESC, entry DESC LIMIT %(limit)b

-- name: events_found_by
SELECT entry, subject, type, issuer, recorded_at, sealed FROM projections.event_index
WHERE (issuer, entry) >= (%(issuer)b, %(first)b) AND (issuer, entry) <= (%(issuer)b, %(last)b)
ORDER BY issuer DESC, entry DESC LIMIT %(limit)b

-- name: events_found_by_of_type
SELECT entry, subject, type, issuer, recorded_at, sealed FROM projections.event_index
WHERE (issuer, type, entry) >= (%(issuer)b, %(type)b, %(first)b)
  AND (issuer, type, entry) <= (%(issuer)b, %(type)b, %(last)b)
ORDER BY issuer DESC, type DESC, entry DESC LIMIT %(limit)b
