"""What several entries say about others, kept flat: by their own index, and by the entry that each is about.

Each entry puts in nothing but its own, so forgetting one gives the value as if it had always been closed, whatever
else was or was not there. Relations are followed when they are read: what an entry names may be closed.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from immutables import Map
from msgspec import Struct

from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, Slot

__all__ = ["EntryAboutAnother", "IndexedByEntry", "slot_by_entry"]


class EntryAboutAnother(Protocol):
    """What is kept of an entry: its own `index`, and the index of the entry that it is `about` (None: of none)."""

    @property
    def index(self) -> int: ...

    @property
    def about(self) -> int | None: ...


Kept = TypeVar("Kept", bound=EntryAboutAnother)


class IndexedByEntry(Struct, Generic[Kept], frozen=True):
    """A value; `put` and `forget` give new ones in O(log n) and the number of entries about the same one."""

    entries: Map[int, Kept] = Map()
    by_about: Map[int, tuple[int, ...]] = Map()

    def put(self, kept: Kept) -> IndexedByEntry[Kept]:
        """With one more; they come in log order."""
        entries = self.entries.set(kept.index, kept)
        if kept.about is None:
            return IndexedByEntry(entries, self.by_about)
        return IndexedByEntry(entries, self.by_about.set(kept.about, (*self.by_about.get(kept.about, ()), kept.index)))

    def forget(self, index: int) -> IndexedByEntry[Kept]:
        """As if the entry at `index` had always been closed."""
        kept = self.entries.get(index)
        if kept is None:
            return self
        entries = self.entries.delete(index)
        if kept.about is None:
            return IndexedByEntry(entries, self.by_about)
        others = tuple(one for one in self.by_about[kept.about] if one != index)
        by_about = self.by_about.set(kept.about, others) if others else self.by_about.delete(kept.about)
        return IndexedByEntry(entries, by_about)

    def about(self, index: int, gone: Container[int] = ()) -> Iterator[Kept]:
        """What was said about the entry at `index`, in log order, without the entries in `gone`."""
        for one in self.by_about.get(index, ()):
            if one not in gone:
                yield self.entries[one]

    def named_by(self, index: int) -> int | None:
        """The entry that the one at `index` is about; None where it is about none, or is not here."""
        kept = self.entries.get(index)
        return None if kept is None else kept.about

    def said_of(self, index: int) -> tuple[int, ...]:
        """The entries that are about the one at `index`, in log order."""
        return self.by_about.get(index, ())

    def __len__(self) -> int:
        return len(self.entries)


def slot_by_entry(
    key: str, bearing_of: Callable[[EnterpriseRecord, Iterable[int]], Bearing]
) -> Slot[IndexedByEntry[Kept]]:
    """The slot of a noun that is kept so; `bearing_of` gives what some of its entries bring (`Slot.bearing_of`)."""

    def bearing(record: EnterpriseRecord) -> Bearing:
        return bearing_of(record, slot.of(record).entries)

    slot: Slot[IndexedByEntry[Kept]] = Slot(
        key,
        IndexedByEntry(),
        forget=IndexedByEntry.forget,
        bearing=bearing,
        bearing_of=bearing_of,
        about=IndexedByEntry.named_by,
        said_of=IndexedByEntry.said_of,
    )
    return slot
