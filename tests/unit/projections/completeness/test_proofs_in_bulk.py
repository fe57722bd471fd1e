"""Proofs of many entries at once are those of each, out of a tree with a level of full tiles and ragged edges."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from ledger.errors import NotFound
from ledger.reading.log_reader import Log
from ledger.store.contract import Tile
from ledger.store.memory import MemoryStore
from ledger.tlog.proof import verify_consistency, verify_inclusion
from ledger.tlog.tree import Edge
from tests.support.batches import a_batch, an_entry

LEAVES = 67_000  # a full tile of the first level, and parts of one at each
COMMIT = 997


class Grown:
    """A log in memory, with the root of each of its checkpoints."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.leaves: list[bytes] = []
        self.roots: dict[int, bytes] = {}
        edge = Edge.empty()
        while len(self.leaves) < LEAVES:
            entries = [an_entry(version=len(self.leaves) + n) for n in range(1, COMMIT + 1)]
            growth = edge.grow([entry.leaf_hash for entry in entries])
            tiles = [Tile(*tile) for tile in growth.tiles]
            self.store.append(a_batch(len(self.leaves), entries, tiles))
            self.leaves += [entry.leaf_hash for entry in entries]
            edge = growth.edge
            self.roots[edge.size] = edge.root()


@pytest.fixture(scope="module")
def grown() -> Grown:
    return Grown()


def some(grown: Grown, count: int) -> list[int]:
    return [0, 1, 255, 256, 65_535, 65_536, len(grown.leaves) - 1, *random.Random(7).sample(range(LEAVES), count)]


def test_inclusion_proofs_made_together_hold_and_are_those_made_alone(grown: Grown) -> None:
    log, size = Log(grown.store), len(grown.leaves)
    made = log.inclusions(some(grown, 200), size)
    alone = Log(grown.store)
    for index, path in made.items():
        verify_inclusion(index, size, grown.leaves[index], grown.roots[size], path)
        assert path == alone.inclusion(index, size)


def test_receipts_made_together_are_those_made_alone(grown: Grown) -> None:
    indices = some(grown, 200)
    alone = Log(grown.store)
    made = Log(grown.store).receipts(indices)
    assert made.keys() == set(indices)
    assert all(made[index] == alone.receipt(index) for index in indices)


def test_consistency_proofs_made_together_hold_and_are_those_made_alone(grown: Grown) -> None:
    sizes = sorted(grown.roots)
    alone = Log(grown.store)
    made = Log(grown.store).consistencies(sizes)
    assert len(made) == len(sizes) - 1
    for (old, new), proof in zip(pairwise(sizes), made, strict=True):
        verify_consistency(old, new, grown.roots[old], grown.roots[new], proof)
        assert proof == alone.consistency(old, new)
    assert Log(grown.store).consistencies(sizes[:1]) == []


def test_of_what_is_not_in_the_log_no_proof_is_made(grown: Grown) -> None:
    size, log = len(grown.leaves), Log(grown.store)
    with pytest.raises(NotFound):
        log.receipts([0, size])
    for index in (0, size - 1):
        with pytest.raises(NotFound):
            log.inclusions([index], size + 300)
    with pytest.raises(NotFound):
        log.consistencies([size, size + 300])


def test_what_follows_from_tiles_read_before_is_not_read_again(grown: Grown, monkeypatch: pytest.MonkeyPatch) -> None:
    log, asked = Log(grown.store), list[tuple[int, int]]()
    sizes = sorted(grown.roots)
    inside = [size for size in sizes if 65_536 < size <= 66_816]  # now their tiles of leaves are full
    first = log.receipts([size - 1 for size in inside])
    read = grown.store.tiles

    def counting(tiles: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        asked.extend(tiles)
        return read(tiles)

    monkeypatch.setattr(grown.store, "tiles", counting)
    assert log.receipts([size - 1 for size in inside]) == first
    assert asked == [], "full tiles lie in memory, and the tiles above them follow"
    for index, size in ((size - 2, size) for size in sizes[-3:]):
        path = log.inclusions([index], size)[index]
        verify_inclusion(index, size, grown.leaves[index], grown.roots[size], path)
    assert len(asked) < 10, "of a tile that is not full only what is needed is asked for"
