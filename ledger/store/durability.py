"""Before serving: does this server keep what it commits, and is the role one that cannot rewrite the book?"""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection

from ledger.errors import Misconfigured
from ledger.store.connect import translated

__all__ = ["check_durable"]

_APPEND_ONLY: Final = ("entries", "tiles", "checkpoints", "unique_facts", "annexes", "accesses", "cosignatures")
_SERVER_VERSION_MIN: Final = 150_000

_ROLE = """
SELECT
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    (SELECT coalesce(bool_or(pg_has_role(current_user, c.relowner, 'MEMBER')), false)
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'ledger' AND c.relname = ANY (%(tables)s)),
    (SELECT coalesce(bool_or(has_table_privilege(current_user, c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')), false)
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'ledger' AND c.relname = ANY (%(tables)s)),
    (SELECT count(*)
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'ledger' AND c.relname = ANY (%(tables)s) AND NOT t.tgisinternal AND t.tgenabled = 'O')
"""


def check_durable(connection: Connection[Any]) -> None:
    """Check settings, role, rights and triggers. Raises `Misconfigured` with all that is wrong, `Unavailable`."""
    wrong: list[str] = []
    with translated():
        if connection.info.server_version < _SERVER_VERSION_MIN:
            wrong.append("the server is older than PostgreSQL 15")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
            if row is None or row[0] == "off":
                wrong.append(f"{setting} is off: a crash could lose what was answered as registered")
        row = connection.execute(_ROLE, {"tables": list(_APPEND_ONLY)}).fetchone()
    is_super, is_owner, may_change, triggers = row or (True, True, True, 0)
    if is_super:
        wrong.append("the service's role is a superuser")
    if is_owner:
        wrong.append("the service's role owns the book's tables, or is a member of their owner")
    elif may_change and not is_super:
        wrong.append("the service's role may change or delete entries")
    if triggers != 2 * len(_APPEND_ONLY):
        wrong.append("the triggers that keep the book append-only are missing or disabled: run `migrate`")
    if wrong:
        raise Misconfigured("refusing to serve: " + "; ".join(wrong))
