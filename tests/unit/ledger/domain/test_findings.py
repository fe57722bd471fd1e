"""Findings of authorities and public records: who says them, how long they count, how they are taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.charter.default_policies import default_registration_policy
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.rules.findings_on_record import findings_at, findings_of, holds_at
from ledger.domain.state.finding import FINDINGS, annulled
from ledger.domain.state.slot import Finding, Hold
from ledger.limits import FINDINGS_MAX, RECORD_RECHECKS_MAX
from tests.support.book import Book
from tests.support.charter import APPROVER, DATA_OFFICER, HANDLING_BODY, ORGANIZER, REGULATOR
from tests.support.findings import annulment, cited, found, rechecked
from tests.support.refusals import refused
from tests.support.remedies import colleague_of
from tests.support.standards import declared
from tests.support.statements import ENTERPRISE, TODAY, outcome, speaker_of

OWNER = speaker_of(ENTERPRISE)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def record(book: Book, **given: Any) -> int:
    return book.say(found(**given), by=REGULATOR).index


def cite(book: Book, **given: Any) -> int:
    return book.say(cited(**given)).index


def hold(book: Book, entry: int) -> Hold:
    (one,) = holds_at(book.record, entry)
    return one


def repudiate(book: Book, entry: int) -> None:
    book.say(StatementRepudiated(v=1, effective_on=book.clock.today, entry=entry, word="并非本单位所签"))


# findings


def test_a_finding_is_sealed_and_may_be_shown(book: Book) -> None:
    record(book)
    assert book.events[-1].sealed
    assert book.judgements[-1].body_public
    with refused("statement.form"):
        book.say(found(), by=REGULATOR, sealed=False)


def test_a_regulator_finds_and_an_organizer_only_cites_what_is_public(book: Book) -> None:
    record(book, address=None)
    with refused("finding.public_record"):
        book.say(found(address=None), by=ORGANIZER)
    book.say(found(), by=ORGANIZER)
    for speaker in (HANDLING_BODY, APPROVER, OWNER):
        with refused("issuer.not_entitled"):
            book.say(found(), by=speaker)


@pytest.mark.parametrize(
    ("given", "items"),
    [
        ({}, ["spot_check.failed_general"]),
        ({"severity": "severe"}, ["spot_check.failed_severe"]),
        ({"result": "passed", "severity": None}, []),
    ],
)
def test_a_failed_spot_check_is_an_item_by_its_severity_and_a_passed_one_is_none(
    book: Book, given: dict[str, Any], items: list[str]
) -> None:
    index = record(book, fact_id="matter-1", **given)
    assert findings_at(book.record, index) == tuple(Finding(index, TODAY, item, "matter-1") for item in items)
    bearing = FINDINGS.bearing
    assert bearing is not None
    assert [mark.entry for mark in bearing(book.record).conduct] == [index]


@pytest.mark.parametrize(
    "given",
    [{"severity": None}, {"result": "passed"}, {"kind": "below_mandatory", "declaration": 1}],
)
def test_severity_belongs_to_failed_spot_checks_alone(book: Book, given: dict[str, Any]) -> None:
    with refused("finding.severity"):
        record(book, **given)


def test_a_standard_below_the_mandatory_one_is_named_by_the_entry_that_declared_it(book: Book) -> None:
    entry = book.say(declared(), by=OWNER).index
    below: dict[str, Any] = {"kind": "below_mandatory", "severity": None}
    with refused("finding.declaration"):
        record(book, **below)
    with refused("finding.declaration"):
        record(book, declaration=entry)
    with refused("finding.no_such_declaration"):
        record(book, **below, declaration=entry - 1)
    with refused("finding.below_mandatory_fails"):
        record(book, **below, declaration=entry, result="passed")
    index = record(book, **below, declaration=entry)
    assert [one.item for one in findings_at(book.record, index)] == ["declaration.below_mandatory"]
    repudiate(book, entry)
    assert findings_at(book.record, index) == ()  # the standard was never the enterprise's
    with refused("finding.no_such_declaration"):
        record(book, **below, declaration=entry)


def test_a_finding_counts_from_the_decision_and_an_old_one_does_not_begin_anew(book: Book) -> None:
    with refused("finding.effective_on"):
        record(book, decided_on=TODAY + timedelta(days=1))
    with refused("finding.effective_on"):
        record(book, decided_on=TODAY - timedelta(days=31))
    with refused("finding.effective_on"):
        cite(book, decided_on=TODAY - timedelta(days=31))
    record(book, decided_on=TODAY - timedelta(days=30))
    old = TODAY - timedelta(days=400)
    with refused("recording.late"):
        record(book, decided_on=old, effective_on=old)
    index = record(book, decided_on=old, effective_on=old, late_ground="补录公开记录")
    assert findings_at(book.record, index)[0].on == old


def test_the_same_document_is_recorded_once_unless_it_was_taken_back(book: Book) -> None:
    index = record(book, document_no="抽检〔2026〕7号", product="电热水壶")
    with refused("finding.already_recorded"):
        record(book, document_no="抽检〔2026〕7号", product="电热水壶")
    record(book, document_no="抽检〔2026〕7号", product="电饭锅")
    record(book)
    record(book)  # without a number nobody can tell
    repudiate(book, index)
    record(book, document_no="抽检〔2026〕7号", product="电热水壶")


# public records


def test_a_statutory_listing_holds_while_it_is_published_and_confirmed(book: Book) -> None:
    serious = cite(book)
    abnormal = cite(book, kind="abnormal_list", document_no="2", publicity_end=date(2026, 4, 1))
    assert hold(book, serious) == Hold(serious, TODAY, "listing.serious", date(2026, 6, 17))
    assert hold(book, abnormal) == Hold(abnormal, TODAY, "listing.abnormal", date(2026, 4, 2))
    assert findings_of(book.record) == ()


def test_a_penalty_is_an_item_while_it_is_published_and_confirmed(book: Book) -> None:
    index = cite(book, kind="penalty", severity="severe", fact_id="matter-2")
    expected = Finding(index, TODAY, "penalty.cited_severe", "matter-2", until=date(2026, 6, 17))
    assert findings_at(book.record, index) == (expected,)
    assert holds_at(book.record, index) == ()


def test_a_penalty_has_a_severity_and_a_listing_has_none(book: Book) -> None:
    with refused("citation.severity"):
        cite(book, kind="penalty")
    with refused("citation.severity"):
        cite(book, severity="severe")


def test_a_public_record_was_looked_up_after_its_decision_and_before_its_recording(book: Book) -> None:
    with refused("citation.checked_before_decision"):
        cite(book, checked_on=TODAY - timedelta(days=1))
    with refused("citation.checked_in_future"):
        cite(book, checked_on=TODAY + timedelta(days=1))
    with refused("citation.publicity_over"):
        cite(book, decided_on=date(2026, 3, 1), publicity_end=date(2026, 3, 15))


def test_a_public_record_is_to_be_looked_up_again_within_the_days_of_the_policy(book: Book) -> None:
    days = default_registration_policy().citation_recheck_days_max
    assert days is not None
    with refused("citation.recheck_by"):
        cite(book, recheck_by=TODAY + timedelta(days=days + 1))
    with refused("citation.recheck_by"):
        cite(book, recheck_by=TODAY - timedelta(days=1))
    cite(book, recheck_by=TODAY + timedelta(days=days))


def test_a_public_record_is_cited_once_and_then_rechecked(book: Book) -> None:
    index = cite(book)
    with refused("citation.already_cited"):
        cite(book, checked_on=TODAY)
    repudiate(book, index)
    cite(book)


def test_a_record_that_was_confirmed_again_counts_on(book: Book) -> None:
    index = cite(book)
    book.clock.go_to(date(2026, 7, 1))
    later = rechecked(index, effective_on=date(2026, 7, 1))
    entry = book.say(later).index
    assert hold(book, index).until == date(2026, 9, 17)
    repudiate(book, entry)
    assert hold(book, index).until == date(2026, 6, 17)


def test_a_record_that_is_gone_counts_no_more_from_the_day_of_the_look(book: Book) -> None:
    index = cite(book)
    book.clock.go_to(date(2026, 4, 10))
    gone = rechecked(index, effective_on=date(2026, 4, 10), still_published=False, recheck_by=None)
    book.say(gone)
    assert hold(book, index).until == date(2026, 4, 10)


def test_a_record_found_gone_after_it_lapsed_had_lapsed_before(book: Book) -> None:
    index = cite(book)
    book.clock.go_to(date(2026, 8, 1))
    gone = rechecked(index, effective_on=date(2026, 8, 1), still_published=False, recheck_by=None)
    book.say(gone)
    assert hold(book, index).until == date(2026, 6, 17)


def test_a_recheck_is_of_a_public_record_and_after_the_last_look(book: Book) -> None:
    finding, index = record(book), cite(book)
    with refused("recheck.no_such_citation"):
        book.say(rechecked(finding))
    with refused("entry.not_in_stream"):
        book.say(rechecked(10_000))
    with refused("recheck.before_last"):
        book.say(rechecked(index, effective_on=TODAY, checked_on=TODAY - timedelta(days=1)))
    with refused("recheck.effective_on"):
        book.say(rechecked(index, effective_on=TODAY - timedelta(days=1), checked_on=TODAY))
    with refused("recheck.next"):
        book.say(rechecked(index, recheck_by=None))
    with refused("recheck.next"):
        book.say(rechecked(index, still_published=False))
    with refused("citation.recheck_by"):
        book.say(rechecked(index, recheck_by=date(2028, 1, 1)))
    repudiate(book, index)
    with refused("entry.counts_no_more"):
        book.say(rechecked(index))


def test_rechecks_and_findings_are_bounded(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    index = cite(book)
    monkeypatch.setattr("ledger.domain.rules.finding.RECORD_RECHECKS_MAX", 2)
    book.say(rechecked(index))
    book.say(rechecked(index))
    with refused("recheck.max"):
        book.say(rechecked(index))
    monkeypatch.setattr("ledger.domain.rules.finding.FINDINGS_MAX", 3)
    with refused("finding.max"):
        record(book)
    assert (RECORD_RECHECKS_MAX, FINDINGS_MAX) == (256, 4_096)


# annulment


def test_an_annulled_finding_counts_as_if_it_had_never_been_said(book: Book) -> None:
    index, listing = record(book), cite(book)
    before = FINDINGS.bearing
    assert before is not None
    alone = before(book.record).findings
    wrong = record(book, severity="severe")
    book.say(annulment(wrong), by=colleague_of(book, REGULATOR))
    book.say(annulment(listing), by=REGULATOR)
    assert wrong in annulled(book.record)
    after = before(book.record)
    assert (after.findings, after.holds) == (alone, ())
    assert [mark.entry for mark in after.conduct] == [index]


def test_a_finding_is_annulled_by_its_own_side_or_a_regulator(book: Book) -> None:
    index = record(book)
    other = colleague_of(book, ORGANIZER)
    with refused("annulment.other_party"):
        book.say(annulment(index), by=other)
    with refused("issuer.not_entitled"):
        book.say(annulment(index), by=OWNER)
    cite_entry = cite(book)
    book.say(annulment(cite_entry), by=REGULATOR)
    second = cite(book)
    book.say(annulment(second), by=other)


def test_a_finding_is_annulled_by_another_officer_than_recorded_it(book: Book) -> None:
    index = record(book)
    with refused("annulment.same_officer"):
        book.say(annulment(index), by=REGULATOR)
    book.say(annulment(index), by=colleague_of(book, REGULATOR))


def test_a_finding_is_annulled_once_and_an_annulment_never(book: Book) -> None:
    index = cite(book)
    entry = book.say(annulment(index), by=REGULATOR).index
    with refused("annulment.twice"):
        book.say(annulment(index), by=REGULATOR)
    with refused("annulment.no_such_finding"):
        book.say(annulment(entry), by=REGULATOR)
    repudiate(book, entry)
    assert hold(book, index).item == "listing.serious"
    book.say(annulment(index), by=REGULATOR)


def test_only_findings_are_annulled_and_only_those_that_count(book: Book) -> None:
    complaint = book.say(outcome(), by=HANDLING_BODY).index
    with refused("annulment.no_such_finding"):
        book.say(annulment(complaint), by=REGULATOR)
    index = cite(book)
    repudiate(book, index)
    with refused("entry.counts_no_more"):
        book.say(annulment(index), by=REGULATOR)


def test_what_is_erased_can_neither_be_annulled_nor_confirmed(book: Book) -> None:
    index = cite(book)
    book.clock.go_to(date(2026, 6, 20))
    erased = BodyErased(v=1, effective_on=date(2026, 6, 20), entry=index, ground="删除", on_record=True)
    book.say(erased, by=DATA_OFFICER)
    with refused("annulment.no_such_finding"):
        book.say(annulment(index, effective_on=date(2026, 6, 20)), by=REGULATOR)
    with refused("entry.counts_no_more"):
        book.say(rechecked(index, effective_on=date(2026, 6, 20)))


def test_an_annulment_is_not_erased_while_what_it_annulled_would_count_again(book: Book) -> None:
    index = cite(book)
    annulled_by = book.say(annulment(index), by=REGULATOR).index
    erased = BodyErased(v=1, effective_on=TODAY, entry=annulled_by, ground="删除")
    with refused("erasure.still_counts"):
        book.say(erased, by=DATA_OFFICER)
    book.say(BodyErased(v=1, effective_on=TODAY, entry=index, ground="删除"), by=DATA_OFFICER)
    book.say(erased, by=DATA_OFFICER)


def test_a_look_is_not_erased_while_the_record_counts_by_it(book: Book) -> None:
    index = cite(book)
    gone = book.say(rechecked(index, still_published=False, recheck_by=None)).index
    with refused("erasure.still_counts"):
        book.say(BodyErased(v=1, effective_on=TODAY, entry=gone, ground="删除"), by=DATA_OFFICER)
