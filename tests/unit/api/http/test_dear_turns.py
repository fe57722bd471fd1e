"""A few of a client's dear requests are worked on at a time; neither its cheap ones nor other clients wait for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.http import dear_turns
from api.http.rate_limit import Limits, RateLimit
from ledger.limits import DEAR_AT_ONCE_PER_CLIENT_MAX

DEAR, CHEAP = "/v1/standings/query", "/checkpoint"
LOTS = 10 * DEAR_AT_ONCE_PER_CLIENT_MAX


class Work:
    """An application that reads its request, works until it is told to go on, begins its answer, and lingers."""

    def __init__(self) -> None:
        self.working: Counter[str] = Counter()
        self.answering = 0
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while scope["method"] == "POST" and (await receive()).get("more_body"):
            pass
        self.working[scope["client"][0]] += 1
        try:
            await self.go_on.wait()
        finally:
            self.working[scope["client"][0]] -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        self.answering += 1
        await asyncio.Event().wait()  # as long as the client takes its answer


def asked(
    app: RateLimit, path: str, client: str, said: list[Message], *, method: str = "GET", slow: bool = False
) -> asyncio.Task[None]:
    async def receive() -> Message:
        if slow:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    scope = {"type": "http", "path": path, "method": method, "client": (client, 1), "headers": [], "query_string": b""}
    return asyncio.ensure_future(app(scope, receive, send))


async def settle(turns: int = 1) -> None:
    """As often as whoever could go on needs to; no clock says when."""
    for _ in range(5 * turns):
        await asyncio.sleep(0)


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_clients_dear_requests_are_worked_on_a_few_at_a_time_and_nobody_else_waits(method: str) -> None:
    async def run() -> None:
        work = Work()
        app = RateLimit(work, Limits(0, 1))
        tasks = [asked(app, DEAR, "192.0.2.1", [], method=method) for _ in range(LOTS)]
        tasks += [asked(app, DEAR, "192.0.2.2", [], method=method), asked(app, CHEAP, "192.0.2.1", [])]
        await settle()
        assert work.working == {"192.0.2.1": DEAR_AT_ONCE_PER_CLIENT_MAX + 1, "192.0.2.2": 1}
        work.go_on.set()
        await settle(len(tasks))
        assert work.answering == len(tasks), "whoever takes an answer slowly holds no turn"
        await ended(tasks)
        assert not app._turns._lines, "nothing is kept of who is gone"

    asyncio.run(run())


def test_bodies_that_come_slowly_hold_no_turn() -> None:
    async def run() -> None:
        work = Work()
        app = RateLimit(work, Limits(0, 1))
        tasks = [asked(app, DEAR, "192.0.2.1", [], method="POST", slow=True) for _ in range(LOTS)]
        await settle()
        tasks.append(asked(app, DEAR, "192.0.2.1", [], method="POST"))
        await settle()
        assert work.working["192.0.2.1"] == 1
        await ended(tasks)

    asyncio.run(run())


def test_whoever_waited_too_long_for_a_turn_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dear_turns, "DEAR_WAIT_SECONDS_MAX", 0.02)

    async def run() -> None:
        app = RateLimit(Work(), Limits(0, 1))
        said: list[Message] = []
        tasks = [asked(app, DEAR, "192.0.2.1", []) for _ in range(DEAR_AT_ONCE_PER_CLIENT_MAX)]
        tasks.append(asked(app, DEAR, "192.0.2.1", said))
        await asyncio.wait_for(tasks[-1], 5)
        assert said[0]["status"] == 503
        assert b"retry-after" in dict(said[0]["headers"])
        await ended(tasks)

    asyncio.run(run())


def test_a_page_takes_its_turn_only_where_its_route_has_to_draw_it() -> None:
    async def run() -> None:
        work = Work()

        async def route(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"].endswith("drawn"):
                await dear_turns.take_turn(scope)
            await work(scope, receive, send)

        app = RateLimit(route, Limits(0, 1))
        tasks = [asked(app, "/e/drawn", "192.0.2.1", []) for _ in range(LOTS)]
        await settle()
        assert work.working["192.0.2.1"] == DEAR_AT_ONCE_PER_CLIENT_MAX
        tasks += [asked(app, "/en/e/there", "192.0.2.1", []) for _ in range(LOTS)]
        await settle()
        assert work.working["192.0.2.1"] == DEAR_AT_ONCE_PER_CLIENT_MAX + LOTS
        await ended(tasks)
        assert not app._turns._lines, "nothing is kept of who is gone"

    asyncio.run(run())
