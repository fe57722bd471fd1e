"""A client's dear requests are worked on a few at a time: however many it sends at once, others find a turn between.

Tokens bound what a client may ask for in a second; this bounds how much of it is under way at the same moment.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from ledger.errors import Busy
from ledger.limits import DEAR_AT_ONCE_PER_CLIENT_MAX, DEAR_WAIT_SECONDS_MAX

__all__ = ["DearTurns", "Turn", "take_turn"]


async def take_turn(scope: Scope) -> None:
    """For a route that finds out itself whether its request is dear: the turn that was left to it. Raises `Busy`."""
    turn: Turn | None = scope.get(_TURN)
    if turn is not None:
        await turn.take()


class _Line:
    """The turns of one client, and how many of its requests have one or wait for one."""

    __slots__ = ("requests", "turns")

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(DEAR_AT_ONCE_PER_CLIENT_MAX)
        self.requests = 0


_TURN: Final = "ledger.dear_turn"  # of a scope


class DearTurns:
    """Used on the event loop only."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def turn(self, client: str) -> Turn:
        """For one request of `client`."""
        return Turn(self._lines, client)


class Turn:
    """A turn is held from when a request is all there until its answer begins; `async with` gives it back in any case.

    While a body comes, or an answer is taken, slowly, nothing is worked on: a slow neighbour behind the same address
    holds nobody up.
    """

    def __init__(self, lines: dict[str, _Line], client: str) -> None:
        self._lines = lines
        self._client = client
        self._line = lines.setdefault(client, _Line())
        self._line.requests += 1
        self._asked = False
        self._held = False

    async def take(self) -> None:
        """Wait for the turn, once. Raises `Busy` after `DEAR_WAIT_SECONDS_MAX`."""
        if self._asked:
            return
        self._asked = True
        try:
            async with asyncio.timeout(DEAR_WAIT_SECONDS_MAX):
                await self._line.turns.acquire()
        except TimeoutError:
            raise Busy("the line of this client's dear requests", int(DEAR_WAIT_SECONDS_MAX)) from None
        self._held = True

    def give_back(self) -> None:
        """Let the next one begin; may be called again."""
        if self._held:
            self._held = False
            self._line.turns.release()

    def left_to(self, scope: Scope) -> None:
        """Let the route of this request take it."""
        scope[_TURN] = self

    def receiving(self, receive: Receive) -> Receive:
        """`receive`, which takes the turn with the last of the body."""

        async def receive_in_turn() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                await self.take()
            return message

        return receive_in_turn

    def sending(self, send: Send) -> Send:
        """`send`, which gives the turn back as the answer begins."""

        async def send_in_turn(message: Message) -> None:
            self.give_back()
            await send(message)

        return send_in_turn

    async def __aenter__(self) -> Turn:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.give_back()
        self._line.requests -= 1
        if not self._line.requests:
            del self._lines[self._client]
