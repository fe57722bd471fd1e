"""Attachments: named by id and salted commitment, of an entry that is there, erased once; digests of the access log."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.state.attachment import ATTACHMENTS, is_erased
from ledger.domain.values.subject import ACCESS
from ledger.limits import ATTACHMENTS_PER_ENTRY_MAX
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, LOG_OPERATOR, REGISTRAR
from tests.support.refusals import refused
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, TODAY, outcome, speaker_of

WITHDRAWN = {"forwarded": None, "reply_due": None, "replied": None, "reply": "none", "outcome": "withdrawn"}
ID = "ab" * 16
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def added(entry: int, attachment: str = ID, **given: Any) -> AttachmentAdded:
    fields = {"commitment": "cd" * 32, "media_type": "application/pdf", "size_bytes": 9, **given}
    return AttachmentAdded(v=1, effective_on=TODAY, attachment=attachment, entry=entry, **fields)


def erased(attachment: str = ID) -> AttachmentErased:
    return AttachmentErased(v=1, effective_on=TODAY, attachment=attachment, ground="有误")


def complaint(book: Book, number: int = 1) -> int:
    return book.say(outcome(number, **WITHDRAWN), by=HANDLING_BODY).index


def test_an_attachment_belongs_to_an_entry_of_the_stream_and_to_one_alone(book: Book) -> None:
    index = complaint(book)
    book.say(added(index), by=speaker_of(ENTERPRISE))
    assert Fact("attachment", ID) in book.facts
    assert ATTACHMENTS.of(book.record).by_id[ID].entry == index
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("entry.not_in_stream"):
        book.say(added(index), subject=OTHER_ENTERPRISE)


def test_who_does_not_speak_for_the_book_or_the_enterprise_attaches_nothing(book: Book) -> None:
    index = complaint(book)
    for stranger in (REGISTRAR, DATA_OFFICER):
        with refused("issuer.not_entitled"):
            book.say(added(index), by=stranger)


def test_an_entry_has_so_many_attachments_at_most(book: Book) -> None:
    index = complaint(book)
    for number in range(ATTACHMENTS_PER_ENTRY_MAX):
        book.say(added(index, f"{number:032x}"))
    with refused("attachment.max"):
        book.say(added(index))


def test_an_attachment_is_erased_once_by_a_data_officer(book: Book) -> None:
    index = complaint(book)
    with refused("attachment.unknown"):
        book.say(erased(), by=DATA_OFFICER)
    book.say(added(index))
    with refused("issuer.not_entitled"):
        book.say(erased())
    book.say(erased(), by=DATA_OFFICER)
    assert is_erased(book.record, ATTACHMENTS.of(book.record).by_id[ID])
    with refused("erasure.twice"):
        book.say(erased(), by=DATA_OFFICER)


def test_the_attachments_of_an_erased_body_are_erased_with_it(book: Book) -> None:
    index = complaint(book)
    complaint(book, 2)
    book.say(added(index))
    book.say(BodyErased(v=1, effective_on=TODAY, entry=index, ground="依申请"), by=DATA_OFFICER)
    assert is_erased(book.record, ATTACHMENTS.of(book.record).by_id[ID])
    with refused("erasure.twice"):
        book.say(erased(), by=DATA_OFFICER)
    with refused("attachment.entry_closed"):
        book.say(added(index, "ff" * 16))


def digest(day: date, value: str, previous: str | None = None) -> AccessDigestPublished:
    return AccessDigestPublished(v=1, effective_on=TODAY, day=day, digest=value * 32, count=0, previous=previous)


def test_digests_of_the_access_log_are_chained_day_by_day_by_the_log_operator(book: Book) -> None:
    with refused("issuer.not_entitled"):
        book.say(digest(YESTERDAY, "aa"), subject=ACCESS)
    with refused("access.day_not_over"):
        book.say(digest(TODAY, "aa"), subject=ACCESS, by=LOG_OPERATOR)
    with refused("access.not_chained"):
        book.say(digest(YESTERDAY, "aa", "bb" * 32), subject=ACCESS, by=LOG_OPERATOR)
    book.say(digest(YESTERDAY, "aa"), subject=ACCESS, by=LOG_OPERATOR)
    assert book.governance.access_digest is not None
    book.clock.advance(days=3)
    with refused("access.day_left_out"):
        book.say(digest(TODAY + timedelta(days=1), "bb", "aa" * 32), subject=ACCESS, by=LOG_OPERATOR)
    with refused("access.not_chained"):
        book.say(digest(TODAY, "bb"), subject=ACCESS, by=LOG_OPERATOR)
    book.say(digest(TODAY, "bb", "aa" * 32), subject=ACCESS, by=LOG_OPERATOR)
    assert book.governance.access_digest.day == TODAY
