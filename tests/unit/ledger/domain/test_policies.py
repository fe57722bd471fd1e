"""Policies hold from a later day, approved by somebody else; the calendar is data."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from ledger.charter.charter import CharterParty, CharterRoot, CharterRules, FoundedLog, LogAnchors, make_charter
from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.domain.events.party import RoleGranted
from ledger.domain.events.policy import (
    RegistrationPolicyAdopted,
    RegistrationPolicyApproved,
    RegistrationPolicyProposed,
    StandingPolicyApproved,
    StandingPolicyProposed,
    TierWindow,
    WorkCalendarPublished,
)
from ledger.errors import Refused
from ledger.registration import admit_charter
from tests.support.book import Book
from tests.support.charter import APPROVER, ORGANIZER, ORGANIZER_2, ORIGIN, REGULATOR, ROOT, Speaker
from tests.support.keys import log_keys, signer_for
from tests.support.refusals import refused
from tests.support.statements import TODAY, key_enrolled

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def book() -> Book:
    return Book()


def propose(book: Book, by: Speaker = ORGANIZER, **changes: object) -> int:
    policy = replace(default_standing_policy(), **changes)
    return book.say(StandingPolicyProposed(v=1, effective_on=TODAY, policy=policy), subject="policy", by=by).index


def approve(book: Book, proposal: int, day: date = TOMORROW, by: Speaker = APPROVER) -> None:
    book.say(StandingPolicyApproved(v=1, effective_on=day, proposal=proposal), subject="policy", by=by)


def propose_registration(book: Book, **changes: object) -> int:
    policy = replace(default_registration_policy().policy, **changes)
    return book.say(RegistrationPolicyProposed(v=1, effective_on=TODAY, policy=policy), subject="policy").index


def approve_registration(book: Book, proposal: int, day: date = TOMORROW, by: Speaker = APPROVER) -> None:
    book.say(RegistrationPolicyApproved(v=1, effective_on=day, proposal=proposal), subject="policy", by=by)


def test_a_registration_policy_is_never_retroactive(book: Book) -> None:
    with refused("policy.retroactive"):
        approve_registration(book, propose_registration(book), TODAY - timedelta(days=1))
    approve_registration(book, propose_registration(book), TODAY)


def test_a_registration_policy_is_adopted_by_nobody_alone_once_the_book_is_open(book: Book) -> None:
    with refused("policy.needs_approval"):
        book.say(default_registration_policy(TOMORROW), subject="policy")


def test_a_registration_policy_holds_from_its_date_once_another_party_approved_it(book: Book) -> None:
    proposal = propose_registration(book, pledge_months_max=48)
    policy = book.governance.registration_policy(TOMORROW)
    assert policy is not None
    assert policy.pledge_months_max == 60
    approve_registration(book, proposal)
    policy = book.governance.registration_policy
    today, tomorrow, before = policy(TODAY), policy(TOMORROW), policy(date(2025, 12, 31))
    assert today is not None
    assert today.pledge_months_max == 60
    assert tomorrow is not None
    assert tomorrow.pledge_months_max == 48
    assert before is None


def test_the_later_of_two_policies_of_one_day_holds(book: Book) -> None:
    approve_registration(book, propose_registration(book, pledge_months_max=59))
    approve_registration(book, propose_registration(book, pledge_months_max=48))
    policy = book.governance.registration_policy(TOMORROW)
    assert policy is not None
    assert policy.pledge_months_max == 48


def test_a_registration_policy_is_approved_once_and_by_somebody_else(book: Book) -> None:
    proposal = propose_registration(book)
    with refused("issuer.not_entitled"):
        approve_registration(book, proposal, by=ORGANIZER_2)
    book.say(RoleGranted(v=1, effective_on=TODAY, role="approver"), subject=ORGANIZER.party, by=ROOT)
    with refused("policy.own_proposal"):
        approve_registration(book, proposal, by=ORGANIZER_2)
    approve_registration(book, proposal, by=REGULATOR)
    with refused("policy.already_approved"):
        approve_registration(book, proposal)


def test_an_approval_is_of_a_proposal_of_its_own_kind(book: Book) -> None:
    with refused("policy.no_such_proposal"):
        approve_registration(book, propose(book))
    with refused("policy.no_such_proposal"):
        approve(book, propose_registration(book))


@pytest.mark.parametrize(
    ("rule", "below", "floor"),
    [
        ("policy.notice_floor", {"complaint_notice_working_days": 4}, {"complaint_notice_working_days": 5}),
        ("policy.recovery_floor", {"key_recovery_days": 2}, {"key_recovery_days": 3}),
        ("policy.pledge_months_floor", {"pledge_months_max": 0}, {"pledge_months_max": 1}),
    ],
)
def test_no_policy_undercuts_a_floor(book: Book, rule: str, below: dict[str, object], floor: dict[str, object]) -> None:
    with refused(rule):
        propose_registration(book, **below)
    approve_registration(book, propose_registration(book, **floor))
    with pytest.raises(Refused, match=rule):
        chartered(replace(default_registration_policy(), **below))


def chartered(policy: RegistrationPolicyAdopted) -> None:
    """A charter with this policy, entry by entry."""
    book = Book(chartered=False)
    for statement in make_charter(
        CharterRoot(ROOT.signer, ROOT.officer),
        FoundedLog(LogAnchors.of(log_keys(ORIGIN)), "测试账本", "Test book"),
        [CharterParty(one.party, one.roles, "测试", "Test", one.officer, one.signer) for one in (ORGANIZER, APPROVER)],
        CharterRules(
            policy,
            default_standing_policy(),
            [],
        ),
        book.clock(),
    ):
        book.enter(admit_charter(statement, governance=book.governance, origin=ORIGIN), bootstrap=True)


def test_a_standing_policy_holds_once_another_party_approved_it(book: Book) -> None:
    proposal = propose(book, watch_from=500)
    before = book.governance.standing_policy(TOMORROW)
    assert before is not None
    assert before[1].watch_from == 1000
    approve(book, proposal)
    after, today = book.governance.standing_policy(TOMORROW), book.governance.standing_policy(TODAY)
    assert after == (len(book.events) - 1, replace(default_standing_policy(), watch_from=500))
    assert today is not None
    assert today[1].watch_from == 1000


def test_a_regulator_may_approve(book: Book) -> None:
    approve(book, propose(book), by=REGULATOR)


def test_nobody_approves_their_own_proposal(book: Book) -> None:
    book.say(RoleGranted(v=1, effective_on=TODAY, role="approver"), subject=ORGANIZER.party, by=ROOT)
    with refused("policy.own_proposal"):
        approve(book, propose(book), by=ORGANIZER)


def test_the_same_person_does_not_approve_in_another_partys_name(book: Book) -> None:
    key = signer_for("organizer's officer at the approver")
    book.say(key_enrolled(key, APPROVER.party, officer=ORGANIZER.officer), subject=APPROVER.party, by=APPROVER)
    with refused("policy.own_proposal"):
        approve(book, propose(book), by=Speaker(APPROVER.party, key, ORGANIZER.officer))


def test_an_organizer_does_not_approve(book: Book) -> None:
    with refused("issuer.not_entitled"):
        approve(book, propose(book), by=ORGANIZER)


def test_an_approval_names_the_entry_of_a_proposal(book: Book) -> None:
    with refused("policy.no_such_proposal"):
        approve(book, 0)


def test_a_proposal_is_approved_once(book: Book) -> None:
    proposal = propose(book)
    approve(book, proposal)
    with refused("policy.already_approved"):
        approve(book, proposal)


def test_a_standing_policy_is_never_retroactive(book: Book) -> None:
    with refused("policy.retroactive"):
        approve(book, propose(book), TODAY - timedelta(days=1))
    approve(book, propose(book), TODAY)


def test_a_policy_that_cannot_be_applied_is_not_even_proposed(book: Book) -> None:
    rules = default_standing_policy().rules
    with refused("policy.item_twice"):
        propose(book, rules=(*rules, rules[0]))
    with refused("policy.table_incomplete"):
        propose(book, size_per_mille={"micro": 1000})
    with refused("policy.window_order"):
        propose(book, tiers={**default_standing_policy().tiers, "minor": TierWindow(full_months=3, end_months=2)})
    with refused("policy.level_order"):
        propose(book, alert_from=1)


def test_the_default_policy_has_a_rule_for_every_item_of_the_design() -> None:
    points = {rule.item: (rule.points, rule.tier) for rule in default_standing_policy().rules}
    assert points == {
        "complaint.late_reply": (200, "minor"),
        "complaint.no_reply": (1000, "general"),
        "complaint.refused_without_reply": (1000, "general"),
        "agreement.defaulted": (2000, "general"),
        "spot_check.failed_general": (1500, "general"),
        "spot_check.failed_severe": (3000, "severe"),
        "penalty.cited_general": (1500, "general"),
        "penalty.cited_severe": (3000, "severe"),
        "declaration.below_mandatory": (3000, "severe"),
        "report.invalidated": (1500, "general"),
        "breach.found_general": (1500, "general"),
        "breach.found_severe": (3000, "severe"),
        "pledge.partly_fulfilled": (1500, "general"),
        "pledge.not_fulfilled": (4000, "severe"),
    }


def test_a_calendar_changes_no_day_earlier_than_fourteen_days_after_its_recording(book: Book) -> None:
    known = calendar_2026()
    near, sunday, far = (TODAY + timedelta(days=days) for days in (11, 13, 14))
    with refused("calendar.change_too_soon"):
        book.say(replace(known, effective_on=TODAY, holidays=(*known.holidays, near)), subject="policy")
    with refused("calendar.change_too_soon"):
        book.say(replace(known, effective_on=TODAY, holidays=known.holidays[2:]), subject="policy")
    with refused("calendar.change_too_soon"):
        book.say(replace(known, effective_on=TODAY, workdays=(*known.workdays, sunday)), subject="policy")
    changed = replace(known, effective_on=TODAY, holidays=(*known.holidays, far))
    book.say(changed, subject="policy")
    assert book.governance.calendars[2026] == changed


def test_the_first_calendar_of_a_year_may_come_late(book: Book) -> None:
    first = WorkCalendarPublished(v=1, effective_on=TODAY, year=2025, holidays=(date(2025, 10, 1),), workdays=())
    book.say(first, subject="policy")
    assert book.governance.calendars[2025] == first


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("calendar.other_year", {"holidays": (date(2027, 1, 1),)}),
        ("calendar.holiday_on_weekend", {"holidays": (date(2026, 1, 3),)}),
        ("calendar.workday_on_weekday", {"workdays": (date(2026, 1, 5),)}),
    ],
)
def test_a_calendar_lists_exceptions_of_its_year_only(book: Book, rule: str, changes: dict[str, object]) -> None:
    with refused(rule):
        book.say(replace(calendar_2026(TODAY), **changes), subject="policy")
