"""`fold`: from the events of one enterprise to its record, each by the step of its type.

A sealed event without its body is `Closed`. Erasing a body takes out of a record what that event had put in, so that a
record folded before the erasure and one folded from the closed entry are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.state import (
    agreement,
    annex,
    attachment,
    breach,
    complaint,
    declaration,
    enterprise,
    finding,
    inspection_report,
    legal_hold,
    listing,
    mark,
    objection,
    pledge,
    repair,
    repudiation,
)
from ledger.domain.state.record import EnterpriseRecord, EntryRef
from ledger.domain.state.slot import Slot
from ledger.domain.state.step import Step

__all__ = ["SLOTS", "SLOT_OF", "STEPS", "evolve", "fold", "without"]

# Governing streams are folded in `governance.py`. A new noun has a line here.
_NOUNS: Final = (
    enterprise,
    pledge,
    complaint,
    declaration,
    mark,
    listing,
    inspection_report,
    finding,
    breach,
    agreement,
    repair,
    objection,
    repudiation,
    legal_hold,
    attachment,
    annex,
)

STEPS: Final[Mapping[type[Event], Step]] = {step.event: step for noun in _NOUNS for step in noun.STEPS}
SLOTS: Final[Mapping[str, Slot[Any]]] = {step.slot.key: step.slot for step in STEPS.values() if step.slot is not None}
# By the name of an event's type, as entries of a record have it.
SLOT_OF: Final[Mapping[str, Slot[Any] | None]] = {kind.__name__: step.slot for kind, step in STEPS.items()}


def fold(record: EnterpriseRecord | None, events: Iterable[Recorded]) -> EnterpriseRecord | None:
    """The record after `events` of its stream, in order; None stands for an empty stream."""
    for at in events:
        if record is None:
            record = EnterpriseRecord(at.subject)
        record = evolve(record, at)
    return record


def without(record: EnterpriseRecord, index: int) -> EnterpriseRecord:
    """The record as it will be once the body of the entry at `index` is erased."""
    return _forget(record, index)


def evolve(record: EnterpriseRecord, at: Recorded) -> EnterpriseRecord:
    """The record after one more event of its stream."""
    event = at.event
    if isinstance(event, Closed):
        ref = EntryRef(None, at.issuer, at.kid, at.sealed, True)
        return replace(
            record,
            version=at.version,
            last_index=at.index,
            closed=record.closed + 1,
            entries=record.entries.set(at.index, ref),
        )
    kind = type(event)
    step = STEPS[kind]
    slot = step.slot
    if slot is None:
        record = step.evolve(record, at, event)
        if isinstance(event, BodyErased):
            record = _forget(record, event.entry)
        nouns = record.nouns
    else:
        before = slot.of(record)
        state = step.evolve(before, at, event)
        nouns = record.nouns if state is before else record.nouns.set(slot.key, state)
    has_body = at.sealed or event.named_text is not None
    ref = EntryRef(kind.__name__, at.issuer, at.kid, at.sealed, has_body)
    return replace(
        record,
        version=at.version,
        last_index=at.index,
        last_counted=at.index,
        entries=record.entries.set(at.index, ref),
        nouns=nouns,
    )


def _forget(record: EnterpriseRecord, index: int) -> EnterpriseRecord:
    """As if the sealed entry at `index` had always been closed; nothing, where it is, or was not sealed."""
    ref = record.entries.get(index)
    if ref is None or ref.type is None or not ref.sealed:
        return record
    noun = SLOT_OF[ref.type]
    nouns = record.nouns
    if noun is not None:
        before = noun.of(record)
        state = noun.forget(before, index)
        if state is not before:
            nouns = nouns.delete(noun.key) if state == noun.empty else nouns.set(noun.key, state)
    entries = record.entries.set(index, replace(ref, type=None))
    return replace(record, closed=record.closed + 1, nouns=nouns, entries=entries)
