"""Enterprises: the subjects of the book, and the record that all events of one add up to.

First what is said, then `EnterpriseRecord` and `fold`; what may be said is in `enterprise_rules.py`. A sealed
event without its body is `Closed`. Erasing a body takes out of a record what that event had put in, so that a
record folded before the erasure and one folded from the closed entry are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated, Any, Final, Literal

from immutables import Map
from msgspec import Meta, Struct
from msgspec.structs import replace

from ledger.domain import complaint, pledge_state
from ledger.domain.complaint import ComplaintOutcomeCorrected, ComplaintOutcomeRecorded, ComplaintReplied, OutcomeState
from ledger.domain.enterprise_state import (
    Ceased,
    EntryRef,
    Named,
    Overridden,
    Registration,
    Repudiation,
    SizeBand,
    Sized,
)
from ledger.domain.event import Closed, Event, Line, PaperEvidence, Recorded
from ledger.domain.pledge import (
    FulfilmentAssessed,
    PledgeMade,
    PledgePublished,
    PledgeReplaced,
    PledgeRevoked,
    PledgeWithdrawn,
)
from ledger.domain.pledge_state import Pledges
from ledger.domain.repudiation import BodyErased, StatementRepudiated

__all__ = [
    "EnterpriseDeregistered",
    "EnterpriseMerged",
    "EnterpriseRecord",
    "EnterpriseRegistered",
    "EnterpriseRenamed",
    "EnterpriseSized",
    "EntryRef",
    "IdentifierOverridden",
    "SizeBand",
    "fold",
    "outcome_root",
]


class EnterpriseRegistered(Event, frozen=True, kw_only=True, tag="EnterpriseRegistered"):
    """An enterprise enters the book. Sealed for individual businesses, whose name is often a person's.

    `code` is given where the subject id is opaque (`local:`); for `uscc:` and `lei:` the subject is the code.
    """

    name: Line
    category: Literal["organization", "individual_business"]
    code: Line | None = None
    division: Annotated[str, Meta(pattern="^[0-9]{6}\\Z")] | None = None  # GB/T 2260
    industry: Annotated[str, Meta(pattern="^[A-T][0-9]{0,4}\\Z")] | None = None  # GB/T 4754
    size_band: SizeBand | None = None
    size_source: Line | None = None
    evidence: PaperEvidence | None = None


class EnterpriseRenamed(Event, frozen=True, kw_only=True, tag="EnterpriseRenamed"):
    name: Line
    evidence: Line


class EnterpriseSized(Event, frozen=True, kw_only=True, tag="EnterpriseSized"):
    size_band: SizeBand
    size_source: Line


class IdentifierOverridden(Event, frozen=True, kw_only=True, tag="IdentifierOverridden"):
    """Says with evidence that a code that fails its check digit is real; may be the stream's first event."""

    code: Line
    evidence: Line


class EnterpriseMerged(Event, frozen=True, kw_only=True, tag="EnterpriseMerged"):
    """Links this enterprise's history to its successor's; the two are never joined."""

    into: Line
    evidence: Line


class EnterpriseDeregistered(Event, frozen=True, kw_only=True, tag="EnterpriseDeregistered"):
    evidence: Line


