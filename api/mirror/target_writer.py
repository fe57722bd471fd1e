"""Writing a copy of a log: what folders and buckets have in common, and what is in neither's name.

Files of the log are only ever created, and never replaced; the checkpoint is swapped for another only where it is
still the one that was seen. So two that write the same copy cannot harm it, whoever is first.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ledger.errors import Refuted
from ledger.mirror.target import MirrorTarget, is_bucket

__all__ = ["OWN", "PARTIAL", "Damaged", "TargetWriter", "open_writer"]

OWN = ".mirror"  # the folder with what is the mirror's own
PARTIAL = ".p"  # what the folder with the partial files of a tile or bundle ends in


class Damaged(Refuted):
    """A file of the copy is not what it was when it was verified. Not the log's fault, and not repaired unasked."""


class TargetWriter(MirrorTarget, Protocol):
    """A `MirrorTarget` to write to. Used by one thread. Methods raise `Unavailable` or `OSError` where it fails."""

    def alone(self) -> AbstractContextManager[None]:
        """Around all writing. Raises `Misconfigured` where another process writes that would be in the way."""

    def begin(self) -> None:
        """Take the place for a mirror. Raises `Misconfigured` for one that holds other things."""

    def has(self, path: str) -> bool:
        """Whether something lies there."""

    def put(self, path: str, content: bytes) -> None:
        """Create a verified file; durable once `settle` returns. What is there is never replaced.

        Raises `Damaged`, here or at `settle`, if that holds other bytes.
        """

    def settle(self) -> None:
        """Everything that was put is durable."""

    def swap(self, path: str, content: bytes, seen: bytes | None) -> bool:
        """Replace a signed note if it still is what was `seen`, in one step, durably; whether it was replaced."""

    def replace(self, path: str, content: bytes) -> None:
        """Create or replace, in one step, durably: notes of the mirror's own."""

    def remove(self, path: str) -> None:
        """Take it away, if it is there."""

    def drop_partial(self, path: str) -> None:
        """Take away the partial files of a tile or bundle whose full one is there."""

    def tidy(self) -> None:
        """What a crash may have left."""


def open_writer(address: str) -> TargetWriter:
    """To write to; nothing is asked yet. Raises `Misconfigured` for what is no address of a bucket."""
    if is_bucket(address):
        from api.mirror.bucket_writer import BucketWriter  # noqa: PLC0415 - a folder needs no object store's client

        return BucketWriter.open(address)
    from api.mirror.folder_writer import FolderWriter  # noqa: PLC0415 - both know this module

    return FolderWriter(Path(address))
