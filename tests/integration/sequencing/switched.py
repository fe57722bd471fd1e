"""A book whose database can be exchanged for another one under it, as a failover does; and who writes to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from ledger.domain.events.history import HistoryGivenUp
from ledger.sequencing.high_water import HighWater
from ledger.sequencing.sequencer import Answer, Sequencer
from ledger.store.contract import Batch, Store
from tests.integration.sequencing.book import entry
from tests.support.charter import LOG_OPERATOR, ORGANIZER, ORIGIN
from tests.support.clock import NOW, Clock
from tests.support.keys import log_keys
from tests.support.statements import TODAY, registered, sign

__all__ = ["SwitchedStore", "given_up", "opened", "register", "signed_heads", "the_file"]


class SwitchedStore:
    """Passes everything on to `behind`, which may be exchanged; `sent` are the batches that it was given."""

    def __init__(self, behind: Store) -> None:
        self.behind = behind
        self.sent: list[Batch] = []

    def append(self, batch: Batch) -> None:
        self.sent.append(batch)
        self.behind.append(batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


def the_file(folder: Path) -> HighWater:
    """The high-water file of the test log in a folder."""
    return HighWater(folder, log_keys(ORIGIN))


@contextmanager
def opened(
    store: Store, folder: Path, *, accepted: bytes | None = None, clock: Clock | None = None
) -> Iterator[Sequencer]:
    """A sequencer on a book that has its charter, with the memory that the folder holds."""
    sequencer = Sequencer(store, log_keys(ORIGIN), clock or Clock(), file=the_file(folder))
    sequencer.open(accepted=accepted)
    sequencer.start()
    try:
        yield sequencer
    finally:
        sequencer.stop()


def register(sequencer: Sequencer, *names: str, on: date = TODAY) -> list[Answer]:
    """What an enterprise each is answered, one commit each."""
    event = registered(effective_on=on)
    return [
        sequencer.submit_and_wait(entry(sequencer, event, f"local:test/{name}", ORGANIZER), timeout=30)[0]
        for name in names
    ]


def given_up(lost: tuple[int, bytes], kept: tuple[int, bytes], now: int = NOW) -> bytes:
    """The log operator's statement that a history is lost."""
    event = HistoryGivenUp(
        v=1,
        effective_on=TODAY,
        lost_size=lost[0],
        lost_root=lost[1].hex(),
        kept_size=kept[0],
        kept_root=kept[1].hex(),
        reason="磁盘损坏, 最近的备份缺少若干条记录",
    )
    return sign(event, subject="map", by=LOG_OPERATOR, iat=now)[0]


def signed_heads(*stores: SwitchedStore) -> dict[int, set[bytes]]:
    """By size, the roots that were signed and sent to a store."""
    found: dict[int, set[bytes]] = {}
    for store in stores:
        for batch in store.sent:
            found.setdefault(batch.checkpoint.tree_size, set()).add(batch.checkpoint.root)
    return found
