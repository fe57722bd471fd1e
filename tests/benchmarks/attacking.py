"""Under attack: what another client notices of a thousand idle followers, half-sent requests and the dearest requests.

The attackers are one process (`attackers.py`); the other client asks from an address of its own, paced as people are,
over connections that stay and over new ones. The promise is a second at p99, and memory that does not grow.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import psutil  # type: ignore[import-untyped]

from ledger.limits import REQUESTS_BURST_MAX, REQUESTS_PER_SECOND_MAX
from tests.benchmarks.attackers import FOLLOWERS, HALF_SENT
from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio
from tests.benchmarks.dear_requests import Request, dear_requests, fill
from tests.benchmarks.dearest import search
from tests.e2e.book import Book, chartered, today
from tests.support.running import RunningService
from tests.support.statements import ENTERPRISE, registered

__all__ = ["attack"]

SECOND_MS: Final = 1_000.0
GROWTH_MAX: Final = 1.1
DEAREST: Final = 4
VICTIM: Final = "127.0.0.3"
ROUNDS: Final = 3
ROUND_SECONDS: Final = 20.0
SETTLE_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.05
FRESH_EVERY: Final = 4  # requests over one connection
_ALLOWANCE: Final = (
    "--requests-per-second", str(REQUESTS_PER_SECOND_MAX), "--requests-burst", str(REQUESTS_BURST_MAX)
)  # fmt: skip


def attack(bench: Bench) -> Iterator[Ratio]:
    """p99 of each kind of request, and the service's memory after the last round over that after the first."""
    database, folder = bench.migrated(), bench.folder / "attack"
    folder.mkdir()
    with chartered(folder, database=database.service) as service, Book(service) as book:
        requests = dear_requests(book, fill(book))
        dear = [one.request for one in search(book, database, requests, seconds_max=0.5)[:DEAREST]]
    told = ", ".join(f"{one.name} ({one.tokens})" for one in dear)
    environment = {"LEDGER_DATABASE_URL": database.service}
    waited: dict[str, list[list[float]]] = defaultdict(list)
    memory: list[int] = []
    with (
        RunningService(folder, "--pages-ahead", *_ALLOWANCE, environment=environment) as service,
        Book(service) as book,
    ):
        process = psutil.Process(service.pid)
        with _attackers(service.port, dear, folder, book.size()) as did:
            time.sleep(SETTLE_SECONDS)
            for _ in range(ROUNDS):
                for kind, milliseconds in _victim(book).items():
                    waited[kind].append(milliseconds)
                memory.append(process.memory_info().rss)
        check(did["followers told 200"] >= FOLLOWERS, f"the followers are there: {did}")
        check(did["requests half sent"] >= HALF_SENT, f"the half-sent requests are there: {did}")
        check(did.get("dear requests answered 200", 0) > 0, f"the dear requests are answered: {did}")
    note = f"{did['tokens spent']} tokens spent on: {told}"
    for kind, rounds in waited.items():
        yield Ratio(
            title=f"under attack: {kind}, p99",
            floor_title="a second",
            unit="ms",
            ours=_p99([one for milliseconds in rounds for one in milliseconds]),
            floor=SECOND_MS,
            rounds=tuple(_p99(milliseconds) / SECOND_MS for milliseconds in rounds),
            bound="at most",
            target=1.0,
            note=f"median {sorted(rounds[-1])[len(rounds[-1]) // 2]:.0f} ms; {note}",
        )
    yield Ratio(
        title="under attack: memory of the service after the last round",
        floor_title="after the first",
        unit="MiB",
        ours=memory[-1] / 2**20,
        floor=memory[0] / 2**20,
        rounds=tuple(one / memory[0] for one in memory),
        bound="at most",
        target=GROWTH_MAX,
    )


@contextmanager
def _attackers(port: int, dear: list[Request], folder: Path, size: int) -> Iterator[dict[str, int]]:
    """Attack for as long as this lasts; what they did is known afterwards."""
    did: dict[str, int] = {}
    asked = folder / "dear"
    asked.write_bytes(pickle.dumps([(one.tokens, _raw(one)) for one in dear]))
    arguments = str(port), str(asked), str(REQUESTS_PER_SECOND_MAX), str(size - 1)
    command = [sys.executable, "-m", "tests.benchmarks.attackers", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield did
        finally:
            said, _ = process.communicate("")
    did.update(json.loads(said))


def _raw(request: Request) -> bytes:
    lines = [f"{request.method} {request.path} HTTP/1.1", "Host: bench"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.content is not None:
        lines.append(f"Content-Length: {len(request.content)}")
    return "\r\n".join([*lines, "", ""]).encode() + (request.content or b"")


def _victim(book: Book) -> dict[str, list[float]]:
    """By kind of request, how long each answer took, milliseconds, over a round."""
    serial = time.time_ns()

    def register(client: httpx.Client, number: int) -> httpx.Response:
        statement, _ = book.sign(registered(effective_on=today()), f"local:victim/{serial}-{number}")
        return client.post("/entries", content=statement, headers={"Content-Type": "application/cose"})

    asking: dict[str, Callable[[httpx.Client, int], httpx.Response]] = {
        "a standing": lambda client, _: client.get(f"/v1/enterprises/{ENTERPRISE.partition(':')[2]}/standing"),
        "a statement registered, its receipt": register,
        "a receipt read": lambda client, number: client.get(f"/entries/{number}"),
        "`healthz`": lambda client, _: client.get("/healthz"),
    }
    waited: dict[str, list[float]] = {kind: [] for kind in asking}
    wrong: list[str] = []

    def ask(kind: str) -> None:
        until, number = time.monotonic() + ROUND_SECONDS, 0
        while time.monotonic() < until:
            transport = httpx.HTTPTransport(local_address=VICTIM)
            with httpx.Client(base_url=book.service.url, transport=transport, timeout=60) as client:
                for _ in range(FRESH_EVERY):
                    number += 1
                    began = time.perf_counter()
                    try:
                        status = asking[kind](client, number).status_code
                    except httpx.HTTPError as error:
                        wrong.append(f"{kind}: {error!r}")
                        return
                    waited[kind].append(1_000 * (time.perf_counter() - began))
                    if status not in (200, 201):
                        wrong.append(f"{kind}: {status}")
                    time.sleep(PAUSE_SECONDS)

    threads = [threading.Thread(target=ask, args=(kind,)) for kind in asking]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not wrong, f"the other client was refused: {wrong[:5]}")
    return waited


def _p99(milliseconds: list[float]) -> float:
    return sorted(milliseconds)[len(milliseconds) * 99 // 100]
