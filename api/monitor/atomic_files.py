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

__all__ = ["TEMPORARY", "keep_evidence", "only_one", "sync", "write_beside", "write_whole"]

TEMPORARY: Final = ".tmp-ledger"  # the ending of what a crash may leave


def write_whole(path: Path, content: bytes) -> None:
    """Write or replace a file, durably, so that a crash leaves the old or the new one."""
    temporary = write_beside(path, content)
    sync(temporary)
    # A crash here leaves a temporary file, which the next writer of this path overwrites.
    temporary.replace(path)
    sync(path.parent)


def write_beside(path: Path, content: bytes) -> Path:
    """Write what is to have the name `path` under another one, which is returned; nothing of it is durable yet.

    Once it is (`sync`), it may be renamed; that it bears the name is durable when the folder is.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    temporary.write_bytes(content)
    return temporary


def sync(path: Path) -> None:
    """Make the content of a file, or the names in a folder, durable."""
    number = os.open(path, os.O_RDONLY)
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
