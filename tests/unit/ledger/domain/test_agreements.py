"""Agreements reached on complaints: performed, or defaulted after notice; each said once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.rules.findings_on_record import findings_at, findings_of
from ledger.domain.state.agreement import AGREEMENTS
from ledger.domain.state.slot import Annotation, Bearing
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, HANDLING_COLLEAGUE, ORGANIZER, REGULATOR
from tests.support.findings import annulment, defaulted, performed
from tests.support.refusals import refused
from tests.support.statements import ENTERPRISE, TODAY, code, corrected, outcome, speaker_of


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def agreement(book: Book, **given: Any) -> int:
    return book.say(outcome(**{"outcome": "agreed", **given}), by=HANDLING_BODY).index


def default(book: Book, entry: int, **given: Any) -> int:
    return book.say(defaulted(entry, **given), by=HANDLING_BODY).index


def perform(book: Book, entry: int, **given: Any) -> int:
    return book.say(performed(entry, **given), by=HANDLING_BODY).index


def repudiate(book: Book, entry: int) -> None:
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="并非本单位所签"))


def bearing(book: Book) -> Bearing:
    read = AGREEMENTS.bearing
    assert read is not None
    return read(book.record)


def test_a_default_is_an_item_of_the_complaints_own_matter(book: Book) -> None:
    root = agreement(book, reply="late", replied="2026-02", reply_due="2026-01")
    index = default(book, root)
    assert findings_at(book.record, root) == (), "an agreement is an answer, late or not"
    (one,) = findings_at(book.record, index)
    assert (one.item, one.on) == ("agreement.defaulted", TODAY)
    assert one.matter == f"entry {root}"
    assert book.events[-1].sealed


def test_a_default_shares_the_fact_that_the_outcome_names_as_it_stands(book: Book) -> None:
    root = agreement(book, fact_id="matter-1")
    index = default(book, root)
    assert findings_at(book.record, index)[0].matter == "fact matter-1"
    book.say(corrected(root, fact_id="matter-2"), by=HANDLING_COLLEAGUE)
    assert findings_at(book.record, index)[0].matter == "fact matter-2"


def test_a_default_breaks_the_clauses_that_the_complaint_concerned(book: Book) -> None:
    book.with_pledge(clauses=("refund",))
    index = default(book, agreement(book, clauses=("refund",), pledge=code()))
    assert findings_at(book.record, index)[0].clauses == ("refund",)


def test_only_a_handling_body_speaks_of_performance(book: Book) -> None:
    root = agreement(book)
    for speaker in (ORGANIZER, speaker_of(ENTERPRISE)):
        with refused("issuer.not_entitled"):
            book.say(performed(root), by=speaker)
        with refused("issuer.not_entitled"):
            book.say(defaulted(root), by=speaker)


@pytest.mark.parametrize("ending", ["withdrawn", "explained"])
def test_only_an_agreement_is_performed_or_defaulted(book: Book, ending: str) -> None:
    root = agreement(book, outcome=ending)
    with refused("agreement.none_reached"):
        default(book, root)
    with refused("agreement.none_reached"):
        perform(book, root)
    with refused("agreement.no_such_outcome"):
        perform(book, 0)


def test_what_counts_is_the_newest_version_of_the_outcome(book: Book) -> None:
    root = agreement(book, outcome="withdrawn")
    correction = book.say(corrected(root, outcome="settled"), by=HANDLING_COLLEAGUE).index
    with refused("agreement.no_such_outcome"):
        default(book, correction)
    index = default(book, root)
    assert [one.entry for one in findings_of(book.record)] == [index]
    book.say(corrected(correction, outcome="explained"), by=HANDLING_BODY)
    assert findings_of(book.record) == ()


@pytest.mark.parametrize("how", ["void", "repudiated"])
def test_without_its_outcome_a_default_counts_for_nothing(book: Book, how: str) -> None:
    root = agreement(book)
    default(book, root)
    if how == "void":
        book.say(corrected(root, void=True), by=HANDLING_COLLEAGUE)
        with refused("agreement.none_reached"):
            perform(book, root)
    else:
        repudiate(book, root)
        with refused("agreement.no_such_outcome"):
            perform(book, root)
    assert bearing(book).findings == ()
    assert bearing(book).conduct == ()


def test_each_is_said_once(book: Book) -> None:
    root, other = agreement(book), agreement(book, number=2)
    default(book, root)
    with refused("agreement.already_defaulted"):
        default(book, root)
    perform(book, other)
    with refused("agreement.already_performed"):
        perform(book, other)
    with refused("agreement.already_performed"):
        default(book, other)


def test_a_later_performance_is_shown_beside_the_default_and_leaves_its_finding(book: Book) -> None:
    root = agreement(book)
    index = default(book, root)
    before = bearing(book).findings
    late = perform(book, root)
    assert bearing(book).findings == before
    assert bearing(book).annotations == (Annotation(index, TODAY, "agreement.performed", late),)


def test_a_default_that_was_repudiated_or_annulled_may_be_said_again(book: Book) -> None:
    root = agreement(book)
    repudiate(book, default(book, root))
    second = default(book, root)
    book.say(annulment(second), by=REGULATOR)
    assert findings_of(book.record) == ()
    third = default(book, root)
    assert [one.entry for one in findings_of(book.record)] == [third]


def test_the_enterprise_is_told_of_a_default_before_its_publication(book: Book) -> None:
    root = agreement(book)
    with refused("complaint.notice_period"):
        default(book, root, notified_on=date(2026, 3, 10))
    with refused("complaint.notice_missing"):
        default(book, root, notified_on=None)
    with refused("complaint.notice_missing"):
        default(book, root, notified_on=None, late_ground="历史数据导入")
    default(book, root)


def test_the_months_lie_between_the_case_and_the_day_of_effect(book: Book) -> None:
    root = agreement(book)
    for month in ("2026-01", "2026-04"):
        with refused("agreement.month_order"):
            default(book, root, due=month)
        with refused("agreement.month_order"):
            perform(book, root, performed=month)


def test_an_outcome_is_not_erased_while_its_default_counts(book: Book) -> None:
    root = agreement(book)
    book.clock.go_to(date(2027, 12, 16))
    on = book.clock.today
    index = default(book, root, due="2027-12", effective_on=on, notified_on=date(2027, 10, 1))
    book.clock.go_to(date(2028, 3, 17))  # the reply itself counted for 24 months
    on = book.clock.today
    erased = BodyErased(v=1, effective_on=on, entry=root, ground="删除")
    with refused("erasure.still_counts"):
        book.say(erased, by=DATA_OFFICER)
    book.say(annulment(index, effective_on=on), by=REGULATOR)
    book.say(replace(erased, on_record=True), by=DATA_OFFICER)
    assert findings_of(book.record) == ()
