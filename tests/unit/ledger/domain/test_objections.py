"""Objections: to what is held against the enterprise, shown while open, decided by somebody else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.domain.events.party import RoleGranted
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.rules.findings_on_record import findings_of
from ledger.domain.state.enterprise import IDENTITY
from ledger.domain.state.objection import OBJECTIONS
from ledger.domain.state.slot import Annotation, Bearing
from tests.support.book import Book
from tests.support.charter import APPROVER, HANDLING_BODY, HANDLING_COLLEAGUE, ORGANIZER, REGULATOR, ROOT
from tests.support.findings import breach, breach_corrected, cited, found
from tests.support.refusals import refused
from tests.support.remedies import colleague_of, filed, rejected, upheld
from tests.support.statements import (
    ENTERPRISE,
    TODAY,
    code,
    corrected,
    outcome,
    pledge_made,
    pledge_published,
    pledge_revoked,
    speaker_of,
)

OWNER = speaker_of(ENTERPRISE)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def record(book: Book, **given: Any) -> int:
    return book.say(found(**given), by=REGULATOR).index


def object_to(book: Book, entry: int) -> int:
    return book.say(filed(entry), by=OWNER).index


def notes(book: Book) -> tuple[Annotation, ...]:
    read = OBJECTIONS.bearing
    assert read is not None
    brings = read(book.record)
    assert brings == Bearing(annotations=brings.annotations, bearing=brings.bearing)
    return brings.annotations


def test_an_objection_is_shown_while_it_is_open_and_changes_nothing(book: Book) -> None:
    entry = record(book)
    before = findings_of(book.record)
    objection = object_to(book, entry)
    assert notes(book) == (Annotation(entry, TODAY, "objection.open", objection),)
    assert findings_of(book.record) == before
    book.clock.advance(days=4)
    on = book.clock.today
    book.say(rejected(objection, entry, effective_on=on), by=colleague_of(book, REGULATOR))
    assert notes(book) == (Annotation(entry, TODAY, "objection.open", objection, on),)
    assert all(at.sealed for at in book.events if at.index in (objection, entry))


def test_upholding_an_objection_does_not_change_the_record_but_a_correction_does(book: Book) -> None:
    late = outcome(reply="late", replied="2026-02", reply_due="2026-01")
    entry = book.say(late, by=HANDLING_BODY).index
    before = findings_of(book.record)
    objection = object_to(book, entry)
    answer = book.say(upheld(objection, entry), by=HANDLING_COLLEAGUE).index
    assert findings_of(book.record) == before
    assert notes(book)[1:] == (Annotation(entry, TODAY, "objection.upheld", answer),)
    book.clock.advance(days=2)
    on = book.clock.today
    book.say(corrected(entry, effective_on=on), by=HANDLING_COLLEAGUE)
    assert findings_of(book.record) == ()
    assert notes(book)[1:] == (Annotation(entry, TODAY, "objection.upheld", answer, on),)


def test_a_corrected_breach_is_put_right_too(book: Book) -> None:
    book.with_pledge()
    entry = book.say(breach()).index
    answer = book.say(upheld(object_to(book, entry), entry), by=REGULATOR).index
    book.say(breach_corrected(entry, void=True), by=colleague_of(book, ORGANIZER))
    assert notes(book)[1:] == (Annotation(entry, TODAY, "objection.upheld", answer, TODAY),)


def test_only_the_enterprise_objects_to_anything_that_others_put_on_record_about_it(book: Book) -> None:
    entry, passed = record(book), record(book, result="passed", severity=None)
    with refused("issuer.not_entitled"):
        book.say(filed(entry), by=ORGANIZER)
    object_to(book, passed)
    assert book.judgements[-1].body_public
    object_to(book, IDENTITY.of(book.record).registrations[0].index)
    made = book.with_pledge()
    with refused("objection.own_statement"):
        object_to(book, made.index)
    object_to(book, made.index + 1)  # its publication, by the organizer
    with refused("entry.not_in_stream"):
        object_to(book, 0)
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="冒用密钥"))
    with refused("entry.counts_no_more"):
        object_to(book, entry)


def test_a_listing_and_a_revocation_are_objected_to_as_well(book: Book) -> None:
    book.with_pledge()
    colleague = colleague_of(book, ORGANIZER)
    for entry in (book.say(cited()).index, book.say(pledge_revoked(ground="other")).index):
        objection = object_to(book, entry)
        with refused("objection.same_body"):
            book.say(rejected(objection, entry), by=colleague)
        book.say(rejected(objection, entry), by=REGULATOR)


def test_an_objection_is_as_public_as_the_pledge_that_was_revoked(book: Book) -> None:
    book.with_pledge()
    object_to(book, book.say(pledge_revoked()).index)
    assert book.judgements[-1].body_public
    made = book.say(pledge_made(disclosure="none", scope="product"), by=OWNER, sealed=True, released=True)
    book.say(pledge_published(made.statement_id, code=code(2)), sealed=True)
    object_to(book, book.say(pledge_revoked(code=code(2)), sealed=True).index)
    assert not book.judgements[-1].body_public


def test_one_objection_to_an_entry_is_open_at_a_time(book: Book) -> None:
    entry = record(book)
    objection = object_to(book, entry)
    with refused("objection.already_open"):
        object_to(book, entry)
    book.say(rejected(objection, entry), by=APPROVER)
    object_to(book, entry)


def test_in_a_severe_matter_another_body_decides(book: Book) -> None:
    entry = record(book, severity="severe")
    objection = object_to(book, entry)
    colleague = colleague_of(book, REGULATOR)
    for answer in (upheld, rejected):
        with refused("objection.same_body"):
            book.say(answer(objection, entry), by=colleague)
    book.say(upheld(objection, entry), by=APPROVER)


def test_in_any_other_matter_another_officer_decides(book: Book) -> None:
    entry = record(book)
    objection = object_to(book, entry)
    for answer in (upheld, rejected):
        with refused("objection.same_officer"):
            book.say(answer(objection, entry), by=REGULATOR)
    with refused("issuer.not_entitled"):
        book.say(upheld(objection, entry), by=OWNER)
    book.say(upheld(objection, entry), by=colleague_of(book, REGULATOR))


def test_an_objection_is_answered_once_and_about_its_own_entry(book: Book) -> None:
    entry, other = record(book), record(book)
    objection = object_to(book, entry)
    with refused("objection.other_entry"):
        book.say(rejected(objection, other), by=APPROVER)
    with refused("objection.no_such_objection"):
        book.say(rejected(entry, entry), by=APPROVER)
    with refused("objection.date_order"):
        book.say(rejected(objection, entry, effective_on=date(2026, 3, 15)), by=APPROVER)
    book.say(rejected(objection, entry), by=APPROVER)
    with refused("objection.already_answered"):
        book.say(upheld(objection, entry), by=APPROVER)


def test_a_repudiated_answer_leaves_the_objection_open(book: Book) -> None:
    entry = record(book)
    objection = object_to(book, entry)
    answer = book.say(upheld(objection, entry), by=APPROVER).index
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=answer, word="冒用密钥"))
    assert notes(book) == (Annotation(entry, TODAY, "objection.open", objection),)
    book.say(rejected(objection, entry), by=APPROVER)


def test_objections_to_one_entry_are_bounded(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = record(book)
    monkeypatch.setattr("ledger.domain.rules.objection.OBJECTIONS_MAX", 1)
    book.say(rejected(object_to(book, entry), entry), by=APPROVER)
    with refused("objection.max"):
        object_to(book, entry)


def test_an_enterprise_with_an_office_does_not_decide_on_its_own_objection(book: Book) -> None:
    granted = RoleGranted(v=1, effective_on=TODAY, role="regulator")
    book.say(granted, subject=OWNER.party, by=ROOT)
    entry = record(book)
    with refused("objection.own_matter"):
        book.say(upheld(object_to(book, entry), entry), by=OWNER)
