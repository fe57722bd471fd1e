-- The read models' tables, in the schema that the service owns. Named sections; "_set" is empty for the tables that
-- serve, and `_next` for those that a rebuild fills beside them.

-- name: fixed
CREATE TABLE IF NOT EXISTS projections.shape (version integer NOT NULL);
-- Enterprises' pages that were drawn before anybody asked (api/pages/page_drawer.py), and what they rest on: the
-- enterprise's entries, by the version of the newest of them, `newest`; the program that drew them; the day; policies and
-- campaigns, by the size of the log after the newest entry about any; the set of read models, by the oid of its table
-- "progress", which every rebuild makes anew. One that rests on something else by now is as good as none.
-- The content is compressed: PostgreSQL is not to try again, nor to put it into a table apart.
DO $$
BEGIN
    IF to_regclass('projections.drawn_pages') IS NULL THEN
        CREATE TABLE projections.drawn_pages (
            subject text COLLATE "C" NOT NULL,
            language text COLLATE "C" NOT NULL,
            version bigint NOT NULL,
            newest bigint NOT NULL,
            program text COLLATE "C" NOT NULL,
            day date NOT NULL,
            ruled_size bigint NOT NULL,
            read_models oid NOT NULL,
            content bytea NOT NULL,
            PRIMARY KEY (subject, language)
        ) WITH (toast_tuple_target = 8160);
        ALTER TABLE projections.drawn_pages ALTER COLUMN content SET STORAGE EXTERNAL;
        CREATE INDEX drawn_pages_newest ON projections.drawn_pages (newest);
    END IF;
END
$$;

-- name: tables
-- Enterprises that may be found; search_text holds the folded names, one a line, pinyin and initials how each is read,
-- and grams numbers that stand for one and two characters, syllables and initials of them: what the index knows.
CREATE TABLE projections.enterprises_set (
    subject text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    name text NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    pinyin text COLLATE "C" NOT NULL,
    initials text COLLATE "C" NOT NULL,
    grams integer[] NOT NULL,
    body bytea NOT NULL,
    etag text NOT NULL
);
-- A standing for every stretch of days on which it stays the same.
CREATE TABLE projections.standing_segments_set (
    subject text COLLATE "C" NOT NULL,
    from_on date NOT NULL,
    until_on date,
    level text NOT NULL,
    body bytea NOT NULL,
    etag text NOT NULL
);
-- Whose steps were too many to write all of them ahead: from `due_on` on, more must be written.
CREATE TABLE projections.standing_due_set (
    subject text COLLATE "C" NOT NULL,
    due_on date NOT NULL
);
-- Every change of level, the foreseeable ones included; read up to the present day only.
CREATE TABLE projections.standing_changes_set (
    changed_on date NOT NULL,
    position bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    level_before text NOT NULL,
    level_after text NOT NULL
);
-- Public pledges, for lists.
CREATE TABLE projections.pledges_set (
    code text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    campaign text COLLATE "C" NOT NULL,
    made_entry bigint NOT NULL,
    published_entry bigint NOT NULL,
    from_on date NOT NULL,
    last_day date NOT NULL
);
-- Public pledges, as they are shown.
CREATE TABLE projections.pledge_pages_set (
    code text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    from_on date NOT NULL,
    until_on date,
    body bytea NOT NULL,
    etag text NOT NULL
);
-- What other nouns than pledges bring to an enterprise's declarations: JSON values, by key.
CREATE TABLE projections.sections_set (
    subject text COLLATE "C" NOT NULL,
    section text COLLATE "C" NOT NULL,
    from_on date NOT NULL,
    until_on date,
    value bytea NOT NULL
);
CREATE TABLE projections.campaigns_set (
    campaign text COLLATE "C" NOT NULL,
    opens_on date NOT NULL,
    body bytea NOT NULL,
    etag text NOT NULL
);
-- A row for each range of serials, however many they are: what a scanned mark is looked up by.
CREATE TABLE projections.marks_set (
    range text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    entry bigint NOT NULL,
    count integer NOT NULL,
    erased boolean NOT NULL,
    body bytea NOT NULL
);
-- A row for each version of every self-declared standard, also old and repudiated ones; number_key has no spaces.
CREATE TABLE projections.standards_set (
    subject text COLLATE "C" NOT NULL,
    entry bigint NOT NULL,
    declaration bigint NOT NULL,
    number_key text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL,
    title text NOT NULL,
    state text COLLATE "C" NOT NULL,
    from_on date NOT NULL,
    body bytea NOT NULL,
    etag text NOT NULL
);
-- Complaint outcomes as they are counted, all of an enterprise in one JSON value, with the days on which each is public.
CREATE TABLE projections.outcomes_set (
    subject text COLLATE "C" NOT NULL,
    outcomes bytea NOT NULL
);
-- A row for each entry of the log, never changed but where a body is erased: the type of a sealed entry whose body is not
-- there is "sealed". For officers who look for events; recorded_at in Unix seconds.
CREATE TABLE projections.event_index_set (
    entry bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    issuer text COLLATE "C" NOT NULL,
    recorded_at bigint NOT NULL,
    sealed boolean NOT NULL
);
-- One row: when the last entry that these tables know was recorded. How far they have come is in "tracking".
CREATE TABLE projections.progress_set (
    recorded_on date NOT NULL
);

