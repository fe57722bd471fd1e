"""One enterprise's course: what its events add up to for readers, and how its level changed on the way.

Pure. The same events in the same order give the same course, however they were cut into batches; a rebuild runs
this very code over whole streams. What is kept of an event besides the record is the text of public pledges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.agreement import AgreementPerformed
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.events.enterprise import EnterpriseRegistered, EnterpriseSized
from ledger.domain.events.objection import ObjectionFiled, ObjectionRejected, ObjectionUpheld
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.events.repair import RepairApplied, RepairRefused
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.state.complaint import OUTCOMES, findings
from ledger.domain.state.fold import STEPS, fold
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import shanghai_date
from projections.standing.evaluate import Case
from projections.standing.facts import Facts, PolicyInForce
from projections.standing.facts_from_record import facts_of, with_outcomes
from projections.standing.levels import Level
from projections.standing.policy_timeline import Rules

__all__ = ["Change", "HistoryStep", "LevelHistory", "erases", "follow", "without_erased"]

_BEARING: Final = frozenset(kind for kind, step in STEPS.items() if step.bears)
# What only annotates moves no level. Large sellers have very many of some of these.
_ANNOTATING: Final = frozenset(
    (AgreementPerformed, ObjectionFiled, ObjectionUpheld, ObjectionRejected, RepairApplied, RepairRefused)
)
_OF_NOUNS: Final = frozenset(
    kind for kind, step in STEPS.items() if step.bears and step.slot is not None and not step.slot.names_all
)


class Change(NamedTuple):
    """On `changed_on` the level of `subject` became `after`.

    `position` is the entry that made the change or, where time alone made it, the last one that counted.
    """

    changed_on: date
    position: int
    subject: str
    before: Level
    after: Level


class Ease(NamedTuple):
    """Whether anything was on record or pledged, whether a period was kept in full, and at most how many points."""

    known: bool
    kept: bool
    points: int


class LevelHistory(Struct, frozen=True):
    """`began_on`: the day on which the last entry that counted was recorded; `decided_by`: that entry (-1: none).
    `seen`: the newest entry taken in, of the stream or a policy's approval.

    `levels`: the level on that day (or an earlier one), then every later day on which time alone changes it;
    `ease`: what tells at little cost that an outcome cannot change them. `texts`: the events that
    hold the words that are shown, by leaf index. `told_on`: when an event that shows was last recorded.
    """

    record: EnterpriseRecord
    began_on: date
    decided_by: int
    seen: int
    levels: Sequence[tuple[date, Level]]
    ease: Ease
    texts: Map[int, Event]
    told_on: date

    def level_on(self, day: date) -> Level:
        """The level on a day not before `began_on`."""
        level = self.levels[0][1]
        for on, changed in self.levels:
            if on > day:
                break
            level = changed
        return level


class HistoryStep(NamedTuple):
    """A course after some events. `changes` replace all that were foreseen for days after `since` (None: for none).

    `case`: the record's facts under all policies, where following had to read them; `portray` can use it.
    """

    course: LevelHistory
    since: date | None
    changes: list[Change]
    case: Case | None


def follow(course: LevelHistory | None, events: Iterable[Recorded], rules: Rules, size: int) -> HistoryStep | None:
    """Take in more events of one enterprise's stream, and every policy approved meanwhile, up to tree size `size`.

    None where there are no events and never were.
    """
    steps = _Steps(course)
    for at in events:
        steps.approvals(rules, at.index)
        steps.event(at, rules)
    steps.approvals(rules, size)
    return steps.followed(rules)


class _Steps:
    """The course so far, and what its level did on the way."""

    def __init__(self, course: LevelHistory | None) -> None:
        self._course = course
        self._since: date | None = None
        self._last = date.min
        self._facts: Facts | None = None
        self._unread: list[int] = []  # outcomes that the facts do not have yet
        self._changes: list[Change] = []
        self._case: tuple[Sequence[PolicyInForce], Facts, Case] | None = None

    def event(self, at: Recorded, rules: Rules) -> None:
        today = shanghai_date(at.recorded_at)
        course = _take(_begin(at, today) if self._course is None else self._course, at, today)
        self._course = course
        if type(at.event) not in _BEARING:
            return
        if at.index in OUTCOMES.of(course.record).by_entry:
            self._unread.append(at.index)
        else:
            self._facts = None
        ease = _quiet(course, at, rules)
        if ease is not None:
            self._turn(at.index, today, course.level_on(today))
            self._course = replace(course, began_on=today, decided_by=at.index, ease=ease)
            return
        facts = self._read(course)
        outcome, of_noun = at.index in OUTCOMES.of(course.record).by_entry, type(at.event) in _OF_NOUNS
        if outcome or of_noun or at.index in [mark.entry for mark in facts.bearing]:
            levels = self._under(rules.known_at(at.index), facts).levels(today)
            self._turn(at.index, today, levels[0][1])
            ease = _ease(facts, rules)
            self._course = replace(course, began_on=today, decided_by=at.index, levels=levels, ease=ease)

    def approvals(self, rules: Rules, before: int) -> None:
        """Under a policy that takes effect on the day of its approval, everybody's level may change at once."""
        if self._course is None:
            return
        for approval in rules.approved_between(self._course.seen, before):
            course = self._course
            facts = self._read(course)
            levels = self._under(rules.known_at(approval.entry + 1), facts).levels(course.began_on)
            course = replace(course, seen=approval.entry, levels=levels, ease=_ease(facts, rules))
            self._turn(approval.entry, approval.recorded_on, course.level_on(approval.recorded_on))
            self._course = course

    def _read(self, course: LevelHistory) -> Facts:
        """The facts now. Of outcomes only the new ones are read: some enterprises have very many."""
        if self._facts is None:
            self._facts = facts_of(course.record, course.record.subject)
        elif self._unread:
            self._facts = with_outcomes(self._facts, course.record, self._unread)
        self._unread = []
        return self._facts

    def _under(self, policies: Sequence[PolicyInForce], facts: Facts) -> Case:
        """The facts under some policies; the last case is kept, since nothing may come after it."""
        if self._case is None or self._case[0] != policies or self._case[1] is not facts:
            self._case = policies, facts, Case(policies, facts)
        return self._case[2]

    def followed(self, rules: Rules) -> HistoryStep | None:
        course = self._course
        if course is None:
            return None
        if self._since is not None:
            self._changes.extend(_by_time(course, self._last, date.max))
        # Of an enterprise whose facts nobody had to read, not everybody wants to know them now.
        case = None if self._facts is None else self._under(rules.policies, self._read(course))
        return HistoryStep(course, self._since, self._changes, case)

    def _turn(self, entry: int, today: date, level: Level) -> None:
        """What time did until today, and what the entry does now."""
        course = self._course
        assert course is not None  # set before anything turns
        if self._since is None:
            self._since = today
        else:
            self._changes.extend(_by_time(course, self._last, today))
        self._last = today
        before = course.level_on(today)
        if level != before:
            self._changes.append(Change(today, entry, course.record.subject, before, level))


