"""Credit repair: applied for by the enterprise, decided by the body that made the record, after a minimum period."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.state.repair import REPAIRS
from ledger.domain.state.slot import Annotation, Bearing, Relief
from tests.support.book import Book
from tests.support.charter import (
    DATA_OFFICER,
    HANDLING_BODY,
    HANDLING_BODY_2,
    HANDLING_COLLEAGUE,
    ORGANIZER,
    ORGANIZER_2,
    REGULATOR,
    REGULATOR_2,
    Speaker,
)
from tests.support.findings import annulment, cited, found
from tests.support.refusals import refused
from tests.support.remedies import applied, approved, colleague_of, refusal, rescinded
from tests.support.statements import ENTERPRISE, TODAY, corrected, outcome, speaker_of

OWNER = speaker_of(ENTERPRISE)
AFTER_THREE_MONTHS = date(2026, 6, 16)
LATE: dict[str, Any] = {"reply": "late", "replied": "2026-02", "reply_due": "2026-01"}


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def record(book: Book, **given: Any) -> int:
    return book.say(found(**given), by=REGULATOR).index


def apply(book: Book, entry: int) -> int:
    return book.say(applied(entry, effective_on=book.clock.today), by=OWNER).index


def approve(book: Book, application: int, entry: int, by: Speaker = REGULATOR_2) -> int:
    return book.say(approved(application, entry, effective_on=book.clock.today), by=by).index


def repudiate(book: Book, entry: int) -> None:
    book.say(StatementRepudiated(v=1, effective_on=book.clock.today, entry=entry, word="并非本单位所签"))


def bearing(book: Book) -> Bearing:
    read = REPAIRS.bearing
    assert read is not None
    return read(book.record)


def test_an_approved_repair_relieves_from_its_date(book: Book) -> None:
    entry = record(book)
    book.clock.go_to(AFTER_THREE_MONTHS)
    application = apply(book, entry)
    assert bearing(book).reliefs == ()
    by = approve(book, application, entry)
    assert bearing(book).reliefs == (Relief(entry, AFTER_THREE_MONTHS, by),)
    assert all(at.sealed for at in book.events[-2:])


def test_an_application_is_shown_while_it_is_open(book: Book) -> None:
    entry = record(book)
    application = apply(book, entry)
    assert bearing(book).annotations == (Annotation(entry, TODAY, "repair.applied", application),)
    book.clock.advance(days=5)
    book.say(refusal(application, entry, effective_on=book.clock.today), by=REGULATOR_2)
    shown = Annotation(entry, TODAY, "repair.applied", application, date(2026, 3, 21))
    assert bearing(book).annotations == (shown,)
    assert bearing(book).reliefs == ()


def test_only_the_enterprise_applies_and_only_for_what_counts_against_it(book: Book) -> None:
    entry, passed = record(book), record(book, result="passed", severity=None)
    with refused("issuer.not_entitled"):
        book.say(applied(entry), by=REGULATOR)
    for harmless in (passed, len(book.events) - 3):
        with refused("repair.nothing_to_repair" if harmless == passed else "entry.not_in_stream"):
            apply(book, harmless)
    book.say(annulment(entry), by=colleague_of(book, REGULATOR))
    with refused("entry.counts_no_more"):
        apply(book, entry)
    other = record(book)
    repudiate(book, other)
    with refused("entry.counts_no_more"):
        apply(book, other)


@pytest.mark.parametrize(
    ("severity", "earliest"),
    [("general", date(2026, 6, 16)), ("severe", date(2027, 3, 16))],
)
def test_a_repair_waits_for_the_minimum_period_of_the_tier(book: Book, severity: str, earliest: date) -> None:
    entry = record(book, severity=severity)
    book.clock.go_to(date.fromordinal(earliest.toordinal() - 1))
    application = apply(book, entry)
    with refused("repair.too_early"):
        approve(book, application, entry)
    book.clock.go_to(earliest)
    approve(book, application, entry)


def test_of_several_findings_of_one_entry_the_longest_period_holds(book: Book) -> None:
    ending = outcome(outcome="refused", reason="不接受", **LATE)
    entry = book.say(ending, by=HANDLING_BODY).index  # a late reply: one month; a refusal without substance: three
    book.clock.go_to(date(2026, 6, 15))
    application = apply(book, entry)
    with refused("repair.too_early"):
        approve(book, application, entry, by=HANDLING_BODY_2)
    book.clock.go_to(AFTER_THREE_MONTHS)
    approve(book, application, entry, by=HANDLING_BODY_2)


def test_a_listing_waits_for_the_period_of_its_hold(book: Book) -> None:
    entry = book.say(cited(recheck_by=date(2027, 3, 17))).index
    book.clock.go_to(date(2027, 3, 15))
    application = apply(book, entry)
    with refused("repair.too_early"):
        approve(book, application, entry, by=ORGANIZER_2)
    book.clock.go_to(date(2027, 3, 16))
    by = approve(book, application, entry, by=ORGANIZER_2)
    assert bearing(book).reliefs == (Relief(entry, date(2027, 3, 16), by),)


def test_only_the_body_that_made_the_record_decides(book: Book) -> None:
    entry = record(book)
    book.clock.go_to(AFTER_THREE_MONTHS)
    application = apply(book, entry)
    for other in (ORGANIZER, HANDLING_COLLEAGUE):
        with refused("repair.other_body"):
            approve(book, application, entry, by=other)
        with refused("repair.other_body"):
            book.say(refusal(application, entry, effective_on=AFTER_THREE_MONTHS), by=other)
    with refused("issuer.not_entitled"):
        approve(book, application, entry, by=OWNER)
    by = approve(book, application, entry)
    with refused("repair.other_body"):
        book.say(rescinded(by, entry, effective_on=AFTER_THREE_MONTHS), by=ORGANIZER)


def test_an_application_is_answered_once_and_is_about_its_own_entry(book: Book) -> None:
    entry, other = record(book), record(book)
    application = apply(book, entry)
    with refused("repair.other_entry"):
        book.say(refusal(application, other), by=REGULATOR_2)
    with refused("repair.no_such_application"):
        book.say(refusal(entry, entry), by=REGULATOR_2)
    with refused("repair.date_order"):
        book.say(refusal(application, entry, effective_on=date(2026, 3, 15)), by=REGULATOR_2)
    book.say(refusal(application, entry), by=REGULATOR_2)
    with refused("repair.already_decided"):
        book.say(refusal(application, entry), by=REGULATOR_2)


def test_one_application_at_a_time_and_none_for_what_is_repaired(book: Book) -> None:
    entry = record(book)
    first = apply(book, entry)
    with refused("repair.already_applied"):
        apply(book, entry)
    book.say(refusal(first, entry), by=REGULATOR_2)
    book.clock.go_to(AFTER_THREE_MONTHS)
    second = apply(book, entry)
    approval = approve(book, second, entry)
    with refused("repair.already_repaired"):
        apply(book, entry)
    book.say(rescinded(approval, entry, effective_on=AFTER_THREE_MONTHS), by=REGULATOR_2)
    apply(book, entry)


def test_a_rescinded_repair_counts_again_from_its_date(book: Book) -> None:
    entry = record(book)
    book.clock.go_to(AFTER_THREE_MONTHS)
    approval = approve(book, apply(book, entry), entry)
    book.clock.advance(days=10)
    on = book.clock.today
    with refused("repair.date_order"):
        book.say(rescinded(approval, entry, effective_on=date(2026, 6, 15)), by=REGULATOR_2)
    rescission = book.say(rescinded(approval, entry, effective_on=on), by=REGULATOR_2).index
    assert bearing(book).reliefs == (Relief(entry, AFTER_THREE_MONTHS, approval, on),)
    with refused("repair.rescinded_once"):
        book.say(rescinded(approval, entry, effective_on=on), by=REGULATOR_2)
    with refused("repair.no_such_approval"):
        book.say(rescinded(rescission, entry, effective_on=on), by=REGULATOR_2)
    repudiate(book, rescission)
    assert bearing(book).reliefs == (Relief(entry, AFTER_THREE_MONTHS, approval),)


def test_a_repudiated_approval_relieves_nothing_and_opens_the_application_again(book: Book) -> None:
    entry = record(book)
    book.clock.go_to(AFTER_THREE_MONTHS)
    application = apply(book, entry)
    repudiate(book, approve(book, application, entry))
    assert bearing(book).reliefs == ()
    approve(book, application, entry)


def test_applications_for_one_entry_are_bounded(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = record(book)
    monkeypatch.setattr("ledger.domain.rules.repair.REPAIRS_MAX", 2)
    for _ in range(2):
        book.say(refusal(apply(book, entry), entry), by=REGULATOR_2)
    with refused("repair.max"):
        apply(book, entry)


@pytest.mark.parametrize("held", [False, True])
def test_neither_side_of_a_repair_is_erased_while_what_it_repairs_would_count_again(book: Book, held: bool) -> None:
    entry = book.say(cited(kind="abnormal_list", recheck_by=date(2027, 3, 1))).index if held else record(book)
    body = ORGANIZER_2 if held else REGULATOR_2
    book.clock.go_to(AFTER_THREE_MONTHS)
    approval = approve(book, apply(book, entry), entry, by=body)
    rescission = rescinded(approval, entry, effective_on=AFTER_THREE_MONTHS)
    said = [approval, book.say(rescission, by=body).index]
    for one in said:
        with refused("erasure.still_counts"):
            erased = BodyErased(v=1, effective_on=AFTER_THREE_MONTHS, entry=one, ground="删除")
            book.say(erased, by=DATA_OFFICER)


def test_where_no_policy_was_in_force_there_is_no_period_to_go_by(book: Book) -> None:
    before: dict[str, Any] = {"effective_on": date(2025, 12, 1), "late_ground": "历史数据导入"}
    entry = record(book, decided_on=date(2025, 12, 1), **before)
    application = book.say(applied(entry, **before), by=OWNER).index
    with refused("repair.no_policy"):
        book.say(approved(application, entry, **before), by=REGULATOR_2)


def test_a_repair_is_decided_by_an_officer_who_signed_none_of_the_versions(book: Book) -> None:
    entry = book.say(outcome(3, **LATE, outcome="refused", reason="无理"), by=HANDLING_BODY).index
    still = {"reply": "late", "outcome": "refused", "reason": "无理"}
    book.say(corrected(entry, **still), by=HANDLING_BODY_2)
    third = colleague_of(book, HANDLING_BODY)
    book.clock.go_to(AFTER_THREE_MONTHS)
    application = apply(book, entry)
    for officer in (HANDLING_BODY, HANDLING_BODY_2):
        with refused("repair.same_officer"):
            approve(book, application, entry, by=officer)
        with refused("repair.same_officer"):
            book.say(refusal(application, entry, effective_on=AFTER_THREE_MONTHS), by=officer)
    approval = approve(book, application, entry, by=third)
    with refused("repair.same_officer"):
        book.say(rescinded(approval, entry, effective_on=AFTER_THREE_MONTHS), by=HANDLING_BODY_2)
