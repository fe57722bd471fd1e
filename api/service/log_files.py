"""The log as files: full ones from memory, all from the published copy where there is one, else from the database.

With a published copy PostgreSQL is out of the path of proofs: the checkpoint that is shown is the copy's, and tiles,
bundles and receipts under it are there whatever becomes of the database. Whoever asks for the checkpoint with
`Cache-Control: no-cache`, as mirrors do that fill the copy, is shown the database's own. The copy is read in threads of
its own: those that wait for a database that says nothing are not missing here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool

from api.cosigning.cosigned_checkpoints import CosignedCheckpoint
from api.http.conditional import tag_of
from ledger.cose.receipts import parse_receipts_path
from ledger.errors import LedgerError, NotFound, Unavailable
from ledger.limits import (
    LOG_FILES_CACHED_BYTES_MAX,
    PUBLISHED_ANSWER_SECONDS_MAX,
    PUBLISHED_BEHIND_SECONDS_MAX,
    PUBLISHED_READS_MAX,
    TILE_HEIGHT,
    TILE_WIDTH,
)
from ledger.mirror.published_log import PublishedLog
from ledger.reading.log_reader import Log
from ledger.tlog.tiles import parse_bundle_path, parse_tile_path

__all__ = ["KeptFile", "LogFiles"]

_LOG = logging.getLogger(__name__)
T = TypeVar("T")

_BUNDLE: Final = "tile/entries/"
_RECEIPTS: Final = "receipts/"


class KeptFile(NamedTuple):
    """A full file, which never changes: its bytes, and its entity tag as the header has it."""

    content: bytes
    tag: bytes


class _Address(NamedTuple):
    """What a path names. `kind`: how it begins; `level`: 0 but for tiles."""

    kind: str
    level: int
    number: int
    width: int

    @property
    def leaves(self) -> int:
        """How long the log must be to have it."""
        return (self.number * TILE_WIDTH + self.width) << (TILE_HEIGHT * self.level)

    def read(self, log: Log | PublishedLog) -> bytes:
        if self.kind == _RECEIPTS:
            return log.receipt_file(self.number, self.width)
        if self.kind == _BUNDLE:
            return log.bundle(self.number, self.width)
        return log.tile(self.level, self.number, self.width)


class LogFiles:
    """Methods raise `NotFound` beyond the log, `Malformed` for no address of a file, `Unavailable`.

    Asked on the event loop.
    """

    def __init__(
        self,
        log: Log,
        newest: Callable[[], CosignedCheckpoint],
        size: Callable[[], int],
        known_size: Callable[[], int],
        published: PublishedLog | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`newest` and `size` ask the database; `known_size` is what this process knows of the log by itself."""
        self._log = log
        self._newest = newest
        self._size = size
        self._known_size = known_size
        self._published = published
        self._clock = clock
        self._kept: OrderedDict[str, KeptFile] = OrderedDict()
        self._kept_bytes = 0
        self._shown: CosignedCheckpoint | None = None  # the newest one that was shown, but for no-cache
        self._given = 0  # the size of the newest one that was shown for no-cache
        self._goal = 0  # the size of the log at `_goal_since`
        self._goal_since = clock()
        self._said: str | None = None
        self._reads = CapacityLimiter(PUBLISHED_READS_MAX)

    # files

    def kept(self, path: str) -> KeptFile | None:
        """A full file, if it lies in memory."""
        found = self._kept.get(path)
        if found is not None:
            self._kept.move_to_end(path)
        return found

    async def file(self, path: str) -> KeptFile | bytes:
        """A tile, a bundle or a file of receipts, by its address; kept from now on if it is full."""
        kept = self.kept(path)
        if kept is not None:
            return kept
        address = _parsed(path)
        content = await self._publicly(address.read)
        if content is None:
            content = await run_in_threadpool(self._stored, address)
        if address.width < TILE_WIDTH:
            return content
        file = KeptFile(content, (await run_in_threadpool(tag_of, content)).encode())
        self._keep(path, file)
        return file

    async def receipt(self, index: int) -> bytes:
        """The canonical receipt of an entry."""
        found = await self._publicly(lambda published: published.receipt(index))
        return found if found is not None else (await run_in_threadpool(self._log.receipt, index))[0]

    def _stored(self, address: _Address) -> bytes:
        if address.leaves > (size := self._size()):
            raise NotFound(f"the log has {size} entries")
        return address.read(self._log)

    async def _publicly(self, read: Callable[[PublishedLog], T]) -> T | None:
        """From the published copy; None for what that has not yet, or cannot give."""
        if self._published is None:
            return None
        try:
            async with asyncio.timeout(PUBLISHED_ANSWER_SECONDS_MAX):
                return await anyio.to_thread.run_sync(
                    partial(read, self._published), limiter=self._reads, abandon_on_cancel=True
                )
        except NotFound:
            return None
        except TimeoutError:
            self._say(f"{self._published.address} has not answered within {PUBLISHED_ANSWER_SECONDS_MAX} s")
        except LedgerError as error:
            self._say(str(error))
        return None

    def _keep(self, path: str, file: KeptFile) -> None:
        if path not in self._kept:
            self._kept[path] = file
            self._kept_bytes += len(file.content)
        while self._kept_bytes > LOG_FILES_CACHED_BYTES_MAX:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1].content)

    # the checkpoint

    async def checkpoint(self, *, past_caches: bool = False) -> CosignedCheckpoint:
        """The checkpoint that is shown; no older one than was shown before. `past_caches`: as the database has it."""
        if self._published is None:
            return await run_in_threadpool(self._newest)
        if past_caches:
            return await self._given_newest()
        found = await self._published_checkpoint()
        if found is None:
            try:
                found = await run_in_threadpool(self._newest)
            except Unavailable:
                if self._shown is None:
                    raise
                return self._shown
        if self._shown is None or found.tree_size >= self._shown.tree_size:
            self._shown = found
        return self._shown

    async def published_size(self) -> int | None:
        """How many entries the published copy has, None where there is none or it does not say."""
        found = await self._publicly(lambda published: published.checkpoint())
        return None if found is None else found.tree_size

    async def _given_newest(self) -> CosignedCheckpoint:
        """The database's; without it the copy's, but never less than was said before: that would look like a fork."""
        try:
            newest = await run_in_threadpool(self._newest)
        except Unavailable:
            shown = await self.checkpoint()
            if shown.tree_size < self._given:
                raise
            return shown
        self._given = max(self._given, newest.tree_size)
        return newest

    async def _published_checkpoint(self) -> CosignedCheckpoint | None:
        """The copy's, unless it has been behind for long: then nobody fills it, and what is new is to be seen all the
        same."""
        found = await self._publicly(lambda published: published.checkpoint())
        if found is None:
            return None
        now = self._clock()
        if found.tree_size >= min(self._goal, self._known_size()):
            # Under load it is always somewhat behind: it is to come, in time, to what the log had then.
            self._goal, self._goal_since = self._known_size(), now
        elif now - self._goal_since > PUBLISHED_BEHIND_SECONDS_MAX:
            self._say(f"it has {found.tree_size} of {self._known_size()} entries: does anybody fill it?")
            return None
        return CosignedCheckpoint(found.tree_size, found.note, ())

    def _say(self, what: str) -> None:
        """For the operator, once."""
        if what != self._said:
            self._said = what
            _LOG.warning("the published copy: %s", what)


def _parsed(path: str) -> _Address:
    if path.startswith(_RECEIPTS):
        return _Address(_RECEIPTS, 0, *parse_receipts_path(path))
    if path.startswith(_BUNDLE):
        return _Address(_BUNDLE, 0, *parse_bundle_path(path))
    return _Address("tile/", *parse_tile_path(path))
