"""A writer, its witness and its readers over a primary and a synchronous standby: all real, none in a container."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.e2e.book import Book, chartered
from tests.support.charter import ORIGIN
from tests.support.keys import log_keys
from tests.support.replication import Pair
from tests.support.running import RunningService
from tests.support.witnesses import RunningWitness, policy_text

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
        witness = stack.enter_context(RunningWitness(folder, "east", log_keys(ORIGIN).checkpoint.key.format()))
        policy = folder / "witness-policy"
        policy.write_text(policy_text("east", urls={"east": witness.url}))
        options = ("--durable-on", "2", "--witness-policy", str(policy), *options)
        writer = stack.enter_context(chartered(folder / "writer", *options, database=pair.where("read-write")))
        trust = folder / "trust.json"
        trust.write_bytes(httpx.get(f"{writer.url}/.well-known/credit-ledger-trust.json").content)
        made = [
            RunningService(
                folder / f"reader-{number}",
                *("--reader", "--writer", writer.url, "--trust", str(trust), "--witness-policy", str(policy)),
                environment={"LEDGER_DATABASE_URL": pair.where("prefer-standby")},
            )
            for number in range(readers)
        ]
        with ThreadPoolExecutor(max(1, readers)) as at_once:
            opened = tuple(at_once.map(RunningService.start, made))
        for one in opened:
            stack.callback(one.stop)
        book = stack.enter_context(Book(writer))
        yield Topology(pair, writer, opened, book, tuple(stack.enter_context(Book(one)) for one in opened))
