"""A noun of an enterprise's record: where its state lies, how an erased entry leaves it, and what of it counts.

A noun's file in this folder holds its state, its slot and the step of each of its events. The state is a value. Where a
noun has sealed events, `forget(state, index)` gives the state as if the entry at `index` had always been closed: a
record that was folded before an erasure, and one folded afterwards, are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from ledger.domain.events.enterprise import SizeBand
from ledger.domain.state.record import EnterpriseRecord

__all__ = [
    "Annotation",
    "Bearing",
    "CountedReply",
    "DatedEntry",
    "DeclarationFact",
    "Finding",
    "Hold",
    "KeptPledge",
    "Relief",
    "Revocation",
    "Size",
    "Slot",
    "Term",
    "matter_of",
    "only_open",
]

State = TypeVar("State")


class DatedEntry(NamedTuple):
    """Entry `entry` counts from `on`."""

    on: date
    entry: int


class Finding(NamedTuple):
    """Something that a rule of the standing policy may set points on, under the name `item`.

    `entry` is what recorded it (a correction leaves it where it was), `on` the date on which its window begins.
    Findings of one `matter` stem from the same facts: only the highest counts. `clauses`: of a public pledge, broken
    by it. `until`: it counts up to the day before, if its window is not over by then (None: as long as the window).
    `root`: the entry whose matter it is, where it has no `fact_id` and is not the first word on it.
    """

    entry: int
    on: date
    item: str
    fact_id: str | None = None
    clauses: tuple[str, ...] = ()
    until: date | None = None
    root: int | None = None

    @property
    def matter(self) -> str:
        """What it has in common with findings that stem from the same facts; those of one entry are always one."""
        return matter_of(self.fact_id, self.entry if self.root is None else self.root)


class Hold(NamedTuple):
    """While it lasts, a rule of the policy may hold the level, under the name `item`: a listing, say.

    From `on` to the day before `until` (None: until an event ends it).
    """

    entry: int
    on: date
    item: str
    until: date | None = None


class Relief(NamedTuple):
    """An approved repair: what entry `entry` recorded costs nothing from `on`, by the entry `by`.

    Up to the day before `until`, when a rescission takes effect (None: for good).
    """

    entry: int
    on: date
    by: int
    until: date | None = None


class Annotation(NamedTuple):
    """What is shown beside entry `entry` and changes nothing: an open objection.

    From `on` to the day before `until` (None: until an event ends it), under the name `kind`, by the entry `by`.
    """

    entry: int
    on: date
    kind: str
    by: int
    until: date | None = None


class Term(NamedTuple):
    """A public pledge and the days on which it is live, both included. `entry` published it."""

    entry: int
    code: str
    campaign: str
    known_on: date
    from_on: date
    until_on: date


class Revocation(NamedTuple):
    """The organizer revoked a public pledge for fraud, on `on`."""

    entry: int
    code: str
    on: date


class KeptPledge(NamedTuple):
    """A public pledge was assessed as kept in full, by a unit with a valid code, for a period of its term.

    `period_from` and `period_until` are the first and last day of the period that lie in the pledge's term.
    """

    entry: int
    on: date
    period_until: date
    period_from: date


class CountedReply(NamedTuple):
    """A complaint that was put to the enterprise; `on` is the day of its outcome's publication, by `entry`."""

    on: date
    timely: bool
    entry: int = -1


class Size(NamedTuple):
    """The enterprise is of this size from `on`, unless a later one took over."""

    on: date
    entry: int
    band: SizeBand


class DeclarationFact(NamedTuple):
    """A version of a declared standard, declared on `on`, and current to the day before `until`."""

    entry: int
    on: date
    until: date = date.max


class Bearing(NamedTuple):
    """What a noun brings to a standing. Nothing of it comes from entries that were repudiated or annulled.

    `conduct`: entries about conduct on record, whatever they cost; `bearing`: every entry that was looked at, those
    that ended or neutralised another included.
    """

    findings: tuple[Finding, ...] = ()
    holds: tuple[Hold, ...] = ()
    reliefs: tuple[Relief, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    terms: tuple[Term, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    kept: tuple[KeptPledge, ...] = ()
    replies: tuple[CountedReply, ...] = ()
    sizes: tuple[Size, ...] = ()
    declared: tuple[DeclarationFact, ...] = ()
    conduct: tuple[DatedEntry, ...] = ()
    bearing: tuple[DatedEntry, ...] = ()


@dataclass(frozen=True, eq=False)
class Slot(Generic[State]):
    """One noun, by its key in `EnterpriseRecord.nouns`.

    `names_all`: `bearing` names every entry that may bear, repudiated ones too; else an event's type tells.

    Of nouns of which an enterprise may have very many entries, `bearing_of` gives what some of them bring, passing
    over those that are none of the noun's, `about` the entry that an entry says something of (None: of none, or it
    is not in the state), and `said_of` the entries of the noun that say something of one. What an entry brings
    depends on nothing but those with the same root (`entry_roots.py`), the enterprise's pledges and which entries were
    repudiated.
    """

    key: str
    empty: State
    _: KW_ONLY
    forget: Callable[[State, int], State]
    bearing: Callable[[EnterpriseRecord], Bearing] | None = None
    names_all: bool = False
    bearing_of: Callable[[EnterpriseRecord, Iterable[int]], Bearing] | None = None
    about: Callable[[State, int], int | None] | None = None
    said_of: Callable[[State, int], Iterable[int]] = lambda state, entry: ()

    def of(self, record: EnterpriseRecord) -> State:
        """The state in the record: `empty` before the noun's first event."""
        state: State = record.nouns.get(self.key, self.empty)
        return state


def only_open(state: State, index: int) -> State:
    """`forget` for nouns whose events are never sealed: there is nothing to erase."""
    return state


def matter_of(fact_id: str | None, entry: int) -> str:
    """The name of a matter: by its `fact_id`, or by the entry that first recorded it."""
    return f"entry {entry}" if fact_id is None else f"fact {fact_id}"
