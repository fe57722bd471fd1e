"""The fast tree gives what RFC 6962 says, whatever the batches."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed, NotFound
from ledger.tlog.hashing import EMPTY_ROOT, leaf_hash, node_hash, root_of
from ledger.tlog.proof import verify_inclusion
from ledger.tlog.tree import Edge, Frontier
from tests.support import naive_tree
from tests.support.examples import examples
from tests.unit.ledger.tlog.trees import Book, entries

# The eight leaves that Certificate Transparency's implementations have been tested with since 2012.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_that_certificate_transparency_has(size: int) -> None:
    leaves = CT_LEAVES[:size]
    assert Edge.empty().grow([leaf_hash(leaf) for leaf in leaves]).root.hex() == CT_ROOTS[size]
    assert naive_tree.mth(leaves).hex() == CT_ROOTS[size]


def test_leaves_nodes_and_the_empty_tree_are_hashed_apart() -> None:
    left, right = leaf_hash(b"l"), leaf_hash(b"r")
    assert node_hash(left, right) != leaf_hash(left + right)
    assert EMPTY_ROOT not in (leaf_hash(b""), node_hash(b"", b""))


@settings(max_examples=examples(1_000), deadline=None)
@given(st.lists(st.lists(st.binary(max_size=8), max_size=24), max_size=6))
def test_batches_of_any_cut_give_the_tree_of_the_rfc(batches: list[list[bytes]]) -> None:
    book, taken = Book(), []
    for batch in batches:
        before = len(taken)
        growth = book.append(batch)
        taken += batch
        assert growth.root == growth.after.root() == growth.edge.root() == naive_tree.mth(taken)
        assert (growth.before.size, growth.after.size, growth.edge.size) == (before, len(taken), len(taken))
        for index in range(before, len(taken)):
            assert growth.inclusion(index) == naive_tree.path(index, taken)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=5))
def test_batches_across_tiles_give_the_tree_of_the_rfc(sizes: list[int]) -> None:
    book, taken = Book(), entries(sum(sizes))
    for size in sizes:
        before = book.edge.size
        growth = book.append(taken[before : before + size])
        done = taken[: before + size]
        assert growth.root == naive_tree.mth(done)
        for index in {before, before + size // 2, before + size - 1}:
            assert growth.inclusion(index) == naive_tree.path(index, done)
    assert all(
        joined == b"".join(map(leaf_hash, taken[256 * n : 256 * (n + 1)]))
        for (level, n), joined in book.tiles.items()
        if level == 0
    )
    assert len([1 for level, _ in book.tiles if level == 0]) == len(taken) // 256


def test_the_second_level_of_tiles_holds_the_roots_of_the_first() -> None:
    taken = entries(65_536 + 300)
    book = Book()
    for start in range(0, len(taken), 999):
        growth = book.append(taken[start : start + 999])
    assert sorted(book.tiles) == [(0, n) for n in range(257)] + [(1, 0)]
    assert all(len(joined) == 8_192 for joined in book.tiles.values())
    assert book.tiles[1, 0][:64] == naive_tree.mth(taken[:256]) + naive_tree.mth(taken[256:512])
    assert [len(held) // 32 for held in book.edge.partial] == [300 - 256, 1, 1]
    assert growth.root == root_of(book.leaves)
    verify_inclusion(len(taken) - 1, len(taken), book.leaves[-1], growth.root, growth.inclusion(len(taken) - 1))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1_500), st.integers(0, 40))
def test_an_edge_loaded_from_storage_is_the_one_that_was_written(size: int, more: int) -> None:
    book, taken = Book(), entries(size + more)
    book.append(taken[:size])
    loaded = Edge.load(size, book.tile)
    assert loaded == book.edge
    assert loaded.grow([leaf_hash(entry) for entry in taken[size:]]).root == book.append(taken[size:]).root


def test_an_edge_of_sixty_thousand_leaves_and_more_loads_from_three_tiles() -> None:
    book = Book()
    book.append(entries(65_536 + 300))
    asked: list[tuple[int, int, int]] = []

    def tile_hashes(level: int, number: int, width: int) -> bytes:
        asked.append((level, number, width))
        return book.tile(level, number, width)

    assert Edge.load(book.edge.size, tile_hashes) == book.edge
    assert asked == [(0, 257, 44), (1, 1, 1), (2, 0, 1)]


def test_growing_leaves_the_old_edge_as_it_was() -> None:
    edge = Edge.empty().grow([leaf_hash(b"a")] * 300).edge
    root, partial = edge.root(), edge.partial
    once, again = edge.grow([leaf_hash(b"b")]), edge.grow([leaf_hash(b"b")])
    assert (edge.root(), edge.partial, edge.size) == (root, partial, 300)
    assert (once.root, once.edge) == (again.root, again.edge)


def test_only_new_leaves_have_a_proof_in_a_growth() -> None:
    growth = Edge.empty().grow([leaf_hash(b"a")] * 3).edge.grow([leaf_hash(b"b")] * 2)
    for index in (-1, 0, 2, 5):
        with pytest.raises(NotFound):
            growth.inclusion(index)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 300])
def test_an_empty_batch_changes_nothing(size: int) -> None:
    edge = Edge.empty().grow([leaf_hash(b"a")] * size).edge
    growth = edge.grow([])
    assert growth.edge == edge
    assert (growth.root, growth.tiles) == (edge.root(), [])


def test_what_is_no_hash_does_not_get_into_the_tree() -> None:
    with pytest.raises(Malformed):
        Edge.empty().grow([leaf_hash(b"a"), b"short"])
    with pytest.raises(Malformed):
        Edge.load(300, lambda level, number, width: bytes(32 * width + 1))
    for size, hashes in ((1, []), (2, [bytes(32)] * 2), (1, [bytes(31)]), (-1, []), (2**63, [bytes(32)])):
        with pytest.raises(Malformed):
            Frontier.of(size, hashes)
    assert Frontier.of(3, [bytes(32)] * 2).root() == node_hash(bytes(32), bytes(32))
