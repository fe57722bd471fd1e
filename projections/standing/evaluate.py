"""The standing of an enterprise on a day: a pure function of the policies, its public facts and the date.

Same inputs, same value: integers only, no clock, no order of events beyond their dates and entry numbers.
The rules are those of the policy in force on the day. Source: design `domain.md`, "Standing".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice, pairwise
from typing import Final

from ledger.domain.state.governance import Governance
from ledger.domain.state.record import EnterpriseRecord
from projections.standing.facts import Facts, PolicyInForce
from projections.standing.facts_from_record import facts_of
from projections.standing.levels import Level
from projections.standing.policy_evaluation import PolicyEvaluation
from projections.standing.standing_model import Conditions, Segment, Standing

__all__ = ["SEGMENTS_MAX", "Case", "evaluate", "next_change_on", "policies_of", "segments"]

SEGMENTS_MAX: Final = 64


def policies_of(governance: Governance) -> tuple[PolicyInForce, ...]:
    """All approved standing policies, in the order of the dates from which they hold."""
    return tuple(PolicyInForce(one.effective_on, one.index, one.policy) for one in governance.policies.standing)


def evaluate(
    policies: Sequence[PolicyInForce], record: EnterpriseRecord | None, as_of: date, subject: str = ""
) -> Standing:
    """The standing of `subject` on `as_of`, under the policy then in force; UNRATED where there is none.

    `record` is folded from the enterprise's events below some tree size, None where there are none. What takes
    effect after `as_of` is left out. `subject` is needed where there is no record.
    """
    return Case(policies, facts_of(record, subject if record is None else record.subject)).on(as_of)


def next_change_on(
    policies: Sequence[PolicyInForce], record: EnterpriseRecord | None, as_of: date, subject: str = ""
) -> date | None:
    """See `Case.next_change_on`."""
    return Case(policies, facts_of(record, subject if record is None else record.subject)).next_change_on(as_of)


def segments(
    policies: Sequence[PolicyInForce], record: EnterpriseRecord | None, start: date, subject: str = ""
) -> list[Segment]:
    """See `Case.segments`."""
    return Case(policies, facts_of(record, subject if record is None else record.subject)).segments(start)


def _told(standing: Standing) -> tuple[object, ...]:
    """Level, points and reasons: what a change of a standing is."""
    reasons = tuple([(one.entry, one.item, one.counted, one.factor) for one in standing.reasons])
    holds = tuple([(one.entry, one.item, one.level) for one in standing.holds])
    return standing.level, standing.points, reasons, holds, standing.revoked


class Case:
    """One enterprise's facts under all approved policies. Holds derived values only."""

    def __init__(self, policies: Sequence[PolicyInForce], facts: Facts) -> None:
        self._policies = sorted(policies, key=lambda policy: (policy.from_on, policy.entry))
        self._facts = facts
        self._under: dict[int, PolicyEvaluation] = {}

    @property
    def facts(self) -> Facts:
        """What is evaluated."""
        return self._facts

    @property
    def policies(self) -> Sequence[PolicyInForce]:
        """In the order of the dates from which they hold."""
        return self._policies

    def on(self, day: date) -> Standing:
        """The standing on `day`, under the policy in force on that day; UNRATED where there is none."""
        under = self._under_on(day)
        if under is not None:
            return under.on(day)
        facts = self._facts
        size = 1 + max((mark.entry for mark in facts.bearing if mark.on <= day), default=-1)
        nothing = Conditions(False, False, True, True, None, True)
        return Standing(facts.subject, Level.UNRATED, 0, (), (), None, (), nothing, (), 0, 0, 0, None, size)

    def next_change_on(self, day: date) -> date | None:
        """The earliest day after `day` on which time alone changes level, points or a reason; None where none will.

        What is counted beside them (closed entries, needs of GOOD) may change earlier: `holds_until` says when.
        """
        now = _told(self.on(day))
        return next((edge for edge in self._edges(day) if _told(self.on(edge)) != now), None)

    def holds_until(self, day: date) -> date | None:
        """The earliest day after `day` on which time alone changes anything of the standing; None where none will."""
        now = self.on(day)
        return next((edge for edge in self._edges(day) if self.on(edge) != now), None)

    def segments(self, start: date) -> list[Segment]:
        """The standings from `start` on, one after the other, as far as time alone changes them.

        At most `SEGMENTS_MAX`; then the last has an `until_on`, and what comes after it must be evaluated anew.
        """
        return list(islice(self.coming(start), SEGMENTS_MAX))

    def coming(self, start: date) -> Iterator[Segment]:
        """The standings from `start` on, to the very end. None is evaluated before it must be: each may be long."""
        following = self._distinct(start)
        ahead = deque([next(following)])
        while ahead:
            day, standing = ahead[0]
            told = _told(standing)
            then = next((on for on, other in islice(ahead, 1, None) if _told(other) != told), None)
            while then is None and (another := next(following, None)) is not None:
                ahead.append(another)
                if _told(another[1]) != told:
                    then = another[0]
            yield Segment(day, ahead[1][0] if len(ahead) > 1 else None, standing, then)
            ahead.popleft()

    def _distinct(self, start: date) -> Iterator[tuple[date, Standing]]:
        """The standing on `start`, then on each later day on which it is another one."""
        now = self.on(start)
        yield start, now
        for edge in self._edges(start):
            standing = self.on(edge)
            if standing != now:
                now = standing
                yield edge, now

    def levels(self, start: date) -> list[tuple[date, Level]]:
        """The level on `start`, then every later day on which time alone changes it, to the very end."""
        changes: list[tuple[date, Level]] = []
        for begin, end, under in self._stretches(start):
            for day, level in [(begin, Level.UNRATED)] if under is None else under.levels(begin, end):
                if not changes or changes[-1][1] != level:
                    changes.append((day, level))
        return changes

    def closes_on(self, entry: int, start: date) -> date | None:
        """The first day from `start` on which an adverse entry counts no more, and is therefore no longer shown."""
        for begin, end, under in self._stretches(start):
            if under is not None:
                closes = max(begin, under.ends.get(entry, begin))
                if closes < end:
                    return closes
        return None

    def _stretches(self, start: date) -> Iterator[tuple[date, date, PolicyEvaluation | None]]:
        """From `start` on, the stretches of days on which one policy is in force: first day, day after the last."""
        days = {start, date.max, *(policy.from_on for policy in self._policies if policy.from_on > start)}
        for begin, end in pairwise(sorted(days)):
            yield begin, end, self._under_on(begin)

    def _under_on(self, day: date) -> PolicyEvaluation | None:
        in_force = None
        for policy in self._policies:
            if policy.from_on > day:
                break
            in_force = policy
        if in_force is None:
            return None
        under = self._under.get(in_force.entry)
        if under is None:
            under = self._under[in_force.entry] = PolicyEvaluation(in_force, self._facts)
        return under

    def _edges(self, after: date) -> list[date]:
        """Every later day on which the standing might change, in order."""
        edges: set[date] = set()
        begins = [policy.from_on for policy in self._policies if policy.from_on > after]
        for begin in (after, *begins):
            under = self._under_on(begin)
            edges.add(begin)
            if under is not None:
                edges.update(under.edges(after))
        return sorted(edge for edge in edges if after < edge < date.max)
