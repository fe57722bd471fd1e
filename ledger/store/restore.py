"""From a backup (`backup_file.py`) back into an empty book: all of it or, if anything is wrong, nothing."""

from __future__ import annotations

import tarfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from msgspec import Struct
from psycopg import Connection, errors
from psycopg.sql import SQL, Identifier

from ledger.errors import Misconfigured, Refuted
from ledger.store.backup_file import (
    BackupManifest,
    Progress,
    TableCopy,
    applied_migrations,
    names,
    opened,
    pieces,
    take_manifest,
)
from ledger.store.backup_tables import TABLES
from ledger.store.connect import connect, translated
from ledger.store.erasure_journal import Erased
from ledger.tlog.checkpoint import Checkpoint

__all__ = ["Restored", "restore"]


class Restored(Struct, frozen=True):
    """A restored book. `missing` entries of the newest checkpoint known are not in it (0: none known to be)."""

    tree_size: int
    note: str
    missing: int


def restore(
    admin_conninfo: str,
    path: Path,
    *,
    known: Checkpoint | None = None,
    progress: Progress | None = None,
    erased: Collection[Erased] = (),
) -> Restored:
    """Fill an empty, migrated book from a backup: all of it or, if anything is wrong, nothing.

    `known` is the newest checkpoint that anybody has of this log: the result says how much is missing up to it.
    `erased`: what the journal of erasures says was destroyed since (`erasure_journal.py`): it never comes back.
    Raises `Malformed` for a file that is no whole backup, `Refuted` if its digests do not hold, if it does not
    hang together, or if `known` is of another history; `Misconfigured` if the book is not empty or its schema is
    older than the backup's; `Unavailable`.
    """
    with path.open("rb") as file, opened(file) as archive:
        manifest = take_manifest(archive)
        for table in manifest.tables:
            for _ in pieces(archive, table, manifest.tables[table]):
                pass  # all digests are checked before the first row is written
        with translated(), connect(admin_conninfo, answer_seconds_max=None) as connection:
            connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
            with connection.transaction():
                _require_empty(connection, manifest)
                for table, copied in manifest.tables.items():
                    _copy_in(connection, archive, table, copied, progress or (lambda _table, _bytes: None))
                _erase_again(connection, erased)
                _call_back(connection)
                _hold_notices(connection)
                _require_whole(connection, manifest)
                missing = _missing(connection, manifest, known)
            connection.execute("ANALYZE ledger.entries, ledger.checkpoints, ledger.unique_facts, ledger.vault")
    return Restored(manifest.tree_size, manifest.note, missing)


def _require_empty(connection: Connection[Any], manifest: BackupManifest) -> None:
    if not set(manifest.migrations) <= set(applied_migrations(connection)):
        raise Misconfigured("the backup is of another schema than this database's: run this release's `migrate` first")
    for table in TABLES:
        name = Identifier(*table.split("."))
        connection.execute(SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(name))
        if connection.execute(SQL("SELECT FROM {} LIMIT 1").format(name)).fetchone() is not None:
            raise Misconfigured(f"{table} is not empty: a backup is restored into an empty book only")


def _copy_in(
    connection: Connection[Any], archive: tarfile.TarFile, table: str, copied: TableCopy, progress: Progress
) -> None:
    query = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(Identifier(*table.split(".")), names(copied.columns))
    written = 0
    try:
        with connection.cursor() as cursor, cursor.copy(query) as copy:
            for piece in pieces(archive, table, copied):
                copy.write(piece)
                written += len(piece)
    except errors.CheckViolation as error:  # an entry against its leaf, for one
        raise Refuted(f"the backup does not hang together: {error.diag.message_primary}") from error
    progress(table, written)


def _erase_again(connection: Connection[Any], erased: Collection[Erased]) -> None:
    """In the transaction that restores: at no moment can anybody read what was erased."""
    bodies = [bytes.fromhex(one.name) for one in erased if one.kind == "body"]
    attachments = [bytes.fromhex(one.name) for one in erased if one.kind == "attachment"]
    annexes = [bytes.fromhex(one.name) for one in erased if one.kind == "annex"]
    connection.execute("UPDATE ledger.vault SET body = NULL WHERE commitment = ANY (%s)", (bodies,))
    connection.execute("DELETE FROM ledger.held_bodies WHERE commitment = ANY (%s)", (bodies,))
    connection.execute("DELETE FROM desk.pending WHERE sha256(body) = ANY (%s)", (bodies,))
    connection.execute("DELETE FROM desk.drafts WHERE coalesce(commitment, sha256(body)) = ANY (%s)", (bodies,))
    connection.execute("UPDATE ledger.attachments SET ciphertext = NULL WHERE id = ANY (%s)", (attachments,))
    connection.execute("UPDATE ledger.annexes SET content = NULL WHERE digest = ANY (%s)", (annexes,))
    connection.execute("DELETE FROM ledger.held_annexes WHERE digest = ANY (%s)", (annexes,))


def _call_back(connection: Connection[Any]) -> None:
    """What was left for a time may have been called back since: it is a draft again, and somebody has to leave it."""
    connection.execute(
        "UPDATE desk.drafts SET state = 'draft', releaser = NULL, statement = NULL, statement_id = NULL, body = NULL, "
        "commitment = NULL, release_at = NULL WHERE state = 'left'"
    )


def _hold_notices(connection: Connection[Any]) -> None:
    """What waited to be sent may have been since: nobody is told twice by itself, staff decide. Webhooks are told again
    from where they were, under the same ids."""
    connection.execute(
        "UPDATE desk.outbox SET state = 'dead', problem = 'restored', claim = NULL, leased_until = NULL "
        "WHERE state = 'waiting' AND channel = 'mail'"
    )
    connection.execute("UPDATE desk.webhooks SET claim = NULL, leased_until = NULL")


def _require_whole(connection: Connection[Any], manifest: BackupManifest) -> None:
    row = connection.execute(
        "SELECT count(*), coalesce(max(notification_id), 0), "
        "count(*) FILTER (WHERE leaf_hash <> sha256('\\x00'::bytea || state)), "
        "(SELECT coalesce(max(tree_size), 0) FROM ledger.checkpoints) FROM ledger.entries"
    ).fetchone()
    if row != (manifest.tree_size, manifest.tree_size, 0, manifest.tree_size):
        raise Refuted(f"the backup does not hang together: entries, last index, wrong leaf hashes, tree size: {row}")


def _missing(connection: Connection[Any], manifest: BackupManifest, known: Checkpoint | None) -> int:
    if known is None:
        return 0
    if manifest.note and manifest.note.split("\n", 1)[0] != known.origin:
        raise Refuted(f"the backup is not of the log {known.origin}")
    if known.size > manifest.tree_size:
        return known.size - manifest.tree_size
    if known.size:
        row = connection.execute("SELECT root FROM ledger.checkpoints WHERE tree_size = %s", (known.size,)).fetchone()
        if row is None or row[0] != known.root:
            raise Refuted(f"the checkpoint of size {known.size} is of another history than the backup")
    return 0
