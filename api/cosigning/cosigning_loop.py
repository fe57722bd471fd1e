"""The log asks its witnesses: round after round, one checkpoint at a time, each witness in a thread of its own.

A quorum is of one checkpoint, so all are asked about the same one until it has its quorum or its time is up; then the
newest is next. Nothing here is in the way of appends: checkpoints are read from the store once they are durable, and
a witness that is slow or down keeps nobody but itself waiting. Of several processes on one database one asks.

At each durable step, what a crash leaves: before the answer is kept, the witness has cosigned and we have nothing: it
is asked again, from the size that it names. After it, the cosignature is in the store.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from api.cosigning.cosigned_checkpoints import Published
from api.cosigning.log_witness_policy import asked
from api.cosigning.witness_client import WitnessClient
from ledger.errors import LedgerError, NotFound, Refuted, Unavailable
from ledger.limits import (
    TREE_SIZE_MAX,
    WITNESS_RETRY_SECONDS_MAX,
    WITNESS_ROUND_SECONDS_MAX,
    WITNESS_ROUND_SECONDS_MIN,
)
from ledger.reading.log_reader import Log
from ledger.store.contract import CheckpointRow, Store
from ledger.store.cosignatures import CosignatureRow
from ledger.store.lease import Lease
from ledger.tlog.witness_policy import PolicyWitness
from ledger.witness import AddCheckpoint, Conflict, NotConsistent

__all__ = ["CosigningLoop", "WitnessStatus", "retry_seconds"]

_STEPS_MAX: Final = 3  # 409 tells the size: then once more with it; more often only if others ask as well
_REMEMBERED: Final = 4_096
_STOP_SECONDS: Final = 2.0
_OUTAGE_ROUND_SECONDS: Final = 60.0  # between rounds while no quorum is in sight
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class WitnessStatus:
    """How it stands with one witness. Times in Unix seconds, 0 for never; sizes in entries, 0 for none.

    `known_size` is what the witness is believed to know; `alarm`: it holds another history of this log, or more of
    it, or it has forgotten what it cosigned.
    """

    witness: PolicyWitness
    known_size: int = 0
    cosigned_size: int = 0
    cosigned_at: int = 0
    failures: int = 0  # in a row
    failure: str = ""
    alarm: bool = False
    not_before: float = field(default=0.0, repr=False)  # monotonic seconds


def retry_seconds(failures: int, chance: float) -> float:
    """How long to wait after so many failures in a row: doubling from 1 s, with jitter by `chance` in [0, 1)."""
    return min(WITNESS_RETRY_SECONDS_MAX, 2.0 ** min(failures - 1, 30)) * (0.5 + chance / 2)


class CosigningLoop:
    """The threads that ask. `start` once, `stop` once."""

    def __init__(
        self,
        store: Store,
        log: Log,
        published: Published,
        lease: Lease | None,
        registry: CollectorRegistry,
        client: Callable[[PolicyWitness], WitnessClient] = WitnessClient,
    ) -> None:
        policy = published.policy
        assert policy is not None  # whoever has none asks nobody
        self._store = store
        self._log = log
        self._policy = policy
        self._published = published
        self._lease = lease
        self._client = client
        self._meters = _Meters(registry)
        self._changed = threading.Condition()  # guards what follows
        self._target: CheckpointRow | None = None
        self._stopping = False
        self.asked = [WitnessStatus(witness) for witness in asked(policy)]
        self.witnessed_size = 0
        self.told: Callable[[int, str], None] = lambda _size, _why: None  # of another history, and how much of it
        self.asking = False  # whether this process is the one that asks
        self._threads = [threading.Thread(target=self._lead, name="witness-rounds", daemon=True)]
        self._threads += [
            threading.Thread(target=self._serve, args=(one,), name=f"witness-{number}", daemon=True)
            for number, one in enumerate(self.asked)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop asking. A request under way is left to end by itself: whatever comes of it is asked for again."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        until = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        if self._lease is not None:
            self._lease.close()

    def _lead(self) -> None:
        """Choose what is asked about, until the end."""
        began = 0.0
        while not self._stopping:
            try:
                self._see()
                self.asking = self._lease is None or self._lease.hold()
                newest = self._store.latest() if self.asking else None
                if newest is not None and self._due(newest, time.monotonic() - began):
                    began = time.monotonic()
                    with self._changed:
                        self._target = newest
                        self._changed.notify_all()
                elif newest is None:
                    with self._changed:
                        self._target = None
            except LedgerError as error:
                _LOG.warning("witnesses: %s", error)
            except Exception:
                _LOG.exception("witnesses: a defect; going on")
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, WITNESS_ROUND_SECONDS_MIN)

    def _due(self, newest: CheckpointRow, seconds: float) -> bool:
        """Whether the next round begins: there is something new, and this round's checkpoint has had its chance."""
        with self._changed:
            if self._target is None:
                return True
            if newest.tree_size == self._target.tree_size:
                return False
            size = self._target.tree_size
            if self._policy.reached({one.witness.name for one in self.asked if one.cosigned_size == size}):
                return True
            # Every further round without a quorum leaves rows behind that nobody needs.
            hopeful = self._policy.reached({one.witness.name for one in self.asked if one.failures == 0})
            if any(one.known_size > size for one in self.asked):
                return True  # it has seen a later checkpoint, of a process that asked before this one
        return seconds >= (WITNESS_ROUND_SECONDS_MAX if hopeful else _OUTAGE_ROUND_SECONDS)

    def _see(self) -> None:
        """Take note of what is published, for meters and `readyz`."""
        try:
            self.witnessed_size = self._published.witnessed().tree_size
        except NotFound:
            self.witnessed_size = 0
        self._meters.witnessed.set(self.witnessed_size)

    def _serve(self, one: WitnessStatus) -> None:
        """Ask one witness about each target, until the end."""
        client = self._client(one.witness)
        self._remember(one)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._wants(one), WITNESS_ROUND_SECONDS_MIN)
                target = self._wants(one)
                if self._stopping:
                    break
            if target is None:
                continue
            try:
                self._ask(client, one, target)
            except LedgerError as error:
                self._failed(one, error)
            except Exception as error:
                _LOG.exception("witness %s: a defect; going on", one.witness.name)
                self._failed(one, Unavailable(f"a defect: {error!r:.200}"))
        client.close()

    def _remember(self, one: WitnessStatus) -> None:
        """Take up what the witness cosigned before this process began."""
        key = one.witness.key
        try:
            rows = self._store.cosignatures.between(0, TREE_SIZE_MAX, _REMEMBERED)
        except LedgerError as error:
            _LOG.warning("witnesses: %s", error)
            return
        sizes = [row.tree_size for row in rows if (row.name, row.key_id) == (key.name, key.key_id)]
        one.known_size = one.cosigned_size = max(sizes, default=0)

    def _wants(self, one: WitnessStatus) -> CheckpointRow | None:
        """The target, if the witness has not cosigned it and is to be asked now."""
        target = self._target
        done = target is None or target.tree_size <= one.cosigned_size or target.tree_size < one.known_size
        # A witness that knows more than the target is asked about the next one; more than the log has is an alarm.
        return None if done or time.monotonic() < one.not_before else target

    def _ask(self, client: WitnessClient, one: WitnessStatus, target: CheckpointRow) -> None:
        """Get the cosignature and keep it. Raises what the witness, or the store, refused."""
        for _ in range(_STEPS_MAX):
            proof = self._log.consistency(one.known_size, target.tree_size) if one.known_size else []
            try:
                cosignature = client.add_checkpoint(AddCheckpoint(one.known_size, tuple(proof), target.note))
                break
            except Conflict as conflict:
                if conflict.fork:
                    raise
                if conflict.size < one.cosigned_size:
                    raise _Forgot(f"it cosigned {one.cosigned_size} entries and now knows {conflict.size}") from None
                one.known_size = conflict.size
                if conflict.size > target.tree_size:
                    self._check_ahead(one)
                    return
        else:
            raise Unavailable("somebody else shows it checkpoints of this log at the same time")
        line = cosignature.signature
        self._store.cosignatures.keep(CosignatureRow(target.tree_size, line.name, line.key_id, line.signature))
        one.known_size = one.cosigned_size = target.tree_size
        one.cosigned_at = cosignature.timestamp
        one.failures, one.failure, one.alarm = 0, "", False
        self._meters.cosigned.labels(one.witness.name).set(target.tree_size)
        self._see()

    def _check_ahead(self, one: WitnessStatus) -> None:
        """The witness knows a larger tree than the target. Raises `Conflict` if it is larger than the log."""
        newest = self._store.latest()
        if newest is None or one.known_size > newest.tree_size:
            size, one.known_size = one.known_size, 0
            raise Conflict(size)

    def _failed(self, one: WitnessStatus, error: LedgerError) -> None:
        """Remember why, and when to try again. A witness that holds another history is shouted about."""
        one.failures += 1
        one.failure = " ".join(str(error).split())[:300]
        one.not_before = time.monotonic() + retry_seconds(one.failures, random.random())  # noqa: S311 - jitter
        self._meters.failures.labels(one.witness.name).inc()
        if isinstance(error, _Forgot):
            one.alarm = True
            _LOG.error(
                "ALARM: the witness %s has forgotten what it cosigned: %s. It is not asked on; see docs/witnesses.md",
                one.witness.name,
                one.failure,
            )
        elif isinstance(error, NotConsistent | Conflict):
            one.alarm = True
            _LOG.error(
                "ALARM: the witness %s holds another history of this log than the database, or more of it: %s. "
                "Was an old backup restored? See docs/witnesses.md",
                one.witness.name,
                one.failure,
            )
            held = error.size if isinstance(error, Conflict) else one.known_size
            self.told(held, f"the witness {one.witness.name} holds another history of this log, or more of it")
        elif one.failures == 1:
            _LOG.warning("the witness %s did not cosign: %s", one.witness.name, one.failure)


class _Forgot(Refuted):
    """A witness knows less than it cosigned: what it says has lost its worth until it has a new key."""


class _Meters:
    """Labels are the policy's names of witnesses."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.witnessed = Gauge(
            "ledger_witnessed_size", "Entries in the newest tree with a quorum of witnesses", registry=registry
        )
        self.cosigned = Gauge(
            "ledger_witness_cosigned_size", "Entries in the newest tree cosigned", ["witness"], registry=registry
        )
        self.failures = Counter(
            "ledger_witness_failures", "Requests to a witness that came to nothing", ["witness"], registry=registry
        )
