"""`POST /entries`, and full files of the log that lie in memory, answered where the request's bytes come in.

No task, no ASGI messages, one write. The rest is uvicorn's.

Measured at 128 connections, in turn with the ASGI way, by `make bench ARGS=ways`: 0.80 of its processor time a request.
Should that rise above 0.85, this file goes (docs/decisions/0023), and the benchmark fails so that it does. A request
that needs more than admission (a body held at the desk, a pledge's release), or that carries a header which changes how
it is to be handled, goes the general way; both ways share `PostEntries`.

Whoever fetches a log asks for one file after the other with the same headers: on a connection on which they were found
to be plain, the same bytes again are not parsed again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Final, cast

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.http.connection import Connection
from api.http.connections import Connections
from api.http.errors import problem_of, problem_response
from api.http.rate_limit import Limits
from api.routes.entries_reading import IMMUTABLE
from api.routes.entries_registration import COSE, PostEntries
from api.routes.fast_paths import INTERNAL
from api.routes.log_files import OCTETS
from api.service.log_files import KeptFile
from api.service.service import Service
from ledger.errors import LedgerError
from ledger.limits import ADMISSIONS_PER_TURN_MAX, STATEMENT_BYTES_MAX
from ledger.registration import Candidate
from ledger.sequencing.sequencer import Answer, Registered, Submission

__all__ = ["Wire"]

_LOG = logging.getLogger(__name__)

_URL: Final = b"/entries"
_PATH: Final = "/entries"  # its label among the meters
_REGISTERED_HEADERS: Final = b"location: /entries/%d\r\ncontent-length: %d\r\ncontent-type: " + COSE.encode() + b"\r\n"
_COPIED_BYTES_MAX: Final = 16_384  # of an answer that is sent in one piece with its head
_FILES: Final = (b"/tile/", b"/receipts/")
_FILE_HEADERS: Final = (
    b"cache-control: " + IMMUTABLE["Cache-Control"].encode() + b"\r\n"
    b"content-type: " + OCTETS.encode() + b"\r\n"
    b"etag: %b\r\ncontent-length: %d\r\n"
)
_GET: Final = b"GET /"
_HTTP: Final = b" HTTP/1.1"
# Headers with which a request is the framework's: other bodies, other origins, other clients than the peer.
_GENERAL: Final = frozenset(
    (b"transfer-encoding", b"expect", b"upgrade", b"origin", b"x-forwarded-for", b"x-forwarded-proto")
)


# Headers with which a file is asked for in another way: in part, only if it changed, with a body.
_NOT_PLAIN: Final = _GENERAL | frozenset((b"if-none-match", b"content-length"))


class _Nobody:
    """An event that nobody waits for."""

    def set(self) -> None:
        pass


class _Exchange:
    """A request being answered here, counted under `path`.

    Has what `HttpToolsProtocol` looks at in its own `RequestResponseCycle`.
    """

    __slots__ = (
        "began",
        "body",
        "concise",
        "disconnected",
        "file",
        "keep_alive",
        "limits",
        "more_body",
        "path",
        "response_complete",
    )

    message_event = _Nobody()
    response_started = False  # it is written at once

    def __init__(self, path: str, *, keep_alive: bool, concise: bool, file: KeptFile | None = None) -> None:
        self.path = path
        self.file = file  # what is answered, where that is known already
        self.began = time.perf_counter()
        self.body = b""
        self.concise = concise
        self.disconnected = False
        self.keep_alive = keep_alive
        self.limits: Sequence[tuple[bytes, bytes]] = ()
        self.more_body = True
        self.response_complete = False


class _Turns:
    """The admissions of one server, some at each turn of the event loop: whoever comes meanwhile is heard in between.

    128 statements that arrive together would keep the loop for a tenth of a second.
    """

    def __init__(self) -> None:
        self._left = ADMISSIONS_PER_TURN_MAX
        self._waiting: deque[Callable[[], None]] = deque()

    def take(self, loop: asyncio.AbstractEventLoop, admission: Callable[[], None]) -> None:
        """Now if this turn has room, else at one of the next, in order. `admission` raises nothing."""
        if self._left == ADMISSIONS_PER_TURN_MAX:
            loop.call_soon(self._next, loop)
        if self._left == 0 or self._waiting:
            self._waiting.append(admission)
        else:
            self._left -= 1
            admission()

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        now = min(ADMISSIONS_PER_TURN_MAX, len(self._waiting))
        self._left = ADMISSIONS_PER_TURN_MAX - now
        for _ in range(now):
            self._waiting.popleft()()
        if now:
            loop.call_soon(self._next, loop)


class Wire(Connection):
    """One connection. Requests on it are answered in order: one that comes before an answer waits as in uvicorn."""

    def __init__(
        self, service: Service, entries: PostEntries, limits: Limits, turns: _Turns, bounds: Connections, **kwargs: Any
    ) -> None:
        super().__init__(bounds, **kwargs)
        self._service = service
        self._entries = entries
        self._limits = limits
        self._turns = turns
        self._exchange: _Exchange | None = None  # whose body is being read
        self._fields = b""  # of the head that is being parsed, all but its first line
        self._plain_fields: bytes | None = None  # those with which a file in memory was asked for last

    @classmethod
    def over(cls, service: Service, limits: Limits, bounds: Connections) -> Callable[..., Wire]:
        """What makes the protocol of each connection, given uvicorn's own arguments for one."""
        return partial(cls, service, PostEntries(service), limits, _Turns(), bounds)

    def read(self, head: bytes) -> None:
        line, _, fields = head.partition(b"\r\n")
        if fields == self._plain_fields and self.idle and (exchange := self._begin_again(line)) is not None:
            self.cycle = cast("Any", exchange)
            self._read_whole()
            self._hand_out(exchange)
            return
        self._fields = fields
        super().read(head)

    def begin(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            exchange = None
            if self.url == _URL:
                exchange = self._begin()
            elif self.url.startswith(_FILES):
                exchange = self._begin_file()
            self._exchange = exchange
            if exchange is not None:
                self.cycle = cast("Any", exchange)
                return
        super().begin()

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
            if exchange.file is None:
                self._turns.take(self.loop, partial(self._register, exchange))
            else:
                self._hand_out(exchange)

    def _begin(self) -> _Exchange | None:
        """An exchange for a plain `POST` of known length; None for all others."""
        parser = self.parser
        if parser.get_method() != b"POST" or parser.get_http_version() != "1.1":
            return None
        length, concise = b"", True
        for name, value in self.headers:
            if name in _GENERAL:
                return None
            if name == b"content-length":
                length = value
            elif name == b"accept":
                concise = b"json" not in value
        if not length or int(length) > STATEMENT_BYTES_MAX:  # the parser has seen to it that it is a number
            return None
        return _Exchange(_PATH, keep_alive=parser.should_keep_alive(), concise=concise)

    def _begin_file(self) -> _Exchange | None:
        """An exchange for a plain `GET` of a file in memory, of a client that takes what it is sent; else None."""
        parser = self.parser
        if parser.get_method() != b"GET" or parser.get_http_version() != "1.1" or self.flow.write_paused:
            return None
        if any(name in _NOT_PLAIN for name, _ in self.headers):
            return None
        exchange = self._asking_for(self.url, keep_alive=parser.should_keep_alive())
        if exchange is not None and exchange.keep_alive:
            self._plain_fields = self._fields
        return exchange

    def _begin_again(self, line: bytes) -> _Exchange | None:
        """What `_begin_file` gives, for a request line over the fields of the last one that was begun there."""
        if not (line.startswith(_GET) and line.endswith(_HTTP)) or self.flow.write_paused:
            return None
        return self._asking_for(line[len(_GET) - 1 : -len(_HTTP)], keep_alive=True)

    def _asking_for(self, url: bytes, *, keep_alive: bool) -> _Exchange | None:
        path = url[1:].decode("latin-1")  # another spelling of the same path is none that is kept
        file = self._service.log_files.kept(path)
        if file is None:
            return None
        return _Exchange("/" + path[: path.index("/")], keep_alive=keep_alive, concise=False, file=file)

    def _hand_out(self, exchange: _Exchange) -> None:
        file = exchange.file
        assert file is not None  # it was begun with one
        try:
            exchange.limits = self._limits.take(self.client[0] if self.client else "-")
            self._write(exchange, 200, _FILE_HEADERS % (file.tag, len(file.content)), file.content)
        except Exception as error:
            self._failed(exchange, error)

    def _register(self, exchange: _Exchange) -> None:
        try:
            exchange.limits = self._limits.take(self.client[0] if self.client else "-")
            candidate = self._entries.admit(exchange.body)
            if candidate is None:
                self._later(exchange, self._entries.register(exchange.body))
            else:
                self._service.submissions.submit(Submission((candidate,), partial(self._told, exchange, candidate)))
        except Exception as error:
            self._failed(exchange, error)

    def _told(self, exchange: _Exchange, candidate: Candidate, answers: tuple[Answer, ...]) -> None:
        """Called by the sequencer's delivery, which others wait for, too: nothing is raised here."""
        try:
            answer = answers[0]
            if isinstance(answer, Registered) and answer.receipt is not None:
                receipt = answer.receipt
                self._write(exchange, 201, _REGISTERED_HEADERS % (answer.index, len(receipt)), receipt)
            else:
                self._later(exchange, self._entries.answer(candidate, answer))
        except Exception as error:
            self._failed(exchange, error)

    def _later(self, exchange: _Exchange, answer: Coroutine[Any, Any, Response]) -> None:
        """Answer when a response is there; uvicorn waits for its tasks before it ends."""
        task = self.loop.create_task(self._when_there(exchange, answer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _when_there(self, exchange: _Exchange, answer: Coroutine[Any, Any, Response]) -> None:
        try:
            response = await answer
            self._write(exchange, response.status_code, _lines(response.raw_headers), bytes(response.body))
        except Exception as error:
            self._failed(exchange, error)

    def _failed(self, exchange: _Exchange, error: Exception) -> None:
        """Tell the problem, or close a connection on which an answer could not be written."""
        if not isinstance(error, LedgerError):
            _LOG.error("a defect on %s", exchange.path, exc_info=error)
        if exchange.response_complete:
            self.transport.close()
            return
        problem = problem_of(error) if isinstance(error, LedgerError) else INTERNAL
        response = problem_response(problem, concise=exchange.concise and isinstance(error, LedgerError))
        self._write(exchange, response.status_code, _lines(response.raw_headers), bytes(response.body))

    def _write(self, exchange: _Exchange, status: int, headers: bytes, content: bytes) -> None:
        """`headers`: lines that each end in CRLF."""
        self._service.meters.count(exchange.path, status, time.perf_counter() - exchange.began)
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
