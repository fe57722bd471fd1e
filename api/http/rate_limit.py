"""How often a client may ask: a token bucket per IPv4 address, or per IPv6 /64.

The address is the peer's; behind a proxy uvicorn puts in the forwarded one where it is told to trust it.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.clients import client_key
from api.http.dear_turns import DearTurns
from api.http.errors import TooManyRequests, problem_of, problem_response
from api.http.request_costs import cost_of, found_first
from ledger.errors import Busy, LedgerError

__all__ = ["Limits", "RateLimit"]

_CLIENTS_MAX: Final = 100_000
_EXEMPT: Final = frozenset(
    {"/healthz", "/readyz", "/metrics"}
)  # for operators; looked at a few times a second, whoever asks

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Limits:
    """Each client has `burst` requests at once and `per_second` after that. 0 per second: no limit."""

    def __init__(self, per_second: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._clock = clock
        window = math.ceil(burst / per_second) if per_second else 0
        self._policy = (b"ratelimit-policy", b'"client";q=%d;w=%d' % (burst, window))
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address → tokens, at

    def take(self, client: str, cost: int = 1) -> Sequence[tuple[bytes, bytes]]:
        """Count a request that costs so many tokens; the headers that tell what is left. Raises `TooManyRequests`.

        One that costs more than a whole burst takes a whole burst.
        """
        if not self._per_second:
            return ()
        client = client_key(client)
        now = self._clock()
        tokens, at = self._clients.pop(client, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        price = min(float(cost), self._burst)
        allowed = tokens >= price
        if allowed:
            tokens -= price
        self._clients[client] = (tokens, now)
        if len(self._clients) > _CLIENTS_MAX:
            self._clients.popitem(last=False)
        if not allowed:
            raise TooManyRequests(max(1, math.ceil((price - tokens) / self._per_second)))
        return (self._policy, (b"ratelimit", b'"client";r=%d;t=1' % tokens))


class RateLimit:
    """Pure ASGI middleware that lets a request in, a dear one in its turn, or tells the client when to come again."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._turns = DearTurns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _EXEMPT:
            await self._app(scope, receive, send)
            return
        client = scope["client"][0] if scope.get("client") else "-"
        cost = cost_of(scope)
        try:
            told = self._limits.take(client, cost)
        except TooManyRequests as error:
            await _refuse(error, scope, receive, send)
            return

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *told]
            await send(message)

        if cost == 1:
            await self._app(scope, receive, send_with_limits)
            return
        async with self._turns.turn(client_key(client)) as turn:
            if found_first(scope):
                turn.left_to(scope)
                await self._app(scope, receive, turn.sending(send_with_limits))
                return
            if scope["method"] in _WITHOUT_BODY:
                try:
                    await turn.take()
                except Busy as error:
                    await _refuse(error, scope, receive, send_with_limits)
                    return
            await self._app(scope, turn.receiving(receive), turn.sending(send_with_limits))


async def _refuse(error: LedgerError, scope: Scope, receive: Receive, send: Send) -> None:
    await problem_response(problem_of(error), concise=scope["path"].startswith("/entries"))(scope, receive, send)
