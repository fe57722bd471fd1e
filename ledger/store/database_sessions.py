"""Whether connections are sessions of the database: settings, LISTEN, prepared statements and locks are of sessions.

A pooler in transaction mode (pgbouncer's `pool_mode = transaction`, or `statement`) gives a connection another session
for each transaction: what was set, prepared or listened for is then somebody else's.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import psycopg

from ledger.errors import Misconfigured
from ledger.store.connect import parameters, translated

__all__ = ["POOLED", "require_sessions"]

_OTHERS: Final = 3
POOLED: Final = (
    "数据库地址是按事务分配会话的连接池（如 pgbouncer 的 pool_mode = transaction）：请改用 pool_mode = session，"
    "或直接连接数据库 / "
    "the database's address is a pooler that shares sessions by transaction (such as pgbouncer with pool_mode = "
    "transaction), and this product needs sessions of its own, for LISTEN, prepared statements, settings and locks: "
    "say pool_mode = session for it, or give the address of the database itself"
)


def require_sessions(database: str) -> None:
    """Raises `Misconfigured` for a pooler that shares sessions by transaction, `Unavailable`."""
    with translated(), ExitStack() as stack:

        def open_() -> psycopg.Connection[tuple[int]]:
            opened: psycopg.Connection[tuple[int]] = psycopg.connect(parameters(database), autocommit=True)
            stack.callback(opened.close)
            return opened

        one = open_()
        mine = _session(one)
        if mine == one.info.backend_pid:
            return  # the server itself
        # A pooler is between: it hides the number of the session. Is this one still ours between transactions?
        for _ in range(_OTHERS):
            other = open_()
            other.execute("BEGIN")  # takes a session, and keeps it
            if _session(other) == mine or _session(one) != mine:
                raise Misconfigured(POOLED)


def _session(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None  # a function's result
    return row[0]
