"""Whether a standing policy can be applied to everybody: every place at which it contradicts itself or the catalogue.

The shape (fields, types, ranges) is the struct's; here is what its fields must be to each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple, get_args

import msgspec

from ledger.domain.events.enterprise import SizeBand
from ledger.domain.events.policy import StandingPolicy, TierName
from ledger.domain.rules.policy_items import FINDINGS, HOLDS, LISTED_ONLY_BY
from ledger.errors import Malformed, Refused
from ledger.limits import GOOD_PERIOD_MONTHS_MIN

__all__ = ["PolicyFault", "flaws_of", "policy_schema", "read_policy", "require_flawless"]

_WHOLE: Final = 1000  # per mille
_TIERS: Final[tuple[TierName, ...]] = get_args(TierName)  # from mild to grave
_BANDS: Final[tuple[SizeBand, ...]] = get_args(SizeBand)  # from small to large
_AT: Final = re.compile(r" - at `(?:key in )?\$?(.*)`\Z")


class PolicyFault(NamedTuple):
    """At `place` (a JSON pointer, RFC 6901) the rule `rule` is broken, in words for people."""

    place: str
    rule: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.place}: {self.zh} / {self.en}"


def read_policy(document: bytes) -> StandingPolicy:
    """A standing policy from JSON, whether flawless or not. Raises `Malformed`, naming the place as a JSON pointer."""
    try:
        return msgspec.json.decode(document, type=StandingPolicy)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        text = str(error)
    found = _AT.search(text)
    if found is None:
        raise Malformed(f"not a standing policy: {text}")
    steps = re.sub(r"\[(\d+)\]", r".\1", found[1])
    if "[...]" in steps:  # in a table: which row is not said
        table = steps[1 : steps.index("[")]
        steps = steps.replace("[...]", f".{_wrong_row(msgspec.json.decode(document), table)}")
    raise Malformed(f"{steps.replace('.', '/') or '/'}: {text[: found.start()]}")


def _wrong_row(document: dict[str, Any], table: str) -> str:
    """The first key of a table of the document that does not fit by itself."""
    for key, value in document[table].items():
        try:
            msgspec.convert({**document, table: {key: value}}, StandingPolicy)
        except msgspec.ValidationError as error:
            if table in str(error):
                return str(key)
    return "*"


def policy_schema() -> bytes:
    """The JSON Schema (2020-12) of the document: its shape. Items are those that the catalogue's nouns produce."""
    document = msgspec.json.schema(StandingPolicy)
    kinds = document["$defs"]
    kinds["PointRule"]["properties"]["item"] = {"enum": list(FINDINGS)}
    kinds["HoldRule"]["properties"]["item"] = {"enum": list(HOLDS)}
    kinds["GoodRule"]["properties"]["veto_items"]["items"] = {"enum": list(FINDINGS)}
    return msgspec.json.encode({"$schema": "https://json-schema.org/draft/2020-12/schema", **document})


def require_flawless(policy: StandingPolicy) -> None:
    """Raises `Refused` by the first flaw's rule; its detail names the place of every flaw, and what is wrong there."""
    flaws = flaws_of(policy)
    if flaws:
        first = flaws[0]
        raise Refused(first.rule, first.zh, first.en, "; ".join(str(flaw) for flaw in flaws))


def flaws_of(policy: StandingPolicy) -> list[PolicyFault]:
    """Every flaw, in the order of the document's subjects; none means that it can be applied to everybody."""
    return [flaw for check in _CHECKS for flaw in check(policy)]


def _items(policy: StandingPolicy) -> Iterator[PolicyFault]:
    yield from _named([(f"/rules/{n}/item", rule.item) for n, rule in enumerate(policy.rules)], FINDINGS)
    yield from _named([(f"/holds/{n}/item", rule.item) for n, rule in enumerate(policy.holds)], HOLDS)
    yield from _named([(f"/good/veto_items/{n}", item) for n, item in enumerate(policy.good.veto_items)], FINDINGS)


def _named(places: Sequence[tuple[str, str]], known: Mapping[str, object]) -> Iterator[PolicyFault]:
    """Each item is known, and named once."""
    first: dict[str, str] = {}
    for place, item in places:
        if item not in known:
            yield PolicyFault(place, "policy.item_unknown", f"没有名为 {item} 的事项", f"there is no item {item}")
        if item in first:
            yield PolicyFault(
                place,
                "policy.item_twice",
                f"事项 {item} 已在 {first[item]} 出现",
                f"the item {item} is at {first[item]} already",
            )
        first.setdefault(item, place)


def _tables(policy: StandingPolicy) -> Iterator[PolicyFault]:
    for name, table, keys in (
        ("tiers", policy.tiers, _TIERS),
        ("repair_after_months", policy.repair_after_months, _TIERS),
        ("size_per_mille", policy.size_per_mille, _BANDS),
    ):
        for key in keys:
            if key not in table:
                yield PolicyFault(
                    f"/{name}/{key}", "policy.table_incomplete", "表格缺少此行", "the table lacks this row"
                )


