"""Proofs are those of the RFC, hold for what they prove, and for nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed, NotFound, Refuted
from ledger.limits import TREE_SIZE_MAX
from ledger.tlog.hashing import EMPTY_ROOT, leaf_hash, root_of
from ledger.tlog.proof import (
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from tests.support import naive_tree
from tests.support.examples import examples
from tests.unit.ledger.tlog.trees import entries

ENTRIES = entries(700)
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
hashes = st.binary(min_size=32, max_size=32)
sizes = st.integers(-2, 80) | st.integers(TREE_SIZE_MAX - 2, TREE_SIZE_MAX + 2) | st.integers()


def read(level: int, number: int) -> bytes:
    """The complete subtrees of the tree over `LEAVES`; any other is a mistake of the prover."""
    row = LEAVES[number << level : (number + 1) << level]
    assert len(row) == 1 << level
    return root_of(row)


@pytest.mark.parametrize("size", range(1, 41))
def test_every_proof_in_a_small_tree_is_that_of_the_rfc_and_holds(size: int) -> None:
    root = naive_tree.mth(ENTRIES[:size])
    for index in range(size):
        proof = inclusion_proof(index, size, read)
        assert proof == naive_tree.path(index, ENTRIES[:size])
        verify_inclusion(index, size, LEAVES[index], root, proof)
    for old in range(1, size + 1):
        proof = consistency_proof(old, size, read)
        assert proof == naive_tree.proof(old, ENTRIES[:size])
        verify_consistency(old, size, naive_tree.mth(ENTRIES[:old]), root, proof)


@settings(max_examples=examples(400), deadline=None)
@given(st.data())
def test_every_proof_in_a_larger_tree_is_that_of_the_rfc_and_holds(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(ENTRIES)))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root = root_of(LEAVES[:size])
    proof = inclusion_proof(index, size, read)
    assert proof == naive_tree.path(index, ENTRIES[:size])
    verify_inclusion(index, size, LEAVES[index], root, proof)
    proof = consistency_proof(old, size, read)
    assert proof == naive_tree.proof(old, ENTRIES[:size])
    verify_consistency(old, size, root_of(LEAVES[:old]), root, proof)


@settings(max_examples=examples(400), deadline=None)
@given(st.data())
def test_a_proof_holds_for_its_own_leaf_index_and_root_only(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    root, proof = root_of(LEAVES[:size]), inclusion_proof(index, size, read)
    right = [index, size, LEAVES[index], root, proof]
    at = data.draw(st.sampled_from([0, 2, 3, 4]))
    wrong = data.draw((sizes, sizes, hashes, hashes, changed(proof))[at].filter(lambda other: other != right[at]))
    with pytest.raises((Malformed, Refuted)):
        verify_inclusion(*[wrong if i == at else value for i, value in enumerate(right)])  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_proof_under_another_size_leads_to_the_same_root_or_none(data: st.DataObject) -> None:
    """The form of a proof says something of the tree's size, but not all: hence sizes are signed with roots."""
    size, other = data.draw(st.integers(1, 70)), data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, read)
    try:
        root = root_from_inclusion(index, other, LEAVES[index], proof)
    except (Malformed, Refuted):
        assert other != size
    else:
        assert root == root_of(LEAVES[:size])


@settings(max_examples=examples(400), deadline=None)
@given(st.data())
def test_a_consistency_proof_holds_for_its_own_roots_and_hashes_only(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(old, new, read)
    right = [old, new, root_of(LEAVES[:old]), root_of(LEAVES[:new]), proof]
    at = data.draw(st.integers(2, 4))
    wrong = data.draw((sizes, sizes, hashes, hashes, changed(proof))[at].filter(lambda other: other != right[at]))
    with pytest.raises((Malformed, Refuted)):
        verify_consistency(*[wrong if i == at else value for i, value in enumerate(right)])  # type: ignore[arg-type]


def changed(proof: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """Proofs with one hash more, less, other, or in another place."""
    spots = st.integers(0, max(0, len(proof) - 1))
    return st.one_of(
        st.tuples(spots, hashes).map(lambda t: [*proof[: t[0]], t[1], *proof[t[0] :]]),
        st.tuples(spots, hashes).map(lambda t: [*proof[: t[0]], t[1], *proof[t[0] + 1 :]]),
        spots.map(lambda spot: proof[:spot] + proof[spot + 1 :]),
        hashes.map(lambda extra: [*proof, extra]),
        st.permutations(proof),
    )


@settings(max_examples=examples(400), deadline=None)
@given(sizes, sizes, st.binary(max_size=40), st.binary(max_size=40), st.lists(st.binary(max_size=40), max_size=70))
def test_no_input_gets_anything_out_of_a_verifier_but_its_two_errors(
    first: int, second: int, one: bytes, other: bytes, proof: list[bytes]
) -> None:
    with pytest.raises((Malformed, Refuted)):
        verify_inclusion(first, second, one, other + b"?" * 33, proof)
    with pytest.raises((Malformed, Refuted)):
        verify_consistency(first, second, one + b"!", other + b"?" * 42, proof)


def test_old_trees_that_were_rewritten_are_refuted() -> None:
    for old in range(1, 20):
        forged = [*LEAVES[: old - 1], leaf_hash(b"forged")]
        with pytest.raises(Refuted):
            verify_consistency(old, 20, root_of(forged), root_of(LEAVES[:20]), consistency_proof(old, 20, read))


def test_a_tree_cannot_grow_without_its_root_changing() -> None:
    for old, new in ((2, 3), (3, 4), (4, 8), (7, 9)):
        same = root_of(LEAVES[:old])
        with pytest.raises(Refuted):
            verify_consistency(old, new, same, same, [])
        with pytest.raises(Refuted):
            verify_consistency(old, new, same, same, [same])


def test_proofs_longer_than_any_tree_has_are_not_worked_on() -> None:
    long = [bytes(32)] * 64
    with pytest.raises(Malformed):
        verify_inclusion(0, TREE_SIZE_MAX, bytes(32), bytes(32), long)
    with pytest.raises(Malformed):
        verify_consistency(1, TREE_SIZE_MAX, bytes(32), bytes(32), long)


def test_nothing_is_shown_about_the_empty_tree() -> None:
    with pytest.raises(Refuted):
        verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    with pytest.raises(Refuted):
        verify_consistency(0, 5, EMPTY_ROOT, root_of(LEAVES[:5]), [])
    for old, new in ((0, 5), (6, 5), (-1, 5), (1, 2**63)):
        with pytest.raises(NotFound):
            consistency_nodes(old, new)
    for index, size in ((5, 5), (-1, 5), (0, 0), (0, 2**63)):
        with pytest.raises(NotFound):
            inclusion_nodes(index, size)


def test_the_proofs_of_the_largest_tree_keep_within_their_limit() -> None:
    assert len(inclusion_nodes(0, TREE_SIZE_MAX)) == 63
    assert len(inclusion_nodes(TREE_SIZE_MAX - 1, TREE_SIZE_MAX)) == 62
    assert len(consistency_nodes(2**62 - 1, 2**62)) <= 63
