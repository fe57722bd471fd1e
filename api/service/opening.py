"""What a running service is put together from, the same for one that appends and one that only reads.

`api/serve.py` opens the one that appends, `reader.py` the other: they bring the role, and who asks the witnesses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.cosigning.cosigning import Witnessing
from api.delivery.outside_addresses import OutsideAddresses
from api.http.metrics import Meters
from api.http.waiting_room import WaitingRoom
from api.service.audit_runs import AuditRuns
from api.service.process_role import ReadsOnly, Writing
from api.service.published_copy import published_copy
from api.service.service import Service, unix_now
from api.service.views import Views
from api.settings import Settings, attachment_keys, complaint_keys, draft_keys, notice_keys
from ledger.reading.feed import Feed
from ledger.reading.log_reader import Log
from ledger.store.database_sessions import require_sessions
from ledger.store.key_folder import KeyFolder
from ledger.store.postgres import PostgresStore
from projections.engine.progress import Watch

__all__ = ["OpenBook", "open_book", "service_over"]


@dataclass(frozen=True, slots=True)
class OpenBook:
    """The book in a database, with what reads it and what counts."""

    conninfo: str
    store: PostgresStore
    log: Log
    feed: Feed
    meters: Meters


@contextmanager
def open_book(conninfo: str) -> Iterator[OpenBook]:
    """The book in a migrated database; closed again where what is opened over it fails, else by the service.

    Raises `Misconfigured` for a database that cannot hold sessions, `Unavailable`.
    """
    require_sessions(conninfo)
    store = PostgresStore.open(conninfo)
    try:
        yield OpenBook(conninfo, store, Log(store), Feed(store), Meters())
    except BaseException:
        store.close()
        raise


def service_over(
    book: OpenBook,
    role: Writing | ReadsOnly,
    witnessing: Witnessing,
    settings: Settings,
    loop: asyncio.AbstractEventLoop,
) -> Service:
    """A service, not yet started. Raises `Misconfigured` where the published copy is not one of this log."""
    log_grown, projected = WaitingRoom(loop), WaitingRoom(loop)

    def told(log_size: int, projected_size: int) -> None:
        log_grown.saw(log_size)
        projected.saw(projected_size)

    data, store = settings.data_dir, book.store
    progress = Watch(book.feed, book.conninfo, told)
    return Service(
        store=store,
        role=role,
        clock=unix_now,
        log=book.log,
        meters=book.meters,
        witnessing=witnessing,
        feed=book.feed,
        progress=progress,
        log_grown=log_grown,
        projected=projected,
        views=Views(book.conninfo, book.feed, progress.rules),
        attachment_keys=KeyFolder(attachment_keys(data)),
        complaint_keys=KeyFolder(complaint_keys(data)),
        notice_keys=KeyFolder(notice_keys(data)),
        outside=OutsideAddresses(settings.webhooks_to),
        mails=settings.mail is not None,
        drafts=store.drafts(KeyFolder(draft_keys(data))),
        certificate_folder=data / "certificates",
        public_url=settings.address,
        keys_dir=settings.keys_dir,
        audits=AuditRuns(data / "audits", book.conninfo),
        conninfo=book.conninfo,
        published=published_copy(settings.published, store, role.origin, may_lag=isinstance(role, ReadsOnly)),
        demo=settings.demo is not None,
    )
