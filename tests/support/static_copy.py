"""A book in a database as the files that a mirror of it would have: computed entry by entry, as RFC 6962 says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg import Connection

from ledger.cose.receipt import encode_receipt
from ledger.cose.receipts import encode_receipts, receipts_path
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tiles import bundle_path, encode_bundle, tile_path
from tests.support.naive_tree import mth, path

__all__ = ["static_copy"]


def static_copy(connection: Connection[Any], folder: Path, trust: bytes = b"") -> dict[str, bytes]:
    """Write the files of the newest checkpoint, and give them back by their paths."""
    run = connection.execute
    entries = [row[0] for row in run("SELECT state FROM ledger.entries ORDER BY notification_id").fetchall()]
    heads = run(
        "SELECT tree_size, note, receipt_protected, receipt_signature FROM ledger.checkpoints ORDER BY tree_size"
    ).fetchall()
    files = {"checkpoint": bytes(heads[-1][1]), **_tiles(entries)}
    receipts: list[list[bytes]] = [[] for _ in range(-(-len(entries) // 256))]
    first = 0
    for size, _, protected, signature in heads:
        proof = path(first, entries[:size])
        receipts[first // 256].append(encode_receipt(protected, signature, size, first, proof))
        first = size
    for number, some in enumerate(receipts):
        files[receipts_path(number, min(256, len(entries) - number * 256))] = encode_receipts(some)
    for digest, content in run("SELECT digest, content FROM ledger.annexes WHERE content IS NOT NULL").fetchall():
        files[f"annexes/{digest.hex()}"] = bytes(content)
    if trust:
        files[".well-known/credit-ledger-trust.json"] = trust
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return files


def _tiles(entries: list[bytes]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    row, level = [leaf_hash(entry) for entry in entries], 0
    for number in range(-(-len(entries) // 256)):
        part = entries[number * 256 : (number + 1) * 256]
        files[bundle_path(number, len(part))] = encode_bundle(part)
    while row:
        for number in range(-(-len(row) // 256)):
            hashes = row[number * 256 : (number + 1) * 256]
            files[tile_path(level, number, len(hashes))] = b"".join(hashes)
        span = 256 ** (level + 1)
        row = [mth(entries[at : at + span]) for at in range(0, len(entries) - span + 1, span)]
        level += 1
    return files
