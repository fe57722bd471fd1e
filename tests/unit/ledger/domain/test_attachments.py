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
from tests.support.charter import (
    DATA_OFFICER,
    HANDLING_BODY,
    LOG_OPERATOR,
    ORGANIZER,
    ORGANIZER_2,
    REGISTRAR,
    REGULATOR,
    Speaker,
)
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


def add(book: Book, event: AttachmentAdded, by: Speaker = ORGANIZER, **more: Any) -> int:
    """Uploaded by whoever adds it."""
    book.upload(event, by)
    return book.say(event, by=by, **more).index


def erased(attachment: str = ID) -> AttachmentErased:
    return AttachmentErased(v=1, effective_on=TODAY, attachment=attachment, ground="有误")


def complaint(book: Book, number: int = 1) -> int:
    return book.say(outcome(number, **WITHDRAWN), by=HANDLING_BODY).index


def test_an_attachment_belongs_to_an_entry_of_the_stream_and_to_one_alone(book: Book) -> None:
    index = complaint(book)
    add(book, added(index), by=speaker_of(ENTERPRISE))
    assert Fact("attachment", ID) in book.facts
    assert ATTACHMENTS.of(book.record).by_id[ID].entry == index
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("entry.not_in_stream"):
        add(book, added(index), subject=OTHER_ENTERPRISE)


def test_who_does_not_speak_for_the_book_or_the_enterprise_attaches_nothing(book: Book) -> None:
    index = complaint(book)
    for stranger in (REGISTRAR, DATA_OFFICER):
        with refused("issuer.not_entitled"):
            add(book, added(index), by=stranger)


def test_a_party_adds_so_many_attachments_to_an_entry_and_takes_nobody_elses_place(book: Book) -> None:
    index = complaint(book)
    owner = speaker_of(ENTERPRISE)
    for number in range(ATTACHMENTS_PER_ENTRY_MAX):
        add(book, added(index, f"{number:032x}"), owner)
    with refused("attachment.max"):
        add(book, added(index), owner)
    add(book, added(index), REGULATOR)
    add(book, added(index, "fe" * 16), ORGANIZER)


def test_an_attachment_names_an_upload_of_the_very_issuer_with_its_commitment(book: Book) -> None:
    index = complaint(book)
    with refused("attachment.not_uploaded"):
        book.say(added(index), by=speaker_of(ENTERPRISE))
    book.upload(added(index), REGULATOR)
    with refused("attachment.not_uploaded"):
        book.say(added(index), by=speaker_of(ENTERPRISE))
    for other in ({"commitment": "ce" * 32}, {"size_bytes": 10}, {"media_type": "image/png"}):
        with refused("attachment.other_upload"):
            book.say(added(index, **other), by=REGULATOR)
    book.say(added(index), by=REGULATOR)


def test_a_colleague_may_register_what_the_party_uploaded(book: Book) -> None:
    index = complaint(book)
    book.upload(added(index), ORGANIZER)
    book.say(added(index), by=ORGANIZER_2)


def test_an_attachment_is_erased_once_by_a_data_officer(book: Book) -> None:
    index = complaint(book)
    with refused("attachment.unknown"):
        book.say(erased(), by=DATA_OFFICER)
    add(book, added(index))
    with refused("issuer.not_entitled"):
        book.say(erased())
    book.say(erased(), by=DATA_OFFICER)
    assert is_erased(book.record, ATTACHMENTS.of(book.record).by_id[ID])
    with refused("erasure.twice"):
        book.say(erased(), by=DATA_OFFICER)


def test_the_attachments_of_an_erased_body_are_erased_with_it(book: Book) -> None:
    index = complaint(book)
    complaint(book, 2)
    add(book, added(index))
    book.say(BodyErased(v=1, effective_on=TODAY, entry=index, ground="依申请"), by=DATA_OFFICER)
    assert is_erased(book.record, ATTACHMENTS.of(book.record).by_id[ID])
    with refused("erasure.twice"):
        book.say(erased(), by=DATA_OFFICER)
    with refused("attachment.entry_closed"):
        add(book, added(index, "ff" * 16))


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
