"""The record of one enterprise: what all events of its stream add up to. A value, never changed; `fold.py` folds it.

Pledges, outcomes and identity have fields of their own; every other noun keeps its state under its key in `nouns`
(`slot.py`), so that a new one changes nothing here.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from immutables import Map
from msgspec import Struct

from ledger.domain.state.complaint import OutcomeState
from ledger.domain.state.enterprise import (
    Ceased,
    EntryRef,
    Named,
    Overridden,
    Registration,
    Repudiation,
    Sized,
)
from ledger.domain.state.pledge import Pledges
from ledger.domain.values.size_band import SizeBand

__all__ = ["About", "EnterpriseRecord", "outcome_root"]

About = bytes | int | None  # what an entry is about: the pledge's statement id or the outcome's index


class EnterpriseRecord(Struct, frozen=True):
    """Everything that a decision about an enterprise, or its standing, depends on.

    `closed` counts closed entries, `last_counted` is the index of the newest entry that is not closed (-1:
    none). `repudiated` and `erased` are keyed by the index of the entry that was repudiated or erased, with
    the entry that did so. What is repudiated stays in the other fields: readers leave it out. `on_record`: by the
    erasure that said so, the day from which something about conduct stays known, though its body is gone.
    """

    subject: str
    version: int = 0
    last_index: int = -1
    last_counted: int = -1
    closed: int = 0
    registrations: tuple[Registration, ...] = ()
    names: tuple[Named, ...] = ()
    sizes: tuple[Sized, ...] = ()
    overridden: tuple[Overridden, ...] = ()
    merged: Ceased | None = None
    deregistered: Ceased | None = None
    pledges: Pledges = Pledges()
    outcomes: Map[int, OutcomeState] = Map()
    repudiated: Map[int, Repudiation] = Map()
    erased: Map[int, int] = Map()
    on_record: Map[int, date] = Map()
    entries: Map[int, EntryRef] = Map()
    nouns: Map[str, Any] = Map()

    @property
    def registration(self) -> Registration | None:
        """The newest registration that was not repudiated; None too where its body is closed."""
        for registration in reversed(self.registrations):
            if registration.index not in self.repudiated:
                return registration
        return None

    @property
    def registered(self) -> bool:
        """Whether the enterprise was registered. Nothing but an override is sealed before that: closed entries tell."""
        return self.registration is not None or self.closed > 0

    def name_on(self, day: date) -> str | None:
        """The name in effect on `day`, None where it is not known (or closed)."""
        found = _in_effect(self.names, day, self.repudiated)
        return found.name if isinstance(found, Named) else None

    def size_on(self, day: date) -> SizeBand | None:
        """The size band in effect on `day`, None where it is not known."""
        found = _in_effect(self.sizes, day, self.repudiated)
        return found.band if isinstance(found, Sized) else None


def _in_effect(
    history: tuple[Named, ...] | tuple[Sized, ...], day: date, repudiated: Map[int, Repudiation]
) -> Named | Sized | None:
    standing = [one for one in history if one.effective_on <= day and one.index not in repudiated]
    return max(standing, key=lambda one: (one.effective_on, one.index), default=None)


def outcome_root(record: EnterpriseRecord, index: int) -> int | None:
    """The index of the outcome that the entry at `index` is, or corrects; None if it is neither, or closed."""
    if index in record.outcomes:
        return index
    ref = record.entries.get(index)
    if ref is None or ref.type != "ComplaintOutcomeCorrected" or not isinstance(ref.about, int):
        return None
    return ref.about if ref.about in record.outcomes else None
