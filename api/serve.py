"""`serve`: open the database, the book and its projections, then answer until told to stop.

Order matters: refuse before anything is written; take in what a crash left (the normal path of a start);
listen last. On SIGTERM: stop listening, finish what is queued and what is being delivered, close.
"""

from __future__ import annotations

import asyncio
import datetime
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Final

import uvicorn
import uvloop

from api.app import create_app
from api.cosigning.cosigning import Witnessing, open_witnessing
from api.cosigning.starting import Contested, ask_at_start
from api.delivery.outside_post import OutsidePost
from api.demo.filling import Filling
from api.desk.complaints.case_keeping import ComplaintFiles
from api.http.clients import TrustedProxies
from api.http.connections import Connections
from api.http.listener import Listener, bound
from api.http.rate_limit import Limits
from api.map_publisher.map_publisher import publish_roots
from api.notices.mail_delivery import MailDelivery
from api.notices.notice_writing import write_notices_when_due
from api.notices.webhook_delivery import WebhookDelivery
from api.pages.drawing_process import DrawingProcess
from api.pages.enterprise_pages import EnterprisePages
from api.routes.direct_routes import DirectRoutes
from api.service.opening import open_book, service_over
from api.service.process_role import Writing
from api.service.reader import open_reader
from api.service.release_schedule import release_when_due
from api.service.service import SHANGHAI, Service, unix_now
from api.settings import Settings
from ledger.charter.charter_file import charter_origin, read_charter
from ledger.errors import Misconfigured, Refused
from ledger.keys.log_keys import LogKeys
from ledger.keys.signer import load_key
from ledger.limits import (
    CLOCK_AHEAD_SECONDS_MAX,
    KEEP_ALIVE_SECONDS,
    STOP_DELIVERIES_SECONDS_MAX,
    STOP_REQUESTS_SECONDS_MAX,
)
from ledger.sequencing import WAY_ON, ClockDoubts, HighWater, Sequencer
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.postgres import PostgresStore
from ledger.store.receiver_encryption import make_own_secret
from projections.completeness.map_tables import prepare_map
from projections.engine.projecting_process import ProjectionProcess
from projections.engine.schema import prepare

__all__ = ["open_service", "serve"]

