"""Every limit of the service, named, units last. Limits that are law or policy live in policies instead."""

from __future__ import annotations

from typing import Final

# Formats
STATEMENT_BYTES_MAX: Final = 65_535  # tile bundles prefix an entry with a uint16 (C2SP tlog-tiles)
BODY_BYTES_MAX: Final = 65_536
PROTECTED_BYTES_MAX: Final = 4_096  # of a COSE message; ours are some 400 bytes, names of 200 characters included
UNPROTECTED_ITEMS_MAX: Final = 64  # CBOR items: at most 16 receipts and what they are in
CBOR_ITEMS_MAX: Final = 16_384  # of one decoded value, however long it is; evidence has the most
CBOR_DEPTH_MAX: Final = 8
PARSED_ON_LOOP_BYTES_MAX: Final = 65_536  # more is parsed in a thread: others are answered meanwhile
ANNEX_BYTES_MAX: Final = 16 * 1024 * 1024
OFFICE_PARTS_MAX: Final = 10_000  # of an uploaded XLSX or DOCX, which is a ZIP
ATTACHMENT_BYTES_MAX: Final = 20 * 1024 * 1024
ATTACHMENTS_PER_ENTRY_MAX: Final = 32
ACCESS_TOKEN_BYTES_MAX: Final = 4_096
ACKNOWLEDGEMENT_BYTES_MAX: Final = 1_024
ACCESS_TOKEN_SECONDS_MAX: Final = 300
ACCESSES_PAGE_MAX: Final = 1_000
BODY_SALT_BYTES_MIN: Final = 16
RECEIPT_BYTES_MAX: Final = 4_096  # 63 hashes of 34 bytes, the header, the signature
RECEIPTS_MAX: Final = 16  # in one transparent statement
EVIDENCE_ENTRIES_MAX: Final = 4_096
EVIDENCE_BYTES_MAX: Final = 16 * 1024 * 1024
TRUST_BYTES_MAX: Final = 262_144
SIGNED_STANDING_BYTES_MAX: Final = 1_048_576
PROOF_HASHES_MAX: Final = 63  # C2SP tlog-witness; a tree of 2^63 leaves
TREE_SIZE_MAX: Final = 2**63 - 1
MAP_PROOF_HASHES_MAX: Final = 256  # a bit of the key each; about log2 of the number of subjects in truth
BUNDLE_BYTES_MAX: Final = 1024 * 1024 * 1024  # of a completeness bundle, which a reader has in memory
BUNDLE_ENTRIES_MAX: Final = 250_000
BUNDLE_STREAMS_MAX: Final = 1_000
NOTE_BYTES_MAX: Final = 1_000_000
NOTE_SIGNATURES_MAX: Final = 100  # C2SP signed-note asks for 16 at least
CHECKPOINT_BYTES_MAX: Final = 65_536
POLICY_BYTES_MAX: Final = 65_536
POLICY_LOGS_MAX: Final = 256  # C2SP tlog-policy asks for 32 of each at least
POLICY_WITNESSES_MAX: Final = 64
POLICY_GROUPS_MAX: Final = 64
TLOG_PROOF_BYTES_MAX: Final = 131_072
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256

# Statements
IAT_AHEAD_SECONDS_MAX: Final = 300
CTI_BYTES_MIN: Final = 8
CTI_BYTES_MAX: Final = 32

# Floors: what the other side is owed, whatever a policy says
COMPLAINT_NOTICE_WORKING_DAYS_MIN: Final = 5
KEY_RECOVERY_DAYS_MIN: Final = 3
PLEDGE_MONTHS_MIN: Final = 1
GOOD_PERIOD_MONTHS_MIN: Final = 1
CALENDAR_NOTICE_DAYS_MIN: Final = 14

