"""An erasure changes no standing: refused while the entry counts, with the day from which it is possible."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain.events.base import Event
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.state.complaint import OUTCOMES
from ledger.errors import Refused
from projections.standing.evaluate import evaluate, policies_of
from projections.standing.levels import Level
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, HANDLING_COLLEAGUE, ORGANIZER, ORGANIZER_2, Speaker
from tests.support.refusals import refused
from tests.support.statements import ENTERPRISE, assessed, corrected, outcome, registered

NO_REPLY: dict[str, Any] = {"reply": "none", "replied": None, "outcome": "refused", "reason": "不接受调解"}
WITHDRAWN: dict[str, Any] = {
    "forwarded": None,
    "reply_due": None,
    "replied": None,
    "reply": "none",
    "outcome": "withdrawn",
}

INDIVIDUAL = "92110108MA00ABCD1Q"


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def erase(book: Book, entry: int, *, on_record: bool = False, subject: str = ENTERPRISE) -> int:
    event = BodyErased(v=1, effective_on=book.clock.today, entry=entry, ground="依申请", on_record=on_record)
    return book.say(event, by=DATA_OFFICER, subject=subject).index


def possible_from(book: Book, entry: int, subject: str = ENTERPRISE) -> date:
    with pytest.raises(Refused) as error:
        erase(book, entry, subject=subject)
    assert error.value.rule == "erasure.still_counts"
    return date.fromisoformat(error.value.detail)


def complaint(book: Book, number: int = 1, *, subject: str = ENTERPRISE, **given: object) -> int:
    return book.say(outcome(number, **given), by=HANDLING_BODY, subject=subject).index


@pytest.mark.parametrize(
    ("event", "by", "first_day"),
    [
        (assessed(result="partial", unmet="部分", accountability="整改"), ORGANIZER, date(2027, 3, 16)),
        (assessed(result="none", unmet="全部", accountability="整改"), ORGANIZER, date(2029, 3, 16)),
        (assessed(result="full"), ORGANIZER_2, date(2027, 3, 15)),
        (outcome(1), HANDLING_BODY, date(2028, 3, 16)),
        (outcome(1, **NO_REPLY), HANDLING_BODY, date(2028, 3, 16)),
    ],
    ids=["kept in part: 12 months", "not kept: 36", "kept in full: while a pledge is live", "reply: 24", "none: 24"],
)
def test_what_counts_is_not_erased_and_the_refusal_names_the_day(
    book: Book, event: Event, by: Speaker, first_day: date
) -> None:
    book.with_pledge()
    index = book.say(event, by=by).index
    assert possible_from(book, index) == first_day
    book.clock.go_to(first_day - timedelta(days=1))
    assert possible_from(book, index) == first_day
    book.clock.go_to(first_day)
    erase(book, index)
    assert index in book.record.erased


def test_what_costs_nothing_and_was_never_asked_may_be_erased_at_once(book: Book) -> None:
    index = complaint(book, **WITHDRAWN)
    complaint(book, 2)
    erase(book, index)
    assert index not in OUTCOMES.of(book.record).by_entry


def test_what_was_voided_or_repudiated_before_may_be_erased_at_once(book: Book) -> None:
    voided, disowned = complaint(book, 1, **NO_REPLY), complaint(book, 2, **NO_REPLY)
    complaint(book, 3)
    book.say(corrected(voided, void=True), by=HANDLING_COLLEAGUE)
    book.say(StatementRepudiated(v=1, effective_on=book.clock.today, entry=disowned, word="非本单位"))
    erase(book, voided)
    erase(book, disowned)
    assert set(book.record.erased) == {voided, disowned}


def test_a_correction_that_lowers_what_counts_says_until_when(book: Book) -> None:
    index = complaint(book, 1, **NO_REPLY)
    correction = book.say(corrected(index, outcome="explained"), by=HANDLING_COLLEAGUE).index
    with refused("erasure.outcome_first"):
        erase(book, correction)
    assert possible_from(book, index) == date(2028, 3, 16)


def test_a_sealed_size_is_kept_while_it_weighs_a_complaint() -> None:
    book = Book().with_enterprise()
    subject = "local:registry/7"
    size = book.say(registered(category="individual_business", code=INDIVIDUAL), subject=subject, sealed=True).index
    complaint(book, 1, subject=subject, **NO_REPLY)
    assert possible_from(book, size, subject) == date(2027, 3, 16), "as long as the complaint counts points"


def test_the_last_thing_on_record_leaves_word_that_there_was_something(book: Book) -> None:
    index = complaint(book, **WITHDRAWN)

    def level() -> Level:
        return evaluate(policies_of(book.governance), book.record, book.clock.today).level

    assert level() == Level.NORMAL
    with refused("erasure.last_on_record"):
        erase(book, index)
    erase(book, index, on_record=True)
    assert (level(), len(OUTCOMES.of(book.record).by_entry)) == (Level.NORMAL, 0)


def test_word_of_conduct_is_left_by_entries_about_conduct_alone() -> None:
    book = Book().with_enterprise()
    subject = "local:registry/8"
    index = book.say(registered(category="individual_business", code=INDIVIDUAL), subject=subject, sealed=True).index
    with refused("erasure.not_about_conduct"):
        erase(book, index, on_record=True, subject=subject)
    erase(book, index, subject=subject)
