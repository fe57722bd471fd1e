"""What the service does again and again: it goes on whatever happened, and waits longer the more often it failed."""

from __future__ import annotations

import asyncio
import logging

import pytest

from api.service.repeating import retry_pause, run_periodically
from ledger.errors import Unavailable


def test_a_look_that_fails_or_is_a_defect_is_followed_by_another_and_says_nothing_of_anybody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    left: list[Exception | None] = [Unavailable("somebody@example.org"), RuntimeError("a defect"), None]

    async def look() -> None:
        if not left:
            raise asyncio.CancelledError
        if (problem := left.pop(0)) is not None:
            raise problem

    async def run() -> None:
        await run_periodically("mail", look, 0.0, again_seconds=0.0)

    with caplog.at_level(logging.WARNING), pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert left == []
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert "mail: not looked for: Unavailable" in caplog.text
    assert "somebody" not in caplog.text


def test_pauses_between_tries_grow_to_their_bound_and_are_spread_by_a_quarter() -> None:
    for attempts, most in ((0, 100), (1, 200), (2, 400), (3, 500), (100, 500)):
        pauses = {retry_pause(attempts, first=100, factor=2, longest=500) for _ in range(200)}
        assert 0.75 * most <= min(pauses) < max(pauses) <= most