# Records: what one enterprise may add up to, so that folding stays O(log n) an event
CAMPAIGN_CORRECTIONS_MAX: Final = 16
PLEDGES_PER_CAMPAIGN_MAX: Final = 64
PLEDGE_REPLACEMENTS_MAX: Final = 64
OUTCOME_CORRECTIONS_MAX: Final = 32
OUTCOME_REPLIES_MAX: Final = 32
FINDINGS_MAX: Final = 4_096  # findings and public records cited
RECORD_RECHECKS_MAX: Final = 256  # of one public record
BREACHES_MAX: Final = 1_024
BREACH_CORRECTIONS_MAX: Final = 32  # of one breach
REPAIRS_MAX: Final = 64  # applications for one entry
OBJECTIONS_MAX: Final = 16  # to one entry
LEGAL_HOLDS_MAX: Final = 256  # of one enterprise, released ones included
MARK_SERIALS_MAX: Final = 1_000_000  # of one licence; a serial's number has 3 bytes
MARK_LICENCES_MAX: Final = 1_000
MARK_TURNS_MAX: Final = 64  # suspensions, reinstatements and revocations of one licence
MARK_MISUSES_MAX: Final = 1_000
LISTINGS_MAX: Final = 2_000
LISTINGS_PER_PRODUCT_MAX: Final = 64
REPORTS_MAX: Final = 2_000
REPORT_VERDICTS_MAX: Final = 32  # verifications and invalidations of one report
STANDARDS_MAX: Final = 10_000
STANDARD_VERSIONS_MAX: Final = 256
STANDARDS_PER_NUMBER_MAX: Final = 32  # declared again under the same number, one after the other
STANDARD_NOTES_MAX: Final = 64  # to one version
STANDARD_PRODUCTS_MAX: Final = 500  # more go into an annex, as do more indicators
STANDARD_INDICATORS_MAX: Final = 500

# Submission
QUEUE_STATEMENTS_MAX: Final = 8_192
GROUP_COMMIT_STATEMENTS_MAX: Final = 1_024
BATCH_STATEMENTS_MAX: Final = 1_000
COMMIT_SECONDS_MAX: Final = 10.0  # how long a batch is tried again before its clients are told
HIGH_WATER_SLOT_BYTES: Final = 4_096  # of a signed checkpoint, in the file beside the log's keys
PEN_WAIT_SECONDS_MAX: Final = 5.0  # for another process of this machine to have finished its commit
BATCH_BYTES_MAX: Final = 16 * 1024 * 1024

# Stopping: a service that is told to is gone within 10 s
STOP_REQUESTS_SECONDS_MAX: Final = 3  # for requests under way
STOP_DELIVERIES_SECONDS_MAX: Final = 2.0  # for what a receiver has been sent: its answer is recorded
STOP_PAGES_AHEAD_SECONDS_MAX: Final = 0.5  # for the pages under way; cut short, they are drawn another time
STOP_PROJECTIONS_SECONDS_MAX: Final = 4.0  # for the step under way; cut short, the next start does it again

# Uploads
BODY_HOLD_SECONDS: Final = 3_600
BODIES_HELD_BYTES_MAX: Final = 256 * 1024 * 1024
ANNEXES_HELD_BYTES_MAX: Final = 256 * 1024 * 1024
# Of one owner: a party that signed the upload, or the address of a client that did not. Each kind has the whole above.
BODIES_HELD_OF_ONE_BYTES_MAX: Final = 64 * 1024 * 1024
ANNEXES_HELD_OF_ONE_BYTES_MAX: Final = 128 * 1024 * 1024
ATTACHMENTS_HELD_OF_ONE_BYTES_MAX: Final = 128 * 1024 * 1024
ATTACHMENT_HOLD_SECONDS: Final = 86_400
ATTACHMENTS_HELD_BYTES_MAX: Final = 512 * 1024 * 1024  # uploaded, but not yet named by an entry
DESK_STATEMENTS_MAX: Final = 100_000
DESK_WAITING_PER_ISSUER_MAX: Final = 16  # one for each campaign and scope at most: a full desk is the offender's own
DESK_REFUSED_PER_ISSUER_MAX: Final = 16  # kept with their reasons, the newest
DESK_PAGE_MAX: Final = 100
ERASURES_PAGE_MAX: Final = 50  # rows of each list of the data officer's desk
PLEDGE_CODES_TRIED_MAX: Final = 100  # one after the other, where a proposed code is taken
DESK_REFUSAL_BYTES_MAX: Final = 8_192

