"""Current standings for the hot path, read without a thread.

What was read is kept until the projections move on, so that a page which everybody scans costs one read for
each state of the log.
"""

from __future__ import annotations

from datetime import date

from psycopg import Error
from psycopg.errors import UndefinedTable
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout
from starlette.concurrency import run_in_threadpool

from ledger.limits import DATABASE_CONNECTIONS_MAX, STANDINGS_CACHED_MAX
from projections.runner import Runner
from projections.sql import QUERIES
from projections.standing.levels import Level
from projections.standing.view import Served, StandingView

__all__ = ["Standings"]


class Standings:
    """Current standings, read without a thread. `open` in the event loop that asks."""

    def __init__(self, conninfo: str, runner: Runner, view: StandingView) -> None:
        self._runner = runner
        self._view = view
        self._pool = AsyncConnectionPool(
            conninfo,
            min_size=2,
            max_size=DATABASE_CONNECTIONS_MAX,
            open=False,
            kwargs={"autocommit": True, "application_name": "credit-ledger"},
        )
        self._kept: dict[str, Served] = {}
        self._kept_at: tuple[int, date] = (-1, date.min)

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    async def current(self, subject: str, today: date) -> Served:
        """The standing today. Raises `Unavailable`."""
        at = (self._runner.size, today)
        if at != self._kept_at:
            self._kept, self._kept_at = {}, at
        served = self._kept.get(subject)
        if served is None:
            served = await self._read(subject, today)
            if self._kept_at == at and len(self._kept) < STANDINGS_CACHED_MAX:
                self._kept[subject] = served
        return served

    async def _read(self, subject: str, today: date) -> Served:
        params = {"subject": subject, "today": today}
        try:
            async with self._pool.connection() as connection:
                cursor = connection.cursor(binary=True)
                await cursor.execute(QUERIES["standing"], params, prepare=True)
                row = await cursor.fetchone()
        except UndefinedTable:  # a rebuild swaps its tables in: the next look finds them
            row = None
        except (PoolTimeout, PoolClosed, Error):
            row = None  # the other pool finds out whether the database is really out of reach
        if row is not None and (row[2] is None or row[2] > today):
            return Served(subject, Level(row[0]), row[2], row[3], row[4], True)
        return await run_in_threadpool(self._view.current, subject, today)
