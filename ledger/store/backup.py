"""A consistent copy of the book, its vault and its desk in one file (`backup_file.py`), taken while the book is in use.

It holds sealed bodies and private papers: keep it as you keep the database. A body erased later is still in an older
copy, and is erased again when that is restored (`erasure_journal.py`). Of attachments it holds the ciphertext alone.
Uploads that no entry names yet are in none.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path
from typing import Any, Final

import msgspec
from psycopg import Connection, IsolationLevel
from psycopg.sql import SQL, Identifier

from ledger.errors import Misconfigured
from ledger.store.backup_file import (
    FORMAT,
    MANIFEST,
    BackupManifest,
    Progress,
    TableCopy,
    add,
    applied_migrations,
    names,
)
from ledger.store.backup_tables import TABLES
from ledger.store.connect import connect, translated

__all__ = ["backup"]

_MEMBER_BYTES: Final = 8 << 20
# What no entry names is no part of the book: whoever uploaded it does so again.
_ROWS: Final = {
    "ledger.held_bodies": SQL("false"),
    "ledger.held_annexes": SQL("false"),
    "ledger.attachments": SQL(
        "EXISTS (SELECT FROM ledger.unique_facts f WHERE f.kind = 'attachment' AND f.key = encode(id, 'hex'))"
    ),
}


def backup(conninfo: str, path: Path, progress: Progress | None = None) -> BackupManifest:
    """Write a copy of one moment of the book to `path`, while it is in use. The service's role may do it.

    The file appears under its name when it is whole and on disk. Raises `Misconfigured` if `path` is there
    already, `Unavailable`.
    """
    if path.exists():
        raise Misconfigured(f"{path} is there already")
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with (
            os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
            tarfile.open(fileobj=file, mode="w:", format=tarfile.PAX_FORMAT) as archive,
        ):
            manifest = _write(conninfo, archive, progress or (lambda _table, _bytes: None))
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return manifest


def _write(conninfo: str, archive: tarfile.TarFile, progress: Progress) -> BackupManifest:
    with translated(), connect(conninfo, answer_seconds_max=None) as connection:
        connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        connection.isolation_level = IsolationLevel.REPEATABLE_READ  # one snapshot for all tables
        connection.read_only = True
        with connection.transaction():
            newest = connection.execute(
                "SELECT tree_size, note FROM ledger.checkpoints ORDER BY tree_size DESC LIMIT 1"
            ).fetchone() or (0, b"")
            manifest = BackupManifest(
                format=FORMAT,
                tree_size=newest[0],
                note=newest[1].decode(),
                migrations=applied_migrations(connection),
                tables={table: _copy_out(connection, archive, table, progress) for table in TABLES},
            )
    add(archive, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def _copy_out(connection: Connection[Any], archive: tarfile.TarFile, table: str, progress: Progress) -> TableCopy:
    columns = TABLES[table]
    digest, written, member = hashlib.sha256(), 0, 0
    pending = bytearray()
    query = SQL("COPY (SELECT {columns} FROM {table} WHERE {rows} ORDER BY {key}) TO STDOUT (FORMAT BINARY)").format(
        columns=names(columns),
        table=Identifier(*table.split(".")),
        rows=_ROWS.get(table, SQL("true")),
        key=names(columns[: 2 if "kind" in columns else 1]),
    )
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for piece in copy:
            pending += piece
            if len(pending) >= _MEMBER_BYTES:
                digest.update(pending)
                add(archive, f"{table}/{member:06}", bytes(pending))
                written, member = written + len(pending), member + 1
                pending.clear()
                progress(table, written)
    digest.update(pending)
    add(archive, f"{table}/{member:06}", bytes(pending))
    progress(table, written + len(pending))
    return TableCopy(columns, written + len(pending), digest.hexdigest())
