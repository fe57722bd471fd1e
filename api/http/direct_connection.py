"""A connection on which some requests are answered where their bytes come in: no task, no ASGI messages, one write.

Which ones, and with what, is for `api/routes/direct_routes.py`; the rest is uvicorn's. Bounds, deadlines and the order
of answers are those of every connection, since both ways are one class.
"""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final, NamedTuple, cast

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.http.conditional import is_known, of_known, tag_for
from api.http.connection import Connection
from api.http.connections import Connections
from api.http.errors import INTERNAL, problem_of, problem_response
from api.http.metrics import Meters
from api.http.rate_limit import Limits
from ledger.errors import LedgerError

__all__ = ["DirectConnection", "Exchange", "Headers", "KeptAnswer"]

Headers = Sequence[tuple[bytes, bytes]]

_LOG = logging.getLogger(__name__)

_COPIED_BYTES_MAX: Final = 16_384  # of an answer that is sent in one piece with its head


class KeptAnswer(NamedTuple):
    """An answer in memory, with 200 for whoever does not have it and 304 for whoever says that it does.

    `tag` is the entity tag as the header has it, `lines` and `known_lines` are the headers of either, each line ending
    in CRLF.
    """

    tag: str
    content: bytes
    lines: bytes
    known_lines: bytes

    @classmethod
    def of(cls, tag: str, headers: Headers, content: bytes) -> KeptAnswer:
        """Of all headers of the 200, the tag's among them."""
        return cls(tag, content, _lines(headers), _lines(of_known(headers)))


class _Nobody:
    """An event that nobody waits for."""

    def set(self) -> None:
        pass


class Exchange:
    """A request being answered here, counted under `path`; `answer` is called when it is there as a whole.

    Has what `HttpToolsProtocol` looks at in its own `RequestResponseCycle`.
    """

    __slots__ = (
        "answer",
        "began",
        "body",
        "concise",
        "disconnected",
        "keep_alive",
        "limits",
        "more_body",
        "path",
        "response_complete",
    )

    message_event = _Nobody()
    response_started = False  # it is written at once

    def __init__(
        self, path: str, answer: Callable[[Exchange], None], *, keep_alive: bool, concise: bool = False
    ) -> None:
        self.path = path
        self.answer = answer  # raises nothing
        self.began = time.perf_counter()
        self.body = b""
        self.concise = concise  # of problems
        self.disconnected = False
        self.keep_alive = keep_alive
        self.limits: Headers = ()
        self.more_body = True
        self.response_complete = False


class DirectConnection(Connection):
    """Requests on it are answered in order: one that comes before an answer waits as in uvicorn."""

    def __init__(self, limits: Limits, meters: Meters, bounds: Connections, **kwargs: Any) -> None:
        super().__init__(bounds, **kwargs)
        self._limits = limits
        self._meters = meters
        self._exchange: Exchange | None = None  # whose body is being read

    @abstractmethod
    def exchange(self) -> Exchange | None:
        """For the request whose head was just parsed; None if it goes the general way."""

    def begin(self) -> None:
        if self.idle:
            self._exchange = exchange = self.exchange()
            if exchange is not None:
                self.cycle = cast("Any", exchange)
                return
        super().begin()

    def begin_whole(self, exchange: Exchange) -> None:
        """Answer a request that consists of its head, which nobody parsed."""
        self.cycle = cast("Any", exchange)
        self._read_whole()
        exchange.answer(exchange)

    def on_body(self, body: bytes) -> None:
        if self._exchange is None:
            super().on_body(body)
        elif not self._ending:
            self._exchange.body += body

    def on_message_complete(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            super().on_message_complete()
        elif not self._ending:
            self._read_whole()
            exchange.more_body = False
            exchange.answer(exchange)

    # What answers ask

    def count(self, exchange: Exchange, tokens: int = 1) -> None:
        """Count it for its client. Raises `TooManyRequests`."""
        exchange.limits = self._limits.take(self.client[0] if self.client else "-", tokens)

    def later(self, exchange: Exchange, answering: Coroutine[Any, Any, None]) -> None:
        """Have it answered by a task; uvicorn waits for its tasks before it ends."""
        task = self.loop.create_task(self._guarded(exchange, answering))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _guarded(self, exchange: Exchange, answering: Coroutine[Any, Any, None]) -> None:
        try:
            await answering
        except Exception as error:
            self.failed(exchange, error)

    def failed(self, exchange: Exchange, error: Exception) -> None:
        """Tell the problem, or close a connection on which an answer could not be written."""
        if not isinstance(error, LedgerError):
            _LOG.error("a defect on %s", exchange.path, exc_info=error)
        if exchange.response_complete:
            self.transport.close()
            return
        problem = problem_of(error) if isinstance(error, LedgerError) else INTERNAL
        self.write_response(exchange, problem_response(problem, concise=exchange.concise and problem is not INTERNAL))

    def write_response(self, exchange: Exchange, response: Response) -> None:
        """Answer with this."""
        self.write(exchange, response.status_code, _lines(response.raw_headers), bytes(response.body))

    def write_unless_known(self, exchange: Exchange, response: Response, asked: Headers) -> None:
        """Answer with this, or that a client which asked with these headers has it already."""
        headers, content = response.raw_headers, bytes(response.body)
        tag = tag_for(headers, content) if response.status_code == 200 else None
        if tag is None:
            self.write_response(exchange, response)
            return
        if "etag" not in response.headers:
            headers = [*headers, (b"etag", tag.encode())]
        self.write_kept(exchange, KeptAnswer.of(tag, headers, content), asked)

    def write_kept(self, exchange: Exchange, kept: KeptAnswer, asked: Headers) -> None:
        """Answer with this, or that a client which asked with these headers has it already."""
        if is_known(kept.tag, asked):
            self.write(exchange, 304, kept.known_lines, b"")
        else:
            self.write(exchange, 200, kept.lines, kept.content)

    def write(self, exchange: Exchange, status: int, headers: bytes, content: bytes) -> None:
        """`headers`: lines that each end in CRLF."""
        self._meters.count(exchange.path, status, time.perf_counter() - exchange.began)
        exchange.response_complete = True
        if exchange.disconnected or self.transport.is_closing():
            return
        parts = [STATUS_LINE[status], _lines(self.server_state.default_headers), headers, _lines(exchange.limits)]
        # As the framework's answers to a request without `Origin` say.
        parts.append(b"vary: Origin\r\n\r\n" if exchange.keep_alive else b"vary: Origin\r\nconnection: close\r\n\r\n")
        if len(content) < _COPIED_BYTES_MAX:
            parts.append(content)
            self.transport.write(b"".join(parts))
        else:
            self.transport.writelines((b"".join(parts), content))
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])
