"""A copy in a bucket: objects are created where there are none, the checkpoint is swapped by its entity tag.

Those are conditions of the store itself (`If-None-Match: *`, `If-Match`), so any number may write the same copy: what
the log signed is the same whoever brings it, and of two checkpoints the larger one stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from typing import Final

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import S3Store

from api.mirror.target_writer import OWN, PARTIAL, Damaged
from ledger.errors import Malformed, Misconfigured
from ledger.limits import ANNEX_BYTES_MAX, CHECKPOINT_BYTES_MAX, MIRROR_PUTS_MAX
from ledger.mirror.bucket_target import BucketTarget

__all__ = ["BucketWriter"]

_BEGUN: Final = f"{OWN}/begun"


class BucketWriter(BucketTarget):
    """A `TargetWriter` in a bucket. Several files are on their way at a time, until `settle`."""

    def __init__(self, address: str, store: S3Store) -> None:
        super().__init__(address, store)
        self._pool = ThreadPoolExecutor(MIRROR_PUTS_MAX, thread_name_prefix="bucket")
        self._putting: set[Future[None]] = set()

    def alone(self) -> AbstractContextManager[None]:
        self.begin()
        return nullcontext()

    def begin(self) -> None:
        if self.has(_BEGUN):
            return
        with self._written(""):
            first = next(iter(chain.from_iterable(obstore.list(self.store, chunk_size=1))), None)
        if first is not None and not first["path"].startswith(OWN):
            raise Misconfigured(f"{self.address} is neither empty nor a mirror: {first['path']!r:.200} lies there")
        self._create(_BEGUN, b"")

    def has(self, path: str) -> bool:
        try:
            with self.reached(path):
                obstore.head(self.store, path)
        except FileNotFoundError:
            return False
        return True

    def put(self, path: str, content: bytes) -> None:
        while len(self._putting) >= MIRROR_PUTS_MAX:
            self._await(self._putting.pop())
        self._putting.add(self._pool.submit(self._put, path, content))

    def settle(self) -> None:
        while self._putting:
            self._await(self._putting.pop())

    def _await(self, putting: Future[None]) -> None:
        try:
            putting.result()
        except BaseException:
            for other in self._putting:
                other.cancel()
            self._putting.clear()
            raise

    def _put(self, path: str, content: bytes) -> None:
        if self._create(path, content):
            return
        try:
            there = self.get(path, max(len(content), ANNEX_BYTES_MAX))
        except Malformed:
            there = None
        if there != content:  # also where this very request was sent twice, and the first one had come through
            raise Damaged(f"{self.address}/{path} holds other bytes than the log: it is left as it is")

    def _create(self, path: str, content: bytes) -> bool:
        try:
            with self._written(path):
                obstore.put(self.store, path, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True

    def swap(self, path: str, content: bytes, seen: bytes | None) -> bool:
        if seen is None:
            return self._create(path, content)
        found = self.tagged(path, CHECKPOINT_BYTES_MAX)
        if found is None or found[0] != seen:
            return False
        try:
            with self._written(path):
                obstore.put(self.store, path, content, mode={"e_tag": found[1]}, use_multipart=False)
        except PreconditionError:
            return False
        return True

    def replace(self, path: str, content: bytes) -> None:
        with self._written(path):
            obstore.put(self.store, path, content, use_multipart=False)

    def remove(self, path: str) -> None:
        self.settle()  # it may be on its way
        try:
            with self.reached(path):
                obstore.delete(self.store, path)
        except FileNotFoundError:
            return

    @contextmanager
    def _written(self, path: str) -> Iterator[None]:
        try:
            with self.reached(path):
                yield
        except FileNotFoundError as error:
            raise Misconfigured(f"there is no bucket for {self.address}: make it first") from error

    def drop_partial(self, path: str) -> None:
        if not self.has(path):
            return
        with self.reached(path):
            for some in obstore.list(self.store, prefix=path + PARTIAL):
                obstore.delete(self.store, [one["path"] for one in some])

    def tidy(self) -> None:
        """Nothing: an object is whole or not there, and to look for partial ones would be to list all of them."""
