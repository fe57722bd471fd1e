"""One way of asking a service over HTTP, with patience: for the client library, the import, the export and the dump.

Everything sent may be sent again: the same bytes are one entry, however often they arrive.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from api.client.problems import error_of
from ledger.cose.cbor import decode_sequence
from ledger.errors import Busy, LedgerError, Malformed, Unavailable
from ledger.limits import BATCH_BYTES_MAX, BATCH_STATEMENTS_MAX, IMPORT_ANSWER_BYTES_MAX, IMPORT_WAIT_SECONDS_MAX

__all__ = ["CBOR_SEQUENCE", "RequestBody", "Transport", "answered_maps", "parts_of"]

CBOR_SEQUENCE: Final = "application/cbor-seq"
_ANSWER_ITEMS_MAX: Final = 64  # of the map about one statement: each name and each value is one
_OF_LENGTH: Final = frozenset({"content-length", "transfer-encoding"})
_BUSY: Final = frozenset({429, 503})
_AGAIN: Final = _BUSY | {502, 504}


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What is sent with a request. `authorization`: the header of somebody who signed for this very content."""

    content: bytes
    content_type: str
    authorization: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        signed = {} if self.authorization is None else {"Authorization": self.authorization}
        return {"Content-Type": self.content_type, **signed}


class Transport:
    """Thread-safe, as `httpx.Client` is. `again_if_silent`: ask again, too, where no answer came at all."""

    def __init__(
        self,
        client: httpx.Client,
        *,
        tries_max: int,
        again_if_silent: bool,
        sleep: Callable[[float], None] = time.sleep,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._tries_max = tries_max
        self._again_if_silent = again_if_silent
        self._sleep = sleep
        self._wall_clock = wall_clock

    def ask(
        self,
        method: str,
        path: str,
        body: RequestBody | None = None,
        *,
        accept: str = "*/*",
        params: Mapping[str, str | int | None] | None = None,
        answer_bytes_max: int = IMPORT_ANSWER_BYTES_MAX,
    ) -> tuple[httpx.Response, bool]:
        """The answer, and whether a request before it had found none: then it may have been carried out twice.

        Raises what the service refused, `Busy` after `tries_max` tries, `Unavailable`.
        """
        # Packed answers are not asked for: a small one may unpack into one that fills the memory.
        headers = {"Accept": accept, "Accept-Encoding": "identity"} | ({} if body is None else body.headers)
        content = None if body is None else body.content
        problem: LedgerError = Unavailable("the service was not asked")
        lost = False
        for attempt in range(self._tries_max):
            wait = min(2.0**attempt / 4, IMPORT_WAIT_SECONDS_MAX)
            try:
                answer = self._answer(method, path, content, headers, params, answer_bytes_max)
            except httpx.TransportError as error:
                lost = True
                problem = Unavailable(f"{self._client.base_url} did not answer: {error!r:.200}")
                if not self._again_if_silent:
                    raise problem from error
            else:
                if not answer.is_error:
                    return answer, lost
                problem = error_of(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)
                if answer.status_code not in _AGAIN:
                    raise problem
                asked = self._retry_after(answer)
                wait = wait if asked is None else asked
                if answer.status_code in _BUSY:
                    problem = Busy("the service", max(1, int(wait)))
            if attempt + 1 < self._tries_max:
                self._sleep(wait)
        raise problem

    def _answer(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        params: Mapping[str, str | int | None] | None,
        bytes_max: int,
    ) -> httpx.Response:
        """The answer, read no further than it may be long. Raises `Malformed`, `httpx.TransportError`."""
        pieces: list[bytes] = []
        size = 0
        with self._client.stream(method, path, content=content, headers=headers, params=params) as answer:
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise Malformed("the service packed its answer, which it was not asked to")
            for piece in answer.iter_bytes():
                size += len(piece)
                if size > bytes_max:
                    raise Malformed(f"the service's answer is longer than {bytes_max:,} bytes")
                pieces.append(piece)
            told = [pair for pair in answer.headers.multi_items() if pair[0].lower() not in _OF_LENGTH]
            whole = b"".join(pieces)
            return httpx.Response(answer.status_code, headers=told, content=whole, request=answer.request)

    def _retry_after(self, answer: httpx.Response) -> float | None:
        """Seconds to wait as the service asks (RFC 9110 §10.2.3: seconds or a date), bounded; None if it does not."""
        text = answer.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return float(min(int(text[:9]), IMPORT_WAIT_SECONDS_MAX))
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - self._wall_clock()
        except (ValueError, OverflowError):
            return None
        return min(max(seconds, 0.0), float(IMPORT_WAIT_SECONDS_MAX))


def parts_of(encoded: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Items of a batch in requests of at most `BATCH_STATEMENTS_MAX` items and `BATCH_BYTES_MAX` bytes."""
    part: list[bytes] = []
    part_bytes = 0
    for item in encoded:
        if part and (len(part) == BATCH_STATEMENTS_MAX or part_bytes + len(item) > BATCH_BYTES_MAX):
            yield part
            part, part_bytes = [], 0
        part.append(item)
        part_bytes += len(item)
    if part:
        yield part


def answered_maps(content: bytes, count: int) -> list[dict[object, object]]:
    """The answer to a batch of `count`: a CBOR sequence (RFC 8742) of as many maps. Raises `Malformed`."""
    answers = []
    for item in decode_sequence(content, count_max=count, items_max=_ANSWER_ITEMS_MAX):
        if not isinstance(item, dict):
            raise Malformed("the service's answer holds something other than maps")
        answers.append(item)
    if len(answers) != count:
        raise Malformed(f"the service gave {len(answers)} answers to {count} statements")
    return answers
