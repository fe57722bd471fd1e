"""Replaying the log: the map computed again from the entries alone, and compared with every root that was published.

This is what makes the map bind whoever serves it. In memory, about a hundred bytes a subject; entries that
no root covers yet wait as hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.state.completeness_map import MapRoot
from ledger.domain.values.subject import MAP
from ledger.store.contract import LeafRow
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tree import Edge
from projections.completeness.map_tables import items_of
from projections.completeness.trie import take_in
from projections.completeness.trie_pages import NOTHING, Below

__all__ = ["Checked", "Replay"]

_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Checked:
    """A published root, and what the map over as many entries really is; `subjects` and root are None out of order."""

    published: MapRoot
    computed: Below | None

    @property
    def right(self) -> bool:
        return self.computed == Below(self.published.subjects, self.published.root)


@dataclass(slots=True)
class Replay:
    """Feed it all entries in order. Raises what parsing a statement does (`Malformed`)."""

    checked: list[Checked] = field(default_factory=list)
    whole: Below = NOTHING  # of the first `size` entries
    size: int = 0
    edge: Edge = field(default_factory=Edge.empty)  # of the log's own tree, over all entries fed
    _pages: dict[str, bytes] = field(default_factory=dict)
    _waiting: list[LeafRow] = field(default_factory=list)

    def feed(self, entries: Iterable[bytes]) -> None:
        """The next entries: their statements, as they are in the log."""
        hashes: list[bytes] = []
        first = self.edge.size
        for index, entry in enumerate(entries, first):
            statement = parse_statement(entry)
            hashes.append(leaf_hash(entry))
            if statement.subject == MAP:
                self._check(index, decode_event(statement))
            self._waiting.append(LeafRow(index, statement.subject, hashes[-1]))
        self.edge = self.edge.grow(hashes).edge

    def go_to(self, size: int) -> Below:
        """What the map over the first `size` entries is, which must have been fed, and not be passed yet."""
        while self.size < size:
            step = min(_AT_ONCE, size - self.size)
            leaves, self._waiting = self._waiting[:step], self._waiting[step:]
            changed = take_in(items_of(leaves), self._read)
            self._pages.update(changed.pages)
            self.whole, self.size = changed.whole, self.size + step
        return self.whole

    def _check(self, index: int, event: object) -> None:
        if not isinstance(event, MapRootPublished):
            return
        published = MapRoot(index, event.tree_size, bytes.fromhex(event.root), event.subjects)
        newest = self.checked[-1].published.tree_size if self.checked else 0
        in_order = max(newest, self.size) < event.tree_size <= index
        self.checked.append(Checked(published, self.go_to(event.tree_size) if in_order else None))

    def _read(self, prefixes: Sequence[str]) -> Mapping[str, bytes]:
        return {prefix: self._pages[prefix] for prefix in prefixes if prefix in self._pages}
