"""Listings: a window in order, one live listing per product, delisted once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ledger.domain.events.declaration import Product
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.state.listing import LISTINGS, product_key
from tests.support.book import Book
from tests.support.charter import LABORATORY, REGULATOR
from tests.support.listings import delisted, listed
from tests.support.refusals import refused
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, TODAY, speaker_of

DAY = timedelta(days=1)
LAST = date(2026, 12, 31)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def repudiated(entry: int) -> StatementRepudiated:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="录入有误")


def test_organizers_and_laboratories_list_products(book: Book) -> None:
    book.say(listed())
    book.say(listed(product=Product(name="电饭煲")), by=LABORATORY)
    for speaker in (speaker_of(ENTERPRISE), REGULATOR):
        with refused("issuer.not_entitled"):
            book.say(listed(product=Product(name="电风扇")), by=speaker)
    with refused("statement.form"):
        book.say(listed(product=Product(name="电风扇")), sealed=True)


def test_a_window_is_in_order(book: Book) -> None:
    with refused("listing.window_order"):
        book.say(listed(window_from=TODAY, window_until=TODAY - DAY))
    with refused("listing.window_over"):
        book.say(listed(window_from=TODAY - 2 * DAY, window_until=TODAY - DAY))
    book.say(listed(window_from=TODAY, window_until=TODAY))


@pytest.mark.parametrize(
    ("first", "last"), [(TODAY, LAST), (TODAY - DAY, TODAY), (LAST, LAST + DAY), (TODAY - DAY, LAST + DAY)]
)
def test_a_product_is_listed_once_on_any_day(book: Book, first: date, last: date) -> None:
    book.say(listed())
    with refused("listing.one_live_per_product"):
        book.say(listed(window_from=first, window_until=last))
    book.say(listed(window_from=LAST + DAY, window_until=LAST + 9 * DAY))


def test_a_product_is_the_same_however_it_is_typed() -> None:
    kettle = Product(name="电热水壶", model="K-100", brand="某牌")
    assert product_key(kettle) == product_key(Product(name="电热 水壶", model="ｋ-100", brand="某牌 "))
    assert product_key(kettle) != product_key(Product(name="电热水壶", model="K1-00", brand="某牌"))
    assert product_key(kettle) != product_key(Product(name="电热水壶K-100", brand="某牌"))
    barcode = "6901234567892"
    assert product_key(Product(name="甲", barcode=barcode)) == product_key(Product(name="乙", barcode=barcode))


def test_a_product_is_delisted_once(book: Book) -> None:
    entry = book.say(listed()).index
    book.say(delisted(entry))
    with refused("listing.delisted_once"):
        book.say(delisted(entry))


def test_after_its_delisting_a_product_may_be_listed_again(book: Book) -> None:
    entry = book.say(listed()).index
    book.clock.go_to(TODAY + 9 * DAY)
    book.say(delisted(entry, TODAY + 5 * DAY))
    with refused("listing.one_live_per_product"):
        book.say(listed(effective_on=TODAY + 4 * DAY, window_from=TODAY + 4 * DAY))
    book.say(listed(effective_on=TODAY + 5 * DAY, window_from=TODAY + 5 * DAY))


def test_a_listing_is_ended_within_its_window(book: Book) -> None:
    entry = book.say(listed(window_until=TODAY + 2 * DAY)).index
    book.clock.go_to(TODAY + 9 * DAY)
    for day in (TODAY - DAY, TODAY + 3 * DAY):
        with refused("listing.outside_window"):
            book.say(delisted(entry, day))
    book.say(delisted(entry, TODAY + 2 * DAY))


def test_a_laboratory_delists_only_what_it_listed(book: Book) -> None:
    organizers = book.say(listed()).index
    own = book.say(listed(product=Product(name="电饭煲")), by=LABORATORY).index
    with refused("listing.not_own"):
        book.say(delisted(organizers), by=LABORATORY)
    book.say(delisted(own), by=LABORATORY)
    third = book.say(listed(product=Product(name="电风扇")), by=LABORATORY).index
    book.say(delisted(third))


def test_only_a_listing_of_this_enterprise_is_ended(book: Book) -> None:
    entry = book.say(listed()).index
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("listing.no_such_listing"):
        book.say(delisted(entry), subject=OTHER_ENTERPRISE)
    with refused("listing.no_such_listing"):
        book.say(delisted(0))


def test_what_was_repudiated_counts_for_nothing(book: Book) -> None:
    entry = book.say(listed()).index
    end = book.say(delisted(entry)).index
    book.say(repudiated(end))
    assert LISTINGS.of(book.record).by_entry[entry].delisted(book.record.repudiated) is None
    with refused("listing.one_live_per_product"):
        book.say(listed())
    book.say(repudiated(entry))
    book.say(listed())
    with refused("listing.no_such_listing"):
        book.say(delisted(entry))


def test_listings_are_bounded(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.domain.rules.listing.LISTINGS_MAX", 1)
    book.say(listed())
    with refused("listing.max"):
        book.say(listed(product=Product(name="电饭煲")))
