"""Inspection reports: unique by number and laboratory, verified once by another party, ended when found invalid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from ledger.domain.events.finding import FindingAnnulled
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.state.fold import fold
from ledger.domain.state.inspection_report import REPORTS, bearing, report_key
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import LABORATORY, ORGANIZER, REGULATOR
from tests.support.histories import recorded
from tests.support.refusals import refused
from tests.support.reports import invalidated, submitted, verified
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, TODAY, speaker_of

OWNER = speaker_of(ENTERPRISE)
DAY = timedelta(days=1)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def repudiated(entry: int) -> StatementRepudiated:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="录入有误")


def test_a_report_is_submitted_by_the_enterprise_the_organizer_or_a_laboratory(book: Book) -> None:
    for number, speaker in enumerate((OWNER, ORGANIZER, LABORATORY)):
        book.say(submitted(number), by=speaker)
    with refused("issuer.not_entitled"):
        book.say(submitted(9), by=REGULATOR)


def test_a_report_of_a_laboratory_is_submitted_once_in_the_whole_book(book: Book) -> None:
    book.say(submitted(7))
    assert Fact("report", report_key(submitted(7))) in book.facts
    assert report_key(replace(submitted(), number="（2026）检字第 0007号")) == report_key(submitted(7))
    assert report_key(replace(submitted(), number="1-11")) != report_key(replace(submitted(), number="11-1"))
    assert report_key(submitted(8)) != report_key(submitted(7)) != report_key(submitted(7, cma="220021183457"))


def test_a_report_is_issued_before_it_is_submitted(book: Book) -> None:
    with refused("report.issued_later"):
        book.say(submitted(issued_on=TODAY + DAY))
    book.say(submitted(issued_on=TODAY))


def test_a_report_is_verified_by_another_party_than_its_submitter(book: Book) -> None:
    for number, (submitter, other) in enumerate(((ORGANIZER, LABORATORY), (LABORATORY, ORGANIZER))):
        entry = book.say(submitted(number), by=submitter).index
        with refused("report.verified_by_submitter"):
            book.say(verified(entry), by=submitter)
        book.say(verified(entry), by=other)
    entry = book.say(submitted(9), by=OWNER).index
    with refused("issuer.not_entitled"):
        book.say(verified(entry), by=OWNER)


def test_a_report_is_verified_once(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    first = book.say(verified(entry), by=LABORATORY).index
    with refused("report.verified_once"):
        book.say(verified(entry))
    book.say(repudiated(first))
    book.say(verified(entry))


def test_a_report_found_invalid_has_ended(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    book.say(invalidated(entry), by=LABORATORY)
    assert book.events[-1].sealed
    assert book.judgements[-1].body_public
    with refused("report.invalidated_already"):
        book.say(verified(entry))
    with refused("report.invalidated_already"):
        book.say(invalidated(entry))
    with refused("statement.form"):
        book.say(invalidated(entry), sealed=False)


def test_a_report_is_not_found_invalid_before_it_was_submitted(book: Book) -> None:
    entry = book.say(submitted()).index
    with refused("report.before_submission"):
        book.say(invalidated(entry, on=TODAY - DAY))


def test_only_a_report_of_this_enterprise_is_spoken_of(book: Book) -> None:
    entry = book.say(submitted()).index
    book.with_enterprise(OTHER_ENTERPRISE)
    for event in (verified(entry), invalidated(entry)):
        with refused("report.no_such_report"):
            book.say(event, subject=OTHER_ENTERPRISE, by=LABORATORY)


def test_an_invalid_report_is_a_finding_of_its_matter(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    at = book.say(invalidated(entry, fact_id="案 1"))
    (finding,) = bearing(book.record).findings
    assert (finding.entry, finding.on, finding.item, finding.fact_id) == (at.index, TODAY, "report.invalidated", "案 1")


def test_what_is_the_laboratorys_fault_costs_the_enterprise_nothing(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    before = bearing(book.record)
    book.say(invalidated(entry, "laboratory"))
    assert bearing(book.record) == before
    assert book.judgements[-1].body_public is False
    with refused("report.invalidated_already"):
        book.say(verified(entry))


def test_what_was_repudiated_or_annulled_counts_no_more(book: Book) -> None:
    entries = [book.say(submitted(number), by=OWNER).index for number in range(3)]
    found = [book.say(invalidated(entry)).index for entry in entries]
    assert [one.entry for one in bearing(book.record).findings] == found
    book.say(repudiated(entries[0]))  # the enterprise never submitted it
    book.say(repudiated(found[1]))
    assert [one.entry for one in bearing(book.record).findings] == found[2:]
    annulment = FindingAnnulled(v=1, effective_on=TODAY, annuls=found[2], explanation="复检合格", authority="某局")
    record = fold(book.record, (recorded(9_999, annulment, sealed=True),))
    assert record is not None
    assert bearing(record).findings == ()
    book.records[ENTERPRISE] = record
    book.say(verified(entries[2]), by=LABORATORY)
    book.say(invalidated(entries[2]))
    assert len(bearing(book.record).findings) == 1


def test_reports_are_bounded(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.domain.rules.inspection_report.REPORTS_MAX", 1)
    monkeypatch.setattr("ledger.domain.rules.inspection_report.REPORT_VERDICTS_MAX", 1)
    entry = book.say(submitted()).index
    with refused("report.max"):
        book.say(submitted(2))
    book.say(repudiated(book.say(verified(entry), by=LABORATORY).index))
    with refused("report.verdicts_max"):
        book.say(verified(entry), by=LABORATORY)
    assert len(REPORTS.of(book.record).by_entry) == 1
