"""Where a copy of a log lies, and reading it by the log's own addresses. What writes it is in `api/mirror`.

/srv/ledger              a folder
s3://bucket/prefix       a bucket of an object store, or what is in it under a prefix; who may read it and where it
                         is, is in the usual variables (AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL, …)
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from ledger.mirror.folder_target import FolderTarget

__all__ = ["BUCKET", "MirrorTarget", "is_bucket", "open_target"]

BUCKET: Final = "s3://"


class MirrorTarget(Protocol):
    """Reads from a copy. Thread-safe. Nothing that comes from here has been checked."""

    @property
    def address(self) -> str:
        """As a person gives it to `open_target`: enough to open the same target in another process."""

    def get(self, path: str, bytes_max: int) -> bytes | None:
        """What lies at a path such as `tile/0/000`, None where nothing does.

        Raises `Unavailable` where the target does not answer, `Malformed` for more than `bytes_max` bytes.
        """


def is_bucket(address: str) -> bool:
    """Whether it names a bucket rather than a folder."""
    return address.startswith(BUCKET)


def open_target(address: str) -> MirrorTarget:
    """To read from; nothing is asked yet. Raises `Misconfigured` for what is no address of a bucket."""
    if not is_bucket(address):
        return FolderTarget(Path(address))
    from ledger.mirror.bucket_target import BucketTarget  # noqa: PLC0415 - a folder needs no object store's client

    return BucketTarget.open(address)
