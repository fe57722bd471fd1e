"""A long stream does not slow the write path: its record is folded beside the sequencer, then kept."""

from __future__ import annotations

import threading

import pytest

from ledger.domain.events.enterprise import EnterpriseRenamed
from ledger.sequencing import head as head_module
from ledger.sequencing.sequencer import Answer, Submission
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import entry, is_registered, open_book, open_sequencer
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.statements import TODAY, registered

LONG, SHORT = "local:test/long", "local:test/short"


def renamed(number: int) -> EnterpriseRenamed:
    return EnterpriseRenamed(v=1, effective_on=TODAY, name=f"第 {number} 名", evidence="营业执照")


def test_a_cold_long_stream_waits_alone_and_in_order(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_module, "COLD_EVENTS_MAX", 20)
    with open_book(store) as sequencer:
        for subject in (LONG, SHORT):
            is_registered(sequencer.submit_and_wait(entry(sequencer, registered(), subject, ORGANIZER), timeout=20)[0])
        for number in range(30):
            is_registered(sequencer.submit_and_wait(entry(sequencer, renamed(number), LONG, ORGANIZER), timeout=20)[0])
    with open_sequencer(store) as cold:
        may_fold = threading.Event()
        fold_stream = store.stream

        def slow(subject: str, **bounds: int) -> object:
            assert may_fold.wait(20)
            return fold_stream(subject, **bounds)

        monkeypatch.setattr(store, "stream", slow)
        heard: dict[int, Answer] = {}
        done = threading.Semaphore(0)

        def deliver(number: int, answers: tuple[Answer, ...]) -> None:
            heard[number] = answers[0]
            done.release()

        for number in range(3):
            candidate = entry(cold, renamed(100 + number), LONG, ORGANIZER)
            cold.submit(Submission((candidate,), lambda answers, number=number: deliver(number, answers)))  # type: ignore[misc]
        short = is_registered(cold.submit_and_wait(entry(cold, renamed(1), SHORT, ORGANIZER), timeout=20)[0])
        assert not heard, "the long stream is still being folded while the short one was written"
        may_fold.set()
        for _ in range(3):
            assert done.acquire(timeout=20)
        indices = [is_registered(heard[number]).index for number in range(3)]
        assert indices == sorted(indices)
        assert short.index < indices[0]
    check_whole_log(store, log_keys(ORIGIN))


def test_a_stop_finishes_those_that_wait_for_a_long_stream(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head_module, "COLD_EVENTS_MAX", 3)
    with open_book(store) as sequencer:
        is_registered(sequencer.submit_and_wait(entry(sequencer, registered(), LONG, ORGANIZER), timeout=20)[0])
        for number in range(5):
            sequencer.submit_and_wait(entry(sequencer, renamed(number), LONG, ORGANIZER), timeout=20)
    heard: list[tuple[Answer, ...]] = []
    with open_sequencer(store) as cold:
        cold.submit(Submission((entry(cold, renamed(9), LONG, ORGANIZER),), heard.append))
    assert len(heard) == 1
    is_registered(heard[0][0])
