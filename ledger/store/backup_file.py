"""The file of a backup: a tar with each table's binary COPY stream and a manifest.

A stream is cut into members of some megabytes (`ledger.entries/000000`, …); last comes `manifest.json` with the tree
size, the newest checkpoint and a SHA-256 for each table.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

import msgspec
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from ledger.errors import Malformed, Refuted
from ledger.store.backup_tables import SINCE, TABLES

__all__ = [
    "FORMAT",
    "MANIFEST",
    "BackupManifest",
    "Progress",
    "TableCopy",
    "add",
    "applied_migrations",
    "names",
    "opened",
    "pieces",
    "read_manifest",
    "take_manifest",
]

Progress = Callable[[str, int], None]  # table, bytes of its copy so far

FORMAT: Final = "credit-ledger-backup-1"
MANIFEST: Final = "manifest.json"
_MANIFEST_BYTES_MAX: Final = 1 << 20
_PIECE_BYTES: Final = 1 << 16


class TableCopy(Struct, frozen=True, forbid_unknown_fields=True):
    """One table's stream: its columns in order, its length and SHA-256 (hexadecimal)."""

    columns: tuple[str, ...]
    bytes: int
    sha256: str


class BackupManifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds. `note` is the newest checkpoint as text, empty for an empty book."""

    format: str
    tree_size: int
    note: str
    migrations: tuple[tuple[int, str], ...]  # number and SHA-256 of those applied
    tables: dict[str, TableCopy]


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a member."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    archive.addfile(info, BytesIO(data))


def read_manifest(path: Path) -> BackupManifest:
    """What a backup says it holds, unchecked. Raises `Malformed`."""
    with path.open("rb") as file, opened(file) as archive:
        return take_manifest(archive)


def opened(file: IO[bytes]) -> tarfile.TarFile:
    """The archive, to be closed. Raises `Malformed`."""
    try:
        return tarfile.open(fileobj=file, mode="r:")
    except tarfile.TarError as error:
        raise Malformed(f"not a backup: {error}") from error


def take_manifest(archive: tarfile.TarFile) -> BackupManifest:
    """The manifest, if it is one of this product. Raises `Malformed`."""
    try:
        member = archive.extractfile(MANIFEST)
        if member is None:
            raise Malformed("not a backup: the manifest is no file")
        manifest = msgspec.json.decode(member.read(_MANIFEST_BYTES_MAX), type=BackupManifest)
    except (tarfile.TarError, KeyError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, EOFError) as error:
        raise Malformed(f"not a whole backup: {error}") from error
    if manifest.format != FORMAT:
        raise Malformed(f"a backup of format {manifest.format!r}, not {FORMAT!r}")
    newest = max((number for number, _ in manifest.migrations), default=0)
    if manifest.tables.keys() != {table for table in TABLES if SINCE.get(table, 0) <= newest} or any(
        not set(copied.columns) <= set(TABLES[table]) for table, copied in manifest.tables.items()
    ):
        raise Malformed("the backup is not of this product's tables")
    return manifest


def pieces(archive: tarfile.TarFile, table: str, copied: TableCopy) -> Iterator[bytes]:
    """The table's stream; raises `Refuted` at its end if it is not what the manifest says."""
    digest, read, member = hashlib.sha256(), 0, 0
    with suppress(KeyError):
        while True:
            stream = archive.extractfile(f"{table}/{member:06}")
            while stream is not None and (piece := stream.read(_PIECE_BYTES)):
                digest.update(piece)
                read += len(piece)
                yield piece
            member += 1
    if (read, digest.hexdigest()) != (copied.bytes, copied.sha256):
        raise Refuted(f"the backup's copy of {table} is damaged")


def applied_migrations(connection: Connection[Any]) -> tuple[tuple[int, str], ...]:
    """Number and SHA-256 of the migrations of a database."""
    return tuple(connection.execute("SELECT number, sha256 FROM ledger.migrations ORDER BY number").fetchall())


def names(columns: tuple[str, ...]) -> Composed:
    """Columns, for SQL."""
    return SQL(", ").join(Identifier(column) for column in columns)
