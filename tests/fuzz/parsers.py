"""The table of parsers. One line each: a name, what reads the bytes, the kind of valid examples (`material`).

A parser gets bytes; what it gives back is thrown away. It may raise `LedgerError` and nothing else. Where a parser
takes text, the bytes are read as UTF-8 with replacements, as the edge does.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import httpx

from api.certificates.certificate_check import check_certificate
from api.client.problems import error_of
from api.http.bodies import batch_items
from api.http.enterprise_ids import subject_of
from api.importing import pledge_template as template
from api.importing.batch_answers import decode_answers
from api.importing.source_mapping import parse_mapping
from api.importing.table_reader import table_of
from api.monitor.known_keys import KnownKeys
from api.monitor.monitor_state import parse_state
from api.monitor.proven_tree import ProvenTree, check_charter
from api.monitor.webhook import parse_secrets
from ledger.charter.charter_file import read_charter
from ledger.cose.access_token import parse_access
from ledger.cose.archive_signature import parse_archive_signature
from ledger.cose.cbor import decode, decode_sequence, item_end
from ledger.cose.receipt import detach, parse_receipt, verify_receipt
from ledger.cose.receipts import decode_receipts, gather_receipts
from ledger.cose.sign1 import split
from ledger.cose.sign_in_answer import parse_sign_in
from ledger.cose.standing_token import standing_kid, verify_standing
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.payload import decode_body, decode_payload
from ledger.domain.rules.policy_conditions import read_policy
from ledger.domain.values import mark_serials as serials
from ledger.domain.values.media_types import media_type_of
from ledger.domain.values.subject import parse as parse_subject
from ledger.errors import Malformed
from ledger.keys.algorithms import decode_key, load_pem
from ledger.keys.proof_of_possession import check_possession
from ledger.store.backup_file import opened, pieces, take_manifest
from ledger.store.erasure_journal import ErasureJournal
from ledger.tlog.checkpoint import VerifiedCheckpoint, open_checkpoint, parse_checkpoint
from ledger.tlog.hashing import HASH_BYTES
from ledger.tlog.note import open_note, parse_note
from ledger.tlog.prefix import verify_in_map
from ledger.tlog.proof import verify_consistency, verify_inclusion
from ledger.tlog.tiles import decode_bundle, encode_bundle, parse_bundle_path, parse_tile_path
from ledger.tlog.tlog_proof import parse_proof, verify_proof
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import parse_logs, parse_policy
from ledger.verifier import parse_trust, verify_entry, verify_head, verify_signed_standing
from ledger.verifier.completeness_bundle import verify_bundle
from ledger.verifier.formats.archive import read_archive
from ledger.verifier.formats.bundle import parse_bundle
from ledger.verifier.formats.evidence import parse_evidence
from ledger.verifier.formats.manifest import parse_manifest
from ledger.witness.add_checkpoint import parse_request
from ledger.witness.known_logs import parse_known_logs
from projections.standing.standing_view import Cursor
from tests.fuzz.material import NOW, certificate, examples, log, trust
from tests.support.paper_log import ORIGIN

__all__ = ["PARSERS", "Parser"]

POLICY_OF_NOBODY: Final = "quorum none\n"


class Parser(NamedTuple):
    """`kind`: whose examples it takes whole; `accepts`: whether every one of them must be accepted."""

    name: str
    parse: Callable[[bytes], object]
    kind: str
    accepts: bool = True

    @property
    def examples(self) -> tuple[bytes, ...]:
        return examples()[self.kind]


def _text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "replace"))


def _note(data: bytes) -> None:
    text = parse_note(data).text
    open_note(data, [log().checkpoint_key.key])
    assert data.startswith(text)


def _bundle_of_entries(data: bytes) -> None:
    assert encode_bundle(decode_bundle(data)) == data


def _tree(data: bytes) -> None:
    """A log whose every tile is this."""

    def fetch(level: int, number: int, width: int) -> bytes:
        return data[: width * HASH_BYTES] if level else data

    head = VerifiedCheckpoint(ORIGIN, len(data) // HASH_BYTES or 1, bytes(HASH_BYTES))
    check_charter(ProvenTree(head, fetch), bytes(HASH_BYTES), 10)


def _tlog_proof(data: bytes) -> None:
    verify_proof(parse_proof(data), bytes(HASH_BYTES), parse_policy(POLICY_OF_NOBODY.encode()), _log_key())


def _proofs(data: bytes) -> None:
    hashes = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
    first, second = int.from_bytes(data[:8]), int.from_bytes(data[8:16])
    for verify in (verify_inclusion, verify_consistency):
        try:
            if verify is verify_inclusion:
                verify_inclusion(first, second, bytes(HASH_BYTES), bytes(HASH_BYTES), hashes)
            else:
                verify_consistency(first, second, bytes(HASH_BYTES), bytes(HASH_BYTES), hashes)
        except Malformed:
            continue


def _statement(data: bytes) -> None:
    statement = parse_statement(data)
    decode_event(statement)
    decode_event(statement, b"")


def _completeness(data: bytes) -> None:
    for stream in parse_bundle(data).streams:
        verify_in_map(stream.subject, bytes(HASH_BYTES), stream.proof)


def _backup(data: bytes) -> None:
    with opened(io.BytesIO(data)) as archive:
        manifest = take_manifest(archive)
        for table, copied in manifest.tables.items():
            for _ in pieces(archive, table, copied):
                pass


def _in_a_file(read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def run(data: bytes) -> object:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            path.write_bytes(data)
            return read(path)

    return run


def _table(data: bytes) -> object:
    return table_of(data, "table", template.COLUMNS)


def _response(data: bytes) -> None:
    for kind in ("application/problem+json", "application/concise-problem-details+cbor"):
        error = error_of(httpx.codes.BAD_REQUEST, kind, data)
        str(error)


def _log_key() -> VerifierKey:
    return log().checkpoint_key.key


PARSERS: Final = (
    Parser("note", _note, "note"),
    Parser("checkpoint text", parse_checkpoint, "note text"),
    Parser("checkpoint", lambda data: open_checkpoint(data, _log_key()), "note"),
    Parser("head", lambda data: verify_head(data, trust()), "note"),
    Parser("cosigned", lambda data: parse_policy(examples()["policy"][0]).require(data, _log_key()), "cosigned", False),
    Parser("vkey", _text(VerifierKey.parse), "vkey"),
    Parser("policy", parse_policy, "policy"),
    Parser("logs", parse_known_logs, "logs"),
    Parser("log lines", parse_logs, "logs", False),
    Parser("tile path", _text(parse_tile_path), "tile path"),
    Parser("bundle path", _text(parse_bundle_path), "bundle path"),
    Parser("tile", _tree, "tile", False),
    Parser("entry bundle", _bundle_of_entries, "entries"),
    Parser("tlog-proof", parse_proof, "tlog-proof"),
    Parser("verified tlog-proof", _tlog_proof, "tlog-proof", False),
    Parser("proofs", _proofs, "consistency", False),
    Parser("witness request", parse_request, "witness request"),
    Parser("cbor", decode, "cbor", False),
    Parser("cbor item", lambda data: item_end(data, 0), "cbor", False),
    Parser("cose_sign1", split, "statement"),
    Parser("statement", _statement, "statement", False),
    Parser("payload", decode_payload, "payload"),
    Parser("body", decode_body, "body"),
    Parser("receipt", parse_receipt, "receipt"),
    Parser("certificate", lambda data: check_certificate(data, certificate().log.trust()), "certificate"),
    Parser("receipts by the file", decode_receipts, "receipts"),
    Parser("receipts one by one", lambda data: gather_receipts(0, 256, lambda index: data), "receipt", False),
    Parser(
        "verified receipt",
        lambda data: verify_receipt(data, log().entries[1], log().receipt_key.public, ORIGIN),
        "receipt",
        False,
    ),
    Parser("transparent statement", detach, "transparent"),
    Parser("entry", lambda data: verify_entry(data, log().evidence(1), trust()), "transparent", False),
    Parser("evidence", parse_evidence, "evidence"),
    Parser("entry's evidence", lambda data: verify_entry(log().transparent(4), data, trust()), "evidence", False),
    Parser("standing token", standing_kid, "standing token"),
    Parser(
        "verified standing",
        lambda data: verify_standing(data, log().standing_key.public, ORIGIN, NOW),
        "standing token",
    ),
    Parser("signed standing", lambda data: verify_signed_standing(data, trust(), NOW), "standing token"),
    Parser("access token", parse_access, "access token"),
    Parser("sign-in", parse_sign_in, "sign-in"),
    Parser(
        "possession",
        lambda data: check_possession(data, examples()["cose key"][0], "party:organizer", ORIGIN),
        "possession",
    ),
    Parser("cose key", decode_key, "cose key"),
    Parser("pem", _text(load_pem), "pem"),
    Parser("trust file", parse_trust, "trust"),
    Parser("charter", read_charter, "charter"),
    Parser("completeness bundle", _completeness, "completeness", False),
    Parser("verified bundle", lambda data: verify_bundle(data, trust()), "completeness", False),
    Parser("evidence archive", read_archive, "archive"),
    Parser("archive manifest", parse_manifest, "manifest"),
    Parser("archive signature", parse_archive_signature, "archive signature"),
    Parser("backup", _backup, "backup", False),
    Parser("erasure journal", _in_a_file(lambda path: ErasureJournal(path).read()), "journal"),
    Parser("serial", _text(serials.parse), "serial"),
    Parser("cursor", _text(Cursor.parse), "cursor"),
    Parser("subject", _text(parse_subject), "subject"),
    Parser("name of an enterprise", _text(subject_of), "subject", False),
    Parser("standing policy", read_policy, "payload", False),
    Parser("csv", _table, "csv"),
    Parser("xlsx", _table, "xlsx"),
    Parser("mapping", _text(parse_mapping), "mapping"),
    Parser("annex", media_type_of, "xlsx"),
    Parser("follower's state", parse_state, "state"),
    Parser("follower's keys", _in_a_file(lambda path: KnownKeys(path, path.stat().st_size)), "key file"),
    Parser("webhook secrets", parse_secrets, "secrets"),
    Parser("cbor sequence", lambda data: list(decode_sequence(data, count_max=8)), "cbor"),
    Parser("batch", batch_items, "batch"),
    Parser("answers to a batch", lambda data: decode_answers(data, 2, repeated=False), "answers"),
    Parser("problem", _response, "problem"),
)
