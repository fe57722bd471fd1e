"""Every limit of the service, named, units last. Limits that are law or policy live in policies instead."""

from __future__ import annotations

from typing import Final

# Formats
STATEMENT_BYTES_MAX: Final = 65_535  # tile bundles prefix an entry with a uint16 (C2SP tlog-tiles)
BODY_BYTES_MAX: Final = 65_536
BODY_SALT_BYTES_MIN: Final = 16
RECEIPT_BYTES_MAX: Final = 4_096  # 63 hashes of 34 bytes, the header, the signature
RECEIPTS_MAX: Final = 16  # in one transparent statement
EVIDENCE_ENTRIES_MAX: Final = 4_096
EVIDENCE_BYTES_MAX: Final = 16 * 1024 * 1024
TRUST_BYTES_MAX: Final = 262_144
SIGNED_STANDING_BYTES_MAX: Final = 1_048_576
PROOF_HASHES_MAX: Final = 63  # C2SP tlog-witness; a tree of 2^63 leaves
TREE_SIZE_MAX: Final = 2**63 - 1
NOTE_BYTES_MAX: Final = 1_000_000
NOTE_SIGNATURES_MAX: Final = 100  # C2SP signed-note asks for 16 at least
CHECKPOINT_BYTES_MAX: Final = 65_536
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256

# Statements
IAT_AHEAD_SECONDS_MAX: Final = 300
CTI_BYTES_MIN: Final = 8
CTI_BYTES_MAX: Final = 32

# Records: what one enterprise may add up to, so that folding stays O(log n) an event
PLEDGES_PER_CAMPAIGN_MAX: Final = 64
PLEDGE_REPLACEMENTS_MAX: Final = 64
OUTCOME_CORRECTIONS_MAX: Final = 32
OUTCOME_REPLIES_MAX: Final = 32

# Submission
QUEUE_STATEMENTS_MAX: Final = 8_192
GROUP_COMMIT_STATEMENTS_MAX: Final = 1_024
BATCH_STATEMENTS_MAX: Final = 1_000
COMMIT_SECONDS_MAX: Final = 10.0  # how long a batch is tried again before its clients are told
BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
BODY_HOLD_SECONDS: Final = 3_600
BODIES_HELD_BYTES_MAX: Final = 256 * 1024 * 1024
DESK_STATEMENTS_MAX: Final = 100_000

# Caches
RECORDS_CACHED_EVENTS_MAX: Final = 500_000  # events folded into the records that the writer keeps
COLD_EVENTS_MAX: Final = 2_000  # a longer stream that is not in memory is folded beside the sequencer

# Reading
STANDINGS_CACHED_MAX: Final = 20_000
STANDINGS_QUERY_IDS_MAX: Final = 1_000
STANDINGS_QUERY_BYTES_MAX: Final = 1_048_576
EVENTS_PAGE_MAX: Final = 1_000
LEAF_INDEX_ASKED_MAX: Final = 10**15  # beyond any log, and far from where sums leave a bigint
SEARCH_PAGE_MAX: Final = 100
TREE_SIZE_WAIT_SECONDS_MAX: Final = 2.0
STANDING_MAX_AGE_SECONDS: Final = 60
SIGNED_STANDING_VALID_SECONDS: Final = 86_400

# Clients
REQUESTS_PER_SECOND_MAX: Final = 200
REQUESTS_BURST_MAX: Final = 400

# Database
DATABASE_CONNECT_SECONDS_MAX: Final = 10
DATABASE_STATEMENT_MS_MAX: Final = 30_000
DATABASE_LOCK_MS_MAX: Final = 5_000
DATABASE_CONNECTIONS_MAX: Final = 8
DATABASE_POLL_SECONDS: Final = 0.25  # a notification can be missed; a look is one index access

# Import of rosters and outcomes
IMPORT_FILE_BYTES_MAX: Final = 32 * 1024 * 1024
IMPORT_UNPACKED_BYTES_MAX: Final = 256 * 1024 * 1024  # of all parts of an XLSX, which is a ZIP
IMPORT_ROWS_MAX: Final = 100_000
IMPORT_COLUMNS_MAX: Final = 256
IMPORT_CELL_CHARS_MAX: Final = 32_767  # a spreadsheet's own
IMPORT_HEADER_WITHIN_ROWS_MAX: Final = 10
IMPORT_MAPPING_BYTES_MAX: Final = 262_144
IMPORT_BATCH_ROWS_MAX: Final = 300
IMPORT_ROUNDS_MAX: Final = 32  # how often a row's statements are sent in new forms
IMPORT_TRIES_MAX: Final = 10
IMPORT_WAIT_SECONDS_MAX: Final = 60
IMPORT_ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
