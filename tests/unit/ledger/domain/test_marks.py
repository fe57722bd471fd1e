"""Marks: licensed to a live public pledge, suspended, reinstated, revoked in order; they end with the pledge."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

import pytest
from msgspec.structs import replace

from ledger.domain.events.enterprise import EnterpriseDeregistered
from ledger.domain.events.finding import FindingAnnulled
from ledger.domain.events.pledge import GroundText
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.payload import encode_body
from ledger.domain.state.fold import fold
from ledger.domain.state.licence_periods import spans, state_on
from ledger.domain.state.mark import MARKS, bearing
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Malformed, Refuted
from ledger.limits import MARK_LICENCES_MAX, MARK_TURNS_MAX
from ledger.registration import MissingBody
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import HANDLING_BODY, REGULATOR
from tests.support.histories import recorded
from tests.support.marks import (
    RANGE,
    license_mark,
    mark_licensed,
    misuse_found,
    reinstated,
    revoked,
    seed_body,
    suspended,
)
from tests.support.refusals import refused
from tests.support.statements import (
    ENTERPRISE,
    OTHER_ENTERPRISE,
    TODAY,
    code,
    pledge_made,
    pledge_published,
    pledge_revoked,
    pledge_withdrawn,
    salt,
    sign,
    speaker_of,
)

LAST = date(2027, 3, 14)
DAY = timedelta(days=1)


@pytest.fixture
def book() -> Book:
    book = Book().with_enterprise()
    book.with_pledge()
    return book


def state(book: Book, day: date, range_: str = RANGE) -> str:
    return state_on(spans(book.record, MARKS.of(book.record).licences[range_]), day).state


def repudiated(entry: int) -> StatementRepudiated:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="并非本会所签")


def test_a_licence_holds_from_day_to_day_and_ends_by_time_alone(book: Book) -> None:
    license_mark(book, valid_from=TODAY + 5 * DAY, valid_until=TODAY + 9 * DAY)
    states = [state(book, TODAY + n * DAY) for n in (0, 4, 5, 9, 10, 5_000)]
    assert states == ["upcoming", "upcoming", "valid", "valid", "ended", "ended"]


def test_only_an_organizer_licenses_marks(book: Book) -> None:
    for speaker in (speaker_of(ENTERPRISE), REGULATOR, HANDLING_BODY):
        with refused("issuer.not_entitled"):
            book.say(mark_licensed(), by=speaker, text=seed_body())


def test_a_licence_needs_a_pledge_that_is_published(book: Book) -> None:
    with refused("pledge.not_published"):
        license_mark(book, pledge=code(2))
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("pledge.not_published"):
        book.say(mark_licensed(), subject=OTHER_ENTERPRISE, text=seed_body())


def test_a_licence_needs_a_public_pledge(book: Book) -> None:
    sealed = pledge_made(disclosure="none", scope="product")
    made = book.say(sealed, by=speaker_of(ENTERPRISE), sealed=True, released=True)
    book.say(pledge_published(made.statement_id, code=code(2)), sealed=True)
    with refused("mark.pledge_not_public"):
        license_mark(book, pledge=code(2))


@pytest.mark.parametrize(
    "days", [{"valid_until": LAST + DAY}, {"valid_from": LAST + DAY, "valid_until": LAST + 2 * DAY}]
)
def test_a_licence_lies_within_the_days_on_which_its_pledge_is_live(book: Book, days: dict[str, date]) -> None:
    with refused("mark.pledge_not_live"):
        license_mark(book, **days)


def test_a_licence_is_not_given_to_a_pledge_that_ended(book: Book) -> None:
    book.say(pledge_withdrawn(), by=speaker_of(ENTERPRISE))
    book.clock.advance(days=1)
    with refused("mark.pledge_not_live"):
        license_mark(book, effective_on=book.clock.today, valid_from=book.clock.today)


@pytest.mark.parametrize(
    "days", [{"valid_from": TODAY - DAY}, {"valid_from": TODAY + 9 * DAY, "valid_until": TODAY + 8 * DAY}]
)
def test_a_licence_begins_when_it_was_given_or_later_and_before_its_end(book: Book, days: dict[str, date]) -> None:
    with refused("mark.validity_order"):
        license_mark(book, **days)


def test_an_enterprise_that_is_gone_is_licensed_no_mark(book: Book) -> None:
    book.say(EnterpriseDeregistered(v=1, effective_on=TODAY, evidence="注销通知书"))
    with refused("mark.enterprise_gone"):
        license_mark(book)


def test_a_range_is_used_once_in_the_whole_book(book: Book) -> None:
    license_mark(book)
    assert Fact("mark_range", RANGE) in book.facts


def test_the_seed_comes_with_the_licence_and_is_never_shown(book: Book) -> None:
    with pytest.raises(MissingBody):
        book.say(mark_licensed())
    at = license_mark(book)
    assert book.judgements[-1].body_public is False
    assert book.record.entries[at.index].has_body
    assert not at.sealed


def test_a_seed_that_makes_other_serials_than_the_root_says_is_refused(book: Book) -> None:
    for wrong in ({"serials_root": "0" * 64}, {"count": 11}, {"range": "00000000ff"}):
        with pytest.raises(Refuted, match="root"):
            book.say(replace(mark_licensed(), **wrong), text=seed_body())
    with pytest.raises(Refuted):
        book.say(mark_licensed(), text=seed_body(2))
    license_mark(book)


def test_another_text_does_not_pass_for_a_seed(book: Book) -> None:
    text = encode_body(GroundText(v=1, salt=salt(9).hex(), text="种子"), salt(9))
    with pytest.raises(Malformed, match="MarkSeed"):
        book.say(mark_licensed(seed=sha256(text).hexdigest()), text=text)


def test_serials_are_made_to_be_checked_only_for_those_who_may_license_marks(book: Book) -> None:
    data, _ = sign(mark_licensed(serials_root="0" * 64), by=speaker_of(ENTERPRISE), iat=book.clock())
    with refused("issuer.not_entitled"):  # and not: the root is wrong
        book.admit(data, seed_body())


def test_a_licence_ends_with_its_pledges_withdrawal(book: Book) -> None:
    license_mark(book)
    book.say(pledge_withdrawn(ends_on=TODAY + 3 * DAY), by=speaker_of(ENTERPRISE))
    assert [state(book, TODAY + n * DAY) for n in (0, 3, 4)] == ["valid", "valid", "ended"]


def test_a_licence_ends_with_its_pledges_revocation(book: Book) -> None:
    license_mark(book)
    book.say(pledge_revoked(ends_on=TODAY))
    assert [state(book, TODAY + n * DAY) for n in (0, 1)] == ["valid", "ended"]


def test_a_licence_ends_with_its_pledges_validity(book: Book) -> None:
    license_mark(book)
    assert [state(book, day) for day in (LAST, LAST + DAY)] == ["valid", "ended"]


def test_a_licence_of_a_repudiated_pledge_never_held(book: Book) -> None:
    made = next(at.index for at in book.events if type(at.event).__name__ == "PledgeMade")
    license_mark(book)
    book.say(repudiated(made))
    assert state(book, TODAY) == "void"


def test_a_licence_is_suspended_reinstated_and_revoked_in_order(book: Book) -> None:
    license_mark(book)
    book.clock.go_to(TODAY + 9 * DAY)
    with refused("mark.not_suspended"):
        book.say(reinstated(TODAY + DAY))
    book.say(suspended(TODAY + 2 * DAY))
    with refused("mark.suspended_already"):
        book.say(suspended(TODAY + 3 * DAY))
    book.say(reinstated(TODAY + 4 * DAY))
    with refused("mark.not_suspended"):
        book.say(reinstated(TODAY + 5 * DAY))
    book.say(revoked(TODAY + 6 * DAY))
    for event in (suspended, reinstated, revoked):
        with refused("mark.revoked_already"):
            book.say(event(TODAY + 7 * DAY))
    states = [state(book, TODAY + n * DAY) for n in (1, 2, 3, 4, 5, 6, 4_000)]
    assert states == ["valid", "suspended", "suspended", "valid", "valid", "revoked", "revoked"]


def test_a_suspended_licence_is_revoked_without_being_reinstated(book: Book) -> None:
    license_mark(book)
    book.say(suspended())
    book.say(revoked())
    assert state(book, TODAY) == "revoked"


def test_what_is_said_of_a_licence_takes_effect_in_order(book: Book) -> None:
    license_mark(book)
    book.clock.go_to(TODAY + 9 * DAY)
    book.say(suspended(TODAY + 5 * DAY))
    with refused("mark.date_order"):
        book.say(reinstated(TODAY + 4 * DAY))
    with refused("mark.date_order"):
        book.say(revoked(TODAY + 4 * DAY))


def test_nothing_is_said_of_a_licence_that_has_ended(book: Book) -> None:
    license_mark(book, valid_until=TODAY + 2 * DAY)
    book.clock.go_to(TODAY + 3 * DAY)
    for event in (suspended, revoked):
        with refused("mark.ended"):
            book.say(event(TODAY + 3 * DAY))
    book.say(revoked(TODAY + 2 * DAY))
    assert [state(book, TODAY + n * DAY) for n in (1, 2, 3)] == ["valid", "revoked", "revoked"]


def test_a_licence_can_be_suspended_or_revoked_before_it_begins(book: Book) -> None:
    license_mark(book, valid_from=TODAY + 5 * DAY)
    license_mark(book, 2, valid_from=TODAY + 5 * DAY)
    book.say(suspended())
    book.say(revoked(number=2))
    assert [state(book, TODAY + n * DAY) for n in (0, 5)] == ["upcoming", "suspended"]
    assert [state(book, TODAY + n * DAY, "0000000002") for n in (-1, 0, 5)] == ["upcoming", "revoked", "revoked"]


def test_only_a_licence_of_this_enterprise_is_suspended(book: Book) -> None:
    license_mark(book)
    with refused("mark.no_such_licence"):
        book.say(suspended(number=2))
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("mark.no_such_licence"):
        book.say(suspended(), subject=OTHER_ENTERPRISE)


def test_what_was_repudiated_counts_for_nothing(book: Book) -> None:
    at = license_mark(book)
    suspension = book.say(suspended())
    book.say(repudiated(suspension.index))
    assert state(book, TODAY) == "valid"
    book.say(suspended())
    book.say(repudiated(at.index))
    assert state(book, TODAY) == "void"
    with refused("mark.no_such_licence"):
        book.say(reinstated())


def test_misuse_is_recorded_of_those_who_were_licensed_the_mark(book: Book) -> None:
    with refused("mark.no_licence"):
        book.say(misuse_found())
    license_mark(book)
    with refused("mark.no_such_licence"):
        book.say(misuse_found(range="00000000ff"))
    with refused("statement.form"):
        book.say(misuse_found(), sealed=False)
    book.say(misuse_found(range=RANGE))
    assert book.events[-1].sealed
    assert book.judgements[-1].body_public


def test_misuse_by_the_licensee_holds_the_level_from_its_date(book: Book) -> None:
    license_mark(book)
    at = book.say(misuse_found(on=TODAY - DAY))
    (hold,) = bearing(book.record).holds
    assert (hold.entry, hold.on, hold.item, hold.until) == (at.index, TODAY - DAY, "mark.misused", None)


def test_misuse_by_a_third_party_never_counts_against_the_enterprise(book: Book) -> None:
    license_mark(book)
    before = bearing(book.record)
    book.say(misuse_found("third_party"))
    assert bearing(book.record) == before
    assert book.judgements[-1].body_public is False


def test_misuse_that_was_repudiated_or_annulled_counts_no_more(book: Book) -> None:
    license_mark(book)
    first, second = book.say(misuse_found()).index, book.say(misuse_found()).index
    assert len(bearing(book.record).holds) == 2
    book.say(repudiated(first))
    assert [hold.entry for hold in bearing(book.record).holds] == [second]
    annulment = FindingAnnulled(v=1, effective_on=TODAY, annuls=second, explanation="查明系他人冒用", authority="某局")
    book.records[ENTERPRISE] = _with(book, annulment)
    assert bearing(book.record).holds == ()


def _with(book: Book, event: FindingAnnulled) -> EnterpriseRecord:
    """The record with one more event, whether the rules of other nouns let it in or not."""
    record = fold(book.record, (recorded(9_999, event, sealed=True),))
    assert record is not None
    return record


def test_licences_and_their_changes_are_bounded(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MARK_LICENCES_MAX >= 100
    assert MARK_TURNS_MAX >= 10
    monkeypatch.setattr("ledger.domain.rules.mark.MARK_LICENCES_MAX", 1)
    monkeypatch.setattr("ledger.domain.rules.mark.MARK_TURNS_MAX", 2)
    license_mark(book)
    with refused("mark.licences_max"):
        license_mark(book, 2)
    book.say(suspended())
    book.say(reinstated())
    with refused("mark.turns_max"):
        book.say(suspended())
