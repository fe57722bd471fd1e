"""Complaint files: which step may follow which, refused by name, and what the reply's clock says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.desk.complaints import case_steps as steps
from api.desk.complaints.case_clocks import ClockRules, clocks_of, next_due, publishable_from, reply_due, reply_of
from api.desk.complaints.case_file import CaseFile, advanced, begun, folded
from api.desk.complaints.case_rules import CaseSituation, allowed_outcomes, may_follow, require
from api.desk.complaints.case_steps import AnyStep, decode_steps, encode_steps
from api.desk.complaints.outcome_statement import outcome_fields
from ledger.charter.default_policies import calendar_2026
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Refused
from tests.support.clock import NOW, noon
from tests.support.complaint_files import CANARIES, complaint

RULES = ClockRules({2026: calendar_2026()}, 5)
OFFICERS = frozenset({"handling-1", "handling-2"})
CASE = "ab" * 16

KINDS: dict[str, Callable[..., AnyStep]] = {
    "identified": lambda **at: steps.CaseIdentified(subject="uscc:91110000600037341L", **at),
    "accepted": lambda **at: steps.CaseAccepted(product_class="净水设备", issue="quality", **at),
    "declined": lambda **at: steps.CaseDeclined(product_class="净水设备", issue="quality", ground="不属消费争议", **at),
    "forwarded": steps.CaseForwarded,
    "replied": lambda **at: steps.EnterpriseReplied(replied_on=shanghai_date(at["at"]), text="已退款", **at),
    "mediated": lambda **at: steps.MediationHeld(text="双方到场", **at),
    "notified": lambda **at: steps.PartiesNotified(
        notified_on=shanghai_date(at["at"]), delivery="挂号信", text="已办结", **at
    ),
    "published": lambda **at: steps.CasePublished(entry=7, **at),
    "suspended": lambda **at: steps.CaseSuspended(reason="等待鉴定", **at),
    "resumed": steps.CaseResumed,
    "noted": lambda **at: steps.NoteWritten(text="已致电", **at),
    "told": lambda **at: steps.PartyTold(text="请稍候", **at),
    "handed to 1": lambda **at: steps.CaseHandedOver(to="handling-1", **at),
    "handed to 2": lambda **at: steps.CaseHandedOver(to="handling-2", **at),
    **{
        f"closed {outcome}": lambda outcome=outcome, **at: steps.CaseClosed(outcome=outcome, reason="企业不同意", **at)
        for outcome in (
            "settled", "agreed", "explained", "ended_without_agreement", "refused", "withdrawn", "transferred",
            "not_accepted",
        )
    },
}  # fmt: skip


@dataclass
class Clerk:
    """Makes steps in a file, one after the other, on days that go by."""

    file: CaseFile = field(default_factory=lambda: begun(complaint()))
    now: int = NOW

    def on(self, day: date) -> Clerk:
        self.now = noon(day)
        return self

    def step(self, kind: str, by: str = "handling-1", **more: Any) -> CaseFile:
        step = KINDS[kind](at=self.now, by=by, **more)
        require(self.file, step, CaseSituation(shanghai_date(self.now), RULES, OFFICERS))
        self.file = advanced(self.file, step)
        return self.file

    def refused(self, kind: str, rule: str, by: str = "handling-1") -> None:
        before = self.file
        with pytest.raises(Refused) as refused:
            self.step(kind, by)
        assert refused.value.rule == f"complaint_file.{rule}"
        assert self.file is before


def forwarded() -> Clerk:
    clerk = Clerk()
    clerk.step("accepted")
    clerk.step("forwarded")
    return clerk


def test_a_usual_case_goes_all_the_way() -> None:
    clerk = forwarded()
    clerk.on(date(2026, 3, 20)).step("replied")
    clerk.step("mediated")
    clerk.step("closed agreed")
    clerk.step("notified")
    clerk.refused("published", "notice_period")
    assert publishable_from(clerk.file, RULES) == date(2026, 3, 27)
    clerk.on(date(2026, 3, 27)).step("published")
    assert (clerk.file.stage, clerk.file.entry) == ("published", 7)
    assert folded(decode_steps(encode_steps(clerk.file.steps))) == clerk.file


KIND = st.sampled_from(sorted(KINDS))
DAYS = st.integers(0, 6)


@given(st.data())
def test_no_order_of_steps_reaches_publication_without_closing_and_notice(data: st.DataObject) -> None:
    """Steps that may follow, drawn one after the other; all others are refused and change nothing."""
    clerk = Clerk()
    for _ in range(data.draw(st.integers(0, 24))):
        clerk.now = min(clerk.now + data.draw(DAYS) * 86_400, noon(date(2026, 12, 1)))
        before, may = clerk.file, []
        for kind in sorted(KINDS):
            try:
                clerk.step(kind)
            except Refused:
                assert clerk.file is before
                continue
            clerk.file = before
            if kind not in ("noted", "told", "handed to 2"):
                may.append(kind)
        clerk.step(data.draw(st.sampled_from(may)) if may else "noted")
    made = [type(one) for one in clerk.file.steps]
    if clerk.file.stage == "published":
        assert made.index(steps.CaseClosed) < made.index(steps.PartiesNotified) < made.index(steps.CasePublished)
        assert clerk.file.outcome is not None and clerk.file.notified_on is not None
    assert made.count(steps.CaseClosed) <= 1 and made.count(steps.CasePublished) <= 1
    assert folded(clerk.file.steps) == clerk.file


@given(st.lists(st.tuples(KIND, DAYS), max_size=12), KIND)
def test_what_is_offered_is_what_may_follow(tried: list[tuple[str, int]], kind: str) -> None:
    """A form that is not shown is for a step that would be refused."""
    clerk = Clerk()
    for name, days in tried:
        clerk.now = min(clerk.now + days * 86_400, noon(date(2026, 12, 1)))
        try:
            clerk.step(name)
        except Refused:
            continue
    step = KINDS[kind](at=clerk.now, by="handling-1")
    situation = CaseSituation(shanghai_date(clerk.now), RULES, OFFICERS)
    shown = may_follow(clerk.file, type(step), "handling-1")
    if isinstance(step, steps.CaseClosed):
        shown = shown and step.outcome in allowed_outcomes(clerk.file, situation)
    if not shown:
        with pytest.raises(Refused):
            require(clerk.file, step, situation)


def test_whoever_does_not_have_a_file_takes_it_over_first() -> None:
    clerk = Clerk()
    clerk.refused("accepted", "not_yours", by="handling-2")
    clerk.step("noted", by="handling-2")
    clerk.step("handed to 2", by="handling-2")
    clerk.refused("accepted", "not_yours")
    clerk.step("accepted", by="handling-2")
    clerk.refused("handed to 2", "has_it", by="handling-2")


def test_a_file_is_handed_to_officers_of_the_same_body_alone() -> None:
    file = begun(complaint())
    step = steps.CaseHandedOver(at=NOW, by="handling-1", to="organizer-1")
    with pytest.raises(Refused) as refused:
        require(file, step, CaseSituation(date(2026, 3, 16), RULES, OFFICERS))
    assert refused.value.rule == "complaint_file.no_colleague"


def test_a_suspension_stops_every_clock_and_gives_its_days_back() -> None:
    clerk = forwarded()
    assert reply_due(clerk.file, RULES) == date(2026, 3, 30)
    clerk.on(date(2026, 3, 18)).step("suspended")
    assert next_due(clerk.file, RULES) is None
    clerk.refused("mediated", "suspended")
    clerk.on(date(2026, 3, 25)).step("resumed")  # five working days stood still
    assert reply_due(clerk.file, RULES) == date(2026, 4, 7)
    clerk.on(date(2026, 4, 7)).step("replied")
    assert reply_of(clerk.file, RULES) == "timely"


def test_a_reply_after_its_clock_is_late_and_its_months_say_so_too() -> None:
    clerk = forwarded()
    clerk.on(date(2026, 4, 2)).step("replied")
    assert reply_of(clerk.file, RULES) == "late"
    clerk.step("closed explained")
    clerk.step("notified")
    fields = outcome_fields(clerk.file, CASE, RULES)
    assert fields["reply"] == "late" and fields["reply_due"] == "2026-03" and fields["replied"] == "2026-04"
    assert not any(canary in value for value in fields.values() for canary in CANARIES)


def test_an_outcome_without_a_reply_waits_for_the_reply_window_and_the_end_of_its_month() -> None:
    clerk = forwarded()
    clerk.refused("mediated", "reply_window")
    clerk.on(date(2026, 3, 31)).step("mediated")
    clerk.refused("closed explained", "no_reply")
    clerk.step("closed refused")
    clerk.step("notified")
    assert reply_of(clerk.file, RULES) == "none"
    assert publishable_from(clerk.file, RULES) == date(2026, 4, 8)


def test_what_was_declined_closes_as_not_accepted_and_nothing_else_does() -> None:
    clerk = Clerk()
    clerk.step("declined")
    clerk.refused("closed withdrawn", "not_accepted")
    clerk.step("closed not_accepted")
    other = forwarded()
    other.refused("closed not_accepted", "not_accepted")
    assert outcome_fields(clerk.file, CASE, RULES)["reason"] == "企业不同意"


def test_an_enterprise_that_the_book_does_not_know_is_named_before_it_is_asked() -> None:
    clerk = Clerk(begun(complaint(subject=None)))
    clerk.step("accepted")
    clerk.refused("forwarded", "enterprise_unknown")
    clerk.step("identified")
    clerk.step("forwarded")


def test_a_year_without_a_calendar_stops_no_work() -> None:
    rules = ClockRules({}, 5)
    file = forwarded().file
    assert next_due(file, rules) is None
    assert all(one.uncovered for one in clocks_of(file, rules))


def test_a_day_to_come_or_before_the_step_before_is_refused() -> None:
    clerk = forwarded()
    for day in (date(2026, 3, 15), date(2026, 3, 17)):
        step = steps.EnterpriseReplied(at=clerk.now, by="handling-1", replied_on=day, text="已退款")
        with pytest.raises(Refused) as refused:
            require(clerk.file, step, CaseSituation(date(2026, 3, 16), RULES, OFFICERS))
        assert refused.value.rule == "complaint_file.day"
