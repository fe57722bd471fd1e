"""Opening a service that only reads: over a standby, or whatever server its address finds.

It has no key of the log, writes no read model, migrates nothing. Its sessions are read-only wherever they end, so that
nothing is appended even where the address leads to the primary.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from psycopg import conninfo as conninfos

from api.cosigning.cosigned_checkpoints import Published
from api.cosigning.cosigning import Witnessing
from api.cosigning.log_witness_policy import read_policy
from api.delivery.outside_addresses import OutsideAddresses
from api.http.metrics import Meters
from api.http.waiting_room import WaitingRoom
from api.service.audit_runs import AuditRuns
from api.service.published_copy import published_copy
from api.service.service import ReadsOnly, Service, unix_now
from api.service.views import Views
from api.service.writer_lag import WriterLag
from api.settings import Settings, attachment_keys, complaint_keys, draft_keys, notice_keys
from ledger.errors import Misconfigured, Refused
from ledger.reading.feed import Feed
from ledger.reading.followed_log import FollowedLog
from ledger.reading.log_reader import Log
from ledger.store.attachment_keys import KeyFolder
from ledger.store.database_sessions import require_sessions
from ledger.store.postgres import PostgresStore
from ledger.tlog.vkey import VerifierKey
from ledger.verifier import TrustFile, parse_trust
from projections.engine.progress import Watch

__all__ = ["open_reader", "read_only"]

_READ_ONLY: Final = "-c default_transaction_read_only=on"


def read_only(conninfo: str) -> str:
    """The same database, in sessions that change nothing."""
    given = conninfos.conninfo_to_dict(conninfo).get("options")
    return conninfos.make_conninfo(conninfo, options=f"{given} {_READ_ONLY}" if given else _READ_ONLY)


def open_reader(settings: Settings, database: str, loop: asyncio.AbstractEventLoop) -> Service:
    """A started service over the book in `database`, which somebody else writes.

    Raises `Refused` for a book without entries, `Misconfigured` for one that is not the trust file's, `Unavailable`.
    """
    conninfo = read_only(database)
    require_sessions(conninfo)
    store = PostgresStore.open(conninfo)
    try:
        log, feed, meters = Log(store), Feed(store), Meters()
        head = FollowedLog(store, feed)
        head.look()
        origin = head.governance.origin
        if head.governance.anchors is None or origin is None:
            raise Refused("serve.no_log", "数据库中没有账本", "the database holds no log that could be read")
        trust = None if settings.trust is None else _trust(settings, store, head)
        log_grown, projected = WaitingRoom(loop), WaitingRoom(loop)

        def told(log_size: int, projected_size: int) -> None:
            log_grown.saw(log_size)
            projected.saw(projected_size)

        progress = Watch(feed, conninfo, told)
        vkey = VerifierKey.parse(head.governance.anchors.checkpoint_vkey)
        policy = None if settings.witness_policy is None else read_policy(settings.witness_policy, vkey)
        service = Service(
            store=store,
            role=ReadsOnly(head, WriterLag(store, head, settings.writer), settings.writer, trust),
            clock=unix_now,
            log=log,
            meters=meters,
            witnessing=Witnessing(Published(store, log, policy), None),  # the writer asks, once for all
            feed=feed,
            progress=progress,
            log_grown=log_grown,
            projected=projected,
            views=Views(conninfo, feed, progress.rules),
            attachment_keys=KeyFolder(attachment_keys(settings.data_dir)),
            complaint_keys=KeyFolder(complaint_keys(settings.data_dir)),
            notice_keys=KeyFolder(notice_keys(settings.data_dir)),
            drafts=store.drafts(KeyFolder(draft_keys(settings.data_dir))),
            outside=OutsideAddresses(),
            mails=False,
            certificate_folder=settings.data_dir / "certificates",
            public_url=settings.address,
            keys_dir=settings.keys_dir,
            audits=AuditRuns(settings.data_dir / "audits", conninfo),
            conninfo=conninfo,
            demo=False,
            published=published_copy(settings.published, store, origin, may_lag=True),
        )
    except BaseException:
        store.close()
        raise
    service.start()
    return service


def _trust(settings: Settings, store: PostgresStore, head: FollowedLog) -> TrustFile:
    """The log's trust file. Raises `Misconfigured` where the database holds another log, `Malformed`."""
    assert settings.trust is not None and head.governance.anchors is not None  # the caller looked
    data = settings.trust.read_bytes()
    parse_trust(data)
    file = msgspec.json.decode(data, type=TrustFile)
    first = store.checkpoint_covering(0)
    same = (
        first is not None
        and file.origin == head.governance.origin
        and head.governance.anchors.checkpoint_vkey in file.checkpoint_vkeys
        and file.charter == first.root.hex()
    )
    if not same:
        raise Misconfigured(
            f"数据库中的账本与信任文件不符 / the database holds another log ({head.governance.origin}) than "
            f"{settings.trust} is of ({file.origin})"
        )
    return file
