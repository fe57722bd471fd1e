"""Sending a completeness bundle: a small one whole, a larger one while it is made, so many of those at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.service.completeness_bundles import MEDIA_TYPE, Bundles
from ledger.errors import Busy
from ledger.limits import BUNDLE_PIECE_BYTES, BUNDLES_SENT_MAX

__all__ = ["bundle_answer"]

_AGAIN_SECONDS: Final = 10
_TURNS: Final = threading.BoundedSemaphore(BUNDLES_SENT_MAX)


def bundle_answer(subject: str, bundles: Bundles, told: Mapping[str, str]) -> Response:
    """The answer, with these headers. Raises what `Bundles.of` does before the first piece, and `Busy`.

    One that breaks off is noticed by the client: the transfer has no end, and the file no bundle's form.
    """
    pieces = _larger(bundles.of(subject))
    first, second = next(pieces, b""), next(pieces, None)
    if second is None:
        return Response(first, headers=dict(told), media_type=MEDIA_TYPE)
    if not _TURNS.acquire(blocking=False):
        raise Busy("the number of large bundles under way", _AGAIN_SECONDS)
    return _Sent(chain((first, second), pieces), headers=dict(told), media_type=MEDIA_TYPE)


class _Sent(StreamingResponse):
    """Its pieces are made in threads. Gives back its turn however the answer ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            _TURNS.release()


def _larger(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of `BUNDLE_PIECE_BYTES` and a little, so that each is worth its way."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= BUNDLE_PIECE_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)
