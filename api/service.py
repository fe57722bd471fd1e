"""The parts of a running service and how they are opened and closed. `api/app.py` puts routes over them."""

from __future__ import annotations

import asyncio
import datetime
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool

from api.metrics import Meters
from api.publicity import Publicity
from api.standings import Standings
from api.views import Views
from ledger.domain.governance import Governance
from ledger.errors import LedgerError
from ledger.feed import Feed
from ledger.keys.logkeys import LogKeys
from ledger.log import Log
from ledger.registration import Candidate
from ledger.sequencer import Answer, Sequencer, Submission
from ledger.store.desk import Desk
from ledger.store.postgres import PostgresStore
from projections.runner import Runner

__all__ = ["SHANGHAI", "Service", "unix_now"]

_LOG = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")
P = ParamSpec("P")
T = TypeVar("T")


def unix_now() -> int:
    """The wall clock, Unix seconds: read at the edges only."""
    return int(time.time())


@dataclass(slots=True)
class Service:
    """What routes reach through `request.app.state.service`."""

    store: PostgresStore
    keys: LogKeys
    clock: Callable[[], int]
    log: Log
    feed: Feed
    sequencer: Sequencer
    runner: Runner
    conninfo: str
    demo: bool
    views: Views
    meters: Meters = field(default_factory=Meters)
    publicity: Publicity = field(init=False)
    standings: Standings = field(init=False)
    closing: bool = False

    def __post_init__(self) -> None:
        self.publicity = Publicity(self.feed, self.runner.rules, self.today)
        self.standings = Standings(self.conninfo, self.runner, self.views.standings)

    @property
    def origin(self) -> str:
        return self.keys.origin

    @property
    def desk(self) -> Desk:
        return self.store.desk

    @property
    def governance(self) -> Governance:
        """Who may say what, at the newest checkpoint that this process wrote or took in."""
        return self.sequencer.governance

    def today(self) -> datetime.date:
        """The calendar date in Asia/Shanghai: the one that rules mean."""
        return datetime.datetime.fromtimestamp(self.clock(), SHANGHAI).date()

    async def register(self, *candidates: Candidate) -> tuple[Answer, ...]:
        """Submit candidates as one group and wait until their fate is durable. Raises `Busy`."""
        future: asyncio.Future[tuple[Answer, ...]] = asyncio.get_running_loop().create_future()
        self.sequencer.submit(Submission(candidates, _setter(future)))
        return await future

    async def register_all(self, groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
        """Submit several groups in order; one that finds the queue full is answered with that error."""
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[tuple[Answer, ...]]] = []
        for candidates in groups:
            future: asyncio.Future[tuple[Answer, ...]] = loop.create_future()
            try:
                self.sequencer.submit(Submission(candidates, _setter(future)))
            except LedgerError as error:
                future.set_result(tuple(error for _ in candidates))
            futures.append(future)
        return list(await asyncio.gather(*futures))

    async def off_loop(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what blocks (a read of the database) in a thread."""
        return await run_in_threadpool(call, *args, **kwargs)

    def start(self) -> None:
        self.sequencer.start()
        self.runner.start()

    def close(self) -> None:
        """Finish what is queued and let go of everything."""
        for part in (self.sequencer.stop, self.runner.stop, self.views.close, self.store.close):
            try:
                part()
            except LedgerError as error:
                _LOG.warning("while closing: %s", error)


def _setter(future: asyncio.Future[tuple[Answer, ...]]) -> Callable[[tuple[Answer, ...]], None]:
    def deliver(answers: tuple[Answer, ...]) -> None:
        if not future.done():  # the client may have gone
            future.set_result(answers)

    return deliver
