"""Every checkpoint by itself: both of its signatures, and its columns."""

from __future__ import annotations

from ledger.audit.chain import HeadFound
from ledger.audit.findings import Findings
from ledger.cose import headers
from ledger.cose.cbor import decode
from ledger.cose.receipt import Receipt, encode_receipt, parse_receipt
from ledger.cose.sign1 import verify_sign1
from ledger.errors import LedgerError, Refuted
from ledger.store.port import CheckpointRow
from ledger.tlog.checkpoint import VerifiedCheckpoint, open_checkpoint
from ledger.tlog.hashing import HASH_BYTES
from ledger.verifier.trust import Trust

__all__ = ["check_head"]

_ANY_PATH = [bytes(HASH_BYTES)]  # the shared signature is over the root: the path of a receipt is not signed


def check_head(row: CheckpointRow, trust: Trust, findings: Findings) -> HeadFound:
    """Check one checkpoint by itself. A row without a note (`b""`) is one that only receipts show."""
    note, receipt = _note(row, trust, findings), _receipt(row, trust, findings)
    if note is not None and receipt is not None and note.size != receipt.tree_size == row.tree_size:
        findings.add("checkpoint.note", f"it is that of size {note.size}", size=row.tree_size)
        note = None
    root = row.root if note is None else note.root
    size = note.size if note is not None else receipt.tree_size if receipt is not None else row.tree_size
    time = row.recorded_at if receipt is None else receipt.iat
    signed = note is not None
    if receipt is not None:
        try:
            key = trust.receipt_keys[receipt.message.kid]
            verify_sign1(receipt.message, key, detached_payload=root)
            signed = True
        except LedgerError as error:
            findings.add("checkpoint.receipt", str(error), size=size)
    if row.root != root:
        findings.add("checkpoint.columns", "root is not the one that was signed", size=size)
    if row.tree_size != size:
        findings.add("checkpoint.columns", f"tree_size is {row.tree_size}", size=size)
    if receipt is not None and receipt.tree_size != size:
        findings.add("checkpoint.receipt", f"the receipts' size is {receipt.tree_size}", size=size)
    if row.recorded_at != time:
        findings.add("checkpoint.columns", f"recorded_at is {row.recorded_at}, signed is {time}", size=size)
    signatures = 2 if note is not None else 1
    return HeadFound(size, row.previous_size, root, time, signatures, row.note if note else b"", signed)


def _note(row: CheckpointRow, trust: Trust, findings: Findings) -> VerifiedCheckpoint | None:
    if row.note == b"":
        return None
    try:
        if row.note is None:
            raise Refuted("there is no note")
        return open_checkpoint(row.note, *trust.checkpoint_vkeys, origin=trust.origin)
    except LedgerError as error:
        findings.add("checkpoint.note", str(error), size=row.tree_size)
        return None


def _receipt(row: CheckpointRow, trust: Trust, findings: Findings) -> Receipt | None:
    if row.receipt_protected == b"" and row.note != b"":
        return None  # a published source whose newest checkpoint has no receipt
    try:
        if row.receipt_protected is None or row.receipt_signature is None:
            raise Refuted(f"none from entry {row.previous_size} up to size {row.tree_size}, or none that can be read")
        size = _size_in(row)
        receipt = parse_receipt(encode_receipt(row.receipt_protected, row.receipt_signature, size, 0, _ANY_PATH))
        if receipt.origin != trust.origin or receipt.message.kid not in trust.receipt_keys:
            raise Refuted("the receipts are not of this log, or under a key that the trust file does not name")
        return receipt
    except LedgerError as error:
        findings.add("checkpoint.receipt", str(error), size=row.tree_size)
        return None


def _size_in(row: CheckpointRow) -> int:
    """The size that the protected header says: the proof's must be the same for it to be parsed."""
    protected = decode(row.receipt_protected)
    size = protected.get(headers.TREE_SIZE) if isinstance(protected, dict) else None
    if not isinstance(size, int) or size < 2:
        raise Refuted("the receipts' header says no size")
    return size
