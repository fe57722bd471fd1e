"""The whole-log oracle: what must be true of a stored log at every moment, recomputed from its entries alone."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256

from ledger.cose.receipt import verify_receipt
from ledger.cose.statement import parse_statement
from ledger.keys.log_keys import LogKeys
from ledger.reading.log_reader import Log
from ledger.store.contract import Fact, Store
from ledger.tlog.checkpoint import open_checkpoint
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tree import Edge
from ledger.tlog.vkey import VerifierKey
from tests.support.naive_tree import mth

__all__ = ["check_whole_log"]


def check_whole_log(store: Store, keys: LogKeys) -> int:
    """Assert every promise about the log at rest; its size."""
    newest = store.latest()
    size = 0 if newest is None else newest.tree_size
    rows = store.entries(0, size + 1_000)
    assert [row.index for row in rows] == list(range(size)), "positions are gapless, and no entry lacks a checkpoint"
    leaves = [leaf_hash(row.statement) for row in rows]
    assert list(store.leaf_hashes(0, size)) == leaves, "every entry has its leaf"

    versions: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        versions[row.subject] += 1
        assert row.version == versions[row.subject], f"the stream of {row.subject} has a gap at entry {row.index}"

    vkey = VerifierKey.parse(keys.checkpoint.key.format())
    covered, time, edge = 0, 0, Edge.empty()
    while covered < size:
        checkpoint = store.checkpoint_covering(covered)
        assert checkpoint is not None, f"entry {covered} has no checkpoint"
        assert checkpoint.previous_size == covered, "checkpoints follow each other without a gap"
        assert checkpoint.recorded_at >= time, "time never goes back"
        growth = edge.grow(leaves[covered : checkpoint.tree_size])
        assert checkpoint.root == growth.root, "the root is that of the entries"
        edge = growth.edge
        signed = open_checkpoint(checkpoint.note, vkey, origin=keys.origin)
        assert (signed.size, signed.root) == (checkpoint.tree_size, checkpoint.root)
        assert all(row.recorded_at == checkpoint.recorded_at for row in rows[covered : checkpoint.tree_size])
        covered, time = checkpoint.tree_size, checkpoint.recorded_at

    # The fast tree, pinned once more to the naive one over everything.
    assert newest is None or newest.root == mth([row.statement for row in rows])

    log = Log(store)
    for number in range(size // 256):
        stored = store.tiles([(0, number)]).get((0, number))
        assert stored == b"".join(leaves[256 * number : 256 * number + 256]), "every full tile is there"
    for index in {0, size // 2, size - 1} if size else ():
        receipt, _ = log.receipt(index)
        verify_receipt(receipt, rows[index].statement, keys.receipt.public, keys.origin)

    identities: dict[Fact, int] = {}
    for row in rows:
        statement = parse_statement(row.statement)
        fact = Fact("cti", f"{statement.issuer}/{statement.cti.hex()}")
        assert fact not in identities, f"entries {identities[fact]} and {row.index} have one identity"
        identities[fact] = row.index
    assert store.facts(list(identities)) == identities, "every identity is recorded"
    assert len({sha256(row.statement).digest() for row in rows}) == size, "no statement is in twice"
    return size