# Signing in at the desks
SIGN_IN_BYTES_MAX: Final = 4_096  # an answered challenge
CHALLENGE_SECONDS_MAX: Final = 120  # from when it was made until it is answered
SESSION_IDLE_SECONDS_MAX: Final = 1_800  # without a request
SESSION_SECONDS_MAX: Final = 12 * 3_600  # of a session, however busy: a working day
SESSION_SEEN_SECONDS: Final = 60  # between two notes of when it was seen last
SESSIONS_PER_OFFICER_MAX: Final = 8  # one more ends the one that was seen longest ago
DESK_FORM_BYTES_MAX: Final = 65_536
EXPLORER_PAGE_MAX: Final = 100  # events on a page
EXPLORER_EXPORT_ROWS_MAX: Final = 10_000  # of one file
EXPLORER_STREAM_EVENTS_MAX: Final = 5_000  # of a longer one, what refers to an entry is not looked for at its page
ACCESSES_DESK_PAGE_MAX: Final = 100
DESK_ROSTER_BYTES_MAX: Final = 16 * 1024 * 1024  # of a table that is handed in at a desk; longer ones go by `import`
DESK_ROSTER_ROWS_MAX: Final = 10_000
DESK_ROSTERS_AT_ONCE_MAX: Final = 2  # that are read and judged; one of them per client
DESK_ROSTERS_KEPT_MAX: Final = 8  # in memory, the newest
DESK_ROSTER_KEPT_SECONDS_MAX: Final = 3_600
DESK_ROSTER_SECONDS_MAX: Final = 180  # a dry run that takes longer is given up
DESK_ROSTER_PIECE_ROWS: Final = 500  # that the browser fetches at once
DESK_LIST_ROWS: Final = (100, 500, 2_000)  # that a list at a desk may show at once
SIGN_IN_TOKENS: Final = 40  # of its client's allowance: what an attempt costs

# Drafts by one officer, their release by another
DRAFT_FORM_BYTES_MAX: Final = 262_144  # a draft percent-encoded; a statement and its body in base64
DRAFT_BYTES_MAX: Final = 65_536  # of its JSON
DRAFTS_PER_PARTY_MAX: Final = 500  # not released yet
RELEASED_DRAFT_SECONDS: Final = 30 * 86_400  # for which the list says what was released
RELEASE_LEASE_SECONDS: Final = 60  # for which whoever took one has it: ten times what a registration takes under load
RELEASE_LOOK_SECONDS: Final = 1.0  # between two looks for what is due
RELEASE_SPARE_SECONDS: Final = 3_600  # between the latest chosen time and the end of a statement's age

# Complaint files at the handling body's desk
COMPLAINT_STEPS_MAX: Final = 200  # of one file, notes included
COMPLAINT_TOKENS: Final = 40  # of its client's allowance: a complaint sent, or a secret tried
COMPLAINT_FILES_OPEN_MAX: Final = 100_000  # of one body: more are turned away until some are closed
COMPLAINTS_PAGE_MAX: Final = 100
COMPLAINT_DUPLICATES_MAX: Final = 20  # looked at side by side
COMPLAINT_DUPLICATE_DAYS: Final = 90  # between the days of receipt of two that may be one
COMPLAINT_ALERT_WORKING_DAYS: Final = 2  # before a deadline its file is marked as due soon
COMPLAINT_RETENTION_MONTHS: Final = 36  # from closing until the key of a file is destroyed

# Keys that somebody asks to have enrolled: whoever comes along may ask, so all of it is bounded and goes by itself
ENROLMENT_BYTES_MAX: Final = 4_096  # a request: public key, proof, names
ENROLMENTS_MAX: Final = 10_000
ENROLMENTS_PER_CLIENT_MAX: Final = 10  # that wait
ENROLMENTS_PER_PARTY_MAX: Final = 32  # that wait: more clients than one would have to fill it
ENROLMENT_SECONDS_MAX: Final = 30 * 86_400

# Caches
RECORDS_CACHED_EVENTS_MAX: Final = 500_000  # events folded into the records that the writer keeps
MARKS_CACHED_MAX: Final = 20_000  # ranges that were looked up lately
MARKS_READ_MAX: Final = 500  # ranges in one round trip
MARK_SERIALS_IN_PASSING_MAX: Final = 5_000  # more are made in a process of their own
MARK_CHECK_WAIT_SECONDS_MAX: Final = 30
MARK_CHECK_SECONDS_MAX: Final = 120
COLD_EVENTS_MAX: Final = 2_000  # a longer stream that is not in memory is folded beside the sequencer

