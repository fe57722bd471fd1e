"""A load generator: keep-alive HTTP/1.1 connections, each sending prepared requests one after the other.

Runs in a process of its own, the same one against every server, so that its cost is the same on both sides of a
ratio. Every answer is read to its end and its status counted; a few are kept, for the benchmark to look into.
"""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import uvloop

__all__ = ["Load", "get", "load", "post"]

_KEPT = 40  # answers of a run, evenly spread


@dataclass(frozen=True)
class Load:
    """What a run measured. `kept`: some answers' heads and contents, by the number of the request."""

    requests: int
    seconds: float
    statuses: dict[int, int]
    median_ms: float
    p99_ms: float
    kept: dict[int, tuple[bytes, bytes]]

    @property
    def per_second(self) -> float:
        """Answers a second over the whole run."""
        return self.requests / self.seconds


def post(path: str, content: bytes, media_type: str = "application/cose") -> bytes:
    """A whole `POST` request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media_type}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def get(path: str, headers: str = "") -> bytes:
    """A whole `GET` request; `headers` are lines that each end in CRLF."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode()


def load(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send all requests over so many connections, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "requests"), Path(folder, "measured")
        asked.write_bytes(pickle.dumps(list(requests)))
        module = "tests.benchmarks.load"
        subprocess.run([sys.executable, "-m", module, str(port), str(connections), asked, answered], check=True)
        return Load(**pickle.loads(answered.read_bytes()))


class _Run:
    """What all connections of a run share."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.requests: Iterator[tuple[int, bytes]] = iter(enumerate(requests))
        self.every = max(1, len(requests) // _KEPT)
        self.statuses: Counter[bytes] = Counter()
        self.latencies: list[float] = []
        self.kept: dict[int, tuple[bytes, bytes]] = {}


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._head_bytes = 0
        self._need = 0  # bytes of the answer that is being read, 0 while its head is not complete
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def send(self) -> None:
        """Send the next request, or close where there is none left."""
        request = next(self._run.requests, None)
        if request is None:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._number = request[0]
        self._began = time.perf_counter()
        self._transport.write(request[1])

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._need:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = 0 if at < 0 else int(head[at + 15 :].split(b"\r", 1)[0])
            self._head_bytes = end + 4
            self._need = end + 4 + length
        if len(self._buffer) >= self._need:
            self._answered(self._buffer[: self._need])
            self._buffer = self._buffer[self._need :]
            self._need = 0
            self.send()

    def _answered(self, answer: bytes) -> None:
        run = self._run
        run.latencies.append(time.perf_counter() - self._began)
        run.statuses[answer[9:12]] += 1
        if self._number % run.every == 0:
            run.kept[self._number] = answer[: self._head_bytes], answer[self._head_bytes :]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


async def _load(port: int, requests: Sequence[bytes], connections: int) -> Load:
    loop = asyncio.get_running_loop()
    run = _Run(requests)
    opened = [
        (await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    began = time.perf_counter()
    for connection in opened:
        connection.send()
    await asyncio.gather(*(connection.done for connection in opened))
    seconds = time.perf_counter() - began
    latencies = sorted(run.latencies)
    return Load(
        requests=len(latencies),
        seconds=seconds,
        statuses={int(status): count for status, count in run.statuses.items()},
        median_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        kept=run.kept,
    )


def main() -> None:
    """`PORT CONNECTIONS REQUESTS MEASURED`: a file with a pickled list of whole requests, one for what was measured."""
    port, connections, asked, answered = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    measured = uvloop.run(_load(port, pickle.loads(asked.read_bytes()), connections))
    answered.write_bytes(pickle.dumps(asdict(measured)))


if __name__ == "__main__":
    main()
