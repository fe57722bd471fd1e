"""The last look at a batch before it is durable: nothing that does not verify is ever written.

What is checked are the bytes that are about to be written, not what was computed on the way: each statement is the
one that was admitted (by the digest that its signature was checked beside), each leaf is that of its statement, each
body is the one committed to, the tree over the leaves has the root that was signed, and both signatures hold. A bit
that flips in memory between admission and here, or a defect, costs an answer (`Corrupted`), never a checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ledger.cose.receipt import receipt_protected
from ledger.cose.sign1 import to_be_signed
from ledger.errors import Corrupted, LedgerError
from ledger.keys.log_keys import LogKeys
from ledger.store.contract import Batch, CheckpointRow, Tile
from ledger.tlog.checkpoint import open_checkpoint
from ledger.tlog.hashing import EMPTY_ROOT, leaf_hash, root_of, split_hashes
from ledger.tlog.tree import Edge

__all__ = ["check_batch", "check_statement"]


def check_statement(raw: bytes, statement_id: bytes) -> None:
    """Raise `Corrupted` unless `raw` is what was admitted: its SHA-256 was taken before its signature was checked."""
    if sha256(raw).digest() != statement_id:
        raise Corrupted("a statement has changed in memory since its signature was checked: send it again")


def check_batch(batch: Batch, edge: Edge, previous: CheckpointRow | None, keys: LogKeys) -> None:
    """Raise `Corrupted` unless all of the batch hangs together, and goes on from the checkpoint before it.

    `edge`: the tree that it grows, whose root is that of `previous` (None for an empty log). `keys`: those in force for
    the tree that it gives.
    """
    head = batch.checkpoint
    if edge.root() != (EMPTY_ROOT if previous is None else previous.root):
        raise Corrupted("the tree in memory is not the one that was signed last")
    for index, entry in enumerate(batch.entries, head.previous_size):
        if leaf_hash(entry.statement) != entry.leaf_hash:
            raise Corrupted(f"entry {index} does not hash to its leaf")
        if entry.body is not None and (entry.commitment is None or sha256(entry.body).digest() != entry.commitment):
            raise Corrupted(f"the body of entry {index} is not the one that it commits to")
    if (edge.size, edge.size + len(batch.entries)) != (head.previous_size, head.tree_size):
        raise Corrupted(f"the batch goes from {head.previous_size} to {head.tree_size}, the tree has {edge.size}")
    try:
        growth = edge.grow([entry.leaf_hash for entry in batch.entries])
        if growth.root != head.root:
            raise Corrupted(f"the {head.tree_size} leaves do not hash to the root")
        if [tuple(tile) for tile in growth.tiles] != [(tile.level, tile.number, tile.hashes) for tile in batch.tiles]:
            raise Corrupted("the tiles are not those of the leaves")
        _check_tiles(batch.tiles, growth.edge)
        signed = open_checkpoint(head.note, keys.checkpoint.key, origin=keys.origin)
        if (signed.size, signed.root) != (head.tree_size, head.root):
            raise Corrupted("the note signs another tree")
        key = keys.receipt.public
        protected = receipt_protected(
            alg=keys.receipt.alg, kid=key.kid, origin=keys.origin, tree_size=head.tree_size, iat=head.recorded_at
        )
        if head.receipt_protected != protected:
            raise Corrupted("the receipts' header is of another log, size or time")
        key.verify(keys.receipt.alg, head.receipt_signature, to_be_signed(protected, head.root))
    except Corrupted:
        raise
    except LedgerError as error:
        raise Corrupted(f"what was signed does not verify: {error}") from error


def _check_tiles(tiles: Sequence[Tile], edge: Edge) -> None:
    """What was in memory of a tile until it was full is in no leaf of this batch: its root is a node of the tree."""
    above = {tile.level: split_hashes(tile.hashes) for tile in tiles}
    for tile in tiles:
        level = tile.level + 1
        nodes = above.get(level, []) + split_hashes(edge.partial[level])
        if root_of(split_hashes(tile.hashes)) not in nodes:
            raise Corrupted(f"tile {tile.number} at level {tile.level} does not hash to its node")
