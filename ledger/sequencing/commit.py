"""Batches into the store, and what became of them: decide → integrate → check → append → adopt → answer.

What a crash leaves behind, at each step:
- before `append`: nothing; clients were not answered and send again.
- in `append`: the database has all of the batch or nothing of it. A client that was not answered sends the
  same statement again and gets the entry that it has, by (`iss`, `cti`).
- after `append`: everything; the receipt of an entry derives from what is stored.

- before the high-water file is written (`sequencing/signed_history.py`): everything, and nobody was answered.

A lost connection is the same case seen from inside: the head is loaded again and the same submissions are
decided again, so that what did commit is found by its `cti` and answered, and what did not is written. Before that the
store is settled: what is found may be committed on one server alone, where answers wait for two.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence

from ledger.domain.events.party import TrustAnchorsSucceeded
from ledger.domain.state.governance import Governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import (
    AlreadyRegistered,
    ClockDoubted,
    Corrupted,
    HistoryBroken,
    LedgerError,
    Malformed,
    Raced,
    Refused,
    Refuted,
    Unavailable,
)
from ledger.keys.keyring import Keyring
from ledger.keys.log_keys import LogKeys
from ledger.limits import COMMIT_SECONDS_MAX
from ledger.registration import Candidate, admit_charter
from ledger.sequencing.batch import Fate, decide
from ledger.sequencing.clock import ClockDoubts
from ledger.sequencing.decision import Decision, Registered
from ledger.sequencing.head import LogHead
from ledger.sequencing.high_water import HighWater
from ledger.sequencing.lost_history import admit_loss, require_given_up
from ledger.sequencing.signed_history import History
from ledger.store.contract import Batch, CheckpointRow, Store

__all__ = ["Answer", "CommitLoop"]

_LOG = logging.getLogger(__name__)

Answer = Registered | LedgerError


class CommitLoop:
    """The head of the log, and the way to move it. Used by one thread at a time; the properties by any.

    `stopping` says whether the process is to end: then a store that is out of reach is not waited for.
    """

    def __init__(
        self,
        store: Store,
        keys: LogKeys,
        clock: Callable[[], int],
        stopping: Callable[[], bool],
        file: HighWater | None = None,
        doubts: ClockDoubts | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._stopping = stopping
        self._head = LogHead(store)
        self._doubt = False
        self._unsettled = True  # what was loaded may be on this server alone
        self._sent: Batch | None = None  # signed and sent to the store, and not known to be there, or not
        self.history = History(store, file)
        self._doubts = doubts
        self.clock_doubt: str | None = None

    @property
    def governance(self) -> Governance:
        return self._head.governance

    @property
    def keyring(self) -> Keyring:
        return self._head.keyring

    @property
    def checkpoint(self) -> CheckpointRow | None:
        """The newest checkpoint that this process knows to be durable."""
        return self._head.checkpoint

    def open(self, *, witnessed: int = 0, contested: str | None = None, accepted: bytes | None = None) -> None:
        """Load the head and compare it with what this log has signed.

        `contested`: why the store does not go on from the `witnessed` entries that a witness holds. `accepted`: a
        `HistoryGivenUp`, signed, by which a person says that a history is lost: it becomes the next entry.
        Raises `HistoryBroken` where the store holds less than was signed, or something else; `Refused` for a
        statement that gives up something else than what is lost; `Refuted` where the stored log does not hash to its
        checkpoint; `Misconfigured` where the keys in force are not here; `Unavailable`.
        """
        with self.history.pen():
            self._head.load()
            anchors = self._head.governance.origin
            if anchors is not None and anchors != self._keys.origin:
                raise Refuted(f"this book's origin is {anchors!r}, the keys are for {self._keys.origin!r}")
            in_force = self._head.governance.anchors_at(self._head.size)
            if in_force is not None:
                self._keys.held(in_force)
            try:
                self.history.compare(self._head)
                if contested is not None:
                    self.history.contest(witnessed, contested, self._head)
                if accepted is not None:
                    require_given_up(accepted, self._head.governance)
            except HistoryBroken:
                if accepted is None:
                    raise
                self._accept(accepted, witnessed)
            self.history.keep(self._head.checkpoint)

    def _accept(self, accepted: bytes, witnessed: int) -> None:
        head, known, now = self._head, self.history.known, self._clock()
        candidate, event = admit_loss(accepted, head, known, witnessed, self._keys.origin, now)
        decision = Decision(head, self._keys, now)
        decision.take(candidate)
        batch = decision.integrate()
        decision.check(batch)
        # A crash after this: the log says that the larger tree is lost, and the next start goes on from there.
        self._store.append(batch)
        self.history.give_up(batch.checkpoint)
        decision.adopt()
        _LOG.warning("a history of %d entries was given up: entry %d says so", event.lost_size, event.kept_size)

    def bootstrap(self, charter: Sequence[bytes]) -> None:
        """Register the charter as the first entries of an empty log, under one checkpoint.

        Raises `Refused` or `Malformed` naming the first statement that may not stand, `Raced` if the log
        is not empty.
        """
        if self._head.size:
            raise Raced("the log is not empty")
        if len(charter) < 2:
            raise Malformed("a charter has at least two statements: no receipt exists in a tree of one")
        decision = Decision(self._head, self._keys, self._clock())
        for number, statement in enumerate(charter):
            try:
                candidate = admit_charter(statement, governance=decision.governance, origin=self._keys.origin)
                decision.take(candidate, bootstrap=True)
            except LedgerError as error:
                error.add_note(f"in statement {number} of the charter")
                raise
        with self.history.pen():
            self.history.compare(self._head)
            batch = decision.integrate()
            decision.check(batch)
            self._store.append(batch)
            self.history.keep(batch.checkpoint)
            decision.adopt()

    def take_in(self, subject: str, record: EnterpriseRecord, version: int) -> None:
        """Keep the record of a cold stream, folded up to `version` elsewhere. Raises `Unavailable`."""
        self._head.take_in(subject, record, version)

    def commit(self, groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
        """Decide and write until it is known what became of the groups, or `COMMIT_SECONDS_MAX` are over.

        One answer per candidate of each group. Raises `ColdStreams` (nothing was decided), `HistoryBroken`,
        `Unavailable`, `Misconfigured` (the log's keys in force are not here).
        """
        return [answers for part in _apart(groups) for answers in self._commit(part)]

    def _commit(self, groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
        deadline = time.monotonic() + COMMIT_SECONDS_MAX
        pause = 0.05
        corrupted = False
        while True:
            try:
                with self.history.pen():
                    return self._commit_once(groups)
            except Raced:
                # Another writer was first; its entries may hold a revoked key or a new policy.
                self.catch_up()
                if time.monotonic() > deadline:
                    raise Unavailable("another writer was always first") from None
            except Corrupted as error:
                # A bit that flipped is gone when all is made anew; a defect is not.
                _LOG.error("nothing was written: %s", error)
                self._doubt = True
                if corrupted:
                    raise
                corrupted = True
            except Unavailable:
                # Committed or not, nobody knows: forget the head, find out, decide again.
                self._doubt = True
                if time.monotonic() + pause > deadline or self._stopping():
                    raise
                time.sleep(pause)
                pause = min(pause * 2, 1.0)

    def _commit_once(self, groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
        self._know()
        self._check_clock()
        decision, fates = decide(groups, self._head, self._store, self._keys, self._clock)
        if decision.entries:
            batch = decision.integrate()
            decision.check(batch)
            if self._sent is not None and self._sent.checkpoint.root != batch.checkpoint.root:
                # One root for one size, whatever became of the other.
                self._append(self._sent)
                raise Raced("a batch that was sent before is in the log now")
            self._append(batch)
            decision.adopt()
        elif _refuses(fates) and self._moved():
            # Nothing was appended that would have told: whatever made it refuse may be repaired by then.
            raise Raced("what was refused was judged by an older head")
        self.history.keep(self._head.checkpoint)
        return [tuple(_answer(decision, fate) for fate in group) for group in fates]

    def _moved(self) -> bool:
        """Whether another writer has gone on since the head was looked at."""
        newest = self._store.latest()
        return newest is not None and newest.tree_size > self._head.size

    def _append(self, batch: Batch) -> None:
        self._sent = batch
        try:
            self._store.append(batch)
        except Unavailable as error:
            if not error.unsettled:
                self._sent = None
            raise
        except LedgerError:
            self._sent = None
            raise
        self._sent = None

    def _know(self) -> None:
        """Bring the head up to what is stored, and compare it with what was signed."""
        if self._doubt:
            self._load()
        if self._unsettled:  # nobody is told of an entry that a failover could still lose
            self._store.settle()
            self._unsettled = False
        if self.history.ahead(self._head.size):
            self._head.catch_up()
        self.history.compare(self._head)
        if self._sent is not None and self._sent.checkpoint.previous_size != self._head.size:
            self._sent = None  # it is there, or another writer's is, and it never can be

    def _check_clock(self) -> None:
        """Raise `ClockDoubted` where nothing must be dated by this machine's clock."""
        if self._doubts is None:
            return
        try:
            self._doubts.check(self._clock(), self._head.checkpoint)
        except ClockDoubted as error:
            self.clock_doubt = str(error)
            raise
        self.clock_doubt = None

    def _load(self) -> None:
        self.history.forget_comparisons()
        self._unsettled = True
        self._head.load()
        self._doubt = False

    def catch_up(self) -> None:
        """Take in what other processes wrote: keys that they enrolled are to be known here."""
        try:
            with self.history.pen():
                if not self._doubt:
                    self._head.catch_up()
                self._know()
                self.history.keep(self._head.checkpoint)
                self._check_clock()
        except ClockDoubted as error:
            _LOG.error("%s", error)
        except HistoryBroken:
            self._doubt = True  # said where it was found
        except LedgerError as error:
            # Out of reach, or a tail that does not fit: the next look begins with loading all anew, or fails.
            _LOG.warning("cannot take in what was written elsewhere: %s", error)
            self._doubt = True

    def close(self) -> None:
        """Let go of the high-water file."""
        self.history.close()

    def doubt(self) -> None:
        """Believe nothing of the head any more: the next batch begins with loading all anew."""
        self._doubt = True


def _apart(groups: Sequence[tuple[Candidate, ...]]) -> Iterator[Sequence[tuple[Candidate, ...]]]:
    """The groups in as many batches as it takes: a succession of the log's keys is the last entry of its batch.

    So the tree that first holds it is of the size just after it, and signed with the keys before.
    """
    start = 0
    for place, group in enumerate(groups):
        if any(isinstance(candidate.event, TrustAnchorsSucceeded) for candidate in group):
            yield groups[start : place + 1]
            start = place + 1
    if start < len(groups):
        yield groups[start:]


def _refuses(fates: Sequence[Sequence[Fate]]) -> bool:
    """Whether anybody hears no for what the head says; `AlreadyRegistered` rests on what is stored."""
    answers = (fate for group in fates for fate in group)
    return any(isinstance(fate, Refused) and not isinstance(fate, AlreadyRegistered) for fate in answers)


def _answer(decision: Decision, fate: Fate) -> Answer:
    return decision.registered(fate) if isinstance(fate, int) else fate
