"""The tree, grown again from the entries: every checkpoint's root, every full tile, every leaf.

Where a root does not come out, the leaf hashes beside the entries and those in the tiles are tried in their place:
so the entry whose bytes were changed is named, and the tree goes on behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge

from ledger.audit.checkpoints import CheckpointChain
from ledger.audit.findings import Findings
from ledger.audit.sources.source import AuditSource, LeafFound
from ledger.errors import LedgerError
from ledger.limits import TILE_HEIGHT, TILE_WIDTH
from ledger.tlog.hashing import split_hashes
from ledger.tlog.tiles import tile_path
from ledger.tlog.tree import Edge, Growth

__all__ = ["Tree", "check_tree"]

_SEGMENT_MAX = 65_536
_NAMED_MAX = 1_000  # entries of one segment that are named one by one


class Tree:
    """What came out: the size read, roots at the sizes asked for, entries whose bytes are not the tree's."""

    def __init__(self) -> None:
        self.size = 0
        self.edge = Edge.empty()
        self.roots: dict[int, bytes] = {}
        self.suspects: set[int] = set()
        self.broken = False


def check_tree(source: AuditSource, chain: CheckpointChain, findings: Findings, asked: Sequence[int]) -> Tree:
    """Grow the tree over all entries and compare; `asked`: further sizes whose roots are wanted."""
    tree, tiles = Tree(), _Tiles(source, findings)
    end = chain.sizes[-1] if chain.sizes else 0
    bounds = merge(chain.signed_sizes(), sorted({*asked, end}))
    leaves = _in_order(source.leaves(), findings, end)
    for start, stop in _segments(bounds):
        segment: list[LeafFound | None] = [next(leaves) for _ in range(stop - start)]
        root = chain.root_at(stop)
        growth = _grow(tree, segment, start, root, source, findings)
        if growth is not None:
            tree.edge = growth.edge
            tiles.take(growth)
            if stop in asked:
                tree.roots[stop] = growth.root
        elif root is not None:
            findings.note("not_compared", "root and tiles from here on", size=stop)
        if source.tables:
            _times(segment, chain, findings)
        tree.size = stop
    for leaf in leaves:
        if leaf is not None:
            findings.add("checkpoint.missing", entry=leaf.index)
    if not tree.broken:
        tiles.finish()
        if not source.tables:
            _edge(tree.edge, source, findings)
    return tree


def _edge(edge: Edge, source: AuditSource, findings: Findings) -> None:
    """The partial tiles under the newest checkpoint: a database makes them when they are asked for."""
    for level, hashes in enumerate(edge.partial):
        number, width = divmod(edge.size >> TILE_HEIGHT * level, TILE_WIDTH)
        if not width:
            continue
        name, kept = tile_path(level, number, width), source.tile(level, number, width)
        if kept is None:
            findings.add("tile.missing", row=name)
        elif kept != hashes:
            findings.add("tile.altered", row=name)