# Reading
STANDINGS_CACHED_MAX: Final = 20_000
STANDINGS_QUERY_IDS_MAX: Final = 1_000
HISTORY_CHANGES_MAX: Final = 200  # of one enterprise's level, in one answer
PAGE_ENTRIES_MAX: Final = 200  # entries shown on an enterprise's page, the newest; the rest by the interface
FEED_ENTRIES_MAX: Final = 50  # in an enterprise's Atom feed, the newest
PAGE_STREAM_MAX: Final = 100_000  # entries counted for an enterprise's page
PAGE_STEPS_MAX: Final = 4  # changes by time alone that a page tells beforehand
PAGES_CACHED_BYTES_MAX: Final = 64 * 1024 * 1024  # enterprises' pages that were asked for lately, both languages
PAGES_DRAWN_TOGETHER_MAX: Final = 16  # enterprises' pages that are read for at once, and drawn one after the other
PAGES_FOUND_TOGETHER_MAX: Final = 64  # that were drawn ahead, and are read in one round trip
PAGES_AHEAD_MAX: Final = 200_000  # in the database, two of each enterprise: some 4 kB each
PAGES_AHEAD_AFTER_SECONDS: Final = 20.0  # until a service begins to draw ahead: its start is for those who wait for it
PAGES_AHEAD_REST_FACTOR: Final = 1.0  # of the time that drawing took: then others have had their turn
PAGES_AHEAD_BUSY_FACTOR: Final = 4.0  # of it where as many want to run as there are cores; where more do, so much more
PAGES_AHEAD_PAUSE_SECONDS: Final = 0.5  # while nothing is to be drawn, or others need the cores
PAGES_AHEAD_ENTRIES_PER_SECOND_MAX: Final = 50  # while more come in, nothing is drawn ahead
PAGES_AHEAD_DUE_MAX: Final = 20_000  # entries whose enterprises are drawn first; after more, everybody is looked at
PAGE_CHECKPOINT_SECONDS_MAX: Final = 1.0  # how long a page may name a checkpoint's witnesses that has more by now
FIGURES_CASES_MIN: Final = 30  # fewer are not published as a number
FIGURES_WAIT_SECONDS_MAX: Final = 20.0  # for somebody else's count of the whole book
FIGURES_WORK_PER_MILLE_MAX: Final = 10  # of the time, spent on counting again
STANDINGS_QUERY_BYTES_MAX: Final = 1_048_576
CTIS_QUERY_MAX: Final = 1_000
CTIS_QUERY_BYTES_MAX: Final = 262_144
EVENTS_PAGE_MAX: Final = 1_000
RECORD_PAGE_ENTRIES: Final = 1_000  # of a stream that is folded into a record
PROOFS_READ_MAX: Final = 256  # entries whose rows, tiles and proofs are read, and in memory, at once: some 10 MiB
BUNDLE_PIECE_BYTES: Final = 262_144  # what is sent of a bundle at once; a smaller one is sent whole
BUNDLES_SENT_MAX: Final = 4  # of larger ones, at the same time
LEAF_INDEX_ASKED_MAX: Final = 10**15  # beyond any log, and far from where sums leave a bigint
SEARCH_PAGE_MAX: Final = 100
SEARCH_QUERY_CHARS_MAX: Final = 128
SEARCH_RANKED_MAX: Final = 1_000  # of each way to match; more are not ranked, nor reached by paging: type more letters
SEARCH_RANKED_LARGE_MAX: Final = 100  # the same among very many names, unless a campaign bounds them
SEARCH_SIMILAR_MAX: Final = 100  # of each place at which a slip may be
TREE_SIZE_WAIT_SECONDS_MAX: Final = 2.0
STANDING_MAX_AGE_SECONDS: Final = 60
ANNEX_MAX_AGE_SECONDS: Final = 3_600  # for so long a cache may go on serving what was taken down
SIGNED_STANDING_VALID_SECONDS: Final = 86_400

# Completeness map
MAP_ROOTS_KEPT_MAX: Final = 16  # the newest published ones, in the governance
MAP_STEP_ENTRIES_MAX: Final = 50_000  # taken in with one transaction
MAP_INTERVAL_SECONDS: Final = 3_600

# Evidence archives: one ZIP, read into memory as a whole
ARCHIVE_BYTES_MAX: Final = 1024 * 1024 * 1024
ARCHIVE_MEMBERS_MAX: Final = 60_000  # below where ZIP needs other records
ARCHIVE_MANIFEST_BYTES_MAX: Final = 32 * 1024 * 1024
ARCHIVE_ENTRIES_MAX: Final = 20_000  # of one enterprise in one archive: export a shorter period
STREAM_PAGE_MAX: Final = 10_000  # indices of a stream in one answer

