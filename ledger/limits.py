"""Every limit of the service, named, units last. Limits that are law or policy live in policies instead."""

from __future__ import annotations

from typing import Final

# Formats
STATEMENT_BYTES_MAX: Final = 65_535  # tile bundles prefix an entry with a uint16 (C2SP tlog-tiles)
BODY_BYTES_MAX: Final = 65_536
PROOF_HASHES_MAX: Final = 63  # C2SP tlog-witness; a tree of 2^63 leaves
NOTE_BYTES_MAX: Final = 1_000_000
CHECKPOINT_BYTES_MAX: Final = 65_536
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256

# Statements
IAT_AHEAD_SECONDS_MAX: Final = 300
CTI_BYTES_MIN: Final = 8
CTI_BYTES_MAX: Final = 32

# Submission
QUEUE_STATEMENTS_MAX: Final = 8_192
GROUP_COMMIT_STATEMENTS_MAX: Final = 1_024
BATCH_STATEMENTS_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
BODY_HOLD_SECONDS: Final = 3_600
BODIES_HELD_BYTES_MAX: Final = 256 * 1024 * 1024
DESK_STATEMENTS_MAX: Final = 100_000

# Caches
RECORDS_CACHED_MAX: Final = 50_000
SNAPSHOT_EVERY_EVENTS: Final = 1_000

# Reading
STANDINGS_QUERY_IDS_MAX: Final = 1_000
EVENTS_PAGE_MAX: Final = 1_000
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
