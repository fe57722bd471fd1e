"""A standing of the past does not publish again what is closed by now; its level and totals stay what they were."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, cast

import pytest

from ledger.domain.events.base import Recorded
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.reading.feed import Feed
from projections.db.reads import Reading
from projections.standing.disclosure import DisclosureWindows
from projections.standing.evaluate import policies_of
from projections.standing.policy_timeline import Rules
from projections.standing.standing_view import StandingView
from tests.support.book import Book
from tests.support.charter import HANDLING_BODY
from tests.support.statements import ENTERPRISE, TODAY, outcome, replied, speaker_of

NO_REPLY = {"reply": "none", "replied": None, "outcome": "refused", "substantive_reply": False, "reason": "不接受调解"}
CLOSES = date(2027, 3, 16)  # a complaint without a reply counts for 12 months


class Stream:
    """The feed of a book without a store."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def size(self) -> int:
        return len(self._book.events)

    def subject(self, subject: str, *, tree_size: int | None = None) -> list[Recorded]:
        size = len(self._book.events) if tree_size is None else tree_size
        return [at for at in self._book.events[:size] if at.subject == subject]


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def view(book: Book) -> StandingView:
    rules = Rules.none().after([at for at in book.events if at.subject == "policy"])
    return StandingView(cast(Reading, None), cast(Feed, Stream(book)), lambda: rules)


def standing(book: Book, as_of: date, today: date) -> tuple[dict[str, Any], bool]:
    served = view(book).replay(ENTERPRISE, as_of, pinned=True, today=today)
    return json.loads(served.body), served.settled


def test_a_past_standing_names_what_is_public_today_in_full(book: Book) -> None:
    index = book.say(outcome(1, **NO_REPLY), by=HANDLING_BODY).index
    document, settled = standing(book, TODAY, date(2027, 3, 15))
    assert [(one["entry"], one["item"]) for one in document["reasons"]] == [(index, "complaint.refused_without_reply")]
    assert not settled, "it may not be kept for ever: it will be closed"


def test_a_past_standing_says_of_what_is_closed_today_that_it_is_closed_and_no_more(book: Book) -> None:
    index = book.say(outcome(1, **NO_REPLY), by=HANDLING_BODY).index
    then, _ = standing(book, TODAY, TODAY)
    document, settled = standing(book, TODAY, CLOSES)
    assert document["reasons"] == [{"entry": index, "closed": True}]
    assert (document["level"], document["points"]) == (then["level"], then["points"])
    assert settled


def test_a_past_state_of_the_log_does_not_name_what_was_repudiated_since(book: Book) -> None:
    index = book.say(outcome(1, **NO_REPLY), by=HANDLING_BODY).index
    size = len(book.events)
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=index, word="非本单位"))
    served = view(book).replay(ENTERPRISE, TODAY, tree_size=size, pinned=True, today=TODAY)
    assert json.loads(served.body)["reasons"] == [{"entry": index, "closed": True}]


def test_a_reply_is_closed_with_its_outcome(book: Book) -> None:
    index = book.say(outcome(1, **NO_REPLY), by=HANDLING_BODY).index
    book.clock.advance(days=30)
    said = replied(index, effective_on=book.clock.today)
    reply = book.say(said, by=speaker_of(ENTERPRISE)).index
    closing = DisclosureWindows.of(book.record, policies_of(book.governance))
    assert closing.shows(reply, said, date(2027, 3, 15))
    assert not closing.shows(reply, said, CLOSES)
    assert closing.closed_since(reply, said, date(2027, 12, 31)) == CLOSES


def test_a_timely_reply_is_public_again_only_while_there_are_enough_for_a_ratio(book: Book) -> None:
    events = {}
    for number in range(20):
        said = outcome(number)
        events[book.say(said, by=HANDLING_BODY).index] = said
    closing = DisclosureWindows.of(book.record, policies_of(book.governance))
    index, said = next(iter(events.items()))
    assert closing.shows(index, said, date(2028, 3, 15)), "the ratio of 24 months rests on it"
    assert closing.closed_since(index, said, date(2028, 3, 16)) == date(2028, 3, 16)


def test_what_cost_nothing_is_closed_with_the_mildest_of_what_does(book: Book) -> None:
    said = outcome(1)
    index = book.say(said, by=HANDLING_BODY).index
    closing = DisclosureWindows.of(book.record, policies_of(book.governance))
    assert closing.shows(index, said, date(2026, 6, 15))
    assert closing.closed_since(index, said, date(2026, 6, 16)) == date(2026, 6, 16)