class EnterpriseRecord(Struct, frozen=True):
    """Everything that a decision about an enterprise, or its standing, depends on.

    `closed` counts closed entries, `last_counted` is the index of the newest entry that is not closed (-1:
    none). `repudiated` and `erased` are keyed by the index of the entry that was repudiated or erased, with
    the entry that did so. What is repudiated stays in the other fields: readers leave it out.
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
    entries: Map[int, EntryRef] = Map()

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


def fold(record: EnterpriseRecord | None, events: Iterable[Recorded]) -> EnterpriseRecord | None:
    """The record after `events` of its stream, in order; None stands for an empty stream."""
    for at in events:
        if record is None:
            record = EnterpriseRecord(at.subject)
        record = _evolve(record, at)
    return record


_About = bytes | int | None
_Step = Callable[[EnterpriseRecord, Recorded, Any], tuple[EnterpriseRecord, _About]]


def _evolve(record: EnterpriseRecord, at: Recorded) -> EnterpriseRecord:
    event = at.event
    if isinstance(event, Closed):
        ref = EntryRef(None, at.issuer, at.kid, at.sealed, True, None)
        return replace(
            record,
            version=at.version,
            last_index=at.index,
            closed=record.closed + 1,
            entries=record.entries.set(at.index, ref),
        )
    kind = type(event)
    changed, about = _EVOLVE[kind](record, at, event)
    has_body = at.sealed or (kind is PledgeRevoked and event.ground_text is not None)  # type: ignore[attr-defined]
    ref = EntryRef(kind.__name__, at.issuer, at.kid, at.sealed, has_body, about)
    return replace(
        changed,
        version=at.version,
        last_index=at.index,
        last_counted=at.index,
        entries=changed.entries.set(at.index, ref),
    )


def _registered(record: EnterpriseRecord, at: Recorded, event: EnterpriseRegistered) -> tuple[EnterpriseRecord, _About]:
    registration = Registration(
        at.index, event.effective_on, event.category, event.code, event.division, event.industry, at.sealed
    )
    sizes = record.sizes
    if event.size_band is not None:
        sizes = (*sizes, Sized(at.index, event.effective_on, event.size_band))
    names = (*record.names, Named(at.index, event.effective_on, event.name))
    registrations = (*record.registrations, registration)
    return replace(record, registrations=registrations, names=names, sizes=sizes), None


def _renamed(record: EnterpriseRecord, at: Recorded, event: EnterpriseRenamed) -> tuple[EnterpriseRecord, _About]:
    return replace(record, names=(*record.names, Named(at.index, event.effective_on, event.name))), None


def _sized(record: EnterpriseRecord, at: Recorded, event: EnterpriseSized) -> tuple[EnterpriseRecord, _About]:
    return replace(record, sizes=(*record.sizes, Sized(at.index, event.effective_on, event.size_band))), None


def _overridden(record: EnterpriseRecord, at: Recorded, event: IdentifierOverridden) -> tuple[EnterpriseRecord, _About]:
    return replace(record, overridden=(*record.overridden, Overridden(at.index, event.code))), None


def _merged(record: EnterpriseRecord, at: Recorded, event: EnterpriseMerged) -> tuple[EnterpriseRecord, _About]:
    return replace(record, merged=Ceased(at.index, event.effective_on, event.into)), None


def _deregistered(
    record: EnterpriseRecord, at: Recorded, event: EnterpriseDeregistered
) -> tuple[EnterpriseRecord, _About]:
    return replace(record, deregistered=Ceased(at.index, event.effective_on, None)), None


def _pledge(step: Callable[[Pledges, Recorded, Any], tuple[Pledges, bytes]]) -> _Step:
    def evolve(record: EnterpriseRecord, at: Recorded, event: Event) -> tuple[EnterpriseRecord, _About]:
        pledges, statement_id = step(record.pledges, at, event)
        return replace(record, pledges=pledges), statement_id

    return evolve


def _outcome(
    record: EnterpriseRecord, at: Recorded, event: ComplaintOutcomeRecorded
) -> tuple[EnterpriseRecord, _About]:
    outcomes, root = complaint.recorded(record.outcomes, at, event)
    return replace(record, outcomes=outcomes), root


def _outcome_corrected(
    record: EnterpriseRecord, at: Recorded, event: ComplaintOutcomeCorrected
) -> tuple[EnterpriseRecord, _About]:
    root = outcome_root(record, event.corrects)
    if root is None:
        return record, None
    return replace(record, outcomes=complaint.corrected(record.outcomes, at, event, root)), root


def _outcome_replied(
    record: EnterpriseRecord, at: Recorded, event: ComplaintReplied
) -> tuple[EnterpriseRecord, _About]:
    root = outcome_root(record, event.outcome_entry)
    if root is None:
        return record, None
    return replace(record, outcomes=complaint.replied(record.outcomes, at, event, root)), root


def outcome_root(record: EnterpriseRecord, index: int) -> int | None:
    """The index of the outcome that the entry at `index` is, or corrects; None if it is neither, or closed."""
    if index in record.outcomes:
        return index
    ref = record.entries.get(index)
    if ref is None or ref.type != "ComplaintOutcomeCorrected" or not isinstance(ref.about, int):
        return None
    return ref.about if ref.about in record.outcomes else None


def _repudiated(record: EnterpriseRecord, at: Recorded, event: StatementRepudiated) -> tuple[EnterpriseRecord, _About]:
    repudiation = Repudiation(at.index, event.effective_on)
    return replace(record, repudiated=record.repudiated.set(event.entry, repudiation)), None


def _erased(record: EnterpriseRecord, at: Recorded, event: BodyErased) -> tuple[EnterpriseRecord, _About]:
    record = replace(record, erased=record.erased.set(event.entry, at.index))
    ref = record.entries.get(event.entry)
    if ref is None or ref.type is None or not ref.sealed:
        return record, None  # closed already, or the body was not the entry's content
    return _forget(record, event.entry, ref), None


def _forget(record: EnterpriseRecord, index: int, ref: EntryRef) -> EnterpriseRecord:
    """As if the sealed entry at `index` had always been closed."""
    entries = record.entries.set(index, replace(ref, type=None, about=None))
    if isinstance(ref.about, bytes):
        record = replace(record, pledges=pledge_state.forget(record.pledges, ref.about, index))
    elif isinstance(ref.about, int):
        outcome = record.outcomes.get(index)
        if outcome is not None:
            dangling = [one.index for one in outcome.corrections] + [one.index for one in outcome.replies]
            for entry in dangling:
                entries = entries.set(entry, replace(entries[entry], about=None))
        record = replace(record, outcomes=complaint.forget(record.outcomes, ref.about, index))
    else:
        record = replace(
            record,
            registrations=tuple(one for one in record.registrations if one.index != index),
            names=tuple(one for one in record.names if one.index != index),
            sizes=tuple(one for one in record.sizes if one.index != index),
            overridden=tuple(one for one in record.overridden if one.index != index),
        )
    return replace(record, closed=record.closed + 1, entries=entries)


_EVOLVE: Final[dict[type[Event], _Step]] = {
    EnterpriseRegistered: _registered,
    EnterpriseRenamed: _renamed,
    EnterpriseSized: _sized,
    IdentifierOverridden: _overridden,
    EnterpriseMerged: _merged,
    EnterpriseDeregistered: _deregistered,
    PledgeMade: _pledge(pledge_state.made),
    PledgePublished: _pledge(pledge_state.published),
    PledgeReplaced: _pledge(pledge_state.replaced),
    PledgeWithdrawn: _pledge(pledge_state.ended),
    PledgeRevoked: _pledge(pledge_state.ended),
    FulfilmentAssessed: _pledge(pledge_state.assessed),
    ComplaintOutcomeRecorded: _outcome,
    ComplaintOutcomeCorrected: _outcome_corrected,
    ComplaintReplied: _outcome_replied,
    StatementRepudiated: _repudiated,
    BodyErased: _erased,
}