_SWITCH_SECONDS: Final = 0.001  # the event loop waits for other threads' turns after each look at its sockets
_CUT_SHORT_SECONDS: Final = 0.25  # for what is cut short to be over: all stops together stay within 10 s
_COLLECT_AFTER_OBJECTS: Final = 100_000
_LOG = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises a `LedgerError` for what must not be served."""
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    sockets = bound(settings.host, settings.port)  # a taken port is told before anything is started
    with database(settings) as conninfo:
        async with open_service(settings, conninfo, loop) as service:
            limits = Limits(settings.requests_per_second, settings.requests_burst)
            pages = EnterprisePages(service)
            config = uvicorn.Config(
                create_app(service, pages, limits),
                host=settings.host,
                port=settings.port,
                loop="none",
                proxy_headers=True,
                forwarded_allow_ips=list(settings.trusted_proxies),
                lifespan="off",
                access_log=False,  # addresses and search terms are nobody's business; /metrics counts
                log_level="warning",
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=STOP_REQUESTS_SECONDS_MAX,
            )
            bounds = Connections.within_descriptors(TrustedProxies(settings.trusted_proxies))
            server = _Server(config, service, DirectRoutes.over(service, pages.kept_at, limits, bounds), sockets)
            sweeping = asyncio.create_task(bounds.sweep())
            _spare_the_collector()
            sys.setswitchinterval(_SWITCH_SECONDS)
            post = OutsidePost(service.outside)
            working = [] if settings.reader else _working(settings, service, post)
            drawing = DrawingProcess(conninfo, demo=service.demo) if settings.draws_ahead else None
            try:
                if drawing is not None:
                    drawing.start()
                await server.serve(sockets=[])  # it listens by itself
            finally:
                if drawing is not None:
                    await asyncio.to_thread(drawing.stop)
                for task in (sweeping, *working):
                    task.cancel()
                if working:  # what a receiver is answering just now is recorded
                    await asyncio.wait(working, timeout=STOP_DELIVERIES_SECONDS_MAX + _CUT_SHORT_SECONDS)
                await post.close()
                if service.filling is not None:
                    await asyncio.to_thread(service.filling.stop)


def _working(settings: Settings, service: Service, post: OutsidePost) -> list[asyncio.Task[None]]:
    """What the writer does by itself: it releases what is due, writes notices and brings them to their receivers (mail
    only where the operator named a server), and publishes the roots of the completeness map where the operator's key
    was given."""
    work: list[Coroutine[None, None, None]] = [
        release_when_due(service),
        write_notices_when_due(service, settings.notice_interval_seconds),
        WebhookDelivery(service, post).run(),
    ]
    if settings.mail is not None:
        work.append(MailDelivery(service, settings.mail, ComplaintFiles(service).mail_of).run())
    path = settings.keys_dir / "log-operator.pem" if settings.demo is not None else settings.operator_key
    if path is not None:
        work.append(publish_roots(service, load_key(path)))
    return [asyncio.create_task(one) for one in work]


class _Server(uvicorn.Server):
    """Has listeners of its own, begins what needs them once they are open, and tells what would go on for long to end
    when the service is told to."""

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        protocol: Callable[..., asyncio.Protocol],
        sockets: Sequence[socket.socket],
    ) -> None:
        super().__init__(config)
        self._service = service
        make = partial(protocol, config=config, server_state=self.server_state, app_state={})
        self._address: tuple[str, int] = sockets[0].getsockname()[:2]
        self._listeners = [Listener(one, make) for one in sockets]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in self._listeners:
            listener.open()
        host, port = self._address
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        _LOG.info("serving %s on %s", self._service.origin, url)
        if self._service.filling is not None:
            self._service.filling.start(url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.closing = True
        self._service.log_grown.let_go()
        for listener in self._listeners:
            listener.close()
        if self._service.filling is not None:
            self._service.filling.tell_to_stop()
        await super().shutdown(sockets)


def _spare_the_collector() -> None:
    """Records and requests hold no cycles: the cyclic collector would walk a heap of records and find nothing.

    Measured under load: a fifth of the event loop's time with the defaults.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER_OBJECTS, 20, 100)


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The database to serve from: the one that the settings name, or an embedded one for as long as this lasts."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.data_dir) as embedded:
        yield embedded.service_conninfo


@asynccontextmanager
async def open_service(settings: Settings, conninfo: str, loop: asyncio.AbstractEventLoop) -> AsyncIterator[Service]:
    """A service that takes statements and keeps its projections, over a migrated database; or a reader over one."""
    open_one = open_reader if settings.reader else _open
    opening = asyncio.ensure_future(asyncio.to_thread(open_one, settings, conninfo, loop))
    try:
        service = await asyncio.shield(opening)
    except asyncio.CancelledError:  # told to stop meanwhile: what is being opened is closed before its database goes
        await asyncio.to_thread((await opening).close)
        raise
    try:
        await service.standings.open()
        yield service
    finally:
        await service.standings.close()
        await asyncio.to_thread(service.close)


def _open(settings: Settings, conninfo: str, loop: asyncio.AbstractEventLoop) -> Service:
    with open_book(conninfo) as book:
        store = book.store
        store.check_durable(settings.durable_on)
        keys, charter = _keys_and_charter(settings, store)
        witnessing = open_witnessing(
            store, book.log, settings.witness_policy, keys.checkpoint.key, book.meters.registry
        )
        sequencer = _sequencer(settings, store, keys, witnessing, loop)
        if charter is not None:
            sequencer.bootstrap(charter)
        prepare(conninfo)
        prepare_map(conninfo)
        projecting = ProjectionProcess(conninfo, settings.map_interval)
        role = Writing(keys, sequencer, projecting, copies=settings.durable_on)
        service = service_over(book, role, witnessing, settings, loop)
        service.filling = _filling(settings)
        make_own_secret(service.notice_keys)
        service.drafts.encrypt_old()
        service.erasures.settle()  # before anybody is answered: what was erased is gone, whatever backup this is
    service.start()
    return service


