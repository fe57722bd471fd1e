"""What a process that only reads knows of its log: it never goes back, and a second history is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from api.service.writer_lag import WriterLag
from ledger.reading.feed import Feed
from ledger.reading.followed_log import FollowedLog
from ledger.store.memory import MemoryStore
from tests.integration.sequencing.book import admitted, is_registered, open_book
from tests.integration.sequencing.switched import SwitchedStore
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.clock import NOW
from tests.support.http_servers import QuietHandler, served
from tests.support.statements import registered, sign
from tests.support.waiting import eventually


@cache
def said(name: str) -> tuple[bytes, bytes | None]:
    """The one statement about an enterprise of that name, and its body."""
    return sign(registered(name=name), subject=f"local:test/{name}", by=ORGANIZER, iat=NOW)


def book_of(*names: str) -> MemoryStore:
    """A log with the test charter and an entry for each name: those with the same names are the same log."""
    store = MemoryStore()
    with open_book(store) as sequencer:
        for name in names:
            is_registered(sequencer.submit_and_wait(admitted(sequencer, *said(name)), timeout=30)[0])
    return store


def size_of(store: MemoryStore) -> int:
    newest = store.latest()
    assert newest is not None
    return newest.tree_size


@contextmanager
def writer_that_says(*notes: bytes) -> Iterator[str]:
    """A server whose checkpoint is the first of the notes, then the next, and stays the last."""
    left = list(notes)

    class Says(QuietHandler):
        def do_GET(self) -> None:
            note = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(200)
            self.send_header("Content-Length", str(len(note)))
            self.end_headers()
            self.wfile.write(note)

    with served(Says) as address:
        yield address


def note_of(store: MemoryStore) -> bytes:
    newest = store.latest()
    assert newest is not None
    return newest.note


def test_who_may_say_what_is_known_as_the_log_grows_and_a_copy_that_lacks_entries_changes_nothing() -> None:
    less, more = book_of("a"), book_of("a", "b", "c")
    store = SwitchedStore(less)
    head = FollowedLog(store, Feed(store))
    head.look()
    assert (head.size, head.governance.origin) == (size_of(less), ORIGIN)
    assert head.governance.keys
    store.behind = more
    head.look()
    assert (head.size, head.fewer, head.broken) == (size_of(more), None, None)
    store.behind = less
    head.look()
    assert (head.size, head.fewer, head.broken) == (size_of(more), size_of(less), None)
    store.behind = more
    head.look()
    assert head.fewer is None


def test_another_history_than_was_shown_is_told() -> None:
    store = SwitchedStore(book_of("a", "b"))
    head = FollowedLog(store, Feed(store))
    head.look()
    store.behind = book_of("a", "other", "more")
    head.look()
    assert head.broken is not None and "another history" in head.broken
    assert head.size == size_of(book_of("a", "b")), "it is not taken in"


def test_what_the_writer_has_signed_is_compared_and_says_how_far_behind_a_reader_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.service.writer_lag.READER_LOOK_SECONDS", 0.05)
    monkeypatch.setattr("api.service.writer_lag.READER_BEHIND_SECONDS_MAX", 0.3)
    ours, ahead, fork = book_of("a", "b"), book_of("a", "b", "c", "d"), book_of("a", "other")
    head = FollowedLog(ours, Feed(ours))
    head.look()
    with writer_that_says(note_of(ours), note_of(ahead)) as url:
        lag = WriterLag(ours, head, url)
        lag.start()
        eventually(lambda: lag.entries == 2, "two entries are missing")
        assert "but" in eventually(lag.behind, "and were for too long")
        assert lag.forked is None
        lag.stop()
    with writer_that_says(note_of(fork)) as url:
        lag = WriterLag(ours, head, url)
        lag.start()
        assert "none of what this database holds" in eventually(lambda: lag.forked, "one size has one root")
        lag.stop()
    with writer_that_says(b"no checkpoint\n") as url:
        lag = WriterLag(ours, head, url)
        lag.start()
        lag.stop()
        assert (lag.entries, lag.behind(), lag.forked) == (None, None, None), "what is no checkpoint says nothing"