-- name: indexes
ALTER TABLE projections.enterprises_set ADD CONSTRAINT enterprises_pkey_set PRIMARY KEY (subject);
CREATE INDEX enterprises_code_set ON projections.enterprises_set (code text_pattern_ops);
CREATE INDEX enterprises_grams_set ON projections.enterprises_set USING gin (grams);
ALTER TABLE projections.standing_segments_set ADD CONSTRAINT standing_segments_pkey_set PRIMARY KEY (subject, from_on);
ALTER TABLE projections.standing_due_set ADD CONSTRAINT standing_due_pkey_set PRIMARY KEY (subject);
CREATE INDEX standing_due_on_set ON projections.standing_due_set (due_on, subject);
ALTER TABLE projections.standing_changes_set
    ADD CONSTRAINT standing_changes_pkey_set PRIMARY KEY (changed_on, position, subject);
CREATE INDEX standing_changes_subject_set ON projections.standing_changes_set (subject, changed_on);
ALTER TABLE projections.pledges_set ADD CONSTRAINT pledges_pkey_set PRIMARY KEY (code);
CREATE INDEX pledges_campaign_set ON projections.pledges_set (campaign, code);
CREATE INDEX pledges_subject_set ON projections.pledges_set (subject);
ALTER TABLE projections.pledge_pages_set ADD CONSTRAINT pledge_pages_pkey_set PRIMARY KEY (code, from_on);
CREATE INDEX pledge_pages_subject_set ON projections.pledge_pages_set (subject);
ALTER TABLE projections.sections_set ADD CONSTRAINT sections_pkey_set PRIMARY KEY (subject, section, from_on);
ALTER TABLE projections.marks_set ADD CONSTRAINT marks_pkey_set PRIMARY KEY (range);
CREATE INDEX marks_subject_set ON projections.marks_set (subject);
ALTER TABLE projections.standards_set ADD CONSTRAINT standards_pkey_set PRIMARY KEY (subject, entry);
CREATE INDEX standards_number_set ON projections.standards_set (number_key, entry) WHERE state <> 'repudiated';
ALTER TABLE projections.outcomes_set ADD CONSTRAINT outcomes_pkey_set PRIMARY KEY (subject);
ALTER TABLE projections.campaigns_set ADD CONSTRAINT campaigns_pkey_set PRIMARY KEY (campaign);
-- Each holds the entry at its end: whatever is asked for is read in the order of the log, and no further than a page.
ALTER TABLE projections.event_index_set ADD CONSTRAINT event_index_pkey_set PRIMARY KEY (entry);
CREATE INDEX event_index_subject_set ON projections.event_index_set (subject, entry);
CREATE INDEX event_index_type_set ON projections.event_index_set (type, entry);
CREATE INDEX event_index_issuer_set ON projections.event_index_set (issuer, entry);
CREATE INDEX event_index_issuer_type_set ON projections.event_index_set (issuer, type, entry);
-- How often grams occur decides how a search is planned.
ANALYZE projections.enterprises_set;
-- Which of its indexes tells most is chosen by how often issuers and types occur.
ANALYZE projections.event_index_set;
