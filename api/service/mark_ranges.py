"""What is known of ranges of serials: licence and seed. Read once for each state of the log, for all who wait at once.

The seed, with which a serial is checked, is never copied into a read model: those are rebuilt, dumped and read widely,
and a secret has one place. It comes from the vault by its entry, once, and stays in this process's bounded memory.
Where its body was erased, the row says so, and no serial of the range is taken for genuine any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool

from api.service.service import Service
from ledger.domain.events.mark import MarkSeed
from ledger.domain.payload import decode_body
from ledger.domain.state.licence_periods import LicencePeriod, MarkState
from ledger.limits import MARKS_CACHED_MAX, MARKS_READ_MAX
from projections.declarations.declaration_view import MarkRow

__all__ = ["KnownRange", "MarkRanges", "ScannedLicence"]


class _Turn(Struct):
    entry: int
    on: date
    state: MarkState


class ScannedLicence(Struct):
    """What is read of a row's document. `products` goes to the client as it is; `name`: of the enterprise, if known."""

    valid_from: date
    last_day: date | None
    pledge: str
    name: str | None
    products: msgspec.Raw
    spans: tuple[LicencePeriod, ...]
    turns: tuple[_Turn, ...]


class KnownRange(Struct):
    """A range with its seed: all that a serial of it is answered from."""

    subject: str
    entry: int
    count: int
    seed: bytes
    licence: ScannedLicence


_LICENCE: Final = msgspec.json.Decoder(ScannedLicence).decode


class MarkRanges:
    """Used in the event loop; reads go to a thread, one at a time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._kept: dict[str, KnownRange] = {}
        self._kept_at = -1
        self._seeds: dict[int, bytes] = {}  # by entry, whose body never changes
        self._asked: dict[str, asyncio.Future[KnownRange | None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def known(self, name: str) -> KnownRange | None:
        """The range, None where there is none or its seed is gone. Raises `Unavailable`."""
        size = self._service.progress.size
        if size != self._kept_at:
            self._kept, self._kept_at = {}, size
        found = self._kept.get(name)
        if found is None:
            found = await self._read(name)
            if found is not None and self._kept_at == size and len(self._kept) < MARKS_CACHED_MAX:
                self._kept[name] = found
        return found

    async def _read(self, name: str) -> KnownRange | None:
        asked = self._asked.get(name)
        if asked is None:
            asked = self._asked[name] = asyncio.get_running_loop().create_future()
        if self._reader is None:
            self._reader = asyncio.create_task(self._answer_all())
        return await asyncio.shield(asked)

    async def _answer_all(self) -> None:
        """Read for whoever waits, until nobody does: a round trip costs more than the rows."""
        try:
            while self._asked:
                names = list(islice(self._asked, MARKS_READ_MAX))
                waiting = {name: self._asked.pop(name) for name in names}
                try:
                    found = await run_in_threadpool(self._ranges, names)
                except Exception as error:  # whoever waits is told, whatever it is
                    for future in waiting.values():
                        future.set_exception(error)
                else:
                    for name, future in waiting.items():
                        future.set_result(found.get(name))
        finally:
            self._reader = None

    def _ranges(self, names: Sequence[str]) -> dict[str, KnownRange]:
        found: dict[str, KnownRange] = {}
        for name, row in self._service.views.declarations.marks(names).items():
            seed = self._seed(row)
            if seed is not None:
                found[name] = KnownRange(row.subject, row.entry, row.serials, seed, _LICENCE(row.body))
        return found

    def _seed(self, row: MarkRow) -> bytes | None:
        if row.erased:
            self._seeds.pop(row.entry, None)
            return None
        seed = self._seeds.get(row.entry)
        if seed is None:
            held = self._service.store.body(row.entry)
            if held is None:
                return None
            text = decode_body(held[0])[1]
            assert isinstance(text, MarkSeed)  # registration saw to it
            seed = bytes.fromhex(text.secret)
            if len(self._seeds) >= MARKS_CACHED_MAX:
                self._seeds.clear()
            self._seeds[row.entry] = seed
        return seed
