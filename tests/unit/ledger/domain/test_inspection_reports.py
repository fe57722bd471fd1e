"""Inspection reports: unique by number and laboratory, verified once by another party, ended when found invalid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from ledger.domain.events.base import Event
from ledger.domain.events.finding import FindingAnnulled
from ledger.domain.events.party import RoleGranted
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.state.fold import fold
from ledger.domain.state.inspection_report import REPORTS, bearing, report_key
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import LABORATORY, LABORATORY_2, ORGANIZER, ORGANIZER_2, REGISTRAR, REGULATOR, Speaker
from tests.support.histories import recorded
from tests.support.refusals import refused
from tests.support.remedies import colleague_of
from tests.support.reports import accredited, invalidated, submitted, verified
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, TODAY, key_enrolled, party_enrolled, speaker_of

OWNER = speaker_of(ENTERPRISE)
DAY = timedelta(days=1)
Verdict = Callable[[int], Event]


@pytest.fixture
def book() -> Book:
    book = Book().with_enterprise()
    book.say(accredited(), subject=LABORATORY.party, by=REGISTRAR)
    return book


def repudiated(entry: int) -> StatementRepudiated:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="录入有误")


def test_a_report_is_submitted_by_the_enterprise_the_organizer_or_a_laboratory(book: Book) -> None:
    for number, speaker in enumerate((OWNER, ORGANIZER, LABORATORY)):
        book.say(submitted(number), by=speaker)
    with refused("issuer.not_entitled"):
        book.say(submitted(9), by=REGULATOR)


def test_a_report_number_is_taken_by_the_report_that_is_verified_and_by_no_other(book: Book) -> None:
    occupied = book.say(submitted(7), by=OWNER)
    book.with_enterprise(OTHER_ENTERPRISE)
    real = book.say(submitted(7), subject=OTHER_ENTERPRISE, by=speaker_of(OTHER_ENTERPRISE))
    number = Fact("report", report_key(submitted(7)))
    assert number not in book.facts
    at = book.say(verified(real.index), subject=OTHER_ENTERPRISE, by=LABORATORY)
    assert book.facts[number] == at.index
    book.say(verified(occupied.index), by=LABORATORY)  # which claims the number that is taken: the store refuses it
    assert number in book.judgements[-1].facts


def test_numbers_are_the_same_however_they_are_typed() -> None:
    assert report_key(replace(submitted(), number="（2026）检字第 0007号")) == report_key(submitted(7))
    assert report_key(replace(submitted(), number="1-11")) != report_key(replace(submitted(), number="11-1"))
    assert report_key(submitted(8)) != report_key(submitted(7)) != report_key(submitted(7, cma="220021183457"))


def test_a_report_is_issued_before_it_is_submitted(book: Book) -> None:
    with refused("report.issued_later"):
        book.say(submitted(issued_on=TODAY + DAY))
    book.say(submitted(issued_on=TODAY))


def test_a_report_is_verified_by_another_officer_than_submitted_it(book: Book) -> None:
    entry = book.say(submitted(), by=LABORATORY).index
    with refused("report.verified_by_submitter"):
        book.say(verified(entry), by=LABORATORY)
    book.say(verified(entry), by=LABORATORY_2)
    entry = book.say(submitted(9), by=OWNER).index
    with refused("issuer.not_entitled"):
        book.say(verified(entry), by=OWNER)


@pytest.mark.parametrize("verdict", [verified, invalidated])
def test_the_accredited_laboratory_or_a_regulator_decides_on_a_report(book: Book, verdict: Verdict) -> None:
    entries = [book.say(submitted(number), by=OWNER).index for number in range(3)]
    other = Speaker.named("laboratory-elsewhere", "laboratory")
    book.say(party_enrolled(), subject=other.party, by=REGISTRAR)
    book.say(RoleGranted(v=1, effective_on=TODAY, role="laboratory"), subject=other.party, by=REGISTRAR)
    book.say(key_enrolled(other.signer, other.party, officer=other.officer), subject=other.party, by=REGISTRAR)
    book.say(accredited("110000000001"), subject=other.party, by=REGISTRAR)
    for stranger in (other, ORGANIZER_2):
        with refused("report.accredited_laboratory_decides"):
            book.say(verdict(entries[0]), by=stranger)
    book.say(verdict(entries[0]), by=LABORATORY)
    book.say(verdict(entries[1]), by=REGULATOR)
    foreign = book.say(submitted(9, cma="330000000001"), by=OWNER).index
    with refused("report.other_laboratory"):
        book.say(verdict(foreign), by=LABORATORY)
    book.say(verdict(foreign), by=ORGANIZER_2)  # no laboratory is accredited under that number


def test_where_no_laboratory_is_accredited_the_organizer_decides_by_another_officer(book: Book) -> None:
    unknown = {"cma": "330000000001"}
    entry = book.say(submitted(**unknown), by=ORGANIZER).index
    with refused("report.verified_by_submitter"):
        book.say(verified(entry), by=ORGANIZER)
    with refused("report.same_officer"):
        book.say(invalidated(entry), by=ORGANIZER)
    book.say(verified(entry), by=ORGANIZER_2)
    with refused("report.same_officer"):
        book.say(invalidated(entry), by=ORGANIZER_2)
    book.say(invalidated(entry), by=colleague_of(book, ORGANIZER))


def test_an_accreditation_that_ran_out_gives_no_word_any_more(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    short = replace(accredited(), valid_until=TODAY)
    book.say(short, subject=LABORATORY.party, by=REGISTRAR)
    book.clock.advance(days=1)
    with refused("report.other_laboratory"):
        book.say(verified(entry), by=LABORATORY)


def test_a_report_is_verified_once(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    first = book.say(verified(entry), by=LABORATORY).index
    with refused("report.verified_once"):
        book.say(verified(entry), by=LABORATORY)
    book.say(repudiated(first))
    book.say(verified(entry), by=LABORATORY)


def test_a_report_found_invalid_has_ended(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    book.say(invalidated(entry), by=LABORATORY)
    assert book.events[-1].sealed
    assert book.judgements[-1].body_public
    with refused("report.invalidated_already"):
        book.say(verified(entry), by=LABORATORY)
    with refused("report.invalidated_already"):
        book.say(invalidated(entry), by=LABORATORY)
    with refused("statement.form"):
        book.say(invalidated(entry), by=LABORATORY, sealed=False)


def test_a_report_is_not_found_invalid_before_it_was_submitted(book: Book) -> None:
    entry = book.say(submitted()).index
    with refused("report.before_submission"):
        book.say(invalidated(entry, on=TODAY - DAY), by=LABORATORY)


def test_only_a_report_of_this_enterprise_is_spoken_of(book: Book) -> None:
    entry = book.say(submitted()).index
    book.with_enterprise(OTHER_ENTERPRISE)
    for event in (verified(entry), invalidated(entry)):
        with refused("report.no_such_report"):
            book.say(event, subject=OTHER_ENTERPRISE, by=LABORATORY)


def test_an_invalid_report_is_a_finding_of_its_matter(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    at = book.say(invalidated(entry, fact_id="案 1"), by=LABORATORY)
    (finding,) = bearing(book.record).findings
    assert (finding.entry, finding.on, finding.item, finding.fact_id) == (at.index, TODAY, "report.invalidated", "案 1")


def test_what_is_the_laboratorys_fault_costs_the_enterprise_nothing(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    before = bearing(book.record)
    book.say(invalidated(entry, "laboratory"), by=LABORATORY)
    assert bearing(book.record) == before
    assert book.judgements[-1].body_public is False
    with refused("report.invalidated_already"):
        book.say(verified(entry), by=LABORATORY)


def test_what_was_repudiated_or_annulled_counts_no_more(book: Book) -> None:
    entries = [book.say(submitted(number), by=OWNER).index for number in range(3)]
    found = [book.say(invalidated(entry), by=LABORATORY).index for entry in entries]
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
    book.say(invalidated(entries[2]), by=LABORATORY)
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
