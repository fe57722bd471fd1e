"""How the level changes, event by event: a few events are evaluated one by one, many of one stream are swept over.

Both give the same. Evaluating costs as much as the enterprise has facts, for each event that may move the level;
beginning a sweep (`level_sweep.py`) costs a few evaluations, and an event after that only what it changes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from ledger.domain.events.agreement import AgreementPerformed
from ledger.domain.events.base import Recorded
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.events.enterprise import EnterpriseRegistered, EnterpriseSized
from ledger.domain.events.objection import ObjectionFiled, ObjectionRejected, ObjectionUpheld
from ledger.domain.events.repair import RepairApplied, RepairRefused
from ledger.domain.state.complaint import OUTCOMES, OutcomeState, findings
from ledger.domain.state.fold import STEPS
from ledger.domain.state.record import EnterpriseRecord
from projections.standing.evaluate import Case
from projections.standing.facts import Facts, PolicyInForce
from projections.standing.facts_from_record import facts_of, with_outcomes
from projections.standing.history_model import Change, Ease, HistoryStep, LevelHistory, by_time
from projections.standing.level_sweep import LevelSweep
from projections.standing.levels import Level
from projections.standing.policy_timeline import Approval, Rules

__all__ = ["BEARING", "EvaluatedSteps", "HistorySteps", "SweptSteps"]

BEARING: Final = frozenset(kind for kind, step in STEPS.items() if step.bears)
# What only annotates moves no level. Large sellers have very many of some of these.
_ANNOTATING: Final = frozenset(
    (AgreementPerformed, ObjectionFiled, ObjectionUpheld, ObjectionRejected, RepairApplied, RepairRefused)
)
_OF_NOUNS: Final = frozenset(
    kind for kind, step in STEPS.items() if step.bears and step.slot is not None and not step.slot.names_all
)


class HistorySteps(ABC):
    """What the level of one enterprise did on the way to `course`; its record is the caller's to move on."""

    def __init__(self, course: LevelHistory) -> None:
        self.course = course
        self._since: date | None = None
        self._last = date.min
        self._changes: list[Change] = []

    @abstractmethod
    def event(self, before: EnterpriseRecord, at: Recorded, today: date, rules: Rules) -> None:
        """An event of a type in `BEARING`, recorded today, which `course` has already and the record before it not."""

    @abstractmethod
    def approval(self, approval: Approval, rules: Rules) -> None:
        """Under a policy that takes effect on the day of its approval, everybody's level may change at once."""

    @abstractmethod
    def followed(self, rules: Rules) -> HistoryStep:
        """With what time alone will do from here on."""

    def _changed(self, entry: int, today: date, before: Level, after: Level) -> None:
        """The entry did it today, if anything; what time did until today was told before."""
        if self._since is None:
            self._since = today
        self._last = today
        if before != after:
            self._changes.append(Change(today, entry, self.course.record.subject, before, after))


class EvaluatedSteps(HistorySteps):
    """Every event that may move the level is followed by an evaluation."""

    def __init__(self, course: LevelHistory, facts: Facts | None = None) -> None:
        """`facts`: the course's, where they are known."""
        super().__init__(course)
        self._facts = facts
        self._unread: list[int] = []  # outcomes that the facts do not have yet
        self._case: tuple[Sequence[PolicyInForce], Facts, Case] | None = None

    def event(self, before: EnterpriseRecord, at: Recorded, today: date, rules: Rules) -> None:
        course = self.course
        outcomes = OUTCOMES.of(course.record).by_entry
        outcome = outcomes.get(at.index)
        if outcome is not None:
            self._unread.append(at.index)
        else:
            self._facts = None
        ease = _quiet(course, at, outcome, len(outcomes), rules)
        if ease is not None:
            self._stayed(today)
            self.course = replace(course, began_on=today, decided_by=at.index, ease=ease)
            return
        facts = self._read()
        if outcome is not None or type(at.event) in _OF_NOUNS or at.index in [mark.entry for mark in facts.bearing]:
            levels = self._under(rules.known_at(at.index), facts).levels(today)
            self._turn(at.index, today, levels[0][1])
            ease = _ease(facts, rules)
            self.course = replace(course, began_on=today, decided_by=at.index, levels=levels, ease=ease)

    def approval(self, approval: Approval, rules: Rules) -> None:
        facts = self._read()
        levels = self._under(rules.known_at(approval.entry + 1), facts).levels(self.course.began_on)
        course = replace(self.course, seen=approval.entry, levels=levels, ease=_ease(facts, rules))
        self._turn(approval.entry, approval.recorded_on, course.level_on(approval.recorded_on))
        self.course = course

    def followed(self, rules: Rules) -> HistoryStep:
        if self._since is not None:
            self._changes.extend(by_time(self.course, self._last, date.max))
        # Of an enterprise whose facts nobody had to read, not everybody wants to know them now.
        case = None if self._facts is None else self._under(rules.policies, self._read())
        return HistoryStep(self.course, self._since, self._changes, case)

    def _read(self) -> Facts:
        """The facts now. Of outcomes only the new ones are read: some enterprises have very many."""
        record = self.course.record
        if self._facts is None:
            self._facts = facts_of(record, record.subject)
        elif self._unread:
            self._facts = with_outcomes(self._facts, record, self._unread)
        self._unread = []
        return self._facts

    def _under(self, policies: Sequence[PolicyInForce], facts: Facts) -> Case:
        """The facts under some policies; the last case is kept, since nothing may come after it."""
        if self._case is None or self._case[0] != policies or self._case[1] is not facts:
            self._case = policies, facts, Case(policies, facts)
        return self._case[2]

    def _turn(self, entry: int, today: date, level: Level) -> None:
        """What time did until today, and what the entry does now."""
        before = self.course.level_on(today)
        self._stayed(today)
        self._changed(entry, today, before, level)

    def _stayed(self, today: date) -> None:
        """What time did until today; the entry that counts from now on does nothing by itself."""
        if self._since is None:
            self._since = today
        elif len(self.course.levels) > 1:
            self._changes.extend(by_time(self.course, self._last, today))
        self._last = today


