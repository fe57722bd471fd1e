"""A copy in a bucket of an object store, read by path (`obstore`).

Endpoint, region and credentials are the usual ones: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
AWS_REGION, AWS_ENDPOINT_URL, or what the machine's role gives. Every wait has a deadline.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, Self

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from ledger.errors import Malformed, Misconfigured, Unavailable
from ledger.limits import (
    BUCKET_ANSWER_SECONDS_MAX,
    BUCKET_CONNECT_SECONDS_MAX,
    BUCKET_TRIES_MAX,
    BUCKET_TRIES_SECONDS_MAX,
)

__all__ = ["BucketTarget"]

_NO_BUCKET: Final = "NoSuchBucket"
_ADDRESS: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9._~/-]*))?")


class BucketTarget:
    """A `MirrorTarget` in a bucket, or below a prefix of it."""

    def __init__(self, address: str, store: S3Store) -> None:
        self._address = address
        self.store = store

    @classmethod
    def open(cls, address: str) -> Self:
        """Raises `Misconfigured` for what is no `s3://bucket[/prefix]`, or where the variables make no sense."""
        match = _ADDRESS.fullmatch(address)
        if match is None:
            raise Misconfigured(f"not the address of a bucket, such as s3://bucket/prefix: {address[:200]!r}")
        bucket, prefix = match[1], (match[2] or "").strip("/")
        endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
        try:
            store = S3Store(
                bucket,
                prefix=prefix or None,
                client_options={
                    "timeout": timedelta(seconds=BUCKET_ANSWER_SECONDS_MAX),
                    "connect_timeout": timedelta(seconds=BUCKET_CONNECT_SECONDS_MAX),
                    # Whoever names an endpoint without TLS means it: a machine beside this one, or a test's.
                    "allow_http": endpoint.startswith("http://"),
                },
                retry_config={
                    "max_retries": BUCKET_TRIES_MAX - 1,
                    "retry_timeout": timedelta(seconds=BUCKET_TRIES_SECONDS_MAX),
                },
            )
        except (BaseError, ValueError) as error:
            raise Misconfigured(f"{address}: {_said(error)}") from error
        return cls(address, store)

    @property
    def address(self) -> str:
        return self._address

    def get(self, path: str, bytes_max: int) -> bytes | None:
        found = self.tagged(path, bytes_max)
        return None if found is None else found[0]

    def tagged(self, path: str, bytes_max: int) -> tuple[bytes, str | None] | None:
        """What `get` gives, with its entity tag."""
        try:
            with self.reached(path):
                found = obstore.get(self.store, path)
                if found.meta["size"] > bytes_max:
                    raise Malformed(f"{self._address}/{path} is longer than {bytes_max:,} bytes")
                return bytes(found.bytes()), found.meta["e_tag"]
        except FileNotFoundError:
            return None

    @contextmanager
    def reached(self, path: str) -> Iterator[None]:
        """Around what asks the store: its errors are `Unavailable`, but for those that say what lies there."""
        try:
            yield
        except (FileNotFoundError, AlreadyExistsError, PreconditionError):
            raise
        except BaseError as error:
            if _NO_BUCKET in str(error):  # a listing says so in its own way
                raise FileNotFoundError(self._address) from error
            raise Unavailable(f"{self._address}/{path}: {_said(error)}") from error


def _said(error: Exception) -> str:
    """The first line, without what a debugger would like to see."""
    return str(error).split("\n", 1)[0][:300]
