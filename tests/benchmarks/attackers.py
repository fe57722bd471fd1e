"""Clients that mean harm, in a process of their own, each kind from addresses of its own.

`python -m tests.benchmarks.attackers PORT REQUESTS PER_SECOND` attacks until its input ends, then prints what it did:
- a thousand followers of the feed, from as many addresses as the bound of streams per client asks for;
- five hundred requests of which half is sent, begun anew whenever the service ends one;
- one client that sends the REQUESTS (a pickled list of `(tokens, whole request)`) as fast as its allowance lets it.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import sys
from collections import Counter
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Final

import uvloop

from ledger.limits import REQUESTS_BURST_MAX, STREAMS_PER_CLIENT_MAX

__all__ = ["FOLLOWERS", "HALF_SENT"]

FOLLOWERS: Final = 1_000
HALF_SENT: Final = 500
_DEAR_CONNECTIONS: Final = 16
_FOLLOW: Final = b"GET /v1/events?after=%d HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
_HALVES: Final = (
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ",
    b"POST /entries HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf",
    b"POST /entries/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
)
_NICENESS: Final = 5  # who attacks has a machine of his own; here he shares that of the service
_AGAIN_SECONDS: Final = 0.5


class _Attack:
    def __init__(self, port: int, dear: list[tuple[int, bytes]], per_second: float) -> None:
        self._port = port
        self._dear = cycle(dear)
        self._per_second = per_second
        self._tokens = float(REQUESTS_BURST_MAX)
        self._at = 0.0
        self.did: Counter[str] = Counter()

    async def run(self, size: int) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(FOLLOWERS):
                tasks.create_task(self._again(self._follow, f"127.0.1.{1 + number // STREAMS_PER_CLIENT_MAX}", size))
            for number in range(HALF_SENT):
                tasks.create_task(self._again(self._half, "127.0.2.1", number))
            self._at = asyncio.get_running_loop().time()
            for number in range(_DEAR_CONNECTIONS):
                tasks.create_task(self._again(self._spend, "127.0.4.1", number))

    async def _again(self, what: object, source: str, number: int) -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError, ValueError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(source, 0))
                try:
                    await what(reader, writer, number)  # type: ignore[operator]
                finally:
                    writer.close()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: int) -> None:
        writer.write(_FOLLOW % after)
        status = (await reader.readline())[9:12].decode()
        self.did[f"followers told {status}"] += 1
        if status == "429":  # too many of its address came at once: it comes again
            return
        while await reader.read(65_536):
            pass
        self.did["followers cut off"] += 1

    async def _half(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(_HALVES[number % len(_HALVES)])
        self.did["requests half sent"] += 1
        await reader.read()

    async def _spend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
        while True:
            tokens, request = next(self._dear)
            await self._afford(tokens)
            writer.write(request)
            status = (await reader.readline())[9:12].decode()
            head = await reader.readuntil(b"\r\n\r\n")
            at = head.lower().find(b"content-length:")
            if at >= 0:
                await reader.readexactly(int(head[at + 15 :].split(b"\r", 1)[0]))
            self.did[f"dear requests answered {status}"] += 1
            self.did["tokens spent"] += tokens
            if at < 0:  # its end is told otherwise: let it go
                return

    async def _afford(self, tokens: int) -> None:
        """Wait until the allowance has so many."""
        loop = asyncio.get_running_loop()
        tokens = min(tokens, REQUESTS_BURST_MAX)
        now = loop.time()
        self._tokens = min(float(REQUESTS_BURST_MAX), self._tokens + (now - self._at) * self._per_second) - tokens
        self._at = now
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / self._per_second)


async def _run(port: int, dear: list[tuple[int, bytes]], per_second: float, size: int) -> Counter[str]:
    attack = _Attack(port, dear, per_second)
    task = asyncio.create_task(attack.run(size))
    await asyncio.to_thread(sys.stdin.read)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return attack.did


def main() -> None:
    """See above."""
    port, dear, per_second, size = int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    os.nice(_NICENESS)
    did = uvloop.run(_run(port, pickle.loads(dear.read_bytes()), per_second, size))
    sys.stdout.write(json.dumps(did))


if __name__ == "__main__":
    main()
