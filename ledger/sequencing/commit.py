"""Batches into the store, and what became of them: decide → integrate → append → adopt → answer.

What a crash leaves behind, at each step:
- before `append`: nothing; clients were not answered and send again.
- in `append`: the database has all of the batch or nothing of it. A client that was not answered sends the
  same statement again and gets the entry that it has, by (`iss`, `cti`).
- after `append`: everything; the receipt of an entry derives from what is stored.

A lost connection is the same case seen from inside: the head is loaded again and the same submissions are
decided again, so that what did commit is found by its `cti` and answered, and what did not is written.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from ledger.domain.state.governance import Governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import LedgerError, Malformed, Raced, Refuted, Unavailable
from ledger.keys.keyring import Keyring
from ledger.keys.log_keys import LogKeys
from ledger.limits import COMMIT_SECONDS_MAX
from ledger.registration import Candidate, admit_charter
from ledger.sequencing.batch import Fate, decide
from ledger.sequencing.decision import Decision, Registered
from ledger.sequencing.head import LogHead
from ledger.store.contract import CheckpointRow, Store

__all__ = ["Answer", "CommitLoop"]

_LOG = logging.getLogger(__name__)

Answer = Registered | LedgerError


class CommitLoop:
    """The head of the log, and the way to move it. Used by one thread at a time; the properties by any.

    `stopping` says whether the process is to end: then a store that is out of reach is not waited for.
    """

    def __init__(self, store: Store, keys: LogKeys, clock: Callable[[], int], stopping: Callable[[], bool]) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._stopping = stopping
        self._head = LogHead(store)
        self._doubt = False

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

    def open(self) -> None:
        """Load the head. Raises `Refuted` where the stored log does not hash to its checkpoint, `Unavailable`."""
        self._head.load()
        anchors = self._head.governance.origin
        if anchors is not None and anchors != self._keys.origin:
            raise Refuted(f"this book's origin is {anchors!r}, the keys are for {self._keys.origin!r}")

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
        self._store.append(decision.integrate())
        decision.adopt()

    def take_in(self, subject: str, record: EnterpriseRecord, version: int) -> None:
        """Keep the record of a cold stream, folded up to `version` elsewhere. Raises `Unavailable`."""
        self._head.take_in(subject, record, version)

    def commit(self, groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
        """Decide and write until it is known what became of the groups, or `COMMIT_SECONDS_MAX` are over.

        One answer per candidate of each group. Raises `ColdStreams` (nothing was decided), `Unavailable`.
        """
        deadline = time.monotonic() + COMMIT_SECONDS_MAX
        pause = 0.05
        while True:
            try:
                if self._doubt:
                    self._head.load()
                    self._doubt = False
                decision, fates = decide(groups, self._head, self._store, self._keys, self._clock)
                if decision.entries:
                    self._store.append(decision.integrate())
                    decision.adopt()
                return [tuple(_answer(decision, fate) for fate in group) for group in fates]
            except Raced:
                # Another writer was first; its entries may hold a revoked key or a new policy.
                self.catch_up()
                if time.monotonic() > deadline:
                    raise Unavailable("another writer was always first") from None
            except Unavailable:
                # Committed or not, nobody knows: forget the head, find out, decide again.
                self._doubt = True
                if time.monotonic() + pause > deadline or self._stopping():
                    raise
                time.sleep(pause)
                pause = min(pause * 2, 1.0)

    def catch_up(self) -> None:
        """Take in what other processes wrote: keys that they enrolled are to be known here."""
        try:
            if not self._doubt:
                self._head.catch_up()
        except LedgerError as error:
            # Out of reach, or a tail that does not fit: the next batch begins with loading all anew, or fails.
            _LOG.warning("cannot take in what was written elsewhere: %s", error)
            self._doubt = True

    def doubt(self) -> None:
        """Believe nothing of the head any more: the next batch begins with loading all anew."""
        self._doubt = True


def _answer(decision: Decision, fate: Fate) -> Answer:
    return decision.registered(fate) if isinstance(fate, int) else fate
