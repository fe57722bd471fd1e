"""The clock is doubted: one that jumps, one that is far from the log, one that is behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.errors import ClockDoubted
from ledger.limits import CLOCK_BEHIND_SECONDS_MAX
from ledger.sequencing.clock import ClockDoubts
from ledger.sequencing.sequencer import Sequencer
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import is_registered, open_book
from tests.integration.sequencing.switched import register
from tests.support.charter import ORIGIN
from tests.support.clock import Clock
from tests.support.keys import log_keys


@pytest.fixture
def chartered(store: PostgresStore) -> PostgresStore:
    with open_book(store):
        pass
    return store


@contextmanager
def doubting(store: PostgresStore, clock: Clock, other: Clock, *, confirmed: bool = False) -> Iterator[Sequencer]:
    """A sequencer that compares its clock with `other`, the database's."""
    sequencer = Sequencer(
        store, log_keys(ORIGIN), clock, doubts=ClockDoubts(clock, lambda: float(other()), confirmed=confirmed)
    )
    sequencer.open()
    sequencer.start()
    try:
        yield sequencer
    finally:
        sequencer.stop()


def size(store: PostgresStore) -> int:
    newest = store.latest()
    assert newest is not None
    return newest.tree_size


def test_a_clock_that_jumps_ahead_dates_nothing_and_goes_on_once_it_is_right(chartered: PostgresStore) -> None:
    clock, other = Clock(), Clock()
    with doubting(chartered, clock, other) as sequencer:
        is_registered(register(sequencer, "1")[0])
        before = size(chartered)
        clock.advance(days=20)
        other.advance(seconds=60)
        (answer,) = register(sequencer, "2")
        assert isinstance(answer, ClockDoubted)
        assert sequencer.clock_doubt is not None
        assert size(chartered) == before, "nothing was written"
        clock.now = other.now
        is_registered(register(sequencer, "3")[0])
        assert sequencer.clock_doubt is None


def test_a_clock_that_moves_with_the_databases_is_believed(chartered: PostgresStore) -> None:
    clock, other = Clock(), Clock()
    with doubting(chartered, clock, other) as sequencer:
        for one in (clock, other):
            one.advance(days=9)
        is_registered(register(sequencer, "after a long holiday".replace(" ", "-"))[0])


def test_a_long_silence_is_believed_when_a_person_confirms_it(chartered: PostgresStore) -> None:
    clock, other = Clock(), Clock()
    for one in (clock, other):
        one.advance(days=40)
    before = size(chartered)
    with doubting(chartered, clock, other) as sequencer:
        (answer,) = register(sequencer, "1")
        assert isinstance(answer, ClockDoubted)
        assert "--confirm-clock" in str(answer), "a person is told what to do"
        assert size(chartered) == before
    with doubting(chartered, clock, other, confirmed=True) as sequencer:
        is_registered(register(sequencer, "1", on=clock.today)[0])
    with doubting(chartered, clock, other) as sequencer:
        is_registered(register(sequencer, "2", on=clock.today)[0])


def test_a_clock_behind_the_newest_checkpoint_dates_nothing(chartered: PostgresStore) -> None:
    clock = Clock()
    with doubting(chartered, clock, clock) as sequencer:
        clock.advance(seconds=-CLOCK_BEHIND_SECONDS_MAX // 2)
        is_registered(register(sequencer, "1")[0])
        clock.advance(seconds=-3_600)
        (answer,) = register(sequencer, "2")
        assert isinstance(answer, ClockDoubted)
        clock.advance(seconds=3_600)
        is_registered(register(sequencer, "3")[0])
