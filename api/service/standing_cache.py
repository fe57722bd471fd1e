"""Current standings for the hot path, read without a thread.

What was read is kept until the projections move on, so that a page which everybody scans costs one read for
each state of the log. Whoever asks while a read is under way waits for the next one, which is for all of them:
a round trip costs the server more than the row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from itertools import islice
from typing import Any

from psycopg import Error
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout
from starlette.concurrency import run_in_threadpool

from ledger.limits import STANDINGS_CACHED_MAX, STANDINGS_QUERY_IDS_MAX
from ledger.store.array_parameters import Texts
from ledger.store.connect import BoundedAsyncConnection, parameters
from projections.db.queries import QUERIES
from projections.engine.progress import Watch
from projections.standing import Level
from projections.standing.standing_view import Served, StandingView

__all__ = ["Standings"]


class Standings:
    """Current standings, read without a thread. `open` in the event loop that asks."""

    def __init__(self, conninfo: str, progress: Watch, view: StandingView) -> None:
        self._progress = progress
        self._view = view
        self._pool: AsyncConnectionPool[BoundedAsyncConnection[tuple[Any, ...]]] = AsyncConnectionPool(
            parameters(conninfo),
            connection_class=BoundedAsyncConnection,
            min_size=1,
            max_size=1,  # one read at a time, for all who wait
            open=False,
            kwargs={"autocommit": True},
        )
        self._kept: dict[str, Served] = {}
        self._kept_at: tuple[int, date] = (-1, date.min)
        self._asked: dict[tuple[str, date], asyncio.Future[Served | None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    async def current(self, subject: str, today: date) -> Served:
        """The standing today. Raises `Unavailable`."""
        at = (self._progress.size, today)
        if at != self._kept_at:
            self._kept, self._kept_at = {}, at
        served = self._kept.get(subject)
        if served is None:
            served = await self._read(subject, today)
            if self._kept_at == at and len(self._kept) < STANDINGS_CACHED_MAX:
                self._kept[subject] = served
        return served

    async def _read(self, subject: str, today: date) -> Served:
        key = subject, today
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.get_running_loop().create_future()
        if self._reader is None:
            self._reader = asyncio.create_task(self._answer_all())
        found: Served | None = await asyncio.shield(asked)
        if found is not None:
            return found
        return await run_in_threadpool(self._view.current, subject, today)

    async def _answer_all(self) -> None:
        """Read for whoever waits, until nobody does."""
        try:
            while self._asked:
                today = next(iter(self._asked))[1]
                subjects = [subject for subject, day in islice(self._asked, STANDINGS_QUERY_IDS_MAX) if day == today]
                waiting = {subject: self._asked.pop((subject, today)) for subject in subjects}
                found: dict[str, Served] = {}
                try:
                    found = await self._rows(subjects, today)
                finally:
                    for subject, future in waiting.items():
                        if not future.done():
                            future.set_result(found.get(subject))
        finally:
            self._reader = None

    async def _rows(self, subjects: Sequence[str], today: date) -> dict[str, Served]:
        """Those that have a row which holds; of the others, and where nothing can be read, a thread finds out."""
        try:
            async with self._pool.connection() as connection:
                cursor = connection.cursor(binary=True)
                params = {"subjects": Texts(subjects), "today": today}
                await cursor.execute(QUERIES["standings"], params, prepare=True)
                rows = await cursor.fetchall()
        except (PoolTimeout, PoolClosed, Error):  # also while a rebuild swaps its tables in
            return {}
        return {
            subject: Served(subject, Level(level), until_on, body, tag, True)
            for subject, level, _, until_on, body, tag in rows
            if until_on is None or until_on > today
        }
