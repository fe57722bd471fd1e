"""The parts of a running service and how they are opened and closed. `api/app.py` puts routes over them."""

from __future__ import annotations

import datetime
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool

from api.certificates.certificate_entries import Gatherer
from api.certificates.issue import Certificates
from api.certificates.store import CertificateFolder
from api.cosigning.cosigning import Witnessing
from api.delivery.outside_addresses import OutsideAddresses
from api.http.errors import WriterElsewhere
from api.http.metrics import Meters
from api.http.turns import Turns
from api.http.waiting_room import WaitingRoom
from api.service.audit_runs import AuditRuns
from api.service.body_disclosure import Publicity
from api.service.completeness_bundles import Bundles
from api.service.event_tail import EventTail
from api.service.filling_state import FillingState
from api.service.gathered_submissions import Submissions
from api.service.log_files import LogFiles
from api.service.process_role import ReadsOnly, Writing
from api.service.readiness import Condition, Readiness, reads_from, would_commit
from api.service.shared_look import SharedLook
from api.service.standing_cache import Standings
from api.service.views import Views
from ledger.domain.state.governance import Governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Behind, LedgerError
from ledger.keys.log_keys import LogKeys
from ledger.limits import LONG_READS_MAX, READY_SECONDS_MAX, STREAMS_MAX, STREAMS_PER_CLIENT_MAX
from ledger.mirror.published_log import PublishedLog
from ledger.reading.feed import Feed
from ledger.reading.followed_log import FollowedLog
from ledger.reading.log_reader import Log
from ledger.sequencing import Scrubber, Sequencer, check_behind
from ledger.store.application import Ledger
from ledger.store.desk import Desk
from ledger.store.desk_releases import Drafts
from ledger.store.erasure import Erasures
from ledger.store.key_folder import KeyFolder
from ledger.store.postgres import PostgresStore
from projections.engine.progress import Watch
from projections.search.pinyin import load_dictionaries

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
    """What routes reach through `request.app.state.service`: of the process that appends, or of one that reads."""

    store: PostgresStore
    role: Writing | ReadsOnly
    clock: Callable[[], int]
    log: Log
    feed: Feed
    progress: Watch
    log_grown: WaitingRoom
    projected: WaitingRoom
    conninfo: str
    demo: bool
    views: Views
    witnessing: Witnessing
    attachment_keys: KeyFolder
    complaint_keys: KeyFolder
    notice_keys: KeyFolder
    outside: OutsideAddresses
    mails: bool  # whether the operator named a mail server
    drafts: Drafts
    certificate_folder: Path
    public_url: str  # under which people reach the service, without a slash at the end
    keys_dir: Path
    audits: AuditRuns
    published: PublishedLog | None = None  # the copy that proofs are answered from
    filling: FillingState | None = None
    meters: Meters = field(default_factory=Meters)
    log_files: LogFiles = field(init=False)
    publicity: Publicity = field(init=False)
    bundles: Bundles = field(init=False)
    readiness: Readiness = field(init=False)
    scrubber: Scrubber = field(init=False)
    standings: Standings = field(init=False)
    erasures: Erasures = field(init=False)
    streams: Turns = field(init=False)
    submissions: Submissions = field(init=False)
    tail: EventTail | None = None
    closing: bool = False
    _certificates: Certificates | None = field(init=False, default=None)
    _long_reads: CapacityLimiter = field(init=False)
    _log_size: SharedLook = field(init=False)

    def __post_init__(self) -> None:
        self.publicity = Publicity(self.feed, self.progress.rules, self.today)
        self.log_files = LogFiles(
            self.log,
            self.witnessing.published.newest,
            self.feed.size,
            lambda: self.log_grown.size,
            self.published,
        )
        published, roots = self.witnessing.published, lambda: self.governance.map_roots
        self.bundles = Bundles(self.store, self.log, self.views.map, self.publicity, published, roots)
        self.erasures = Erasures(self.store, self.attachment_keys)
        if isinstance(self.role, Writing):
            self._certificates = Certificates(
                Gatherer(self.store, self.log, lambda: self.governance, self.origin),
                CertificateFolder(self.certificate_folder),
                self.role.keys.certificate,
                self.clock,
                lambda code: f"{self.public_url}/p/{code}",
            )
            self.readiness = Readiness(self.conninfo, self.keys_dir, self.conditions, would_commit(self.role.copies))
        else:
            self.readiness = Readiness(self.conninfo, None, self.conditions, reads_from)
        self.scrubber = Scrubber(self.store, lambda: self.queued > 0)
        self._long_reads = CapacityLimiter(LONG_READS_MAX)
        self._log_size = SharedLook(self.feed.size, READY_SECONDS_MAX)
        self.streams = Turns(
            "the number of open event streams",
            total_max=STREAMS_MAX,
            per_client_max=STREAMS_PER_CLIENT_MAX,
            again_seconds=10,
        )
        self.submissions = Submissions(lambda: self.sequencer)
        self.standings = Standings(self.conninfo, self.progress, self.views.standings)

    def record(self, subject: str) -> EnterpriseRecord:
        """The record of an enterprise, folded from its stream now. Raises `NotFound`, `Unavailable`."""
        return Ledger(self.store).record(subject)

    @property
    def writing(self) -> Writing:
        """Raises `WriterElsewhere` in a process that only reads."""
        if isinstance(self.role, Writing):
            return self.role
        raise WriterElsewhere(self._writer)

    @property
    def keys(self) -> LogKeys:
        """The log's own keys, as they came first. Raises `WriterElsewhere`."""
        return self.writing.keys

    @property
    def sequencer(self) -> Sequencer:
        """The way into the log. Raises `WriterElsewhere`."""
        return self.writing.sequencer

    @property
    def certificates(self) -> Certificates:
        """Raises `WriterElsewhere`: a process that only reads has no key to sign them with."""
        if self._certificates is None:
            raise WriterElsewhere(self._writer)
        return self._certificates

    @property
    def _writer(self) -> str | None:
        return None if isinstance(self.role, Writing) else self.role.writer

    @property
    def head(self) -> Sequencer | FollowedLog:
        """What this process knows of the log's end: `checkpoint`, `governance`, `keyring`."""
        return self.role.sequencer if isinstance(self.role, Writing) else self.role.head

    @property
    def queued(self) -> int:
        """Statements that wait for a commit."""
        return self.role.sequencer.queued if isinstance(self.role, Writing) else 0

    @property
    def origin(self) -> str:
        return self.role.origin

    @property
    def keys_in_force(self) -> LogKeys:
        """Those that the newest checkpoint is signed with.

        Raises `Misconfigured` where they are not here, `WriterElsewhere`.
        """
        checkpoint, governance = self.head.checkpoint, self.governance
        anchors = None if checkpoint is None else governance.anchors_at(checkpoint.tree_size)
        return self.keys if anchors is None else self.keys.held(anchors)

    @property
    def desk(self) -> Desk:
        return self.store.desk

    @property
    def governance(self) -> Governance:
        """Who may say what, at the newest checkpoint that this process wrote or took in."""
        return self.head.governance

    def sound_clock(self) -> int:
        """The clock, for what a client's is held against. Raises `ClockDoubted` where ours is the wrong one."""
        now = self.clock()
        check_behind(now, self.head.checkpoint)
        return now

    def require_current(self) -> None:
        """Before something is signed, dumped, or said to be unknown. Raises `Behind` where read models lag."""
        behind = self.progress.behind()
        if behind is not None:
            raise Behind(behind)

    def conditions(self) -> list[Condition]:
        """What keeps the service from being ready, of what this process knows by itself."""
        progress = self.progress
        behind, damaged = progress.behind(), self.scrubber.found
        found = [
            None if progress.failure is None else Condition("projections", progress.failure),
            Condition("storage.damaged", "; ".join(damaged)) if damaged else None,
            None if behind is None else Condition("projections.behind", behind + self._afresh()),
            # A demonstration is ready with its sample.
            None if self.filling is None or self.filling.done else Condition("demo.filling", self.filling.said),
        ]
        return [*self.role.conditions(), *(one for one in found if one is not None)]

    def _afresh(self) -> str:
        """How far they are where all read models are being derived again."""
        if not isinstance(self.role, Writing):
            return ""
        done, total = self.role.projecting.afresh
        return f"; they are derived again: {done:,} of {total:,} entries are done" if done < total else ""

    def today(self) -> datetime.date:
        """The calendar date in Asia/Shanghai: the one that rules mean."""
        return shanghai_date(self.clock())

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
        threading.Thread(target=load_dictionaries, name="dictionaries", daemon=True).start()  # of who searches
        self.progress.start()
        if isinstance(self.role, Writing):
            self.role.sequencer.start()
            self.role.projecting.start()
            self.witnessing.start()
            self.erasures.start()
            self.scrubber.start()  # not over standbys: what one of several lacks for a moment is no damage
        else:
            self.role.head.start()
            self.role.lag.start()
        self.readiness.start()

    def close(self) -> None:
        """Finish what is queued and let go of everything."""
        for part in (self.audits.stop, self.readiness.stop, self.scrubber.stop, self.witnessing.stop):
            _close(part)
        followers = [self.progress.stop]  # each may be waiting for the log to grow
        if isinstance(self.role, Writing):
            _close(self.role.sequencer.stop)
            followers += [self.erasures.stop, self.role.projecting.stop]
        else:
            followers += [self.role.head.stop, self.role.lag.stop]
        with ThreadPoolExecutor(len(followers)) as at_once:
            list(at_once.map(_close, followers))
        for part in (self.views.close, self.store.close):
            _close(part)


def _close(part: Callable[[], None]) -> None:
    try:
        part()
    except LedgerError as error:
        _LOG.warning("while closing: %s", error)
