"""What is disowned and what is erased: the entry stays, its content counts no more."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from ledger.domain.events.pledge import GroundText, PledgeRevoked
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.payload import encode_body
from ledger.domain.state.complaint import OUTCOMES
from ledger.domain.state.enterprise import IDENTITY
from ledger.domain.state.pledge import PLEDGES
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
    ROOT,
)
from tests.support.findings import found
from tests.support.refusals import refused
from tests.support.remedies import misattributed
from tests.support.statements import (
    ENTERPRISE,
    OTHER_ENTERPRISE,
    TODAY,
    code,
    corrected,
    outcome,
    replied,
    salt,
    speaker_of,
)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def repudiated(entry: int) -> StatementRepudiated:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="并非本单位所签")


def erased(entry: int, on: date = TODAY, *, on_record: bool = False) -> BodyErased:
    return BodyErased(v=1, effective_on=on, entry=entry, ground="权利人要求删除", on_record=on_record)


LATER = date(2028, 3, 16)  # when an outcome of today counts no more: its reply counts for 24 months


def record(book: Book, number: int = 1) -> int:
    return book.say(outcome(number), by=HANDLING_BODY).index


def test_a_repudiation_names_an_entry_of_the_stream(book: Book) -> None:
    index = record(book)
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("entry.not_in_stream"):
        book.say(repudiated(index), subject=OTHER_ENTERPRISE)
    with refused("entry.not_in_stream"):
        book.say(repudiated(len(book.events)))
    book.say(repudiated(index))
    assert index in book.record.repudiated


def test_a_statement_is_repudiated_by_its_party_through_another_officer_or_by_the_root(book: Book) -> None:
    index, other = record(book), record(book, 2)
    for stranger in (ORGANIZER, HANDLING_COLLEAGUE, REGULATOR, speaker_of(ENTERPRISE)):
        with refused("repudiation.not_the_party"):
            book.say(repudiated(index), by=stranger)
    with refused("repudiation.same_officer"):
        book.say(repudiated(index), by=HANDLING_BODY)
    book.say(repudiated(index), by=HANDLING_BODY_2)
    book.say(repudiated(other), by=ROOT)


def test_a_regulators_finding_is_repudiated_by_the_regulator_or_the_root_alone(book: Book) -> None:
    first, second = (book.say(found(document_no=number), by=REGULATOR).index for number in ("1", "2"))
    for officer in (ORGANIZER, ORGANIZER_2):
        with refused("repudiation.not_the_party"):
            book.say(repudiated(first), by=officer)
        with refused("misattribution.of_a_regulator"):
            book.say(misattributed(first), by=officer)
    with refused("misattribution.same_officer"):
        book.say(misattributed(first), by=REGULATOR)
    book.say(misattributed(first), by=REGULATOR_2)
    book.say(repudiated(second), by=ROOT)


def test_a_misattribution_names_its_evidence_and_is_somebody_elses_word(book: Book) -> None:
    index = record(book)
    with refused("misattribution.evidence_missing"):
        book.say(misattributed(index, evidence=None), by=ORGANIZER)
    with refused("misattribution.other_party"):
        book.say(misattributed(index), by=REGULATOR)
    book.say(misattributed(index), by=ORGANIZER)
    own = IDENTITY.of(book.record).registrations[0].index
    with refused("misattribution.same_officer"):
        book.say(misattributed(own), by=ORGANIZER)
    book.say(misattributed(own), by=ORGANIZER_2)


def test_an_entry_is_repudiated_once_and_a_repudiation_never(book: Book) -> None:
    index = record(book)
    entry = book.say(repudiated(index)).index
    with refused("repudiation.twice"):
        book.say(repudiated(index))
    with refused("repudiation.final"):
        book.say(repudiated(entry))


def test_a_data_officer_erases_the_body_of_a_sealed_entry(book: Book) -> None:
    index = record(book)
    record(book, 2)
    book.clock.go_to(LATER)
    with refused("issuer.not_entitled"):
        book.say(erased(index, LATER), by=HANDLING_BODY)
    entry = book.say(erased(index, LATER), by=DATA_OFFICER).index
    assert book.record.erased[index] == entry
    assert index not in OUTCOMES.of(book.record).by_entry
    assert book.record.closed == 1


def test_an_open_entry_has_no_body_to_erase(book: Book) -> None:
    made = book.with_pledge()
    with refused("erasure.not_sealed"):
        book.say(erased(made.index), by=DATA_OFFICER)


def test_only_an_entry_of_the_stream_is_erased(book: Book) -> None:
    index = record(book)
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("entry.not_in_stream"):
        book.say(erased(index), subject=OTHER_ENTERPRISE, by=DATA_OFFICER)


def test_a_body_is_erased_once(book: Book) -> None:
    index = record(book)
    record(book, 2)
    book.clock.go_to(LATER)
    book.say(erased(index, LATER), by=DATA_OFFICER)
    with refused("erasure.twice"):
        book.say(erased(index, LATER), by=DATA_OFFICER)


def test_erasing_a_correction_never_brings_back_what_it_corrected(book: Book) -> None:
    index = record(book)
    correction = book.say(corrected(index), by=HANDLING_COLLEAGUE).index
    with refused("erasure.outcome_first"):
        book.say(erased(correction), by=DATA_OFFICER)
    book.clock.go_to(LATER)
    book.say(erased(index, LATER, on_record=True), by=DATA_OFFICER)
    book.say(erased(correction, LATER), by=DATA_OFFICER)
    assert (book.record.closed, len(OUTCOMES.of(book.record).by_entry)) == (2, 0)


def test_an_erased_reply_leaves_its_outcome(book: Book) -> None:
    index = record(book)
    reply = book.say(replied(index), by=speaker_of(ENTERPRISE)).index
    book.say(erased(reply), by=DATA_OFFICER)
    assert OUTCOMES.of(book.record).by_entry[index].replies == ()


def test_the_text_of_a_ground_may_be_erased_and_the_revocation_stands(book: Book) -> None:
    book.with_pledge()
    body = encode_body(GroundText(v=1, salt=salt(1).hex(), text="伪造报告"), salt(1))
    event = PledgeRevoked(
        v=1, effective_on=TODAY, code=code(), ends_on=TODAY, ground="fraud", ground_text=sha256(body).hexdigest()
    )
    entry = book.say(event, text=body).index
    book.say(erased(entry), by=DATA_OFFICER)
    pledge = PLEDGES.of(book.record).coded(code())
    assert pledge is not None
    assert pledge.end is not None
    assert book.record.closed == 0
