"""Another implementation of RFC 9162 trees, pymerkle, builds the same trees and takes our proofs for proofs."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.tlog.hashing import EMPTY_ROOT, leaf_hash, node_hash
from ledger.tlog.proof import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from ledger.tlog.tiles import TileReader
from ledger.tlog.tree import Edge
from tests.support.oracles import Oracle, Refused

SIZE = 600
ENTRIES = [b"entry %d" % i for i in range(SIZE)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


@pytest.fixture(scope="module")
def theirs() -> Iterator[Oracle]:
    """Their tree over `ENTRIES`."""
    with Oracle("merkle_trees") as oracle:
        assert oracle.ask("root") == EMPTY_ROOT
        assert oracle.ask("append", entries=ENTRIES) == SIZE
        yield oracle


def read(size: int) -> TileReader:
    growth = Edge.empty().grow(LEAVES[:size])
    tiles = {(tile.level, tile.number): tile.hashes for tile in growth.tiles}
    return TileReader(lambda level, n, w: tiles.get((level, n)) or growth.edge.partial[level], size)


def test_pymerkle_hashes_leaves_and_nodes_as_the_rfc_does(theirs: Oracle) -> None:
    assert theirs.ask("hash_buff", data=b"entry") == sha256(b"\x00entry").digest() == leaf_hash(b"entry")
    left, right = leaf_hash(b"l"), leaf_hash(b"r")
    ours = node_hash(left, right)
    assert theirs.ask("hash_pair", left=left, right=right) == sha256(b"\x01" + left + right).digest() == ours


def test_both_give_every_size_the_same_root(theirs: Oracle) -> None:
    edge = Edge.empty()
    for size in range(1, SIZE + 1):
        edge = edge.grow([LEAVES[size - 1]]).edge
        assert edge.root() == theirs.ask("root", size=size)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_each_takes_the_inclusion_proofs_of_the_other(theirs: Oracle, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    index = data.draw(st.integers(0, size - 1))
    root = theirs.ask("root", size=size)
    ours = inclusion_proof(index, size, read(size))
    where = {"index": index + 1, "size": size}  # pymerkle counts from 1, and repeats the leaf's hash
    proof = theirs.ask("prove_inclusion", **where)
    assert proof["path"] == [LEAVES[index], *ours]
    verify_inclusion(index, size, LEAVES[index], root, proof["path"][1:])
    candidate = where | {"rule": proof["rule"], "path": [LEAVES[index], *ours]}
    theirs.ask("verify_inclusion", **candidate, root=root)
    with pytest.raises(Refused, match=r"^InvalidProof: "):
        theirs.ask("verify_inclusion", **candidate, root=sha256(root).digest())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_our_consistency_proofs_lead_to_the_roots_of_pymerkle(theirs: Oracle, data: st.DataObject) -> None:
    """Its own proofs have another form (they repeat what the verifier knows), so only the roots are compared."""
    new = data.draw(st.integers(1, SIZE))
    old = data.draw(st.integers(1, new))
    old_root, new_root = theirs.ask("root", size=old), theirs.ask("root", size=new)
    verify_consistency(old, new, old_root, new_root, consistency_proof(old, new, read(new)))
    roots = {"old_root": Edge.empty().grow(LEAVES[:old]).root, "new_root": Edge.empty().grow(LEAVES[:new]).root}
    theirs.ask("verify_consistency", old=old, new=new, **roots)