# Dumps of all standings, and of all outcomes
DUMP_PAGE_STANDINGS: Final = 500
DUMP_PAGE_OUTCOMES_OF: Final = 100  # enterprises; some have ten thousand outcomes
DUMP_SECONDS_MAX: Final = 300  # a slow client's snapshot must not keep the database from cleaning up
DUMPS_MAX: Final = 4
POLICY_DOCUMENT_BYTES_MAX: Final = 65_535  # as an entry, which a proposal of it is to become
COMPARISONS_MAX: Final = 1  # of policies, for the whole population, in a process of their own
COMPARISON_SECONDS_MAX: Final = 900  # until the totals
COMPARISON_NICENESS: Final = 15  # more yielding than the projections
COMPARISON_LINES_PIECE: Final = 500
AUDIT_RUN_SECONDS_MAX: Final = 6 * 3_600  # of one that was started at a desk
AUDIT_RUN_NICENESS: Final = 19
AUDIT_RUNS_KEPT_MAX: Final = 20
AUDIT_STOP_SECONDS_MAX: Final = 5
COMPARISON_DESK_SECONDS_MAX: Final = 120  # while somebody waits for the page
COMPARISON_DESK_LINES_MAX: Final = 200  # enterprises on the page

# Exports of tables
EXPORT_LINES_SORTED_MAX: Final = 20_000  # of the feed, in memory at once: some 30 MiB
PARQUET_ROWS_AT_ONCE: Final = 10_000  # in memory, and in a row group
XLSX_ROWS_MAX: Final = 1_048_576  # a spreadsheet's own
XLSX_SHEET_BYTES_MAX: Final = 2**31 - 65_536  # a part of a ZIP without its later extensions

# Certificates of published pledges
CERTIFICATE_BYTES_MAX: Final = 32 * 1024 * 1024
CERTIFICATE_ATTACHED_MAX: Final = 512  # files in it
CERTIFICATE_EVIDENCE_KEPT_MAX: Final = 64  # issuers whose evidence lies in memory, some kB each
CERTIFICATE_WAIT_SECONDS_MAX: Final = 10  # for those before it: one is made at a time
# HTTP
HEAD_BYTES_MAX: Final = 65_536  # request line and headers
HEAD_SECONDS_MAX: Final = 15.0  # until a head is whole; also for a connection on which nothing was said
REQUEST_BYTES_MAX: Final = 24 * 1024 * 1024  # of any body; each route has a bound of its own below it
BODY_SECONDS_MAX: Final = 30.0  # until a body is whole, and longer by what came:
BODY_BYTES_PER_SECOND_MIN: Final = 8_192
UNREAD_SECONDS_MAX: Final = 30.0  # in which a client takes nothing of an answer
LINGER_SECONDS_MAX: Final = 5.0  # in which a client that was refused may read why
# Of a connection on which nothing is asked. Longer than clients and proxies keep theirs (5 to 60 s): whoever closes
# first while the other sends takes a request away.
KEEP_ALIVE_SECONDS: Final = 75
CONNECTIONS_MAX: Final = 4_096
CONNECTIONS_PER_CLIENT_MAX: Final = 512  # of an IPv4 address, or of an IPv6 /64
CONNECTIONS_TURNED_AWAY_MAX: Final = 64  # that are told so; others are just closed
DESCRIPTORS_RESERVED: Final = 96  # for database, files and what else a process has open
ACCEPTS_PER_TURN_MAX: Final = 512
ADMISSIONS_PER_TURN_MAX: Final = 16  # of statements that come alone, at one turn of the event loop
GATHERING_SECONDS_MAX: Final = 0.05  # for so long a statement waits for those that came with it, to share a commit
STREAMS_MAX: Final = 1_000  # of events, open at once
STREAMS_PER_CLIENT_MAX: Final = 32
STREAMS_TOLD_PER_SECOND_MAX: Final = 500  # of entries that came; each stream is told of several at once
STREAM_LINES_PIECE: Final = 100  # read at once for whoever follows the feed
EVENTS_SHARED_SECONDS: Final = 2.0
LONG_READS_MAX: Final = 4  # pages of the feed that are rendered at once; more wait without a thread
BATCH_TOKEN_BYTES: Final = 8_192  # of a batch, for one token of its client's allowance
QUERY_TOKEN_BYTES: Final = 4_096
ROSTER_TOKEN_BYTES: Final = 4_096  # some ten rows of a packed table; it takes a whole burst where it is long
EVENTS_TOKEN_ROWS: Final = 50
BATCH_TOKENS_MIN: Final = 5
SEARCH_TOKENS: Final = 2
REQUEST_TOKENS_DEAR: Final = 10
DEAR_AT_ONCE_PER_CLIENT_MAX: Final = 4  # requests of more than one token that are worked on; the client's others wait
DEAR_WAIT_SECONDS_MAX: Final = 10.0

