/** The limits of what is verified, as `ledger/limits.py` has them (a test compares the two), units last. */

export const STATEMENT_BYTES_MAX = 65_535;
export const BODY_BYTES_MAX = 65_536;
export const RECEIPT_BYTES_MAX = 4_096;
export const RECEIPTS_MAX = 16;
export const EVIDENCE_ENTRIES_MAX = 4_096;
export const EVIDENCE_BYTES_MAX = 16 * 1024 * 1024;
export const TRUST_BYTES_MAX = 262_144;
export const SIGNED_STANDING_BYTES_MAX = 1_048_576;
export const SIGNED_STANDING_VALID_SECONDS = 86_400;
export const PROOF_HASHES_MAX = 63;
export const MAP_PROOF_HASHES_MAX = 256;
export const MAP_ROOTS_KEPT_MAX = 16;
export const BUNDLE_BYTES_MAX = 1024 * 1024 * 1024;
export const BUNDLE_ENTRIES_MAX = 250_000;
export const BUNDLE_STREAMS_MAX = 1_000;
export const NOTE_BYTES_MAX = 1_000_000;
export const NOTE_SIGNATURES_MAX = 100;
export const CHECKPOINT_BYTES_MAX = 65_536;
export const POLICY_BYTES_MAX = 65_536;
export const POLICY_LOGS_MAX = 256;
export const POLICY_WITNESSES_MAX = 64;
export const POLICY_GROUPS_MAX = 64;
export const TLOG_PROOF_BYTES_MAX = 131_072;
export const IAT_AHEAD_SECONDS_MAX = 300;
export const CTI_BYTES_MIN = 8;
export const CTI_BYTES_MAX = 32;