def _windows(policy: StandingPolicy) -> Iterator[PolicyFault]:
    tiers = [(tier, policy.tiers[tier]) for tier in _TIERS if tier in policy.tiers]
    for tier, window in tiers:
        if window.end_months < window.full_months:
            yield PolicyFault(
                f"/tiers/{tier}/end_months",
                "policy.window_order",
                "最长期限短于最短期限",
                "the window ends before it is reduced",
            )
        repair = policy.repair_after_months.get(tier, 0)
        if repair > window.end_months:
            yield PolicyFault(
                f"/repair_after_months/{tier}",
                "policy.repair_after_window",
                "可申请修复时公示期已满",
                "repair would be possible only after the window is over",
            )
    for (mild, milder), (grave, graver) in pairwise(tiers):
        if graver.end_months < milder.end_months:
            yield PolicyFault(
                f"/tiers/{grave}/end_months",
                "policy.tier_order",
                f"较重一档 {grave} 的期限短于较轻一档 {mild}",
                f"the graver tier {grave} ends before the milder {mild}",
            )


def _weights(policy: StandingPolicy) -> Iterator[PolicyFault]:
    if policy.late_per_mille > _WHOLE:
        yield PolicyFault(
            "/late_per_mille",
            "policy.late_factor",
            "期限后段的系数不得高于 1000‰",
            "an item never counts for more in the later part of its window (1000 per mille at most)",
        )
    if policy.clause_multiplier_per_mille < _WHOLE:
        yield PolicyFault(
            "/clause_multiplier_per_mille",
            "policy.clause_factor",
            "违反承诺条款的系数不得低于 1000‰",
            "breaking a pledged clause never costs less than breaking another (1000 per mille at least)",
        )
    bands = [(band, policy.size_per_mille[band]) for band in _BANDS if band in policy.size_per_mille]
    for (small, lighter), (large, heavier) in pairwise(bands):
        if heavier > lighter:
            yield PolicyFault(
                f"/size_per_mille/{large}",
                "policy.weight_order",
                f"规模较大的 {large} 权重高于 {small}",
                f"the larger band {large} weighs more than {small}",
            )
    if bands and policy.size_unknown_per_mille > max(weight for _, weight in bands):
        yield PolicyFault(
            "/size_unknown_per_mille",
            "policy.weight_unknown",
            "规模不明的权重高于所有规模",
            "an unknown size weighs more than every known one",
        )


def _levels(policy: StandingPolicy) -> Iterator[PolicyFault]:
    if policy.watch_from < 1:
        yield PolicyFault("/watch_from", "policy.level_order", "零分即为关注", "WATCH would begin at no points at all")
    if policy.alert_from < policy.watch_from:
        yield PolicyFault("/alert_from", "policy.level_order", "警示起点低于关注起点", "ALERT would begin below WATCH")
    for number, rule in enumerate(policy.holds):
        if rule.level == "LISTED" and rule.item not in LISTED_ONLY_BY:
            yield PolicyFault(
                f"/holds/{number}/level",
                "policy.listed_by_statute",
                "列入名单只能出自法定名单",
                "LISTED repeats a statutory list and nothing else",
            )
        if rule.months is not None and rule.repair_after_months > rule.months:
            yield PolicyFault(
                f"/holds/{number}/repair_after_months",
                "policy.repair_after_window",
                "可申请修复时期限已满",
                "repair would be possible only after the hold is over",
            )


def _good(policy: StandingPolicy) -> Iterator[PolicyFault]:
    if policy.good.replies_timely_per_mille > _WHOLE:
        yield PolicyFault(
            "/good/replies_timely_per_mille",
            "policy.good_unreachable",
            "按期答复的比例不会高于 1000‰",
            "no more than all replies (1000 per mille) can be in time",
        )
    if len(set(policy.good.veto_tiers)) < len(policy.good.veto_tiers):
        yield PolicyFault("/good/veto_tiers", "policy.tier_twice", "同一档出现两次", "a tier is named twice")
    months = policy.good.period_months
    if months is None or months < GOOD_PERIOD_MONTHS_MIN:
        yield PolicyFault(
            "/good/period_months",
            "policy.good_period",
            f"践诺良好所需的评估期间须写明，且不少于 {GOOD_PERIOD_MONTHS_MIN} 个月",
            f"the period that GOOD needs is said, and has at least {GOOD_PERIOD_MONTHS_MIN} month",
        )


_CHECKS: Final[tuple[Callable[[StandingPolicy], Iterator[PolicyFault]], ...]] = (
    _items,
    _tables,
    _windows,
    _weights,
    _levels,
    _good,
)
