"""A load generator: keep-alive HTTP/1.1 connections that send prepared requests one after the other.

Every answer is read to its end and its status counted; a benchmark that got anything but what it expected
fails. Runs in a process of its own (`python -m tests.benchmarks.load`), the same one against every server.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop


@dataclass(frozen=True)
class Load:
    """What a run measured. `per_second` is answers a second over the whole run; latencies in milliseconds."""

    requests: int
    seconds: float
    statuses: dict[str, int]
    median_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], statuses: Counter[str], latencies: list[float]) -> None:
        self._requests = requests
        self._statuses = statuses
        self._latencies = latencies
        self._buffer = b""
        self._need = -1
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._need < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            self._status = head[9:12].decode()
            at = head.find(b"content-length:")
            length = 0 if at < 0 else int(head[at + 15 :].split(b"\r", 1)[0])
            self._need = end + 4 + length
        if len(self._buffer) >= self._need:
            self._buffer = self._buffer[self._need :]
            self._need = -1
            self._latencies.append(time.perf_counter() - self._began)
            self._statuses[self._status] += 1
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


async def _run(port: int, requests: list[bytes], connections: int) -> Load:
    loop = asyncio.get_running_loop()
    statuses: Counter[str] = Counter()
    latencies: list[float] = []
    queue = iter(requests)
    began = time.perf_counter()
    opened = [
        await loop.create_connection(lambda: _Connection(queue, statuses, latencies), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    seconds = time.perf_counter() - began
    latencies.sort()
    return Load(
        requests=len(latencies),
        seconds=seconds,
        statuses=dict(statuses),
        median_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
    )


def main() -> None:
    """`load.py PORT CONNECTIONS FILE`: FILE is a pickled list of whole requests, made by the benchmark itself."""
    port, connections, file = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    requests = pickle.loads(file.read_bytes())
    load = uvloop.run(_run(port, requests, connections))
    sys.stdout.write(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()