# Clients
REQUESTS_PER_SECOND_MAX: Final = 200
REQUESTS_BURST_MAX: Final = 400

# Witnesses: what one of ours takes, and how the log goes about asking
WITNESS_REQUEST_BYTES_MAX: Final = 73_728  # 63 hashes and a checkpoint
WITNESS_REQUESTS_PER_SECOND_MAX: Final = 10  # of one client
WITNESS_REQUESTS_BURST_MAX: Final = 50
WITNESS_LOCK_SECONDS_MAX: Final = 5.0
WITNESS_ANSWER_BYTES_MAX: Final = 65_536
WITNESS_ANSWER_SECONDS_MAX: Final = 10.0
WITNESS_ROUND_SECONDS_MAX: Final = 10.0  # how long one checkpoint waits for its quorum before the next is tried
WITNESS_ROUND_SECONDS_MIN: Final = 1.0
WITNESS_RETRY_SECONDS_MAX: Final = 300.0

# Following and mirroring a log from outside
FOLLOW_STATE_BYTES_MAX: Final = 1_048_576
FOLLOW_SUBJECTS_MAX: Final = 1_000
FOLLOW_TRIES_MAX: Final = 5
FOLLOW_WAIT_SECONDS_MAX: Final = 300.0  # between two tries of something that does not answer
FOLLOW_STALE_TRIES_MAX: Final = 3  # a cache may hold an older checkpoint for some seconds
FOLLOW_STALE_SECONDS: Final = 3.0
FOLLOW_AHEAD_MAX: Final = 4  # bundles fetched ahead, of at most 16 MiB each
CHARTER_ENTRIES_MAX: Final = 4_096  # of the first checkpoint, as far as who reads a whole log looks for it
GROWTH_SILENCE_SECONDS_MAX: Final = 15.0  # of an event stream, which says every five that it lives
GROWTH_AGAIN_SECONDS: Final = 2.0  # until a stream that broke off is asked for again
MIRROR_SWAPS_MAX: Final = 5  # of the checkpoint, where other mirrors of the same copy are faster
MIRROR_PUTS_MAX: Final = 8  # files on their way to an object store, of at most 16 MiB each
MIRROR_SYNCS_MAX: Final = 8  # files or folders that are made durable at a time
MIRROR_NAMELESS_MAX: Final = 64  # files in a folder that wait to be durable before they get their names
MIRROR_PAUSE_SECONDS: Final = 0.1  # between two rounds of a log that grows: one gathers what came meanwhile
MIRROR_RETRY_SECONDS_MAX: Final = 2.0  # between two tries of a log or target that does not answer, beside their own
MIRROR_LOOK_SECONDS: Final = 0.5  # between two looks for what was told of and is not shown yet
BUCKET_CONNECT_SECONDS_MAX: Final = 5.0  # of an object store that a mirror lies in
BUCKET_ANSWER_SECONDS_MAX: Final = 15.0  # one try
BUCKET_TRIES_MAX: Final = 3
BUCKET_TRIES_SECONDS_MAX: Final = 20.0  # after which no other try begins
WEBHOOK_SECONDS_MAX: Final = 20.0
WEBHOOK_SECRET_BYTES_MIN: Final = 24  # Standard Webhooks, "Signature scheme"
WEBHOOK_SECRET_BYTES_MAX: Final = 64
WEBHOOK_SECRETS_MAX: Final = 4  # while one takes over from another
WEBHOOK_SECRET_FILE_BYTES_MAX: Final = 4_096

# Jobs that are cut into parts: audit, rebuild, policy comparison
PART_ENTRIES_MAX: Final = 50_000  # of one part, about: so often it is told how far it is, and can be ended
COLLECT_AFTER_OBJECTS: Final = 50_000  # new ones: streams come and go, looking for cycles among them finds none
PARTS_PER_PROCESS_MIN: Final = 8  # so that all processes end about together
PARTS_AHEAD_PER_PROCESS: Final = 4  # given out, or done and not taken yet: results wait in memory
PART_TRIES_MAX: Final = 4  # Dask's `allowed-failures`, and one
PART_WAIT_MS_MAX: Final = 600_000  # for another worker that is at the same part, and between its rows
ENGINE_CONNECT_SECONDS_MAX: Final = 30  # to a Dask scheduler, and until a worker has joined it
ENGINE_WORKERLESS_SECONDS_MAX: Final = 300  # in mid-job, while nobody works

