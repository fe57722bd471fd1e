"""The floor under `newcomers.py`: the service as it was before it had newcomers in mind.

`python -m tests.benchmarks.one_at_a_turn serve …` is `credit-ledger serve …`, but connections are taken in as uvicorn
has them taken in (`loop.create_server`), one at each turn of uvloop's loop, and a turn admits all statements that came.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable

import api.serve
import api.service.gathered_submissions
from api.cli.main import main

_BACKLOG = 2_048


class _LoopsOwn:
    """In the place of `api.http.listener.Listener`."""

    def __init__(self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._socket = listening
        self._protocol = protocol
        self._opening: asyncio.Task[asyncio.Server] | None = None

    def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._opening = loop.create_task(loop.create_server(self._protocol, sock=self._socket, backlog=_BACKLOG))

    def close(self) -> None:
        if self._opening is not None and self._opening.done():
            self._opening.result().close()


if __name__ == "__main__":
    api.serve.Listener = _LoopsOwn  # type: ignore[assignment, attr-defined]
    api.service.gathered_submissions.ADMISSIONS_PER_TURN_MAX = sys.maxsize  # type: ignore[attr-defined]
    main()
