"""Which assessments are periods kept in full: what a standing of GOOD rests on."""

from __future__ import annotations

from projections.standing.facts_from_record import facts_of
from tests.support.book import Book
from tests.support.charter import ORGANIZER, ORGANIZER_2
from tests.support.statements import ENTERPRISE, assessed


def test_whoever_published_a_pledge_may_assess_it_but_earns_it_nothing() -> None:
    book = Book().with_enterprise()
    book.with_pledge()
    book.say(assessed(), by=ORGANIZER)
    assert facts_of(book.record, ENTERPRISE).kept == ()


def test_what_a_colleague_assessed_as_kept_in_full_counts() -> None:
    book = Book().with_enterprise()
    book.with_pledge()
    entry = book.say(assessed(), by=ORGANIZER_2).index
    assert [one.entry for one in facts_of(book.record, ENTERPRISE).kept] == [entry]