# A published copy that the service answers from
PUBLISHED_LOOK_SECONDS: Final = 0.2  # for so long one look at its checkpoint is good
PUBLISHED_ANSWER_SECONDS_MAX: Final = 2.0  # after which the database is asked
PUBLISHED_READS_MAX: Final = 8  # at once
PUBLISHED_BEHIND_SECONDS_MAX: Final = 5.0  # further behind, and the newest checkpoint is the database's again
LOG_FILES_CACHED_BYTES_MAX: Final = 64 * 1024 * 1024  # full tiles, bundles and files of receipts, rendered
# Notices that the service sends by itself (WEBHOOK_SECONDS_MAX and the bounds of secrets are above)
WEBHOOKS_MAX: Final = 500
WEBHOOKS_PER_CLIENT_MAX: Final = 10
WEBHOOKS_AT_ONCE_MAX: Final = 32  # that are being told at a time
WEBHOOK_TERMS_MAX: Final = 64  # subjects, campaigns, types: of each
WEBHOOK_TOKENS: Final = 40  # of a client's allowance, for one that is asked for: we post to where it says
WEBHOOK_REQUEST_BYTES_MAX: Final = 32_768
WEBHOOK_ADDRESS_CHARS_MAX: Final = 2_000
WEBHOOK_ANSWER_BYTES_MAX: Final = 4_096
WEBHOOK_LEASE_SECONDS: Final = 60  # longer than one post may take
WEBHOOK_TURN_SECONDS: Final = 20.0  # of one subscription that is behind, before others have theirs
WEBHOOK_LOOK_SECONDS: Final = 1.0
WEBHOOK_CHALLENGES_MAX: Final = 5
WEBHOOK_ASKED_SECONDS_MAX: Final = 86_400  # until a challenge is answered
WEBHOOK_RETRY_SECONDS_MIN: Final = 5
WEBHOOK_RETRY_SECONDS_MAX: Final = 12 * 3_600
WEBHOOK_FAILING_SECONDS_MAX: Final = 3 * 86_400  # then it is stopped, and stays where it was
WEBHOOK_STOPPED_SECONDS_MAX: Final = 30 * 86_400  # then it is gone
ANSWER_RECORD_SECONDS_MAX: Final = 150.0  # while the database is away; longer than a lease of a webhook or a mail
MAIL_STEP_SECONDS_MAX: Final = 30.0  # for a mail server to answer a command of the connection
MAIL_SECONDS_MAX: Final = 100.0  # for one mail, from connecting to the server's answer: it may look through it for long
MAIL_LEASE_SECONDS: Final = 120  # longer than that: nobody else sends it meanwhile
MAIL_LOOK_SECONDS: Final = 1.0
MAIL_ATTEMPTS_MAX: Final = 12
MAIL_RETRY_SECONDS_MIN: Final = 30
MAIL_RETRY_SECONDS_MAX: Final = 6 * 3_600
NOTICE_INTERVAL_SECONDS: Final = 30  # between two looks for what has to be told: what comes in between is one mail
NOTICE_STEP_ENTRIES: Final = 500  # of the log, looked at with one transaction
NOTICE_LINES_MAX: Final = 50  # entries that one mail names
OUTBOX_WAITING_SECONDS_MAX: Final = 30 * 86_400  # what could not be sent for so long is no news
OUTBOX_SETTLED_SECONDS_MAX: Final = 60 * 86_400  # then the row goes
OUTBOX_PAGE_MAX: Final = 200
FOLLOW_TOKENS: Final = 40  # of a client's allowance: what is asked for sends a mail
FOLLOW_ADDRESS_CHARS_MAX: Final = 254  # RFC 5321 §4.5.3.1.3, without the brackets
FOLLOWS_MAX: Final = 1_000_000
FOLLOWS_PER_ADDRESS_MAX: Final = 200
FOLLOWS_ASKED_PER_ADDRESS_MAX: Final = 3  # that wait for their confirmation: so many mails somebody gets unasked
FOLLOWS_ASKED_PER_CLIENT_MAX: Final = 10
FOLLOWS_ASKED_MAX: Final = 10_000
FOLLOW_ASKED_SECONDS_MAX: Final = 2 * 86_400  # until the link is followed

