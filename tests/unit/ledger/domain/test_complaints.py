"""Complaint outcomes: of closed cases, after a reply or its lapse, after notice; replied to and corrected."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from ledger.charter.default_policies import default_registration_policy
from ledger.domain.events.policy import RegistrationPolicyApproved, RegistrationPolicyProposed
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.rules.findings_on_record import findings_at
from ledger.domain.state.complaint import OUTCOMES
from ledger.domain.state.record import EnterpriseRecord
from ledger.limits import OUTCOME_CORRECTIONS_MAX, OUTCOME_REPLIES_MAX
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import APPROVER, HANDLING_BODY, HANDLING_COLLEAGUE, ORGANIZER, Speaker
from tests.support.keys import signer_for
from tests.support.refusals import refused
from tests.support.statements import (
    ENTERPRISE,
    OTHER_ENTERPRISE,
    TODAY,
    code,
    corrected,
    key_enrolled,
    outcome,
    replied,
    speaker_of,
)

OWNER = speaker_of(ENTERPRISE)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def record(book: Book, number: int = 1, **given: object) -> int:
    return book.say(outcome(number, **given), by=HANDLING_BODY).index


def stands(record: EnterpriseRecord, root: int) -> str:
    return OUTCOMES.of(record).by_entry[root].newest(record.repudiated).outcome


def test_an_outcome_is_sealed_and_may_be_shown(book: Book) -> None:
    record(book)
    assert book.events[-1].sealed
    assert book.judgements[-1].body_public
    with refused("statement.form"):
        book.say(outcome(2), by=HANDLING_BODY, sealed=False)


def test_only_a_handling_body_records_outcomes(book: Book) -> None:
    for speaker in (ORGANIZER, OWNER):
        with refused("issuer.not_entitled"):
            book.say(outcome(), by=speaker)


def test_a_case_is_recorded_once_across_all_enterprises(book: Book) -> None:
    record(book, 7)
    assert Fact("case", f"{7:032x}") in book.facts


@pytest.mark.parametrize(
    "months",
    [
        {"accepted": "2025-12"},
        {"forwarded": "2025-12"},
        {"replied": "2025-12"},
        {"closed": "2026-01"},
        {"reply_due": "2025-12", "reply": "late"},
    ],
)
def test_months_are_in_order(book: Book, months: dict[str, str]) -> None:
    with refused("complaint.month_order"):
        record(book, **months)


def test_a_case_in_progress_is_refused(book: Book) -> None:
    with refused("complaint.closed_before_published"):
        record(book, closed="2026-04")


def test_an_outcome_waits_for_the_reply_or_the_lapse_of_its_window(book: Book) -> None:
    silent = {"reply": "none", "replied": None, "outcome": "refused", "reason": "不接受调解"}
    with refused("complaint.reply_window"):
        record(book, **silent, reply_due="2026-03")
    with refused("complaint.reply_window"):
        record(book, **silent, reply_due="2026-03", late_ground="历史数据导入")
    with refused("complaint.reply_window"):
        record(book, **silent, reply_due=None)
    with refused("complaint.reply_window"):
        record(book, **silent, forwarded=None, reply_due=None)
    index = record(book, **silent, reply_due="2026-02")
    assert OUTCOMES.of(book.record).by_entry[index].reply_lapsed


def test_a_window_lapses_when_its_month_is_over_on_the_day_of_publication(book: Book) -> None:
    silent = {"reply": "none", "replied": None, "outcome": "refused", "reason": "不接受调解", "reply_due": "2026-03"}
    book.clock.go_to(date(2026, 3, 31))
    with refused("complaint.reply_window"):
        record(book, **silent, effective_on=date(2026, 3, 31))
    book.clock.go_to(date(2026, 4, 1))
    index = record(book, **silent, effective_on=date(2026, 4, 1))
    assert findings_at(book.record, index)[0].item == "complaint.no_reply"


@pytest.mark.parametrize("ending", ["agreed", "settled"])
def test_an_agreement_is_an_answer(book: Book, ending: str) -> None:
    with refused("complaint.agreement_without_reply"):
        record(book, outcome=ending, reply="none", replied=None)
    index = record(book, outcome="refused", reason="无", reply="none", replied=None)
    with refused("complaint.agreement_without_reply"):
        book.say(corrected(index, outcome=ending, reply="none"), by=HANDLING_COLLEAGUE)


@pytest.mark.parametrize(
    "ending",
    ["settled", "agreed", "explained", "ended_without_agreement", "withdrawn", "transferred", "not_accepted"],
)
def test_an_outcome_that_counts_for_nothing_does_so_whatever_the_reply(book: Book, ending: str) -> None:
    late = {"reply": "late", "replied": "2026-02", "reply_due": "2026-01"}
    index = record(book, outcome=ending, reason="略", **late)
    assert findings_at(book.record, index) == ()
    if ending not in ("settled", "agreed", "explained"):
        index = record(book, 2, outcome=ending, reason="略", reply="none", replied=None)
        assert findings_at(book.record, index) == ()


@pytest.mark.parametrize(("ending", "reason"), [("withdrawn", None), ("transferred", None), ("not_accepted", "无管辖")])
def test_a_case_may_end_before_the_enterprise_was_asked(book: Book, ending: str, reason: str | None) -> None:
    index = record(
        book, outcome=ending, reason=reason, reply="none", replied=None, forwarded=None, reply_due=None, accepted=None
    )
    assert not OUTCOMES.of(book.record).by_entry[index].reply_lapsed


def test_a_reply_has_its_month_and_agrees_with_what_was_due(book: Book) -> None:
    with refused("complaint.reply_month"):
        record(book, reply="none")
    with refused("complaint.reply_month"):
        record(book, replied=None)
    with refused("complaint.reply_unasked"):
        record(book, forwarded=None)
    with refused("complaint.reply_against_due"):
        record(book, replied="2026-02", reply_due="2026-01")
    with refused("complaint.reply_against_due"):
        record(book, replied="2026-01", reply="late")
    record(book, replied="2026-02", reply_due="2026-01", reply="late")


def test_the_enterprise_is_notified_working_days_before_publication(book: Book) -> None:
    with refused("complaint.notice_period"):
        record(book, notified_on=date(2026, 3, 10))
    record(book, notified_on=date(2026, 3, 9))


def test_the_notice_follows_the_policy_in_force(book: Book) -> None:
    policy = replace(default_registration_policy().policy, complaint_notice_working_days=10)
    proposal = book.say(RegistrationPolicyProposed(v=1, effective_on=TODAY, policy=policy), subject="policy").index
    approved = RegistrationPolicyApproved(v=1, effective_on=TODAY, proposal=proposal)
    book.say(approved, subject="policy", by=APPROVER)
    with refused("complaint.notice_period"):
        record(book, notified_on=date(2026, 3, 9))
    record(book, notified_on=date(2026, 3, 2))


def test_a_notice_in_a_year_without_calendar_names_the_year(book: Book) -> None:
    book.clock.go_to(date(2027, 1, 20))
    with refused("calendar.year_uncovered"):
        record(book, effective_on=date(2027, 1, 20), notified_on=date(2026, 12, 30))


def test_a_notice_of_long_ago_needs_no_calendar(book: Book) -> None:
    notified = date(2025, 12, 30)  # before a day of a year without calendar
    first = notified + timedelta(days=5 * 7 + 14)
    with refused("calendar.year_uncovered"):
        record(book, notified_on=notified, effective_on=first - timedelta(days=1), closed="2026-01", replied="2026-01")
    record(book, notified_on=notified, effective_on=first, closed="2026-01", replied="2026-01")


def test_no_ground_for_recording_late_replaces_the_notice(book: Book) -> None:
    for ground in (None, "历史数据导入"):
        with refused("complaint.notice_missing"):
            record(book, notified_on=None, late_ground=ground)


@pytest.mark.parametrize("ending", ["ended_without_agreement", "refused", "not_accepted"])
def test_these_endings_give_their_reason(book: Book, ending: str) -> None:
    with refused("complaint.reason_missing"):
        record(book, outcome=ending)
    record(book, outcome=ending, reason="双方分歧较大")


def test_without_a_reply_there_is_no_substance_and_no_explanation(book: Book) -> None:
    silent = {"reply": "none", "replied": None}
    with refused("complaint.substance_without_reply"):
        record(book, **silent, substantive_reply=True)
    with refused("complaint.explained_without_reply"):
        record(book, **silent, outcome="explained")


def test_clauses_are_those_of_the_pledge_that_is_named(book: Book) -> None:
    book.with_pledge(clauses=("refund",))
    with refused("complaint.clauses_of_what"):
        record(book, clauses=("refund",))
    with refused("complaint.pledge_unknown"):
        record(book, clauses=("refund",), pledge=code(9))
    with refused("complaint.clause_not_pledged"):
        record(book, clauses=("reply",), pledge=code())
    record(book, clauses=("refund",), pledge=code())


# replies


def test_only_the_enterprise_itself_replies(book: Book) -> None:
    index = record(book)
    book.with_enterprise(OTHER_ENTERPRISE)
    for speaker in (HANDLING_BODY, speaker_of(OTHER_ENTERPRISE)):
        with refused("issuer.not_entitled"):
            book.say(replied(index), by=speaker)
    book.say(replied(index), by=OWNER)
    assert [one.index for one in OUTCOMES.of(book.record).by_entry[index].replies] == [len(book.events) - 1]


def test_a_reply_is_to_an_outcome_of_this_enterprise(book: Book) -> None:
    with refused("complaint.no_such_outcome"):
        book.say(replied(0), by=OWNER)


def test_replies_to_one_outcome_are_bounded(book: Book) -> None:
    index = record(book)
    for _ in range(OUTCOME_REPLIES_MAX):
        book.say(replied(index), by=OWNER)
    with refused("complaint.replies_max"):
        book.say(replied(index), by=OWNER)


# corrections


def test_a_correction_is_made_by_another_officer(book: Book) -> None:
    index = record(book)
    with refused("correction.same_officer"):
        book.say(corrected(index), by=HANDLING_BODY)
    book.say(corrected(index), by=HANDLING_COLLEAGUE)
    assert stands(book.record, index) == "agreed"


def test_a_second_key_does_not_make_another_officer(book: Book) -> None:
    key = signer_for("handling body, second key")
    enrolled = key_enrolled(key, HANDLING_BODY.party, officer=HANDLING_BODY.officer)
    book.say(enrolled, subject=HANDLING_BODY.party, by=HANDLING_BODY)
    index = record(book)
    with refused("correction.same_officer"):
        book.say(corrected(index), by=Speaker(HANDLING_BODY.party, key, HANDLING_BODY.officer))


def test_a_correction_names_the_newest_version(book: Book) -> None:
    index = record(book)
    first = book.say(corrected(index), by=HANDLING_COLLEAGUE).index
    with refused("correction.not_newest"):
        book.say(corrected(index), by=HANDLING_COLLEAGUE)
    with refused("correction.same_officer"):
        book.say(corrected(first), by=HANDLING_COLLEAGUE)
    book.say(corrected(first, outcome="withdrawn"), by=HANDLING_BODY)
    assert stands(book.record, index) == "withdrawn"


def test_corrections_make_no_cycles(book: Book) -> None:
    index = record(book)
    own_place = len(book.events)
    with refused("complaint.no_such_outcome"):
        book.say(corrected(own_place), by=HANDLING_COLLEAGUE)
    with refused("complaint.no_such_outcome"):
        book.say(corrected(own_place + 5), by=HANDLING_COLLEAGUE)
    assert stands(book.record, index) == "settled"


def test_a_repudiated_correction_gives_way_to_what_it_corrected(book: Book) -> None:
    index = record(book)
    wrong = book.say(corrected(index), by=HANDLING_COLLEAGUE).index
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=wrong, word="冒用密钥"))
    assert stands(book.record, index) == "settled"
    book.say(corrected(index, outcome="withdrawn"), by=HANDLING_COLLEAGUE)
    assert stands(book.record, index) == "withdrawn"


def test_a_correction_keeps_to_the_same_rules(book: Book) -> None:
    book.with_pledge(clauses=("refund",))
    index = record(book, pledge=code())
    with refused("complaint.reason_missing"):
        book.say(corrected(index, outcome="refused"), by=HANDLING_COLLEAGUE)
    with refused("complaint.clause_not_pledged"):
        book.say(corrected(index, clauses=("reply",)), by=HANDLING_COLLEAGUE)


def test_corrections_of_one_outcome_are_bounded(book: Book) -> None:
    newest = record(book)
    for number in range(OUTCOME_CORRECTIONS_MAX):
        speaker = HANDLING_BODY if number % 2 else HANDLING_COLLEAGUE
        newest = book.say(corrected(newest), by=speaker).index
    with refused("correction.max"):
        book.say(corrected(newest), by=HANDLING_COLLEAGUE if OUTCOME_CORRECTIONS_MAX % 2 == 0 else HANDLING_BODY)


def test_a_repudiated_outcome_is_not_corrected(book: Book) -> None:
    index = record(book)
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=index, word="冒用密钥"))
    with refused("complaint.no_such_outcome"):
        book.say(corrected(index), by=HANDLING_COLLEAGUE)


def test_what_is_recorded_late_states_why(book: Book) -> None:
    early = TODAY - timedelta(days=31)
    months = {"closed": "2026-02", "notified_on": date(2026, 2, 2), "effective_on": early}
    with refused("recording.late"):
        record(book, **months)
    record(book, **months, late_ground="系统故障")
