"""An annex is taken down by a data officer, once, where an entry of the stream names it, and unless it is held."""

from __future__ import annotations

import pytest

from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.base import Annex
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.state.annex import TAKEN_DOWN
from ledger.store.annexes import AnnexKept
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, ORGANIZER, REGULATOR
from tests.support.refusals import refused
from tests.support.remedies import hold_placed, hold_released
from tests.support.standards import declared, revised
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, TODAY, speaker_of

OWNER, OTHER = speaker_of(ENTERPRISE), speaker_of(OTHER_ENTERPRISE)
ONE = Annex(sha256="cd" * 32, bytes=10, media_type="application/pdf")
TWO = Annex(sha256="ce" * 32, bytes=10, media_type="application/pdf")


@pytest.fixture
def book() -> Book:
    book = Book().with_enterprise()
    book.annexes = {bytes.fromhex(one.sha256): AnnexKept(one.bytes, one.media_type) for one in (ONE, TWO)}
    return book


def take_down(annex: Annex = ONE) -> AnnexTakenDown:
    return AnnexTakenDown(v=1, effective_on=TODAY, annex=annex.sha256, ground="含有个人信息")


def test_an_annex_of_any_version_is_taken_down_and_the_entry_is_known(book: Book) -> None:
    first = book.say(declared(annex=ONE), by=OWNER).index
    book.say(revised(first, annex=TWO), by=OWNER)
    index = book.say(take_down(ONE), by=DATA_OFFICER).index
    assert dict(TAKEN_DOWN.of(book.record)) == {ONE.sha256: index}
    book.say(take_down(TWO), by=DATA_OFFICER)


def test_only_a_data_officer_takes_an_annex_down(book: Book) -> None:
    book.say(declared(annex=ONE), by=OWNER)
    for by in (OWNER, ORGANIZER, REGULATOR):
        with refused("issuer.not_entitled"):
            book.say(take_down(), by=by)


def test_what_no_entry_of_the_stream_names_is_not_taken_down_there(book: Book) -> None:
    with refused("annex.not_in_stream"):
        book.say(take_down(), by=DATA_OFFICER)
    book.with_enterprise(OTHER_ENTERPRISE)
    book.say(declared(annex=ONE), subject=OTHER_ENTERPRISE, by=OTHER)
    book.say(declared(annex=TWO), by=OWNER)
    with refused("annex.not_in_stream"):
        book.say(take_down(ONE), by=DATA_OFFICER)


def test_of_a_repudiated_entry_too(book: Book) -> None:
    entry = book.say(declared(annex=ONE), by=OWNER).index
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="非本企业所发"))
    book.say(take_down(), by=DATA_OFFICER)


def test_a_legal_hold_on_the_entry_or_on_all_blocks_it(book: Book) -> None:
    entry = book.say(declared(annex=ONE), by=OWNER).index
    for held in (entry, None):
        hold = book.say(hold_placed(entry=held), by=DATA_OFFICER).index
        with refused("erasure.legal_hold"):
            book.say(take_down(), by=DATA_OFFICER)
        book.say(hold_released(hold), by=DATA_OFFICER)
    book.say(take_down(), by=DATA_OFFICER)


def test_its_fact_is_unique_in_the_whole_book(book: Book) -> None:
    """The content is one, whoever else names it."""
    book.say(declared(annex=ONE), by=OWNER)
    index = book.say(take_down(), by=DATA_OFFICER).index
    assert book.facts[Fact("annex_taken_down", ONE.sha256)] == index