# Audit
AUDIT_UNWITNESSED_SECONDS_MAX: Final = 86_400  # between the first checkpoint that lacks its quorum and the newest

# Readiness: what `readyz` says, and when nothing is answered from the read models
READY_SECONDS_MAX: Final = 0.8  # for the database to answer
METERS_LOOK_SECONDS: Final = 0.2  # for so long one reading of all meters is good
READY_LOOK_SECONDS: Final = 1.0  # for so long one look is good
DISK_FREE_BYTES_MIN: Final = 64 * 1024 * 1024
PROJECTION_LAG_SECONDS_MAX: Final = 30.0  # from when the book held an entry until the read models must
PROJECTION_LAG_ENTRIES_MAX: Final = 50_000
# Further behind than both, the read models are derived again, which is many times faster, instead of followed on
PROJECTION_AFRESH_ENTRIES_MIN: Final = 20_000
PROJECTION_AFRESH_SHARE: Final = 5  # one of so many parts of the book

# Scrubbing: what is stored is read again
SCRUB_PAUSE_SECONDS: Final = 0.5  # between tiles of 256 entries
SCRUB_AGAIN_SECONDS: Final = 3_600.0  # between sweeps

# The clock
CLOCK_BEHIND_SECONDS_MAX: Final = 60  # the newest checkpoint: clocks are stepped back by seconds
CLOCK_AHEAD_SECONDS_MAX: Final = 300  # of the database's, since the process began
CLOCK_QUIET_SECONDS_MAX: Final = 32 * 86_400  # since the newest checkpoint, without a person who confirms it

# Database
DATABASE_CONNECT_SECONDS_MAX: Final = 10
DATABASE_STATEMENT_MS_MAX: Final = 15_000  # told to the server; who needs more says so
DATABASE_ANSWER_SECONDS_MAX: Final = 17.0  # ours: after that a server that says nothing is given up
DATABASE_SOCKET_MS_MAX: Final = 10_000  # sent, and not acknowledged by the other machine
DATABASE_KEEPALIVE_SECONDS: Final = 5
DATABASE_KEEPALIVES_MAX: Final = 3  # unanswered
DATABASE_LOCK_MS_MAX: Final = 5_000
DATABASE_CONNECTIONS_MAX: Final = 8
DATABASE_POLL_SECONDS: Final = 0.25  # a notification can be missed; a look is one index access
STANDBY_POLL_SECONDS: Final = 0.1  # where nothing can be listened for

# Readers: processes that answer from standbys
READER_BEHIND_SECONDS_MAX: Final = 30.0  # from when the writer held an entry until a reader must
READER_BEHIND_ENTRIES_MAX: Final = 50_000  # also: for a size further ahead than that nobody waits
READER_LOOK_SECONDS: Final = 1.0  # between looks at the writer's checkpoint
READER_LOOK_SECONDS_MAX: Final = 3.0  # for one of them

# Import of rosters and outcomes
IMPORT_FILE_BYTES_MAX: Final = 192 * 1024 * 1024  # so that ordinary rows reach the limit of rows first
IMPORT_UNPACKED_BYTES_MAX: Final = 512 * 1024 * 1024  # of all parts of an XLSX, which is a ZIP
IMPORT_ROWS_MAX: Final = 100_000
IMPORT_RECHECK_MONTHS: Final = 3  # a public record that an import cites is looked up again by then
IMPORT_COLUMNS_MAX: Final = 256
IMPORT_CELL_CHARS_MAX: Final = 32_767  # a spreadsheet's own
IMPORT_HEADER_WITHIN_ROWS_MAX: Final = 10
IMPORT_MAPPING_BYTES_MAX: Final = 65_536  # tomllib takes quadratic time for dotted keys
IMPORT_BATCH_ROWS_MAX: Final = 300
IMPORT_ANNEXES_BYTES_MAX: Final = 4 * ANNEX_BYTES_MAX  # uploaded at once, ahead of the statements that name them
SECRETS_FILE_BYTES_MAX: Final = 65_536
IMPORT_ROUNDS_MAX: Final = 32  # how often a row's statements are sent in new forms
IMPORT_TRIES_MAX: Final = 10
IMPORT_WAIT_SECONDS_MAX: Final = 60
IMPORT_ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
