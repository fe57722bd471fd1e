"""What a rebuild reads: every stream once, whole, and of each entry the same event and maker as everybody else."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ledger.domain.events.pledge import FulfilmentAssessed, PledgePublished
from ledger.errors import Malformed
from ledger.reading.feed import to_recorded
from ledger.store.copy_reader import copy_entries, copy_streams, split_streams
from ledger.store.postgres import PostgresStore
from projections.db.entry_content import content
from tests.support.database import TestDatabase
from tests.unit.projections import stream as say
from tests.unit.projections.book import Book


@pytest.fixture
def book(store: PostgresStore) -> Book:
    book = Book(store)
    book.charter()
    for number in range(50):
        subject = f"local:test/{number:03d}"
        book.register(subject)
        book.pledge(subject, number)
        book.add(subject, say.outcome("2026-01-02"))
        book.add(subject, say.assessed(number, "2026-01-02", "full", ("2026-01-01", "2026-01-02")))
    book.commit()
    return book


def test_parts_hold_every_stream_once_and_whole(database: TestDatabase, book: Book) -> None:
    parts = split_streams(database.service, 4)
    assert len(parts) == 4
    streams = [stream for first, last in parts for stream in copy_streams(database.service, first, last, book.size)]
    assert [stream[0].subject for stream in streams] == [f"local:test/{number:03d}" for number in range(50)]
    assert all([row.version for row in stream] == list(range(1, len(stream) + 1)) for stream in streams)
    rows = {row.index: row for some in copy_entries(database.service, 0, book.size) for row in some}
    assert all(row == rows[row.index] for stream in streams for row in stream)  # with the same bodies


def test_an_empty_book_is_one_empty_part(database: TestDatabase) -> None:
    assert split_streams(database.service, 4) == [("", "")]
    assert list(copy_streams(database.service, "", "", 0)) == []


def test_what_is_left_out_of_an_entry_is_the_key_unless_that_counts(database: TestDatabase, book: Book) -> None:
    keyed = set()
    for row in (row for some in copy_entries(database.service, 0, book.size) for row in some):
        whole, read = to_recorded(row), content(row)
        assert replace(whole, kid=read.kid, iat=0) == read
        assert read.kid in (b"", whole.kid)
        if read.kid:
            keyed.add(type(read.event))
    assert keyed == {PledgePublished, FulfilmentAssessed}
    some = next(row for some in copy_entries(database.service, 0, book.size) for row in some)
    with pytest.raises(Malformed):
        content(replace(some, statement=some.statement[:40]))
