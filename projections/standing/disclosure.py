"""Until when what is said about an enterprise is public: what counts is public, what counts no more is closed.

Pure. For each entry the stretches of days on which its body is shown: while a finding counts points, while a reply
counts toward the ratio, while a period kept in full counts beside a live pledge, while a listing holds the level, while
an annotation stands. What was taken back (annulled, voided) is closed from then on.
What never cost anything is shown as long as the mildest of what does. `docs/decisions/0009` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import date, timedelta
from typing import Self

from ledger.domain.events.base import Event
from ledger.domain.events.complaint import ComplaintOutcomeCorrected, ComplaintReplied
from ledger.domain.events.pledge import PledgeRevoked
from ledger.domain.events.policy import StandingPolicy
from ledger.domain.state.complaint import OUTCOMES, OutcomeCorrection, counts_as_reply, outcome_root
from ledger.domain.state.finding import annulled
from ledger.domain.state.record import EnterpriseRecord
from projections.standing.evaluate import Case
from projections.standing.facts import Facts, PolicyInForce
from projections.standing.facts_from_record import facts_of
from projections.standing.lazy_property import Once
from projections.standing.point_windows import add_months, long_enough

__all__ = ["DisclosureWindows"]

_Stretch = tuple[date, date]  # the first day, and the day after the last


class DisclosureWindows:
    """The publication windows of one enterprise's entries, from its record and all approved policies.

    `index` is an entry's, `on` the date from which it counts. Holds derived values only.
    """

    def __init__(self, record: EnterpriseRecord, case: Case) -> None:
        """`case`: the record's facts under all approved policies."""
        self._record = record
        self._case = case
        self._facts = case.facts
        self._policies = case.policies

    @classmethod
    def of(cls, record: EnterpriseRecord, policies: Sequence[PolicyInForce]) -> Self:
        """From the record alone."""
        return cls(record, Case(policies, facts_of(record, record.subject)))

    @property
    def facts(self) -> Facts:
        """What of the record may count."""
        return self._facts

    def shows(self, index: int, event: Event, day: date) -> bool:
        """Whether the content of the entry is public on a day, as far as windows go."""
        return self._root(index, event) not in self._taken_back and _holds(self._stretches_of(index, event), day)

    def closed_since(self, index: int, event: Event, day: date) -> date | None:
        """The first day of the time in which it is closed on `day`; None if it is public, or never was."""
        taken_back = self._taken_back.get(self._root(index, event))
        if taken_back is not None:
            return taken_back
        stretches = list(self._stretches_of(index, event))
        if _holds(stretches, day):
            return None
        return max((stop for start, stop in stretches if start < stop <= day), default=None)

    def shows_finding(self, index: int, on: date, day: date) -> bool:
        """Whether the finding of an entry may be named on a day: not once it is closed, erased or repudiated."""
        ref = self._record.entries.get(index)
        if ref is None or ref.type is None or index in self._record.repudiated or index in self._record.erased:
            return False
        if index in self._taken_back:
            return False
        return _holds(self._stretches(index, on), day)

    def stretches(self, index: int, on: date) -> list[tuple[date, date]]:
        """The stretches of days on which an entry is shown: the first day, and the day after the last."""
        if index in self._particular or self._ratios:
            return list(self._stretches(index, on))
        return [self._costs_nothing(on)]

    def _root(self, index: int, event: Event) -> int:
        """The entry with which this one is shown: what is said of an outcome goes with the outcome."""
        root = None
        if isinstance(event, ComplaintReplied):
            root = outcome_root(self._record, event.outcome_entry)
        elif isinstance(event, ComplaintOutcomeCorrected):
            root = outcome_root(self._record, event.corrects)
        return index if root is None else root

    def _stretches_of(self, index: int, event: Event) -> Iterator[_Stretch]:
        root, on = self._root(index, event), event.effective_on
        if isinstance(event, PledgeRevoked):
            policy = self._in_force(on)
            yield on, date.max if policy is None else add_months(on, policy.revoked_months)
        else:
            if root != index:
                on = OUTCOMES.of(self._record).by_entry[root].effective_on
            yield from self._stretches(root, on)

    def _stretches(self, index: int, on: date) -> Iterator[_Stretch]:
        if self._in_force(on) is None:
            yield on, date.max
            return
        if index in self._weighed:
            yield from self._while_it_counts(index, on)
        else:
            yield self._costs_nothing(on)
        yield from self._as_reply(index)
        yield from self._as_kept(index)
        yield from self._annotated.get(index, ())

    def _while_it_counts(self, index: int, on: date) -> Iterator[_Stretch]:
        adverse = False
        for start in (on, *(later.from_on for later in self._policies if later.from_on > on)):
            closes = self._case.closes_on(index, start)
            if closes is None:
                yield start, date.max
            elif closes > start:
                adverse = adverse or start == on
                yield start, closes
        if not adverse:
            yield self._costs_nothing(on)

    def _costs_nothing(self, on: date) -> _Stretch:
        """As long as the mildest of what costs anything under the policy in force on the day; no policy: for ever."""
        months = None
        for from_on, end_months in self._mildest:
            if from_on > on:
                break
            months = end_months
        return on, date.max if months is None else add_months(on, months)

    def _as_reply(self, index: int) -> Iterator[_Stretch]:
        """While the reply counts toward the ratio, and there are enough of them for a ratio."""
        outcome = OUTCOMES.of(self._record).by_entry.get(index)
        if outcome is None or index in self._record.repudiated:
            return
        stands = outcome.newest(self._record.repudiated)
        if (isinstance(stands, OutcomeCorrection) and stands.void) or not counts_as_reply(outcome, stands):
            return
        for policy, stretches in self._ratios:
            own = outcome.effective_on, add_months(outcome.effective_on, policy.good.replies_months)
            yield from _common(own, stretches)

    def _as_kept(self, index: int) -> Iterator[_Stretch]:
        """While it counts toward GOOD beside a live public pledge."""
        for kept in self._facts.kept:
            if kept.entry == index and any(long_enough(one.policy, kept) for one in self._policies):
                own = max(kept.on, _day_after(kept.period_until)), date.max
                yield from _common(own, [(term.from_on, _day_after(term.until_on)) for term in self._facts.terms])

    @Once
    def _weighed(self) -> Set[int]:
        """The entries of which a policy may have a rule for something."""
        return {one.entry for one in self._facts.items} | {one.entry for one in self._facts.holds}

    @Once
    def _mildest(self) -> list[tuple[date, int]]:
        """From when on a policy holds, and how many months the mildest of its windows has."""
        return [(one.from_on, min([tier.end_months for tier in one.policy.tiers.values()])) for one in self._policies]

    @Once
    def _particular(self) -> Set[int]:
        """The entries that are not shown for a time alone, even where replies are too few to count."""
        kept = {one.entry for one in self._facts.kept}
        return self._weighed | kept | self._annotated.keys() if self._facts.annotations else self._weighed | kept

    @Once
    def _taken_back(self) -> dict[int, date]:
        """Entries that count for nothing because somebody took back what they say, and since when."""
        found = dict(annulled(self._record))
        for outcome in OUTCOMES.of(self._record).by_entry.values():
            stands = outcome.newest(self._record.repudiated)
            if isinstance(stands, OutcomeCorrection) and stands.void:
                found[outcome.index] = stands.effective_on
        return found

    @Once
    def _annotated(self) -> dict[int, list[_Stretch]]:
        found: dict[int, list[_Stretch]] = {}
        for note in self._facts.annotations:
            found.setdefault(note.by, []).append((note.on, note.until or date.max))
        return found

    @Once
    def _ratios(self) -> list[tuple[StandingPolicy, list[_Stretch]]]:
        """For each policy the days of its time on which enough replies count for a ratio."""
        found = []
        ends = [*(policy.from_on for policy in self._policies[1:]), date.max]
        for in_force, end in zip(self._policies, ends, strict=True):
            good, steps = in_force.policy.good, list[tuple[date, int]]()
            if len(self._facts.replies) < good.replies_min:
                continue
            for reply in self._facts.replies:
                steps += [(reply.on, 1), (add_months(reply.on, good.replies_months), -1)]
            enough = _enough(sorted(steps), good.replies_min)
            found.append((in_force.policy, list(_common((in_force.from_on, end), enough))))
        return found

    def _in_force(self, day: date) -> StandingPolicy | None:
        in_force = [one.policy for one in self._policies if one.from_on <= day]
        return in_force[-1] if in_force else None


def _enough(steps: Sequence[tuple[date, int]], least: int) -> Iterator[_Stretch]:
    """The stretches on which the running total of the steps, in order of days, is at least `least`."""
    count, since = 0, None
    for number, (day, change) in enumerate(steps):
        count += change
        if number + 1 < len(steps) and steps[number + 1][0] == day:
            continue
        if count >= least and since is None:
            since = day
        elif count < least and since is not None:
            yield since, day
            since = None


def _common(one: _Stretch, others: Iterable[_Stretch]) -> Iterator[_Stretch]:
    for start, stop in others:
        common = max(one[0], start), min(one[1], stop)
        if common[0] < common[1]:
            yield common


def _holds(stretches: Iterable[_Stretch], day: date) -> bool:
    return any(start <= day < stop for start, stop in stretches)


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
