"""A load generator with a rhythm of its own (an open loop): requests are due at a fixed rate, whatever the answers do.

An answer's time counts from the moment at which its request was due, not from when a connection was free for it: who
waits in the generator has waited, too. Runs in a process of its own, over connections that are kept alive.
"""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import uvloop

__all__ = ["OpenLoad", "open_load"]

_TICK_SECONDS = 0.002
_DRAIN_SECONDS = 30  # for what is still on its way when the last request was sent


@dataclass(frozen=True)
class OpenLoad:
    """What a run measured. `per_second`: the rate at which requests were due; `unanswered`: those that never were.

    `generator_share`: the part of one processor that the generator itself took while requests were due.
    """

    per_second: float
    seconds: float
    statuses: dict[int, int]
    unanswered: int
    median_ms: float
    p99_ms: float
    generator_share: float


def open_load(port: int, requests: Sequence[bytes], per_second: float, seconds: float, connections: int) -> OpenLoad:
    """Send the requests in turn, over and over, at so many a second for so long."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "requests"), Path(folder, "measured")
        asked.write_bytes(pickle.dumps(list(requests)))
        command = [sys.executable, "-m", "tests.benchmarks.open_load", str(port), str(per_second), str(seconds)]
        subprocess.run([*command, str(connections), asked, answered], check=True)
        return OpenLoad(**pickle.loads(answered.read_bytes()))


class _Run:
    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.all_answered = asyncio.Event()
        self.due: deque[tuple[float, bytes]] = deque()
        self.idle: list[_Connection] = []
        self.latencies: list[float] = []
        self.statuses: Counter[bytes] = Counter()


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._need = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._run.idle.append(self)

    def send(self, due: float, request: bytes) -> None:
        self._due = due
        self._transport.write(request)

    def connection_lost(self, error: Exception | None) -> None:
        """One that waited for long was closed by the service; what was asked over it stays unanswered."""
        with suppress(ValueError):
            self._run.idle.remove(self)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._need:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            self._need = end + 4 + (0 if at < 0 else int(head[at + 15 :].split(b"\r", 1)[0]))
        if len(self._buffer) < self._need:
            return
        run = self._run
        run.latencies.append(time.perf_counter() - self._due)
        run.statuses[self._buffer[9:12]] += 1
        if len(run.latencies) == run.wanted:
            run.all_answered.set()
        self._buffer, self._need = b"", 0
        if run.due:
            self.send(*run.due.popleft())
        else:
            run.idle.append(self)


async def _load(port: int, requests: Sequence[bytes], per_second: float, seconds: float, connections: int) -> OpenLoad:
    wanted = int(per_second * seconds)
    loop, run = asyncio.get_running_loop(), _Run(wanted)
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port)
    began, worked, sent = time.perf_counter(), time.process_time(), 0
    while sent < wanted:
        until = min(wanted, int((time.perf_counter() - began) * per_second))
        for number in range(sent, until):
            due, request = began + number / per_second, requests[number % len(requests)]
            if run.idle:
                run.idle.pop().send(due, request)
            else:
                run.due.append((due, request))
        sent = max(sent, until)
        await asyncio.sleep(_TICK_SECONDS)
    share = (time.process_time() - worked) / (time.perf_counter() - began)
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            await run.all_answered.wait()
    unanswered = wanted - len(run.latencies)
    latencies = sorted([*run.latencies, *[float(_DRAIN_SECONDS)] * unanswered])
    return OpenLoad(
        per_second=per_second,
        seconds=seconds,
        statuses={int(status): count for status, count in run.statuses.items()},
        unanswered=unanswered,
        median_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        generator_share=share,
    )


def main() -> None:
    """`PORT PER_SECOND SECONDS CONNECTIONS REQUESTS MEASURED`, the last two files with pickled contents."""
    port, per_second, seconds, connections = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    requests = pickle.loads(Path(sys.argv[5]).read_bytes())
    measured = uvloop.run(_load(port, requests, per_second, seconds, connections))
    Path(sys.argv[6]).write_bytes(pickle.dumps(asdict(measured)))


if __name__ == "__main__":
    main()
