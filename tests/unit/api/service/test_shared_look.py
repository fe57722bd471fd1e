"""Many who ask at once cost few looks, and nobody is answered from before the question."""

from __future__ import annotations

import asyncio
import threading

import pytest

from api.service.shared_look import SharedLook
from ledger.errors import Unavailable


class Book:
    """A size that grows, and readers of it that can be held up."""

    def __init__(self) -> None:
        self.size = 1
        self.looks = 0
        self.begun = threading.Event()
        self.open = threading.Event()

    def look(self) -> int:
        size = self.size  # seen when the look begins
        self.looks += 1
        self.begun.set()
        assert self.open.wait(30)
        return size


def test_whoever_asks_during_a_look_is_told_what_was_there_when_it_asked() -> None:
    async def run() -> tuple[int, list[int], int]:
        book = Book()
        shared = SharedLook(book.look, 30)
        first = asyncio.create_task(shared.ask())
        assert await asyncio.to_thread(book.begun.wait, 30)
        book.size = 2  # committed after the look began, and told to those who ask now
        more = [asyncio.create_task(shared.ask()) for _ in range(100)]
        await asyncio.sleep(0)
        book.open.set()
        return await first, await asyncio.gather(*more), book.looks

    assert asyncio.run(run()) == (1, [2] * 100, 2)


def test_a_look_that_hangs_is_unavailable_to_those_who_wait_for_it_as_well() -> None:
    async def run() -> list[int | BaseException]:
        book = Book()
        shared = SharedLook(book.look, 0.05)
        first = asyncio.create_task(shared.ask())
        assert await asyncio.to_thread(book.begun.wait, 30)
        try:
            return await asyncio.gather(first, *(shared.ask() for _ in range(3)), return_exceptions=True)
        finally:
            book.open.set()

    answers = asyncio.run(run())
    assert [type(one) for one in answers] == [Unavailable] * 4


def test_what_a_look_raises_is_raised_to_its_askers_and_the_next_looks_again() -> None:
    broken = True

    def look() -> int:
        if broken:
            raise Unavailable("gone")
        return 7

    async def run() -> int:
        nonlocal broken
        shared = SharedLook(look, 30)
        with pytest.raises(Unavailable, match="gone"):
            await shared.ask()
        broken = False
        return await shared.ask()

    assert asyncio.run(run()) == 7