def _by_time(course: LevelHistory, after: date, until: date) -> Iterator[Change]:
    """What time alone does after the one day and until the other, as far as is known."""
    for (_, before), (day, level) in pairwise(course.levels):
        if after < day <= until:
            yield Change(day, course.decided_by, course.record.subject, before, level)


def erases(events: Iterable[Recorded]) -> bool:
    """Whether any of the events has a body destroyed: then the whole stream must be followed again, without it."""
    return any(isinstance(at.event, BodyErased) for at in events)


def without_erased(stream: Sequence[Recorded]) -> list[Recorded]:
    """A whole stream as if what it has erased had always been closed, even where the vault still holds it."""
    erased = {at.event.entry for at in stream if isinstance(at.event, BodyErased)}
    if not erased:
        return list(stream)
    return [_closed(at) if at.sealed and at.index in erased else at for at in stream]


def _begin(at: Recorded, today: date) -> LevelHistory:
    record = EnterpriseRecord(at.subject)
    return LevelHistory(record, today, -1, at.index, [(today, Level.UNRATED)], Ease(False, False, 0), Map(), today)


def _ease(facts: Facts, rules: Rules) -> Ease:
    points = sum(rules.points_max(item.item) for item in facts.items)
    return Ease(bool(facts.conduct or facts.terms), bool(facts.kept), points)


def _quiet(course: LevelHistory, at: Recorded, rules: Rules) -> Ease | None:
    """For an entry that counts but cannot move the level, whatever the day: the ease with it. Else None.

    It does not have to find all of them; what it does not find is evaluated. Where no period was kept in full,
    GOOD is out of reach, and an outcome matters by its points alone; else by its findings and the replies' ratio.
    """
    ease, outcomes = course.ease, OUTCOMES.of(course.record).by_entry
    if isinstance(at.event, EnterpriseRegistered | EnterpriseSized):
        return ease if at.event.size_band is not None and not ease.points else None
    if type(at.event) in _ANNOTATING:
        return ease if ease.known else None
    outcome = outcomes.get(at.index)
    if outcome is None or not ease.known:
        return None
    items = findings(outcome, outcome)
    if ease.kept:
        return ease if not items and len(outcomes) < rules.replies_min else None
    points = ease.points + sum([rules.points_max(item) for item in items])
    return Ease(True, False, points) if points < rules.points_noticed or not items else None


def _take(course: LevelHistory, at: Recorded, today: date) -> LevelHistory:
    record = fold(course.record, (at,))
    assert record is not None  # a fold of a record is a record
    event = at.event
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
