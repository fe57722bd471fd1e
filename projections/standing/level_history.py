"""One enterprise's course: what its events add up to for readers, and how its level changed on the way.

Pure. The same events in the same order give the same course, however they were cut into batches; a rebuild runs
this very code over whole streams. What is kept of an event besides the record is the text of public pledges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from immutables import Map
from msgspec.structs import replace

from ledger.domain.events.base import Closed, Recorded
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.state.fold import STEPS, evolve
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import shanghai_date
from projections.standing.facts import Facts
from projections.standing.history_model import Change, Ease, HistoryStep, LevelHistory
from projections.standing.history_steps import BEARING, EvaluatedSteps, HistorySteps, SweptSteps
from projections.standing.levels import Level
from projections.standing.policy_timeline import Rules

__all__ = [
    "EVALUATED_EVENTS_MAX",
    "Change",
    "HistoryStep",
    "LevelHistory",
    "changes_declarations",
    "erases",
    "follow",
    "without_erased",
]

EVALUATED_EVENTS_MAX: Final = 24  # of one stream at once; of more of them a sweep costs less


def follow(
    course: LevelHistory | None, events: Iterable[Recorded], rules: Rules, size: int, facts: Facts | None = None
) -> HistoryStep | None:
    """Take in more events of one enterprise's stream, and every policy approved meanwhile, up to tree size `size`.

    None where there are no events and never were. `facts`: the course's, where they are known.
    """
    events = list(events)
    if course is None:
        if not events:
            return None
        course = _begin(events[0])
    kind = EvaluatedSteps if len(events) <= EVALUATED_EVENTS_MAX else SweptSteps
    steps: HistorySteps = kind(course, facts)
    approved = bool(rules.approved_between(course.seen, size))  # hardly ever
    for at in events:
        if approved:
            _approvals(steps, rules, at.index)
        today, before = shanghai_date(at.recorded_at), steps.course.record
        steps.course = _take(steps.course, at, today)
        if type(at.event) in BEARING:
            steps.event(before, at, today, rules)
    if approved:
        _approvals(steps, rules, size)
    return steps.followed(rules)


def _approvals(steps: HistorySteps, rules: Rules, before: int) -> None:
    for approval in rules.approved_between(steps.course.seen, before):
        steps.approval(approval, rules)


def erases(events: Iterable[Recorded]) -> bool:
    """Whether any of the events has a body destroyed: then the whole stream must be followed again, without it."""
    return any(isinstance(at.event, BodyErased) for at in events)


def changes_declarations(events: Iterable[Recorded]) -> bool:
    """Whether any of the events may change what is shown of pledges and other nouns: then they have another day from
    which that is so (`told_on`)."""
    steps = [STEPS[type(at.event)] for at in events if not isinstance(at.event, Closed)]
    return any(step.shows or step.textual for step in steps)


def without_erased(stream: Sequence[Recorded]) -> list[Recorded]:
    """A whole stream as if what it has erased had always been closed, even where the vault still holds it."""
    erased = {at.event.entry for at in stream if isinstance(at.event, BodyErased)}
    if not erased:
        return list(stream)
    return [_closed(at) if at.sealed and at.index in erased else at for at in stream]


def _begin(at: Recorded) -> LevelHistory:
    record, today = EnterpriseRecord(at.subject), shanghai_date(at.recorded_at)
    return LevelHistory(record, today, -1, at.index, [(today, Level.UNRATED)], Ease(False, False, 0), Map(), today)


def _take(course: LevelHistory, at: Recorded, today: date) -> LevelHistory:
    record, event = evolve(course.record, at), at.event
    if isinstance(event, Closed):
        return replace(course, record=record, seen=at.index)
    step = STEPS[type(event)]
    # the words of a sealed pledge are never shown
    if step.textual and (not at.sealed or step.event is not PledgeMade):
        texts = course.texts.set(at.index, event)
        return replace(course, record=record, seen=at.index, texts=texts, told_on=today)
    if step.shows:
        return replace(course, record=record, seen=at.index, told_on=today)
    return replace(course, record=record, seen=at.index)


def _closed(at: Recorded) -> Recorded:
    return Recorded(
        at.index,
        at.subject,
        at.version,
        at.recorded_at,
        at.statement_id,
        at.issuer,
        at.kid,
        at.iat,
        at.sealed,
        Closed(b""),
    )
