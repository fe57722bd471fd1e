"""Files that are whole or not there, and folders that one process at a time works on."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.inconsistency import evidence_of
from ledger.errors import Misconfigured

__all__ = ["TEMPORARY", "keep_evidence", "only_one", "sync_folder", "write_whole"]

TEMPORARY: Final = ".tmp-ledger"  # the ending of what a crash may leave


def write_whole(path: Path, content: bytes, *, sync_parent: bool = True) -> None:
    """Write or replace a file so that a crash leaves the old or the new one.

    With `sync_parent=False` the caller syncs the folder before anything relies on the file's being there.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    # A crash here leaves a temporary file, which the next writer of this path overwrites.
    temporary.replace(path)
    if sync_parent:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold a lock file. It is let go when the process ends, however it ends. Raises `Misconfigured` if it is held."""
    with lock.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Misconfigured(f"another process works here: {lock} is locked") from None
        yield


def keep_evidence(path: Path, found: Inconsistent) -> Path:
    """Write what proves an inconsistency beside `path`, both signed notes above all; the file's name is returned."""
    ending, document = evidence_of(found)
    target = path.with_name(f"{path.name}.{ending}")
    write_whole(target, document)
    return target
