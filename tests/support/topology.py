"""A writer and its readers over a primary and a synchronous standby, all of them real, none in a container."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.e2e.book import Book, chartered
from tests.support.replication import Pair
from tests.support.running import RunningService

__all__ = ["Topology", "topology"]


@dataclass(frozen=True, slots=True)
class Topology:
    """`reads`: what clients of each reader do."""

    pair: Pair
    writer: RunningService
    readers: tuple[RunningService, ...]
    book: Book
    reads: tuple[Book, ...]


@contextmanager
def topology(pair: Pair, folder: Path, *options: str, readers: int = 2) -> Iterator[Topology]:
    """On a pair that runs, with the test charter. `options` are the writer's."""
    with ExitStack() as stack:
        database = pair.where("read-write")
        writer = stack.enter_context(chartered(folder / "writer", "--durable-on", "2", *options, database=database))
        trust = folder / "trust.json"
        trust.write_bytes(httpx.get(f"{writer.url}/.well-known/credit-ledger-trust.json").content)
        opened = tuple(
            stack.enter_context(
                RunningService(
                    folder / f"reader-{number}",
                    *("--reader", "--writer", writer.url, "--trust", str(trust)),
                    environment={"LEDGER_DATABASE_URL": pair.where("prefer-standby")},
                )
            )
            for number in range(readers)
        )
        book = stack.enter_context(Book(writer))
        yield Topology(pair, writer, opened, book, tuple(stack.enter_context(Book(one)) for one in opened))
