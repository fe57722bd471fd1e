"""Legal holds block the erasure of what they cover; misattributed entries count for nothing, like repudiated ones."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.rules.findings_on_record import findings_of
from ledger.domain.state.enterprise import IDENTITY
from ledger.errors import Refused
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, ORGANIZER, REGULATOR
from tests.support.findings import found
from tests.support.refusals import refused
from tests.support.remedies import hold_placed, hold_released, misattributed
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, TODAY, outcome, speaker_of


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def record(book: Book, number: int = 1) -> int:
    """A complaint that costs nothing: it may be erased, but for a hold."""
    silent = {"outcome": "withdrawn", "reply": "none", "replied": None, "forwarded": None, "reply_due": None}
    return book.say(outcome(number, **silent), by=HANDLING_BODY).index


def erase(book: Book, entry: int, *, on_record: bool = False) -> None:
    event = BodyErased(v=1, effective_on=book.clock.today, entry=entry, ground="删除", on_record=on_record)
    book.say(event, by=DATA_OFFICER)


def place(book: Book, entry: int | None = None) -> int:
    return book.say(hold_placed(entry=entry), by=DATA_OFFICER).index


def release(book: Book, hold: int) -> None:
    book.say(hold_released(hold), by=DATA_OFFICER)


def test_a_hold_on_an_entry_blocks_its_erasure_and_names_itself(book: Book) -> None:
    entry = record(book)
    hold = place(book, entry)
    with pytest.raises(Refused, match=f"entry {hold} placed a legal hold") as caught:
        erase(book, entry)
    assert (caught.value.rule, caught.value.detail) == ("erasure.legal_hold", str(hold))


def test_other_entries_are_free(book: Book) -> None:
    held, free = record(book), record(book, 2)
    place(book, held)
    erase(book, free)
    assert free in book.record.erased


def test_a_hold_on_the_stream_covers_what_comes_later_too(book: Book) -> None:
    early = record(book)
    hold = place(book)
    late = record(book, 2)
    for entry in (early, late):
        with refused("erasure.legal_hold"):
            erase(book, entry)
    release(book, hold)
    erase(book, late)


def test_what_two_holds_cover_is_free_once_both_are_released(book: Book) -> None:
    entry, _ = record(book), record(book, 2)
    first, second = place(book, entry), place(book)
    release(book, first)
    with refused("erasure.legal_hold"):
        erase(book, entry)
    release(book, second)
    erase(book, entry)


def test_a_hold_is_released_once(book: Book) -> None:
    entry = record(book)
    hold = place(book)
    with refused("hold.no_such_hold"):
        release(book, entry)
    release(book, hold)
    with refused("hold.released_once"):
        release(book, hold)


def test_only_a_data_officer_places_and_releases_holds(book: Book) -> None:
    hold = place(book)
    for speaker in (ORGANIZER, REGULATOR, speaker_of(ENTERPRISE)):
        with refused("issuer.not_entitled"):
            book.say(hold_placed(), by=speaker)
        with refused("issuer.not_entitled"):
            book.say(hold_released(hold), by=speaker)


def test_a_hold_is_on_what_is_still_there(book: Book) -> None:
    entry, _ = record(book), record(book, 2)
    place(book, IDENTITY.of(book.record).registrations[0].index)  # an open entry, for its attachments
    erase(book, entry)
    with refused("hold.nothing_to_keep"):
        place(book, entry)
    with refused("entry.not_in_stream"):
        place(book, 0)
    with refused("hold.no_stream"):
        book.say(hold_placed(), subject=OTHER_ENTERPRISE, by=DATA_OFFICER)


def test_holds_are_bounded_and_never_repudiated(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = place(book)
    with refused("repudiation.final"):
        book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=hold, word="误"))
    monkeypatch.setattr("ledger.domain.rules.legal_hold.LEGAL_HOLDS_MAX", 1)
    with refused("hold.max"):
        place(book)


# misattribution


def test_a_misattributed_entry_counts_for_nothing_and_says_how(book: Book) -> None:
    entry = book.say(found(), by=REGULATOR).index
    assert findings_of(book.record)
    by = book.say(misattributed(entry, belongs_to=OTHER_ENTERPRISE)).index
    assert findings_of(book.record) == ()
    gone = book.record.repudiated[entry]
    assert (gone.index, gone.how) == (by, "misattributed")


def test_a_repudiation_says_how_too(book: Book) -> None:
    entry = record(book)
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="冒用密钥"))
    assert book.record.repudiated[entry].how == "repudiated"


def test_only_an_organizer_says_that_an_entry_is_somebody_elses(book: Book) -> None:
    entry = record(book)
    for speaker in (HANDLING_BODY, speaker_of(ENTERPRISE)):
        with refused("issuer.not_entitled"):
            book.say(misattributed(entry), by=speaker)


def test_an_entry_is_disowned_once_in_either_way(book: Book) -> None:
    entry, other = record(book), record(book, 2)
    by = book.say(misattributed(entry)).index
    with refused("repudiation.twice"):
        book.say(misattributed(entry))
    with refused("repudiation.twice"):
        book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="误"))
    with refused("repudiation.final"):
        book.say(misattributed(by))
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=other, word="误"))
    with refused("repudiation.twice"):
        book.say(misattributed(other))
    with refused("entry.not_in_stream"):
        book.say(misattributed(0))


@pytest.mark.parametrize("belongs_to", [ENTERPRISE, "party:organizer", "uscc:1", "policy", "某公司"])
def test_it_belongs_to_another_enterprise(book: Book, belongs_to: str) -> None:
    entry = record(book)
    with refused("misattribution.belongs_to"):
        book.say(misattributed(entry, belongs_to=belongs_to))


def test_a_hold_outlasts_the_window_of_what_it_covers(book: Book) -> None:
    entry = book.say(found(), by=REGULATOR).index
    hold = place(book, entry)
    book.clock.go_to(date(2027, 3, 16))
    with refused("erasure.legal_hold"):
        erase(book, entry, on_record=True)
    book.say(hold_released(hold, effective_on=book.clock.today), by=DATA_OFFICER)
    erase(book, entry, on_record=True)
