"""Group commit: submissions are gathered, written in one transaction, answered with receipts (`commit.py`).

One thread owns the head of the log. While a batch commits the next one gathers; there is no delay timer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from ledger.domain.state.governance import Governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Busy, ClockDoubted, HistoryBroken, LedgerError, Unavailable
from ledger.keys.keyring import Keyring
from ledger.keys.log_keys import LogKeys
from ledger.limits import GROUP_COMMIT_STATEMENTS_MAX, QUEUE_STATEMENTS_MAX
from ledger.registration import Candidate
from ledger.sequencing.clock import ClockDoubts
from ledger.sequencing.cold_streams import Warmed, Warming
from ledger.sequencing.commit import Answer, CommitLoop
from ledger.sequencing.decision import Registered
from ledger.sequencing.head import ColdStreams
from ledger.sequencing.high_water import HighWater
from ledger.store.contract import CheckpointRow, Store

__all__ = ["Answer", "Registered", "Sequencer", "Submission"]

_LOG = logging.getLogger(__name__)

_IDLE_SECONDS: Final = 1.0


@dataclass(slots=True, eq=False)
class Submission:
    """Statements that are registered together and in this order, or not at all (mostly just one).

    `deliver` is called once with one answer per candidate, on the thread that `Sequencer(post=…)` chooses.
    """

    candidates: tuple[Candidate, ...]
    deliver: Callable[[tuple[Answer, ...]], None]
    entered: float = field(default_factory=time.monotonic)


class Sequencer:
    """The one writer of this process. Other processes may write to the same database: the loser decides again."""

    def __init__(
        self,
        store: Store,
        keys: LogKeys,
        clock: Callable[[], int],
        post: Callable[[Callable[[], None]], object] | None = None,
        file: HighWater | None = None,
        doubts: ClockDoubts | None = None,
    ) -> None:
        self._post = post or (lambda deliver: deliver())
        self._writer = CommitLoop(store, keys, clock, stopping=lambda: self._stopping, file=file, doubts=doubts)
        self._queue: deque[Submission] = deque()
        self._queued = 0
        self._aside: dict[str, list[Submission]] = {}  # by the cold subject that they wait for
        self._warmed: list[Warmed] = []
        self._warming = Warming(store, self._ready)
        self._wakeup = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def governance(self) -> Governance:
        return self._writer.governance

    @property
    def keyring(self) -> Keyring:
        return self._writer.keyring

    @property
    def checkpoint(self) -> CheckpointRow | None:
        """The newest checkpoint that this process knows to be durable."""
        return self._writer.checkpoint

    @property
    def queued(self) -> int:
        """Statements that wait."""
        return self._queued

    @property
    def alive(self) -> bool:
        """Whether the thread that commits runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def broken(self) -> str | None:
        """Why nothing is appended any more until a person decides, None while all is well."""
        return self._writer.history.broken

    @property
    def clock_doubt(self) -> str | None:
        """Why this machine's clock is not believed, None while it is."""
        return self._writer.clock_doubt

    def end_appending(self, why: str) -> None:
        """What this process signs is not the history that others hold. From any thread."""
        self._writer.history.end(why)

    def open(self, *, witnessed: int = 0, contested: str | None = None, accepted: bytes | None = None) -> None:
        """Load the head and compare it with what this log has signed. As, and raises as, `CommitLoop.open`."""
        self._writer.open(witnessed=witnessed, contested=contested, accepted=accepted)

    def bootstrap(self, charter: Sequence[bytes]) -> None:
        """Register the charter as the first entries of an empty log. Raises as `CommitLoop.bootstrap` does."""
        self._writer.bootstrap(charter)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is queued, then end. What comes after is refused as `Busy`."""
        with self._wakeup:
            self._stopping = True
            self._wakeup.notify()
        if self._thread is not None:
            self._thread.join()
        self._warming.stop()
        self._writer.close()

    def submit(self, submission: Submission) -> None:
        """Queue a submission; its `deliver` is called when its fate is durable. Raises `Busy`, doing nothing."""
        if self.submit_all((submission,)):
            raise Busy("the queue of statements")

    def submit_all(self, submissions: Iterable[Submission]) -> list[Submission]:
        """Queue what there is room for, in order; what there was none for."""
        left: list[Submission] = []
        with self._wakeup:
            for submission in submissions:
                count = len(submission.candidates)
                if left or self._stopping or self._queued + count > QUEUE_STATEMENTS_MAX:
                    left.append(submission)
                    continue
                self._queue.append(submission)
                self._queued += count
            if self._queue:
                self._wakeup.notify()
        return left

    def submit_and_wait(self, *candidates: Candidate, timeout: float | None = None) -> tuple[Answer, ...]:
        """`submit` for threads: the answers, one per candidate."""
        future: Future[tuple[Answer, ...]] = Future()
        self.submit(Submission(candidates, future.set_result))
        return future.result(timeout)

    def _run(self) -> None:
        while True:
            with self._wakeup:
                if not self._asked():
                    self._wakeup.wait(_IDLE_SECONDS)
                idle = not self._asked()
                warmed, self._warmed = self._warmed, []
                batch = self._take_batch()
            if idle:
                self._writer.catch_up()
                continue
            if not batch and not warmed:
                return
            for one in warmed:
                batch = self._take_in(*one) + batch
            while batch:
                try:
                    answers = self._writer.commit([submission.candidates for submission in batch])
                except ColdStreams as cold:
                    batch = self._set_aside(batch, cold.subjects)
                    continue
                except (HistoryBroken, ClockDoubted) as error:
                    answers = [tuple(error for _ in s.candidates) for s in batch]
                except Exception as error:
                    # A defect, or a log that does not hash: nothing more may be written on top of it.
                    _LOG.exception("the sequencer cannot go on with this batch")
                    self._writer.doubt()
                    known = error if isinstance(error, LedgerError) else Unavailable("internal error")
                    answers = [tuple(known for _ in s.candidates) for s in batch]
                self._deliver(batch, answers)
                break

    def _asked(self) -> bool:
        """Whether there is something to do: to decide, to take in, or to end."""
        return bool(self._queue or self._warmed or (self._stopping and not self._aside))

    def _set_aside(self, batch: Sequence[Submission], cold: frozenset[str]) -> list[Submission]:
        """Let the submissions about cold subjects wait for their records; the others, which go on."""
        going: list[Submission] = []
        for submission in batch:
            subject = next((c.statement.subject for c in submission.candidates if c.statement.subject in cold), None)
            if subject is None:
                going.append(submission)
                continue
            if subject not in self._aside:
                self._aside[subject] = []
                self._warming.begin(subject)
            self._aside[subject].append(submission)
            self._count(len(submission.candidates))
        return going

    def _count(self, statements: int) -> None:
        with self._wakeup:
            self._queued += statements

    def _ready(self, warmed: Warmed) -> None:
        with self._wakeup:
            self._warmed.append(warmed)
            self._wakeup.notify()

    def _take_in(
        self, subject: str, record: EnterpriseRecord | None, version: int, error: LedgerError | None
    ) -> list[Submission]:
        """Those that waited for a record, now that the head has it; those who waited in vain are told."""
        waited = self._aside.pop(subject)
        self._count(-sum(len(submission.candidates) for submission in waited))
        try:
            if record is not None and error is None:
                self._writer.take_in(subject, record, version)
                return waited
        except LedgerError as failed:
            error = failed
        told = error or Unavailable(f"the stream of {subject} could not be read")
        self._deliver(waited, [tuple(told for _ in submission.candidates) for submission in waited])
        return []

    def _take_batch(self) -> list[Submission]:
        batch: list[Submission] = []
        count = 0
        while self._queue and (not batch or count + len(self._queue[0].candidates) <= GROUP_COMMIT_STATEMENTS_MAX):
            submission = self._queue.popleft()
            batch.append(submission)
            count += len(submission.candidates)
        self._queued -= count
        return batch

    def _deliver(self, batch: Sequence[Submission], answers: Sequence[tuple[Answer, ...]]) -> None:
        def deliver() -> None:
            for submission, answer in zip(batch, answers, strict=True):
                submission.deliver(answer)

        try:
            self._post(deliver)
        except RuntimeError:  # the event loop is gone: nobody is left to hear it
            _LOG.warning("answers for %d submissions found no listener", len(batch))
