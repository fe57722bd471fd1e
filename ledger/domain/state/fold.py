"""`fold`: from the events of one enterprise to its record, each by the `evolve` of its line in the catalogue.

A sealed event without its body is `Closed`. Erasing a body takes out of a record what that event had put in, so that a
record folded before the erasure and one folded from the closed entry are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.context import EventSpec
from ledger.domain.state import complaint
from ledger.domain.state import pledge as pledge_state
from ledger.domain.state.enterprise import EntryRef
from ledger.domain.state.record import EnterpriseRecord

__all__ = ["fold", "without"]

_SPEC_OF: Final[dict[type[Event], EventSpec]] = {spec.event: spec for spec in SPECS.values()}


def fold(record: EnterpriseRecord | None, events: Iterable[Recorded]) -> EnterpriseRecord | None:
    """The record after `events` of its stream, in order; None stands for an empty stream."""
    for at in events:
        if record is None:
            record = EnterpriseRecord(at.subject)
        record = _evolve(record, at)
    return record


def without(record: EnterpriseRecord, index: int) -> EnterpriseRecord:
    """The record as it will be once the body of the entry at `index` is erased."""
    return _forget(record, index)


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
    spec = _SPEC_OF[type(event)]
    assert spec.evolve is not None  # every event of an enterprise's stream has one
    changed, about = spec.evolve(record, at, event)
    has_body = at.sealed or (spec.text is not None and spec.text(event) is not None)
    if isinstance(event, BodyErased):
        changed = _forget(changed, event.entry)
    ref = EntryRef(spec.name, at.issuer, at.kid, at.sealed, has_body, about)
    return replace(
        changed,
        version=at.version,
        last_index=at.index,
        last_counted=at.index,
        entries=changed.entries.set(at.index, ref),
    )


def _forget(record: EnterpriseRecord, index: int) -> EnterpriseRecord:
    """As if the sealed entry at `index` had always been closed; nothing, where it is, or was not sealed."""
    ref = record.entries.get(index)
    if ref is None or ref.type is None or not ref.sealed:
        return record
    entries = record.entries.set(index, replace(ref, type=None, about=None))
    noun = SPECS[ref.type].noun
    if noun is not None:
        state = noun.forget(noun.of(record), index)
        nouns = record.nouns.delete(noun.key) if state == noun.empty else record.nouns.set(noun.key, state)
        record = replace(record, nouns=nouns)
    elif isinstance(ref.about, bytes):
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
