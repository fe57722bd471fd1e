"""A book with a charter, and sequencers on it: what the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.domain.events.base import Event
from ledger.registration import AdmittingLog, Candidate, admit
from ledger.sequencing.sequencer import Answer, Registered, Sequencer
from ledger.store.contract import Store
from tests.support.charter import ORIGIN, Speaker, charter
from tests.support.clock import NOW, Clock
from tests.support.keys import log_keys
from tests.support.statements import sign

__all__ = ["admitted", "entry", "is_registered", "open_book", "open_sequencer"]


@contextmanager
def open_book(store: Store, clock: Clock | None = None) -> Iterator[Sequencer]:
    """A sequencer over an empty store, with the test charter registered."""
    sequencer = Sequencer(store, log_keys(ORIGIN), clock or Clock())
    sequencer.open()
    sequencer.bootstrap(charter())
    sequencer.start()
    try:
        yield sequencer
    finally:
        sequencer.stop()


@contextmanager
def open_sequencer(store: Store) -> Iterator[Sequencer]:
    """Another sequencer on a book that has its charter."""
    sequencer = Sequencer(store, log_keys(ORIGIN), Clock())
    sequencer.open()
    sequencer.start()
    try:
        yield sequencer
    finally:
        sequencer.stop()


def admitted(sequencer: Sequencer, statement: bytes, body: bytes | None = None) -> Candidate:
    return admit(statement, body, AdmittingLog(ORIGIN, sequencer.governance, sequencer.keyring), now=NOW)


def entry(sequencer: Sequencer, event: Event, subject: str, by: Speaker, *, sealed: bool | None = None) -> Candidate:
    """The candidate that says `event` about `subject`."""
    return admitted(sequencer, *sign(event, subject=subject, by=by, iat=NOW, sealed=sealed))


def is_registered(answer: Answer) -> Registered:
    assert isinstance(answer, Registered), answer
    return answer
