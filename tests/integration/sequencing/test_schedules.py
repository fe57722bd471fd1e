"""A thousand seeded schedules of what goes wrong with a store and its writers: none forks, none loses an answer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import LedgerError, Unavailable
from ledger.registration import AdmittingLog, Candidate, admit
from ledger.sequencing.clock import ClockDoubts
from ledger.sequencing.commit import CommitLoop
from ledger.sequencing.sequencer import Registered
from ledger.store.contract import Batch
from ledger.store.memory import MemoryStore
from tests.integration.sequencing.switched import the_file
from tests.support.charter import ORGANIZER, ORIGIN, charter
from tests.support.clock import Clock
from tests.support.database import data_folder
from tests.support.keys import log_keys
from tests.support.statements import registered, sign

_SCHEDULES = 1_000
_STEPS = 8
_HOSTS = 2


class Faulty:
    """A twin of the store that may lose its tail, or a connection before or after a commit."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.batches: list[Batch] = []
        self.fault = ""

    def append(self, batch: Batch) -> None:
        fault, self.fault = self.fault, ""
        if fault == "before":
            raise Unavailable("the connection was lost before the commit")
        self.store.append(batch)
        self.batches.append(batch)
        if fault == "after":
            raise Unavailable("the connection was lost after the commit")

    def lose(self, batches: int) -> None:
        """What a failover to a copy that is so far behind does; the charter was copied long ago."""
        self.batches = self.batches[: max(1, len(self.batches) - batches)]
        self.store = MemoryStore()
        for batch in self.batches:
            self.store.append(batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class Schedule:
    """One log, its hosts on one machine, and everything that anybody was ever told."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.store = Faulty()
        self.other = Clock()  # the database's
        self.roots: dict[int, set[bytes]] = {}
        self.answered: dict[int, bytes] = {}
        self.refused = 0
        self.hosts: list[tuple[CommitLoop, Clock] | None] = [None] * _HOSTS
        first = self.begin(0)
        first.bootstrap(charter())
        self.seen(first)

    def begin(self, host: int) -> CommitLoop:
        clock = Clock(self.other.now)
        doubts = ClockDoubts(clock, lambda: float(self.other()))
        writer = CommitLoop(
            self.store,  # type: ignore[arg-type]
            log_keys(ORIGIN),
            clock,
            stopping=lambda: False,
            file=the_file(self.folder),
            doubts=doubts,
        )
        writer.open()
        self.hosts[host] = writer, clock
        return writer

    def end(self, host: int) -> None:
        running = self.hosts[host]
        if running is not None:
            running[0].close()
            self.hosts[host] = None

    def seen(self, writer: CommitLoop) -> None:
        head = writer.checkpoint
        assert head is not None
        self.roots.setdefault(head.tree_size, set()).add(head.root)

    def step(self, number: int) -> None:
        """Something happens; then somebody submits something to some host."""
        host = self.random.randrange(_HOSTS)
        what = self.random.choice(("", "", "before", "after", "crash", "lose", "ahead", "back"))
        if what in ("before", "after"):
            self.store.fault = what
        elif what == "crash":
            self.end(host)
        elif what == "lose":
            self.store.lose(self.random.randrange(1, 3))
        running = self.hosts[host]
        if what in ("ahead", "back") and running is not None:
            running[1].advance(days=400 if what == "ahead" else -1)
        self.other.advance(seconds=30)
        try:
            writer = running[0] if running is not None and what != "crash" else self.begin(host)
            answers = writer.commit([(candidate(writer, f"{number}"),)])
        except LedgerError:
            self.refused += 1
            return
        finally:
            if self.hosts[host] is not None and what in ("ahead", "back"):
                self.hosts[host][1].now = self.other.now  # type: ignore[index] - set right again
        (answer,) = answers[0]
        if not isinstance(answer, Registered):
            self.refused += 1
            return
        self.seen(writer)
        (statement,) = self.store.statements([answer.index]).values()
        self.answered[answer.index] = statement
        kept = self.store.statements(sorted(self.answered))
        assert dict(kept) == self.answered, "who answers now has all that was ever answered"
        assert all(row.recorded_at <= self.other.now + 300 for row in self.store.entries(answer.index, 1))

    def check(self) -> None:
        assert all(len(roots) == 1 for roots in self.roots.values()), "no size has two roots"
        for host in range(_HOSTS):
            self.end(host)


def candidate(writer: CommitLoop, name: str) -> Candidate:
    statement, _ = sign(
        registered(), subject=f"local:test/{name}", by=ORGANIZER, iat=Clock().now, cti=name.encode() * 8
    )
    return admit(statement, None, AdmittingLog(ORIGIN, writer.governance, writer.keyring), now=Clock().now)


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, 10))])
def test_no_schedule_signs_a_size_twice_or_loses_what_was_answered(
    part: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.sequencing.commit.time.sleep", lambda _seconds: None)
    answered = refused = 0
    for seed in range(part, _SCHEDULES, 10):
        (folder / str(seed)).mkdir()
        schedule = Schedule(folder / str(seed), seed)
        for number in range(_STEPS):
            schedule.step(number)
        schedule.check()
        answered, refused = answered + len(schedule.answered), refused + schedule.refused
    assert answered > 100, "most is answered"
    assert refused > 100, "and much goes wrong"