def _sequencer(
    settings: Settings, store: PostgresStore, keys: LogKeys, witnessing: Witnessing, loop: asyncio.AbstractEventLoop
) -> Sequencer:
    """Opened: the database holds all that this log signed, as far as this machine and the witnesses know."""
    file = HighWater(settings.keys_dir, keys)
    remembered = file.newest()
    if remembered is None and store.latest() is not None:
        _LOG.warning("%s is new: whether the database holds all that was signed before, it cannot tell", file.path)
    if not witnessing.count:
        _LOG.warning("no witness: of a copy of keys and database, served elsewhere, nobody could tell")
    contested: Contested | None = None
    if witnessing.rounds is not None and witnessing.policy is not None:
        contested = ask_at_start(store, witnessing.policy, keys.checkpoint, remembered=remembered is not None)
    doubts = ClockDoubts(unix_now, store.time, confirmed=_confirmed(settings))
    if abs(doubts.ahead_at_start) > CLOCK_AHEAD_SECONDS_MAX:
        _LOG.warning("this machine's clock is %d s ahead of the database's", doubts.ahead_at_start)
    sequencer = Sequencer(store, keys, unix_now, loop.call_soon_threadsafe, file, doubts)
    sequencer.open(
        witnessed=0 if contested is None else contested.size,
        contested=None if contested is None else contested.why,
        accepted=None if settings.accept_history is None else settings.accept_history.read_bytes(),
    )

    def alarm(size: int, why: str) -> None:
        if not any(one.lost_size >= size for one in sequencer.governance.given_up):
            sequencer.end_appending(f"{why}. {WAY_ON}")

    witnessing.on_alarm(alarm)
    return sequencer


def _confirmed(settings: Settings) -> bool:
    """Whether a person has said that today is today. Raises `Misconfigured` where the clock says another day."""
    if settings.confirm_clock is None:
        return False
    today = datetime.datetime.fromtimestamp(unix_now(), SHANGHAI).date()
    if settings.confirm_clock != today:
        raise Misconfigured(
            f"本机时钟为 {today}，与 --confirm-clock 不符 / "
            f"this machine's clock says {today}, not {settings.confirm_clock}"
        )
    return True


def _keys_and_charter(settings: Settings, store: PostgresStore) -> tuple[LogKeys, list[bytes] | None]:
    """The log's keys, and the charter if the log is empty. Refuses an empty log that nobody has chartered."""
    newest = store.latest()
    if newest is not None:
        origin = newest.note.split(b"\n", 1)[0].decode()
        return LogKeys.load(settings.keys_dir, origin), None
    if settings.demo is not None:
        from api.demo.demo import Demo  # noqa: PLC0415 - who serves a real log needs no importer

        demo = Demo(settings.keys_dir)
        return demo.log_keys, demo.charter(unix_now())
    if settings.charter is None:
        raise Refused(
            "serve.no_charter",
            "账本为空，须用 --charter 指定章程文件（或用 --demo 演示）",
            "the log is empty: give its charter with --charter FILE (or try --demo)",
        )
    charter = read_charter(settings.charter.read_bytes())
    return LogKeys.load(settings.keys_dir, charter_origin(charter)), charter


def _filling(settings: Settings) -> Filling | None:
    """How an empty demonstration comes to its sample campaign."""
    if settings.demo is None:
        return None
    from api.demo.demo import Demo, SampleFill  # noqa: PLC0415

    return Filling(SampleFill(Demo(settings.keys_dir), settings.demo, unix_now))
