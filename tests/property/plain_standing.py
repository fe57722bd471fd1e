"""A second way to a standing, for comparing: the policy's words applied to one day, with nothing laid out in time.

Written from the design's text and the meaning of the policy's fields, not from the evaluation: no spans, no steps, no
running totals, fractions instead of integers, a calendar of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import NamedTuple

from ledger.domain.events.policy import StandingPolicy
from projections.standing.facts import Facts, KeptPledge, PointItem, PolicyInForce

__all__ = ["Plain", "plain_standing"]


class Plain(NamedTuple):
    """A level, hundredths of points, and the entries that count on the day."""

    level: str
    points: int
    counting: frozenset[int]
    holding: frozenset[int]


def plain_standing(policies: Sequence[PolicyInForce], facts: Facts, day: date) -> Plain:
    """The standing on `day`, under the policy in force on it."""
    begun = [one for one in policies if one.from_on <= day]
    if not begun:
        return Plain("UNRATED", 0, frozenset(), frozenset())
    policy = max(begun, key=lambda one: (one.from_on, one.entry)).policy
    repaired = {one.entry for one in facts.reliefs if one.on <= day and (one.until is None or day < one.until)}
    costs: dict[str, int] = {}
    counting, heavy, broken = set[int](), False, False
    for item in facts.items:
        cost = None if item.entry in repaired else _cost(item, policy, facts, day)
        if cost is None:
            continue
        counting.add(item.entry)
        costs[item.matter] = max(costs.get(item.matter, 0), cost)
        tier = next(rule.tier for rule in policy.rules if rule.item == item.item)
        if cost and (tier in policy.good.veto_tiers or item.item in policy.good.veto_items):
            heavy = True
        if cost and item.clauses and policy.good.veto_broken_clauses:
            broken = True
    holding, held = set[int](), set[str]()
    for hold in facts.holds:
        for rule in policy.holds:
            over = rule.months is not None and day >= _later(hold.on, rule.months)
            ended = hold.until is not None and day >= hold.until
            if rule.item == hold.item and hold.on <= day and not over and not ended and hold.entry not in repaired:
                holding.add(hold.entry)
                held.add(rule.level)
    points = sum(costs.values())
    level = _level(policy, facts, day, points, held, good=not heavy and not broken)
    return Plain(level, points, frozenset(counting), frozenset(holding))


def _cost(item: PointItem, policy: StandingPolicy, facts: Facts, day: date) -> int | None:
    """What the item costs on the day by itself; None where it does not count."""
    for rule in policy.rules:
        if rule.item == item.item:
            break
    else:
        return None
    window = policy.tiers[rule.tier]
    in_full = day < _later(item.on, window.full_months)
    if day < item.on or day >= item.until or not (in_full or day < _later(item.on, window.end_months)):
        return None
    cost = Fraction(rule.points)
    if not in_full:
        cost *= Fraction(policy.late_per_mille, 1000)
    if rule.sized:
        known = [size for size in facts.sizes if size.on <= item.on]
        band = max(known, key=lambda size: (size.on, size.entry)).band if known else None
        cost *= Fraction(policy.size_unknown_per_mille if band is None else policy.size_per_mille[band], 1000)
    if item.clauses:
        cost *= Fraction(policy.clause_multiplier_per_mille, 1000)
    return floor(cost)


def _level(policy: StandingPolicy, facts: Facts, day: date, points: int, held: set[str], *, good: bool) -> str:
    if "LISTED" in held:
        return "LISTED"
    if any(one.on <= day < _later(one.on, policy.revoked_months) for one in facts.revocations):
        return "REVOKED"
    if "ALERT" in held or points >= policy.alert_from:
        return "ALERT"
    if "WATCH" in held or points >= policy.watch_from:
        return "WATCH"
    if not any(mark.on <= day for mark in facts.conduct) and not any(term.known_on <= day for term in facts.terms):
        return "UNRATED"
    if not any(term.from_on <= day <= term.until_on for term in facts.terms):
        return "NORMAL"
    kept = any(one.on <= day and one.period_until < day and _long_enough(policy, one) for one in facts.kept)
    return "GOOD" if good and kept and _replied(policy, facts, day) and _current(policy, facts, day) else "PLEDGED"


def _long_enough(policy: StandingPolicy, kept: KeptPledge) -> bool:
    """Six months from 15 March are over with 14 September, or with a month's last day where it has no such day."""
    months = policy.good.period_months
    return months is None or _later(kept.period_from, months) - timedelta(days=1) <= kept.period_until


def _replied(policy: StandingPolicy, facts: Facts, day: date) -> bool:
    rule = policy.good
    replies = [one.timely for one in facts.replies if one.on <= day < _later(one.on, rule.replies_months)]
    return len(replies) < rule.replies_min or Fraction(sum(replies), len(replies)) >= Fraction(
        rule.replies_timely_per_mille, 1000
    )


def _current(policy: StandingPolicy, facts: Facts, day: date) -> bool:
    months = policy.good.declarations_months
    return months is None or not any(_later(one.on, months) <= day < one.until for one in facts.declared)


def _later(day: date, months: int) -> date:
    """As many months later, on the month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last))
