"""Tiles and entries are believed only under the root that the checkpoint signs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from api.monitor.proven_tree import ProvenTree, check_charter
from ledger.errors import NotFound, Refuted
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.hashing import EMPTY_ROOT, leaf_hash, parents
from ledger.tlog.proof import verify_consistency
from ledger.tlog.tiles import tile_width
from tests.support.naive_tree import mth

SIZES = (1, 2, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 66_000)


@cache
def _entries() -> tuple[bytes, ...]:
    return tuple(number.to_bytes(4) for number in range(66_000))


@cache
def _leaves() -> tuple[bytes, ...]:
    return tuple(map(leaf_hash, _entries()))


@cache
def _row(level: int, size: int) -> list[bytes]:
    """The complete nodes of a tile level."""
    row = list(_leaves()[:size])
    for _ in range(8 * level):
        row = parents(row[: len(row) & ~1])
    return row


def _fetch(size: int) -> Callable[[int, int, int], bytes]:
    return lambda level, number, width: b"".join(_row(level, size)[number * 256 :][:width])


@cache
def _head(size: int) -> VerifiedCheckpoint:
    row = list(_leaves()[:size])
    while len(row) > 1:
        row = parents(row)
    return VerifiedCheckpoint("log.example", size, row[0] if row else EMPTY_ROOT)


@pytest.mark.parametrize("size", SIZES)
def test_every_tile_of_an_honest_tree_is_found_as_wide_as_it_is(size: int) -> None:
    tree = ProvenTree(_head(size), _fetch(size))
    for level in range(3):
        number = 0
        while width := tile_width(level, number, size):
            assert len(tree.tile(level, number)) == width * 32
            number += 1
        with pytest.raises(NotFound):
            tree.tile(level, number)


@pytest.mark.parametrize("size", SIZES)
def test_one_false_hash_in_any_tile_is_refuted(size: int) -> None:
    honest = _fetch(size)
    for level in range(3):
        numbers = -(-(size >> 8 * level) // 256)
        for bad in {0, numbers // 2, numbers - 1} & set(range(numbers)):

            def fetch(at: int, number: int, width: int, level: int = level, bad: int = bad) -> bytes:
                tile = honest(at, number, width)
                return tile[:-1] + bytes([tile[-1] ^ 1]) if (at, number) == (level, bad) else tile

            with pytest.raises(Refuted):
                ProvenTree(_head(size), fetch).tile(level, bad)


@pytest.mark.parametrize("size", [700, 66_000])
def test_entries_that_are_changed_swapped_or_missing_are_refuted(size: int) -> None:
    tree = ProvenTree(_head(size), _fetch(size))
    last = (size - 1) // 256
    for number in (0, last):
        good = list(_entries()[number * 256 : min(size, (number + 1) * 256)])
        tree.check_bundle(number, good)
        for bad in (good[:-1], [*good, b"more"], [good[1], good[0], *good[2:]], [b"other", *good[1:]]):
            with pytest.raises(Refuted):
                tree.check_bundle(number, bad)


@pytest.mark.parametrize("new", SIZES)
def test_the_consistency_proof_from_tiles_is_that_of_the_rfc(new: int) -> None:
    tree = ProvenTree(_head(new), _fetch(new))
    for old in {size for size in (*SIZES, 3, 100) if size <= new}:
        verify_consistency(old, new, _head(old).root, _head(new).root, tree.consistency(old))


def test_the_charter_is_found_by_its_root_alone() -> None:
    tree = ProvenTree(_head(700), _fetch(700))
    for size in (1, 2, 13, 256, 300):
        assert check_charter(tree, mth(_entries()[:size]), 512) == size
    for foreign in (mth([b"another", *_entries()[1:13]]), mth(_entries()[:600])):
        with pytest.raises(Refuted):
            check_charter(tree, foreign, 512)


def test_an_empty_tree_has_no_tiles_and_no_charter() -> None:
    tree = ProvenTree(_head(0), _fetch(0))
    with pytest.raises(NotFound):
        tree.tile(0, 0)
    with pytest.raises(Refuted):
        check_charter(tree, bytes(32), 512)
