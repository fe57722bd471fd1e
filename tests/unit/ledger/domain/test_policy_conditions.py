"""A policy that could not be applied to everybody is refused, and each place that is wrong is pointed at."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.policy import HoldRule, StandingPolicy, TierWindow
from ledger.domain.rules.policy_conditions import flaws_of, policy_schema, read_policy, require_flawless
from ledger.domain.rules.policy_items import FINDINGS, HOLDS
from ledger.errors import Malformed, Refused

DEFAULT = default_standing_policy()
TIERS = DEFAULT.tiers


def places(policy: StandingPolicy) -> list[tuple[str, str]]:
    return [(flaw.place, flaw.rule) for flaw in flaws_of(policy)]


def rule(number: int, **changes: Any) -> tuple[Any, ...]:
    return (*DEFAULT.rules[:number], replace(DEFAULT.rules[number], **changes), *DEFAULT.rules[number + 1 :])


def hold(**changes: Any) -> tuple[HoldRule, ...]:
    return (replace(DEFAULT.holds[1], **changes),)


def test_the_default_policy_has_no_flaw_and_a_rule_for_every_item() -> None:
    assert flaws_of(DEFAULT) == []
    assert {one.item for one in DEFAULT.rules} == set(FINDINGS)
    assert {one.item for one in DEFAULT.holds} == set(HOLDS)


@pytest.mark.parametrize(
    ("changes", "place", "broken"),
    [
        ({"rules": rule(3, item="complaint.too_loud")}, "/rules/3/item", "policy.item_unknown"),
        ({"rules": rule(3, item="complaint.no_reply")}, "/rules/3/item", "policy.item_twice"),
        ({"holds": hold(item="listing.private")}, "/holds/0/item", "policy.item_unknown"),
        ({"holds": (*DEFAULT.holds, DEFAULT.holds[0])}, "/holds/3/item", "policy.item_twice"),
        ({"holds": hold(level="LISTED")}, "/holds/0/level", "policy.listed_by_statute"),
        (
            {"holds": hold(months=3, repair_after_months=4)},
            "/holds/0/repair_after_months",
            "policy.repair_after_window",
        ),
        ({"tiers": {key: TIERS[key] for key in ("minor", "severe")}}, "/tiers/general", "policy.table_incomplete"),
        ({"repair_after_months": {"minor": 1, "general": 1}}, "/repair_after_months/severe", "policy.table_incomplete"),
        (
            {"size_per_mille": {"micro": 1000, "small": 700, "medium": 400}},
            "/size_per_mille/large",
            "policy.table_incomplete",
        ),
        (
            {"tiers": {**TIERS, "general": TierWindow(full_months=5, end_months=4)}},
            "/tiers/general/end_months",
            "policy.window_order",
        ),
        (
            {
                "tiers": {**TIERS, "severe": TierWindow(full_months=1, end_months=11)},
                "repair_after_months": {"minor": 1, "general": 3, "severe": 3},
            },
            "/tiers/severe/end_months",
            "policy.tier_order",
        ),
        (
            {"repair_after_months": {"minor": 4, "general": 3, "severe": 12}},
            "/repair_after_months/minor",
            "policy.repair_after_window",
        ),
        ({"late_per_mille": 1001}, "/late_per_mille", "policy.late_factor"),
        ({"clause_multiplier_per_mille": 999}, "/clause_multiplier_per_mille", "policy.clause_factor"),
        (
            {"size_per_mille": {**DEFAULT.size_per_mille, "medium": 800}},
            "/size_per_mille/medium",
            "policy.weight_order",
        ),
        ({"size_unknown_per_mille": 1001}, "/size_unknown_per_mille", "policy.weight_unknown"),
        ({"watch_from": 0}, "/watch_from", "policy.level_order"),
        ({"alert_from": 999}, "/alert_from", "policy.level_order"),
        (
            {"good": replace(DEFAULT.good, replies_timely_per_mille=1001)},
            "/good/replies_timely_per_mille",
            "policy.good_unreachable",
        ),
        ({"good": replace(DEFAULT.good, veto_items=("x.y",))}, "/good/veto_items/0", "policy.item_unknown"),
        ({"good": replace(DEFAULT.good, veto_tiers=("minor", "minor"))}, "/good/veto_tiers", "policy.tier_twice"),
    ],
)
def test_each_inconsistency_is_found_at_its_place(changes: dict[str, Any], place: str, broken: str) -> None:
    assert places(replace(DEFAULT, **changes)) == [(place, broken)]


def test_every_flaw_is_named_at_once_in_the_refusal() -> None:
    with pytest.raises(Refused) as refusal:
        require_flawless(replace(DEFAULT, rules=rule(0, item="a.b"), watch_from=0, late_per_mille=2000))
    assert refusal.value.rule == "policy.item_unknown"
    for place in ("/rules/0/item: 没有名为 a.b 的事项", "/late_per_mille: ", "/watch_from: "):
        assert place in refusal.value.detail


def test_a_document_of_another_shape_is_refused_with_a_pointer_to_the_place() -> None:
    document = msgspec.to_builtins(DEFAULT)
    document["rules"][3]["points"] = "many"
    with pytest.raises(Malformed, match=r"^/rules/3/points: Expected `int`"):
        read_policy(msgspec.json.encode(document))
    del document["rules"][3]["points"]
    with pytest.raises(Malformed, match=r"^/rules/3: Object missing required field `points`"):
        read_policy(msgspec.json.encode(document))
    with pytest.raises(Malformed, match=r"not a standing policy"):
        read_policy(b"{")
    assert read_policy(msgspec.json.encode(DEFAULT)) == DEFAULT


def test_a_policy_signed_before_there_were_holds_keeps_its_bytes_and_means_nothing_more() -> None:
    old = msgspec.to_builtins(DEFAULT)
    del old["holds"], old["good"]["declarations_months"]
    signed = msgspec.json.encode(old, order="sorted")
    policy = read_policy(signed)
    assert msgspec.json.encode(policy, order="sorted") == signed
    assert (policy.holds, policy.good.declarations_months) == ((), None)
    assert policy.good.veto_tiers == ("general", "severe") and policy.good.veto_broken_clauses


def test_the_schema_names_every_item_and_every_field() -> None:
    schema = msgspec.json.decode(policy_schema())
    kinds = schema["$defs"]
    assert schema["$ref"] == "#/$defs/StandingPolicy"
    assert set(kinds["StandingPolicy"]["properties"]) == set(StandingPolicy.__struct_fields__)
    assert kinds["PointRule"]["properties"]["item"]["enum"] == list(FINDINGS)
    assert kinds["HoldRule"]["properties"]["item"]["enum"] == list(HOLDS)
    assert not kinds["StandingPolicy"].get("additionalProperties", True)