class SweptSteps(HistorySteps):
    """From the first event that may move the level on, a sweep goes along."""

    def __init__(self, course: LevelHistory, facts: Facts | None = None) -> None:
        """`facts`: the course's, where they are known."""
        super().__init__(course)
        self._sweep: LevelSweep | None = None
        self._facts = facts
        self._unread: list[int] = []  # outcomes that the facts do not have yet

    def event(self, before: EnterpriseRecord, at: Recorded, today: date, rules: Rules) -> None:
        sweep = self._sweep_on(before, rules.known_at(at.index), today)
        if type(at.event) is ComplaintOutcomeRecorded:
            self._unread.append(at.index)
        else:
            self._facts = None
        level = self._advance(sweep, today)
        if type(at.event) in _ANNOTATING or sweep.take(before, self.course.record, at):
            self._changed(at.index, today, level, sweep.level)
            self.course = replace(self.course, began_on=today, decided_by=at.index)

    def approval(self, approval: Approval, rules: Rules) -> None:
        sweep = self._sweep_on(self.course.record, rules.known_at(approval.entry), approval.recorded_on)
        level = self._advance(sweep, approval.recorded_on)
        sweep.know(self.course.record, rules.known_at(approval.entry + 1))
        self._changed(approval.entry, approval.recorded_on, level, sweep.level)
        self.course = replace(self.course, seen=approval.entry)

    def followed(self, rules: Rules) -> HistoryStep:
        course, sweep = self.course, self._sweep
        if sweep is None or self._since is None:
            return HistoryStep(course, None, [], None)
        facts = self._facts_now()
        levels = [(self._last, sweep.level), *sweep.advance(date.max)]
        course = replace(course, levels=levels, ease=_ease(facts, rules))
        self._changes.extend(by_time(course, self._last, date.max))
        return HistoryStep(course, self._since, self._changes, Case(rules.policies, facts))

    def _facts_now(self) -> Facts:
        """Where nothing but outcomes came, what was known before with those."""
        record = self.course.record
        if self._facts is None:
            return facts_of(record, record.subject)
        return with_outcomes(self._facts, record, self._unread)

    def _sweep_on(self, record: EnterpriseRecord, policies: Sequence[PolicyInForce], today: date) -> LevelSweep:
        """The sweep; a new one where there is none yet, or days went back."""
        if self._sweep is None:
            if self._facts is None:
                self._facts = facts_of(record, record.subject)
            self._sweep = LevelSweep(record, policies, today, self._facts)
        elif today < self._sweep.today:
            self._sweep = LevelSweep(record, policies, today)
        return self._sweep

    def _advance(self, sweep: LevelSweep, today: date) -> Level:
        """With what time alone does until today, after what was taken in here; the level that it comes to."""
        course, level = self.course, sweep.level
        for day, after in sweep.advance(today):
            if self._since is not None:
                self._changes.append(Change(day, course.decided_by, course.record.subject, level, after))
            level = after
        return level


def _ease(facts: Facts, rules: Rules) -> Ease:
    points = sum(rules.points_max(item.item) for item in facts.items)
    return Ease(bool(facts.conduct or facts.terms), bool(facts.kept), points)


def _quiet(
    course: LevelHistory, at: Recorded, outcome: OutcomeState | None, outcomes: int, rules: Rules
) -> Ease | None:
    """For an entry that counts but cannot move the level, whatever the day: the ease with it. Else None.

    `outcome`: that of the entry, if it is one, of so many. It does not have to find all of them; what it does not find
    is evaluated. Where no period was kept in full, GOOD is out of reach, and an outcome matters by its points alone;
    else by its findings and the replies' ratio.
    """
    ease = course.ease
    if isinstance(at.event, EnterpriseRegistered | EnterpriseSized):
        return ease if at.event.size_band is not None and not ease.points else None
    if type(at.event) in _ANNOTATING:
        return ease if ease.known else None
    if outcome is None or not ease.known:
        return None
    items = findings(outcome, outcome)
    if ease.kept:
        return ease if not items and outcomes < rules.replies_min else None
    points = ease.points + sum([rules.points_max(item) for item in items])
    return Ease(True, False, points) if points < rules.points_noticed or not items else None
