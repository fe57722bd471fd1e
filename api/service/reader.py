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
from api.service.opening import open_book, service_over
from api.service.process_role import ReadsOnly
from api.service.service import Service
from api.service.writer_lag import WriterLag
from api.settings import Settings
from ledger.errors import Misconfigured, Refused
from ledger.reading.followed_log import FollowedLog
from ledger.store.postgres import PostgresStore
from ledger.tlog.vkey import VerifierKey
from ledger.verifier import TrustFile, parse_trust

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
    with open_book(read_only(database)) as book:
        store, head = book.store, FollowedLog(book.store, book.feed)
        head.look()
        if head.governance.anchors is None:
            raise Refused("serve.no_log", "数据库中没有账本", "the database holds no log that could be read")
        trust = None if settings.trust is None else _trust(settings, store, head)
        vkey = VerifierKey.parse(head.governance.anchors.checkpoint_vkey)
        policy = None if settings.witness_policy is None else read_policy(settings.witness_policy, vkey)
        role = ReadsOnly(head, WriterLag(store, head, settings.writer), settings.writer, trust)
        witnessing = Witnessing(Published(store, book.log, policy), None)  # the writer asks, once for all
        service = service_over(book, role, witnessing, settings, loop)
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
