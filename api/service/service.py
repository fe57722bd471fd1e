"""The parts of a running service and how they are opened and closed. `api/app.py` puts routes over them."""

from __future__ import annotations

import asyncio
import datetime
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool

from api.certificates.gather import Gatherer
from api.certificates.issue import Certificates
from api.certificates.store import CertificateFolder
from api.cosigning.cosigning import Witnessing
from api.http.metrics import Meters
from api.http.turns import Turns
from api.http.waiting_room import WaitingRoom
from api.service.audit_runs import AuditRuns
from api.service.body_disclosure import Publicity
from api.service.completeness_bundles import Bundles
from api.service.event_tail import EventTail
from api.service.filling import FillingState
from api.service.readiness import Condition, Readiness
from api.service.shared_look import SharedLook
from api.service.standing_cache import Standings
from api.service.views import Views
from ledger.domain.state.governance import Governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Behind, Busy, LedgerError
from ledger.keys.log_keys import LogKeys
from ledger.limits import LONG_READS_MAX, READY_SECONDS_MAX, STREAMS_MAX, STREAMS_PER_CLIENT_MAX
from ledger.reading.feed import Feed
from ledger.reading.log_reader import Log
from ledger.registration import Candidate
from ledger.sequencing.clock import check_behind
from ledger.sequencing.scrubber import Scrubber
from ledger.sequencing.sequencer import Answer, Sequencer, Submission
from ledger.store.application import Ledger
from ledger.store.attachment_keys import KeyFolder
from ledger.store.desk import Desk
from ledger.store.desk_releases import Drafts
from ledger.store.erasure import Erasures
from ledger.store.postgres import PostgresStore
from projections.engine.process import ProjectionProcess
from projections.engine.progress import Watch

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
    progress: Watch
    log_grown: WaitingRoom
    projected: WaitingRoom
    projecting: ProjectionProcess
    conninfo: str
    demo: bool
    views: Views
    witnessing: Witnessing
    attachment_keys: KeyFolder
    complaint_keys: KeyFolder
    drafts: Drafts
    certificate_folder: Path
    public_url: str  # under which people reach the service, without a slash at the end
    keys_dir: Path
    audits: AuditRuns
    filling: FillingState | None = None
    meters: Meters = field(default_factory=Meters)
    publicity: Publicity = field(init=False)
    bundles: Bundles = field(init=False)
    readiness: Readiness = field(init=False)
    scrubber: Scrubber = field(init=False)
    standings: Standings = field(init=False)
    certificates: Certificates = field(init=False)
    erasures: Erasures = field(init=False)
    streams: Turns = field(init=False)
    tail: EventTail | None = None
    closing: bool = False
    _long_reads: CapacityLimiter = field(init=False)
    _log_size: SharedLook = field(init=False)
    _gathered: list[Submission] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publicity = Publicity(self.feed, self.progress.rules, self.today)
        published, roots = self.witnessing.published, lambda: self.governance.map_roots
        self.bundles = Bundles(self.store, self.log, self.views.map, self.publicity, published, roots)
        self.erasures = Erasures(self.store, self.attachment_keys)
        self.certificates = Certificates(
            Gatherer(self.store, self.log, lambda: self.governance, self.origin),
            CertificateFolder(self.certificate_folder),
            self.keys.certificate,
            self.clock,
            lambda code: f"{self.public_url}/p/{code}",
        )
        self.scrubber = Scrubber(self.store, lambda: self.sequencer.queued > 0)
        self.readiness = Readiness(self.conninfo, self.keys_dir, self.conditions)
        self._long_reads = CapacityLimiter(LONG_READS_MAX)
        self._log_size = SharedLook(self.feed.size, READY_SECONDS_MAX)
        self.streams = Turns(
            "the number of open event streams",
            total_max=STREAMS_MAX,
            per_client_max=STREAMS_PER_CLIENT_MAX,
            again_seconds=10,
        )
        self.standings = Standings(self.conninfo, self.progress, self.views.standings)

    def record(self, subject: str) -> EnterpriseRecord:
        """The record of an enterprise, folded from its stream now. Raises `NotFound`, `Unavailable`."""
        return Ledger(self.store).record(subject)

    @property
    def origin(self) -> str:
        return self.keys.origin

    @property
    def keys_in_force(self) -> LogKeys:
        """Those that the newest checkpoint is signed with. Raises `Misconfigured` where they are not here."""
        checkpoint, governance = self.sequencer.checkpoint, self.governance
        anchors = None if checkpoint is None else governance.anchors_at(checkpoint.tree_size)
        return self.keys if anchors is None else self.keys.held(anchors)

    @property
    def desk(self) -> Desk:
        return self.store.desk

    @property
    def governance(self) -> Governance:
        """Who may say what, at the newest checkpoint that this process wrote or took in."""
        return self.sequencer.governance

    def sound_clock(self) -> int:
        """The clock, for what a client's is held against. Raises `ClockDoubted` where ours is the wrong one."""
        now = self.clock()
        check_behind(now, self.sequencer.checkpoint)
        return now

    def require_current(self) -> None:
        """Before something is signed, dumped, or said to be unknown. Raises `Behind` where read models lag."""
        behind = self.progress.behind()
        if behind is not None:
            raise Behind(behind)

    def conditions(self) -> list[Condition]:
        """What keeps the service from being ready, of what this process knows by itself."""
        sequencer, progress = self.sequencer, self.progress
        behind, damaged = progress.behind(), self.scrubber.found
        found = [
            None if sequencer.broken is None else Condition("history", sequencer.broken),
            None if sequencer.alive else Condition("sequencer", "the thread that commits has ended"),
            None if sequencer.clock_doubt is None else Condition("clock", sequencer.clock_doubt),
            None if self.projecting.alive else Condition("projections", "the process that projects is not running"),
            None if progress.failure is None else Condition("projections", progress.failure),
            Condition("storage.damaged", "; ".join(damaged)) if damaged else None,
            None if behind is None else Condition("projections.behind", behind + self._afresh()),
            # A demonstration is ready with its sample.
            None if self.filling is None or self.filling.done else Condition("demo.filling", self.filling.said),
        ]
        return [one for one in found if one is not None]

    def _afresh(self) -> str:
        """How far they are where all read models are being derived again."""
        done, total = self.projecting.afresh
        return f"; they are derived again: {done:,} of {total:,} entries are done" if done < total else ""

    def today(self) -> datetime.date:
        """The calendar date in Asia/Shanghai: the one that rules mean."""
        return datetime.datetime.fromtimestamp(self.clock(), SHANGHAI).date()

    async def register(self, *candidates: Candidate) -> tuple[Answer, ...]:
        """Submit candidates as one group and wait until their fate is durable; `Busy` is an answer, too."""
        future: asyncio.Future[tuple[Answer, ...]] = asyncio.get_running_loop().create_future()
        self.submit(Submission(candidates, _setter(future)))
        return await future

    def submit(self, submission: Submission) -> None:
        """Submit from the event loop, where its `deliver` is called in the end, too."""
        if not self._gathered:
            # All requests that this turn of the loop reads go to the sequencer at once, and share a commit.
            asyncio.get_running_loop().call_soon(self._flush)
        self._gathered.append(submission)

    async def register_all(self, groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
        """Submit several groups in order."""
        return list(await asyncio.gather(*(self.register(*candidates) for candidates in groups)))

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        for left in self.sequencer.submit_all(gathered):
            busy = Busy("the queue of statements")
            left.deliver(tuple(busy for _ in left.candidates))

    async def off_loop(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what blocks (a read of the database) in a thread."""
        return await run_in_threadpool(call, *args, **kwargs)

    async def long_read(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`off_loop` for what reads and renders many rows: few at a time, so that short reads find a thread."""
        return await anyio.to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._long_reads)

    async def log_size(self) -> int:
        """The tree size of the newest checkpoint, as the database says now.

        Raises `Unavailable`, also where it does not say so within a second.
        """
        return await self._log_size.ask()

    def start(self) -> None:
        self.progress.start()
        self.sequencer.start()
        self.projecting.start()
        self.witnessing.start()
        self.erasures.start()
        self.readiness.start()
        self.scrubber.start()

    def close(self) -> None:
        """Finish what is queued and let go of everything."""
        for part in (
            self.audits.stop,
            self.readiness.stop,
            self.scrubber.stop,
            self.witnessing.stop,
            self.sequencer.stop,
        ):
            _close(part)
        followers = (self.erasures.stop, self.projecting.stop, self.progress.stop)
        with ThreadPoolExecutor(len(followers)) as at_once:  # each may be waiting for the log to grow
            list(at_once.map(_close, followers))
        for part in (self.views.close, self.store.close):
            _close(part)


def _close(part: Callable[[], None]) -> None:
    try:
        part()
    except LedgerError as error:
        _LOG.warning("while closing: %s", error)


def _setter(future: asyncio.Future[tuple[Answer, ...]]) -> Callable[[tuple[Answer, ...]], None]:
    def deliver(answers: tuple[Answer, ...]) -> None:
        if not future.done():  # the client may have gone
            future.set_result(answers)

    return deliver
