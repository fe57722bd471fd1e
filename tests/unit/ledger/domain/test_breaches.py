"""Breaches of a pledge: found after a hearing, of a pledge that bound then, corrected by another officer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.rules.findings_on_record import findings_at, findings_of
from ledger.domain.state.breach import BREACHES
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.slot import Finding
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, ORGANIZER, REGULATOR, Speaker
from tests.support.findings import breach, breach_corrected
from tests.support.refusals import refused
from tests.support.remedies import colleague_of
from tests.support.statements import (
    ENTERPRISE,
    TODAY,
    code,
    pledge_made,
    pledge_published,
    pledge_withdrawn,
    speaker_of,
)

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def book() -> Book:
    book = Book().with_enterprise()
    book.with_pledge(clauses=("refund", "reply"))
    return book


@pytest.fixture
def colleague(book: Book) -> Speaker:
    return colleague_of(book, ORGANIZER)


def record(book: Book, **given: Any) -> int:
    return book.say(breach(**given)).index


def repudiate(book: Book, entry: int) -> None:
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="并非本单位所签"))


def test_a_breach_is_an_item_by_its_severity_with_the_clauses_that_it_broke(book: Book) -> None:
    index = record(book, severity="severe", clauses=("refund",), fact_id="matter-1")
    expected = Finding(index, TODAY, "breach.found_severe", "matter-1", ("refund",))
    assert findings_of(book.record) == (expected,)
    assert book.events[-1].sealed
    assert book.judgements[-1].body_public


def test_only_an_organizer_finds_a_breach(book: Book) -> None:
    for speaker in (REGULATOR, speaker_of(ENTERPRISE)):
        with refused("issuer.not_entitled"):
            book.say(breach(), by=speaker)


def test_only_a_pledge_that_was_published_is_broken(book: Book) -> None:
    with refused("pledge.not_published"):
        record(book, code=code(9))


def test_only_a_pledge_in_force_on_the_day_is_broken(book: Book) -> None:
    with refused("breach.pledge_not_in_force"):
        record(book, breached_on=YESTERDAY)
    with refused("breach.pledge_not_in_force"):
        record(book, breached_on=date(2027, 3, 15))


def test_the_time_until_a_pledge_was_withdrawn_is_still_assessed(book: Book) -> None:
    book.say(pledge_withdrawn(), by=speaker_of(ENTERPRISE))
    book.clock.advance(days=2)
    on = book.clock.today
    with refused("breach.pledge_not_in_force"):
        record(book, breached_on=on, heard_on=on, effective_on=on)
    index = record(book, breached_on=TODAY, heard_on=on, effective_on=on)
    assert [one.item for one in findings_at(book.record, index)] == ["breach.found_general"]


def test_the_enterprise_is_heard_after_the_breach_and_before_it_is_found(book: Book) -> None:
    book.clock.advance(days=2)
    on = book.clock.today
    with refused("breach.not_heard"):
        record(book, breached_on=on, heard_on=TODAY, effective_on=on)
    with refused("breach.not_heard"):
        record(book, breached_on=TODAY, heard_on=on, effective_on=on - timedelta(days=1))
    record(book, breached_on=TODAY, heard_on=on, effective_on=on)


def test_only_clauses_that_were_pledged_are_broken_and_each_once(book: Book) -> None:
    with refused("breach.clause_not_pledged"):
        record(book, clauses=("delivery",))
    with refused("breach.clause_twice"):
        record(book, clauses=("refund", "refund"))
    record(book)  # in its content


def test_a_breach_of_a_sealed_pledge_is_neither_shown_nor_counted() -> None:
    book = Book().with_enterprise()
    owner = speaker_of(ENTERPRISE)
    made = book.say(pledge_made(disclosure="none"), by=owner, sealed=True, released=True)
    book.say(pledge_published(made.statement_id), sealed=True)
    index = record(book)
    assert not book.judgements[-1].body_public
    book.say(breach_corrected(index), by=colleague_of(book, ORGANIZER))
    assert not book.judgements[-1].body_public
    bearing = BREACHES.bearing
    assert bearing is not None
    assert not any(bearing(book.record))


# corrections


def test_a_correction_stands_in_place_of_what_was_found(book: Book, colleague: Speaker) -> None:
    index = record(book)
    book.clock.advance(days=3)
    later = breach_corrected(index, clauses=("reply",), fact_id="matter-9", effective_on=book.clock.today)
    book.say(later, by=colleague)
    assert book.judgements[-1].body_public
    assert findings_of(book.record) == (Finding(index, TODAY, "breach.found_severe", "matter-9", ("reply",)),)


def test_a_void_breach_counts_for_nothing(book: Book, colleague: Speaker) -> None:
    index = record(book)
    book.say(breach_corrected(index, void=True), by=colleague)
    assert findings_of(book.record) == ()
    bearing = BREACHES.bearing
    assert bearing is not None
    assert bearing(book.record).conduct == ()


def test_a_correction_is_made_by_another_officer(book: Book, colleague: Speaker) -> None:
    index = record(book)
    with refused("correction.same_officer"):
        book.say(breach_corrected(index))
    first = book.say(breach_corrected(index), by=colleague).index
    with refused("correction.same_officer"):
        book.say(breach_corrected(first), by=colleague)
    book.say(breach_corrected(first, severity="general"))


def test_a_correction_names_the_newest_version_and_makes_no_cycle(book: Book, colleague: Speaker) -> None:
    index = record(book)
    with refused("breach.no_such_breach"):
        book.say(breach_corrected(len(book.events)), by=colleague)
    book.say(breach_corrected(index), by=colleague)
    with refused("correction.not_newest"):
        book.say(breach_corrected(index), by=colleague)


def test_a_repudiated_correction_gives_way_to_what_it_corrected(book: Book, colleague: Speaker) -> None:
    index = record(book)
    wrong = book.say(breach_corrected(index, void=True), by=colleague).index
    repudiate(book, wrong)
    assert [one.item for one in findings_of(book.record)] == ["breach.found_general"]
    book.say(breach_corrected(index), by=colleague)
    assert [one.item for one in findings_of(book.record)] == ["breach.found_severe"]


def test_a_correction_keeps_to_the_pledge(book: Book, colleague: Speaker) -> None:
    index = record(book)
    with refused("breach.clause_not_pledged"):
        book.say(breach_corrected(index, clauses=("delivery",)), by=colleague)


def test_a_repudiated_breach_counts_for_nothing_and_is_not_corrected(book: Book, colleague: Speaker) -> None:
    index = record(book)
    repudiate(book, index)
    assert findings_of(book.record) == ()
    with refused("breach.no_such_breach"):
        book.say(breach_corrected(index), by=colleague)


def test_with_its_pledge_a_breach_is_disowned(book: Book) -> None:
    record(book)
    pledge = PLEDGES.of(book.record).coded(code())
    assert pledge is not None
    assert pledge.publication is not None
    repudiate(book, pledge.publication.index)
    assert findings_of(book.record) == ()


def test_breaches_and_their_corrections_are_bounded(
    book: Book, colleague: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = record(book)
    monkeypatch.setattr("ledger.domain.rules.breach.BREACH_CORRECTIONS_MAX", 2)
    for speaker in (colleague, ORGANIZER):
        newest = book.say(breach_corrected(newest), by=speaker).index
    with refused("correction.max"):
        book.say(breach_corrected(newest), by=colleague)
    monkeypatch.setattr("ledger.domain.rules.breach.BREACHES_MAX", 3)
    with refused("breach.max"):
        record(book)


def test_a_correction_is_not_erased_while_the_old_breach_would_stand_again(book: Book, colleague: Speaker) -> None:
    index = record(book, severity="severe")
    lighter = book.say(breach_corrected(index, severity="general"), by=colleague).index
    with refused("erasure.still_counts"):
        book.say(BodyErased(v=1, effective_on=TODAY, entry=lighter, ground="删除"), by=DATA_OFFICER)
