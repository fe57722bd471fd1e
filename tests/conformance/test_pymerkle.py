"""Another implementation of RFC 9162 trees, pymerkle, builds the same trees and takes our proofs for proofs."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InclusionProof, InmemoryTree
from pymerkle import InvalidProof as PymerkleInvalidProof

from ledger.tlog.hashing import EMPTY_ROOT, leaf_hash, node_hash
from ledger.tlog.proof import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from ledger.tlog.tiles import TileReader
from ledger.tlog.tree import Edge

SIZE = 600
ENTRIES = [b"entry %d" % i for i in range(SIZE)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
THEIRS = InmemoryTree.init_from_entries(ENTRIES, algorithm="sha256")


def read(size: int) -> TileReader:
    growth = Edge.empty().grow(LEAVES[:size])
    tiles = {(tile.level, tile.number): tile.hashes for tile in growth.tiles}
    return TileReader(lambda level, n, w: tiles.get((level, n)) or growth.edge.partial[level], size)


def test_pymerkle_hashes_leaves_and_nodes_as_the_rfc_does() -> None:
    assert THEIRS.hash_buff(b"entry") == sha256(b"\x00entry").digest() == leaf_hash(b"entry")
    left, right = leaf_hash(b"l"), leaf_hash(b"r")
    assert THEIRS.hash_pair(left, right) == sha256(b"\x01" + left + right).digest() == node_hash(left, right)
    assert InmemoryTree(algorithm="sha256").get_root() == EMPTY_ROOT


def test_both_give_every_size_the_same_root() -> None:
    edge = Edge.empty()
    for size in range(1, SIZE + 1):
        edge = edge.grow([LEAVES[size - 1]]).edge
        assert edge.root() == THEIRS.get_root(size)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_each_takes_the_inclusion_proofs_of_the_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    index = data.draw(st.integers(0, size - 1))
    root = THEIRS.get_root(size)
    ours = inclusion_proof(index, size, read(size))
    theirs = THEIRS.prove_inclusion(index + 1, size)  # pymerkle counts from 1, and repeats the leaf's hash
    assert theirs.path == [LEAVES[index], *ours]
    verify_inclusion(index, size, LEAVES[index], root, theirs.path[1:])
    candidate = InclusionProof("sha256", True, size, index + 1, theirs.rule, [LEAVES[index], *ours])
    candidate.verify(LEAVES[index], root, index=index + 1, size=size)
    with pytest.raises(PymerkleInvalidProof):
        candidate.verify(LEAVES[index], THEIRS.hash_raw(root), index=index + 1, size=size)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_our_consistency_proofs_lead_to_the_roots_of_pymerkle(data: st.DataObject) -> None:
    """Its own proofs have another form (they repeat what the verifier knows), so only the roots are compared."""
    new = data.draw(st.integers(1, SIZE))
    old = data.draw(st.integers(1, new))
    verify_consistency(old, new, THEIRS.get_root(old), THEIRS.get_root(new), consistency_proof(old, new, read(new)))
    proof = THEIRS.prove_consistency(old, new)
    proof.verify(Edge.empty().grow(LEAVES[:old]).root, Edge.empty().grow(LEAVES[:new]).root)
