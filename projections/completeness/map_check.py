"""The completeness map against the book: every published root, and the tables that proofs are served from.

In memory: the map's pages, about 2 kB a subject (twice while a published state is kept beside the newest).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from ledger.audit import AuditSource, Findings, Timeline
from ledger.audit.checkpoints import CheckpointChain
from ledger.store.contract import LeafRow
from projections.completeness.map_tables import items_of
from projections.completeness.trie import take_in
from projections.completeness.trie_pages import NOTHING, Below

__all__ = ["check_map"]

_AT_ONCE: Final = 20_000
_SHAPE: Final = 1
_UNSOUND: Final = ("entry.altered", "entry.missing", "entry.form", "log.order", "checkpoint.missing")


def check_map(
    source: AuditSource, timeline: Timeline, chain: CheckpointChain, findings: Findings, reliable: Callable[[int], bool]
) -> None:
    """Compute the map again at every size that somebody published or serves."""
    state = _state(source.connection, findings) if source.tables else None
    if not timeline.map_roots and state is None:
        return
    moved = any(one.code == "entry.columns" and one.detail.startswith("originator_id") for one in findings.findings)
    if moved or any(findings.counts[code] for code in _UNSOUND):
        findings.note("not_compared", "the completeness map: entries are altered, missing or misplaced")
        return
    published = {event.tree_size: (index, event) for index, event in timeline.map_roots}
    serving = {} if state is None else {state["size"], state["kept_size"]}
    replay = _Replay(source.subjects())
    kept: dict[str, bytes] = {}

    def check_served(whole: Below, pages: Mapping[str, bytes]) -> None:
        assert state is not None
        if (state["subjects"], state["root"]) != (whole.subjects, whole.hash):
            findings.add("projection.row", "root or subjects of the map", row="projections.map_state")
        elif _plausible(state, published, chain, findings):
            _pages(source.connection, pages, kept, state, findings)

    for size in sorted({*published, *serving} - {None, 0}):
        whole = replay.go_to(size)
        if whole is None:
            findings.add("projection.row", f"size {size} is beyond the log", row="projections.map_state")
            break
        if size in published:
            index, event = published[size]
            if whole != Below(event.subjects, bytes.fromhex(event.root)):
                detail = f"over {size} entries it is {whole.hash.hex()} of {whole.subjects} subjects, not {event.root}"
                findings.add("map.root", detail, entry=index, size=size)
        if state is not None and size == state["kept_size"]:
            kept = dict(replay.pages)
        if state is not None and size == state["size"]:
            check_served(whole, replay.pages)
    if state is not None and state["size"] == 0:  # nothing was made yet
        kept = {}
        check_served(NOTHING, {})


class _Replay:
    def __init__(self, leaves: Iterator[LeafRow]) -> None:
        self._leaves = leaves
        self.size = 0
        self.pages: dict[str, bytes] = {}
        self.whole = NOTHING

    def go_to(self, size: int) -> Below | None:
        while self.size < size:
            leaves = list(islice(self._leaves, min(_AT_ONCE, size - self.size)))
            if not leaves:
                return None
            changed = take_in(items_of(leaves), self._read)
            self.pages.update(changed.pages)
            self.whole, self.size = changed.whole, self.size + len(leaves)
        return self.whole

    def _read(self, prefixes: Sequence[str]) -> Mapping[str, bytes]:
        return {prefix: self.pages[prefix] for prefix in prefixes if prefix in self.pages}


def _state(connection: Connection[Any], findings: Findings) -> dict[str, Any] | None:
    """The row of what is served; None where no map was made yet."""
    if connection.execute("SELECT to_regclass('projections.map_state')").fetchone() == (None,):
        return None
    names = ("shape", "size", "target", "kept_size", "subjects", "root")
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT shape, size, target, kept_size, subjects, root FROM projections.map_state"
        ).fetchall()
    if len(rows) != 1:
        findings.add("projection.row", f"{len(rows)} rows, not one", row="projections.map_state")
        return None
    state = dict(zip(names, rows[0], strict=True))
    if state["shape"] != _SHAPE or any(value is None for value in state.values()):
        findings.add("projection.row", "its shape, or something that is gone", row="projections.map_state")
        return None
    return state


def _plausible(
    state: Mapping[str, Any], published: Mapping[int, Any], chain: CheckpointChain, findings: Findings
) -> bool:
    end = chain.sizes[-1] if chain.sizes else 0
    if not 0 <= state["size"] <= state["target"] <= end:
        findings.add("projection.row", f"sizes {state['size']}, {state['target']}", row="projections.map_state")
        return False
    if state["kept_size"] and (state["kept_size"] not in published or state["kept_size"] > state["size"]):
        findings.add("projection.row", f"kept_size {state['kept_size']}", row="projections.map_state")
        return False
    return True


def _pages(
    connection: Connection[Any],
    pages: Mapping[str, bytes],
    before: Mapping[str, bytes],
    state: Mapping[str, Any],
    findings: Findings,
) -> None:
    _table(connection, "map_pages", pages, findings)
    changed: dict[str, bytes | None] = {}
    if state["kept_size"]:
        changed = {prefix: before.get(prefix) for prefix, page in pages.items() if before.get(prefix) != page}
    # While a cut is on its way, pages that came out as they had been may be kept as well.
    _table(connection, "map_kept", changed, findings, otherwise=before if state["kept_size"] else {})


def _table(
    connection: Connection[Any],
    table: str,
    expected: Mapping[str, bytes | None],
    findings: Findings,
    otherwise: Mapping[str, bytes] | None = None,
) -> None:
    seen: set[str] = set()
    with connection.cursor(row_factory=tuple_row) as cursor:
        for prefix, page in cursor.execute(SQL("SELECT prefix, page FROM projections.{}").format(Identifier(table))):
            right = prefix in expected and expected[prefix] == page
            right = right or (otherwise is not None and prefix not in expected and otherwise.get(prefix, b"") == page)
            if not right or prefix in seen:
                findings.add("projection.row", "not what the entries give", row=f"projections.{table} {prefix!r}")
            seen.add(prefix)
    for prefix in expected.keys() - seen:
        findings.add("projection.row", "is missing", row=f"projections.{table} {prefix!r}")
