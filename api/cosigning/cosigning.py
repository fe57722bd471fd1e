"""The log's side of witnessing as a part of the service: what is published, and the threads that ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry

from api.cosigning.cosigned_checkpoints import Published
from api.cosigning.cosigning_loop import CosigningLoop
from api.cosigning.log_witness_policy import read_policy
from ledger.reading.log_reader import Log
from ledger.store.lease import WITNESSES, Lease
from ledger.store.postgres import PostgresStore
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import Policy

__all__ = ["Witnessing", "open_witnessing"]


class Witnessing:
    """Cosigning of this log by its witnesses: what is published, and the loop that asks them.

    `rounds` is None where there is no policy, or it demands no witness.
    """

    def __init__(self, published: Published, rounds: CosigningLoop | None) -> None:
        self.published = published
        self.rounds = rounds

    @property
    def policy(self) -> Policy | None:
        return self.published.policy

    @property
    def count(self) -> int:
        """How many witnesses are asked."""
        return 0 if self.policy is None else len(self.policy.witnesses)

    @property
    def trust_text(self) -> str:
        """The policy for a trust file: without addresses, empty if there is none."""
        return "" if self.policy is None else self.policy.without_urls().format().decode()

    def on_alarm(self, told: Callable[[int, str], None]) -> None:
        """Have `told` called when a witness holds more of the log than the database, or another history of it."""
        if self.rounds is not None:
            self.rounds.told = told

    def start(self) -> None:
        if self.rounds is not None:
            self.rounds.start()

    def stop(self) -> None:
        if self.rounds is not None:
            self.rounds.stop()


def open_witnessing(
    store: PostgresStore, log: Log, path: Path | None, log_key: VerifierKey, registry: CollectorRegistry
) -> Witnessing:
    """By the policy in `path`, if there is one. Raises `Misconfigured`."""
    policy = None if path is None else read_policy(path, log_key)
    published = Published(store, log, policy)
    if policy is None or not policy.witnesses:
        return Witnessing(published, None)
    lease = Lease(store.conninfo, WITNESSES)
    return Witnessing(published, CosigningLoop(store, log, published, lease, registry))
