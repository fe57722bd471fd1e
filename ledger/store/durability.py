"""Before serving: does this server keep what it commits, and is the role one that cannot rewrite the book?

Whoever promises that an answered statement is on two servers asks for two copies: then the server's own settings have
to say that a commit waits until a standby has it on disk (PostgreSQL documentation, "Synchronous Replication").
"""

from __future__ import annotations

import re
from typing import Any, Final

from psycopg import Connection

from ledger.errors import Misconfigured
from ledger.store.connect import translated

__all__ = ["check_durable", "standbys_waited_for", "too_few_copies"]

_APPEND_ONLY: Final = ("entries", "tiles", "checkpoints", "unique_facts", "annexes", "accesses", "cosignatures")
_SERVER_VERSION_MIN: Final = 150_000

# What a commit waits for: `2 (a, b)`, `FIRST 1 (a, b)`, `ANY 1 (a, b)`; a list without a number means its first.
_NAMES: Final = re.compile(r"\s*(?:(?:FIRST|ANY)\s+)?(?P<number>[0-9]+)\s*\(.*\)\s*", re.IGNORECASE | re.DOTALL)
_ON_DISK: Final = ("on", "remote_apply")  # of `synchronous_commit`: the others do not wait for a standby's disk

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


def standbys_waited_for(names: str, commit: str) -> int:
    """On how many standbys' disks a commit is before it is answered, by the server's settings
    `synchronous_standby_names` and `synchronous_commit`."""
    if not names.strip() or commit not in _ON_DISK:
        return 0
    counted = _NAMES.fullmatch(names)
    return 1 if counted is None else int(counted["number"])


def too_few_copies(names: str, commit: str, copies: int) -> str | None:
    """Why an answered statement would not be on `copies` servers, None where it would."""
    waited = standbys_waited_for(names, commit)
    if waited + 1 >= copies:
        return None
    return (
        f"a commit is on {1 + waited} server before it is answered, --durable-on {copies} promises {copies}: "
        f'synchronous_standby_names = {names!r}, synchronous_commit = {commit!r} (docs/scale.md, "Failover")'
    )


def check_durable(connection: Connection[Any], copies: int = 1) -> None:
    """Check settings, role, rights and triggers. Raises `Misconfigured` with all that is wrong, `Unavailable`.

    `copies`: on how many servers' disks a commit has to be before it is answered, this one among them.
    """
    wrong: list[str] = []
    with translated():
        if connection.info.server_version < _SERVER_VERSION_MIN:
            wrong.append("the server is older than PostgreSQL 15")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if _setting(connection, setting) == "off":
                wrong.append(f"{setting} is off: a crash could lose what was answered as registered")
        names, commit = (_setting(connection, one) for one in ("synchronous_standby_names", "synchronous_commit"))
        row = connection.execute(_ROLE, {"tables": list(_APPEND_ONLY)}).fetchone()
    alone = too_few_copies(names, commit, copies)
    if alone is not None:
        wrong.append(alone)
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


def _setting(connection: Connection[Any], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return "off" if row is None else str(row[0])
