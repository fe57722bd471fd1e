"""What a level is decided by, as running totals: what adds to which of them, from which day to which.

Totals are linear: facts can be added and taken away one by one, in any order, and give the same level. What counts of
one matter is not (only the highest does): of points only the sum is here, `point_windows.py` and `level_sweep.py` say
what is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import date, timedelta
from typing import Final

from ledger.domain.events.policy import StandingPolicy
from projections.standing.facts import Facts, KeptPledge
from projections.standing.levels import Level
from projections.standing.point_windows import HoldSpan, add_months
from projections.standing.standing_model import Conditions

__all__ = [
    "BROKEN",
    "HEAVY",
    "KNOWN",
    "POINTS",
    "TOTALS",
    "Stretch",
    "day_after",
    "decide",
    "in_time",
    "level_of",
    "reply_stretches",
    "stretches_of",
]

# The totals, by position.
POINTS, HEAVY, BROKEN, _LIVE, _KEPT, KNOWN, _REVOKED, _TIMELY, _REPLIES, _STALE, _WATCH, _ALERT, _LISTED = range(13)
TOTALS: Final = 13
_HELD_AT: Final = {"WATCH": _WATCH, "ALERT": _ALERT, "LISTED": _LISTED}

Stretch = tuple[date, date, int, int]  # from the first day to the day before the second, which total, how much


def stretches_of(
    policy: StandingPolicy, facts: Facts, holds: Sequence[HoldSpan], kept: Sequence[KeptPledge]
) -> Iterator[Stretch]:
    """What facts add to the totals, but for their points, replies and marks of conduct.

    `holds`: theirs under the policy; `kept`: those of theirs that are long enough for it.
    """
    for hold in holds:
        yield hold.start, hold.stop, _HELD_AT[hold.rule.level], 1
    months = policy.good.declarations_months
    if months is not None:
        for one in facts.declared:
            due = add_months(one.on, months)
            if due < one.until:
                yield due, one.until, _STALE, 1
    for term in facts.terms:
        yield term.known_on, date.max, KNOWN, 1
        if term.from_on <= term.until_on:
            yield term.from_on, day_after(term.until_on), _LIVE, 1
    for period in kept:
        yield max(period.on, day_after(period.period_until)), date.max, _KEPT, 1
    for revocation in facts.revocations:
        yield revocation.on, add_months(revocation.on, policy.revoked_months), _REVOKED, 1


def reply_stretches(policy: StandingPolicy, facts: Facts) -> Iterator[Stretch]:
    """For how long each reply counts, and whether it was in time: they matter to GOOD alone."""
    for reply in facts.replies:
        stop = add_months(reply.on, policy.good.replies_months)
        yield reply.on, stop, _REPLIES, 1
        if reply.timely:
            yield reply.on, stop, _TIMELY, 1


def level_of(policy: StandingPolicy, totals: Sequence[int]) -> Level:
    """The level on a day on which the totals are these."""
    conditions = Conditions(
        totals[_LIVE] > 0,
        totals[_KEPT] > 0,
        totals[HEAVY] == 0,
        totals[BROKEN] == 0,
        in_time(policy, totals[_TIMELY], totals[_REPLIES]),
        totals[_STALE] == 0,
    )
    held = {level for level, which in _HELD_AT.items() if totals[which]}
    return decide(policy, totals[POINTS], held, totals[_REVOKED] > 0, totals[KNOWN] > 0, conditions)


def decide(
    policy: StandingPolicy, points: int, held: Set[str], revoked: bool, known: bool, conditions: Conditions
) -> Level:
    """The one place where a level is decided.

    A statute's list before the organizer's own revocation, both before points; then the gravest of the rest.
    """
    if "LISTED" in held:
        return Level.LISTED
    if revoked:
        return Level.REVOKED
    if points >= policy.alert_from or "ALERT" in held:
        return Level.ALERT
    if points >= policy.watch_from or "WATCH" in held:
        return Level.WATCH
    if not known:
        return Level.UNRATED
    if not conditions.live_public_pledge:
        return Level.NORMAL
    good = (
        conditions.period_kept_in_full
        and conditions.nothing_general_or_severe
        and conditions.no_pledged_clause_broken
        and conditions.replies_in_time is not False
        and conditions.declarations_current
    )
    return Level.GOOD if good else Level.PLEDGED


def in_time(policy: StandingPolicy, timely: int, replies: int) -> bool | None:
    """Whether enough of the replies were in time; None where there are too few to say."""
    good = policy.good
    return None if replies < good.replies_min else timely * 1000 >= replies * good.replies_timely_per_mille


def day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