def _segments(bounds: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for bound in bounds:
        while start < bound:
            stop = min(bound, start + _SEGMENT_MAX)
            yield start, stop
            start = stop


def _in_order(leaves: Iterator[LeafFound], findings: Findings, end: int) -> Iterator[LeafFound | None]:
    """One for each index from 0 to `end`, None where there is none; then what comes after."""
    at = 0
    for leaf in leaves:
        if leaf.index < at:
            findings.add("log.order", "twice" if leaf.index >= 0 else "below 0", entry=leaf.index)
            continue
        while at < leaf.index and at < end:
            findings.add("entry.missing", entry=at)
            yield None
            at += 1
        if leaf.hashed is None:
            findings.add("entry.missing", "its statement is gone", entry=leaf.index)
        if not leaf.subject:
            findings.add("entry.columns", "originator_id is gone", entry=leaf.index)
        yield leaf
        at = max(at + 1, leaf.index + 1)
    while at < end:
        findings.add("entry.missing", "under a signed checkpoint, but not there", entry=at)
        yield None
        at += 1


def _grow(
    tree: Tree,
    segment: Sequence[LeafFound | None],
    start: int,
    root: bytes | None,
    source: AuditSource,
    findings: Findings,
) -> Growth | None:
    """The growth that gives the signed root, by the entries' own hashes or by what is kept of them."""
    hashed = [None if leaf is None else leaf.hashed for leaf in segment]
    column = [None if leaf is None else leaf.column for leaf in segment]
    differ = [place for place in _otherwise(hashed, column) if column[place] is not None]
    null = [place for place, leaf in enumerate(segment) if leaf is not None and leaf.column == b""]
    for place in null:
        findings.add("entry.leaf_hash", "it is gone", entry=start + place)
    if tree.broken:
        for place in differ:
            findings.add("entry.altered", "or its leaf hash", entry=start + place)
        return None
    growth = _try(tree.edge, hashed, root)
    if growth is not None:
        for place in differ:
            if place not in null:
                findings.add("entry.leaf_hash", "the entry fits the signed tree", entry=start + place)
        return growth
    kept = [one if one else other for one, other in zip(column, hashed, strict=True)]
    tiled = _tiled(source, start, kept)
    for attempt in (kept, tiled):
        growth = _try(tree.edge, attempt, root)
        if growth is not None:
            for place in _otherwise(hashed, attempt):
                findings.add("entry.altered", "its bytes do not hash to the signed leaf", entry=start + place)
                tree.suspects.add(start + place)
            return growth
    tree.broken = True
    wrong = {*differ, *_otherwise(hashed, tiled)}
    for place in sorted(wrong)[:_NAMED_MAX]:
        findings.add("entry.altered", "or what is kept of its hash", entry=start + place)
        tree.suspects.add(start + place)
    if not wrong and all(one is not None for one in hashed):
        findings.add("checkpoint.root", f"entries {start} to {start + len(segment) - 1}", size=start + len(segment))
    return None


def _otherwise(hashed: Sequence[bytes | None], attempt: Sequence[bytes | None]) -> list[int]:
    """The places at which an entry is there and hashes to something else than is tried."""
    pairs = enumerate(zip(hashed, attempt, strict=True))
    return [place for place, (own, other) in pairs if own is not None and own != other]


def _try(edge: Edge, hashes: Sequence[bytes | None], root: bytes | None) -> Growth | None:
    """The growth by these hashes, where all of them are there and come out at `root`, if that is known."""
    known = [one for one in hashes if one]
    if len(known) < len(hashes):
        return None
    try:
        growth = edge.grow(known)
    except LedgerError:
        return None
    return growth if root is None or growth.root == root else None


def _tiled(source: AuditSource, start: int, otherwise: Sequence[bytes | None]) -> list[bytes | None]:
    """The leaf hashes that the kept tiles have for a segment."""
    found = list(otherwise)
    stop = start + len(found)
    for number in range(start // TILE_WIDTH, -(-stop // TILE_WIDTH)):
        tile = source.tile(0, number)
        for place, one in enumerate(split_hashes(tile) if tile else ()):
            index = number * TILE_WIDTH + place
            if start <= index < stop:
                found[index - start] = one
    return found


def _times(segment: Sequence[LeafFound | None], chain: CheckpointChain, findings: Findings) -> None:
    heads = chain.heads()
    for leaf in segment:
        if leaf is None or not heads.sizes or not heads.known(leaf.index):
            continue
        time = heads.time(leaf.index)
        if leaf.recorded_at != time:
            findings.add("entry.columns", f"recorded_at is {leaf.recorded_at}, not {time}", entry=leaf.index)


class _Tiles:
    """Tiles that grow against those that are kept, level by level."""

    def __init__(self, source: AuditSource, findings: Findings) -> None:
        self._kept = source.tiles()
        self._findings = findings
        self._upper: list[tuple[int, int, bytes]] = []
        self._next = next(self._kept, None)

    def take(self, growth: Growth) -> None:
        for level, number, hashes in growth.tiles:
            if level:
                self._upper.append((level, number, hashes))
            else:
                self._compare(level, number, hashes)

    def finish(self) -> None:
        """All there are to be were taken."""
        for tile in sorted(self._upper):
            self._compare(*tile)
        while self._next is not None:
            self._findings.add("tile.unknown", row=f"ledger.tiles {self._next[0]}/{self._next[1]}")
            self._next = next(self._kept, None)

    def _compare(self, level: int, number: int, hashes: bytes) -> None:
        name = f"ledger.tiles {level}/{number}"
        while self._next is not None and self._key(self._next) < (level, number):
            self._findings.add("tile.unknown", row=f"ledger.tiles {self._next[0]}/{self._next[1]}")
            self._next = next(self._kept, None)
        if self._next is None or self._key(self._next) > (level, number):
            self._findings.add("tile.missing", row=name)
            return
        if self._next[2] != hashes:
            pairs = enumerate(zip(split_hashes(self._next[2] or b""), split_hashes(hashes), strict=False))
            first = next((at for at, (one, other) in pairs if one != other), 0)
            self._findings.add("tile.altered", f"hash {first} of 256 is the first that differs", row=name)
        self._next = next(self._kept, None)

    @staticmethod
    def _key(tile: tuple[int | None, int | None, bytes | None]) -> tuple[int, int]:
        # Nulls come last, as PostgreSQL sorts them.
        return (1 << 62 if tile[0] is None else tile[0], 1 << 62 if tile[1] is None else tile[1])
