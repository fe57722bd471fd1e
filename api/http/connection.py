"""One HTTP/1.1 connection, with a bound on whatever a client can send, hold open, or leave unread.

Parsing is httptools', answering uvicorn's. What stands here is before both: a request's head is collected whole (some
64 KiB at most), looked over and only then parsed; what follows is counted, so that the next head is found where it
begins. Deadlines are looked at once a second for all connections together (`connections.py`): no timer per request.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.http.connections import Connections
from api.http.errors import Problem, problem_response
from ledger.limits import (
    BODY_BYTES_PER_SECOND_MIN,
    BODY_SECONDS_MAX,
    HEAD_BYTES_MAX,
    HEAD_SECONDS_MAX,
    LINGER_SECONDS_MAX,
    REQUEST_BYTES_MAX,
    UNREAD_SECONDS_MAX,
)

__all__ = ["Connection"]

_LOG = logging.getLogger(__name__)

_END: Final = b"\r\n\r\n"
_UPGRADE: Final = re.compile(rb"(?i)\r\nupgrade[ \t]*:")
_METHOD: Final = re.compile(rb"[A-Z]")
_VERSIONS: Final = frozenset({"1.0", "1.1"})

_HEAD_TOO_LARGE: Final = Problem(
    431, "head-too-large", "请求头过大", f"the head of a request has at most {HEAD_BYTES_MAX:,} bytes"
)
_TOO_LARGE: Final = Problem(413, "too-large", "请求内容过大", "the request is too large")
_TOO_SLOW: Final = Problem(408, "too-slow", "请求未及时发完", "the request did not come to its end in time")
_NO_HTTP: Final = Problem(400, "http", "不是 HTTP/1.1 请求", "not a request in HTTP/1.1")
_HOST: Final = Problem(400, "host", "须有且只有一个 Host", "a request names its Host, once (RFC 9112 §3.2)")
_VERSION: Final = Problem(505, "version", "只支持 HTTP/1.1", "only HTTP/1.1 is spoken here")
_TUNNEL: Final = Problem(405, "method-not-allowed", "不支持该方法", "this is no proxy")
_FULL: Final = Problem(503, "busy", "连接过多，请稍后再试", "too many connections; try again", retry_after_seconds=5)

_IDLE, _IN_HEAD, _IN_BODY = range(3)


class Connection(HttpToolsProtocol):
    """Requests on it are answered in order. `bounds` counts it among the others."""

    def __init__(self, bounds: Connections, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._bounds = bounds
        self._reading = _IN_HEAD
        self._since = self.loop.time()  # when the head or body that is being read began
        self._head = b""  # as far as it came
        self._body_left = 0  # bytes that are still to come of a body of known length
        self._body_bytes = 0  # that came
        self._chunked = False  # a body whose end the parser finds
        self._tail = b""  # the last bytes of it, as many as may begin that end
        self._held = b""  # sent ahead of an answer
        self._ending = False  # nothing more is read
        self._until: float | None = None  # when it ends, whatever the client does
        self._unread = 0  # bytes of answers that were still to be taken when last looked at
        self._unread_since: float | None = None
        self._answers: _Answers

    # What connections.py asks

    @property
    def idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def end(self) -> None:
        self._ending = True
        self.transport.abort()

    def check(self, now: float) -> None:
        if self._until is not None and now > self._until:
            self.end()
            return
        if self._stuck(now):
            self.end()
            return
        if self._ending or self.transport.is_closing():
            return
        waited = now - self._since
        if self._reading == _IN_HEAD and waited > HEAD_SECONDS_MAX:
            if self._head or not self.idle:
                self._refuse(_TOO_SLOW)
            else:
                self.transport.close()  # it never said a word
        elif self._reading == _IN_BODY:
            if self.flow.read_paused:  # it is we who do not read
                self._since, self._body_bytes = now, 0
            elif waited > BODY_SECONDS_MAX + self._body_bytes / BODY_BYTES_PER_SECOND_MIN:
                self._refuse(_TOO_SLOW)

    def _stuck(self, now: float) -> bool:
        """Whether the client has stopped taking what it asked for."""
        unread = self.transport.get_write_buffer_size()
        if not unread:
            self._unread_since = None
            return False
        if self._unread_since is None or unread < self._unread:
            self._unread, self._unread_since = unread, now
        return now - self._unread_since > UNREAD_SECONDS_MAX

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._answers = _Answers(transport, self.finish)
        if self._bounds.admit(self, self.client[0] if self.client else "-"):
            return
        if self._bounds.turn_away(self):
            self._refuse(_FULL)
        else:
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._bounds.leave(self)
        self._head = self._held = b""
        self._ending = True
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The client will send no more. Whoever sent a whole request gets an answer to it, then it is over."""
        if self._ending or self.idle or self._reading == _IN_BODY:
            return None
        self._ending = True
        self._held = b""
        self._last().keep_alive = False
        return True

    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        self._unset_keepalive_if_required()
        self._consume(self._held + data if self._held else data)

    def _consume(self, data: bytes) -> None:
        """Take apart what came: heads, bodies of known length, and chunked ones, which only the parser can measure."""
        self._held = b""
        while data and not self._ending:
            if self._chunked:
                # Where the last chunk may end (RFC 9112 §7.1.2): the parser never sees a byte of the next head.
                found = (self._tail + data).find(_END)
                end = len(data) if found < 0 else found + len(_END) - len(self._tail)
                piece, data = data[:end], data[end:]
                self._tail = (self._tail + piece)[1 - len(_END) :]
                self._count(len(piece))
                self._feed(piece)
                continue
            if self._body_left:
                piece, data = (data, b"") if len(data) <= self._body_left else (
                    data[: self._body_left], data[self._body_left :],
                )  # fmt: skip
                self._body_left -= len(piece)
                self._count(len(piece))
                self._feed(piece)
            elif self.pipeline:  # one request ahead is enough; more wait unparsed
                self._held = data
                self.flow.pause_reading()
                return
            else:
                data = self._take_head(data)

    def _take_head(self, data: bytes) -> bytes:
        """Collect a head; once it is whole, parse it. What comes after it."""
        if self._head:
            looked, head = len(self._head) - 3, self._head + data
        else:
            if self._reading == _IDLE:
                self._since, self._reading = self.loop.time(), _IN_HEAD
            looked, head = 0, data.lstrip(b"\r\n")  # RFC 9112 §2.2
            if not head:
                return b""
            if not _METHOD.match(head):
                self._refuse(_NO_HTTP)
                return b""
        end = head.find(_END, max(0, looked)) + len(_END)
        if (end if end >= len(_END) else len(head)) > HEAD_BYTES_MAX:
            self._refuse(_HEAD_TOO_LARGE)
            return b""
        if end < len(_END):
            self._head = head
            return b""
        self._head = b""
        if head.startswith(b"CONNECT "):
            self._refuse(_TUNNEL)
            return b""
        self.read(head[:end])
        return head[end:]

    def read(self, head: bytes) -> None:
        """Have a head parsed, which is there as a whole."""
        self._feed(_as_understood(head))

    def _feed(self, data: bytes) -> None:
        if self._ending:
            return
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if isinstance(error, httptools.HttpParserCallbackError):
                _LOG.warning("a request was not understood: %r", error.__context__)
            self._refuse(_NO_HTTP)

    def _count(self, size: int) -> None:
        self._body_bytes += size
        if self._chunked and self._body_bytes > REQUEST_BYTES_MAX:
            self._refuse(_TOO_LARGE)

    # httptools callbacks

    def on_headers_complete(self) -> None:
        if self._ending:
            return
        version = self.parser.get_http_version()
        hosts = length = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"content-length":
                length = int(value)  # the parser has seen to it that it is a number
            elif name == b"transfer-encoding":
                self._chunked = True
        if version not in _VERSIONS:
            self._refuse(_VERSION)
        elif hosts > 1 or (not hosts and version == "1.1"):
            self._refuse(_HOST)
        elif length > REQUEST_BYTES_MAX:
            self._refuse(_TOO_LARGE)
        else:
            self._body_left, self._body_bytes = length, 0
            self._since, self._reading = self.loop.time(), _IN_BODY
            self.begin()

    def begin(self) -> None:
        """Have the request answered whose head was just read."""
        super().on_headers_complete()
        self._last().transport = self._answers

    def on_body(self, body: bytes) -> None:
        if not self._ending:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._ending:
            return
        self._read_whole()
        super().on_message_complete()

    def _read_whole(self) -> None:
        self._chunked, self._tail, self._reading = False, b"", _IDLE

    # Answers

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._ending:
            return
        if self._reading == _IN_BODY:
            # Answered before it was all there. The rest is read and thrown away, within the bounds of any body: a
            # client that sends all of it before it listens would find the connection closed, or reset with its answer.
            self.flow.resume_reading()
        elif self._held:
            self._consume(self._held)

    def finish(self) -> None:
        """Close after the last answer; where its request is still coming, not before that could be read."""
        if self._reading == _IN_BODY:
            self._linger()
        else:
            self.transport.close()

    def _last(self) -> Any:
        """The cycle of the newest request."""
        return self.pipeline[0][0] if self.pipeline else self.cycle

    def _refuse(self, problem: Problem) -> None:
        """Tell what is wrong and end, after what was asked before is answered."""
        self._ending = True
        self._head = self._held = b""
        if self.idle and self._reading == _IN_BODY:
            self._linger()  # it has its answer already
            return
        if not self.idle:
            last = self._last()
            if last.more_body and self._reading == _IN_BODY:
                if self.pipeline or last.response_started:
                    self.end()
                    return
                last.disconnected = True  # whoever reads the request is told so
                last.message_event.set()
            else:
                last.keep_alive = False
                return
        response = problem_response(problem)
        parts = [STATUS_LINE[response.status_code]]
        for name, value in (*self.server_state.default_headers, *response.raw_headers, (b"connection", b"close")):
            parts += (name, b": ", value, b"\r\n")
        self.transport.write(b"".join((*parts, b"\r\n", bytes(response.body))))
        self._linger()

    def _linger(self) -> None:
        """Close, but not before the client had time to read the answer: a reset would take it away (RFC 9112 §9.6)."""
        self._ending = True
        self._until = self.loop.time() + LINGER_SECONDS_MAX
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()


class _Answers:
    """The transport as whoever writes an answer sees it: closing it is the connection's business."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


def _as_understood(head: bytes) -> bytes:
    """A head as the parser is to see it: no offers to upgrade, a target in ASCII, `OPTIONS *` with a path.

    An offer that is not taken up is no error (RFC 9110 §7.8), but the parser would take the body for another protocol.
    People type Chinese into `curl`: bytes that are not ASCII are taken as if they were percent-encoded.
    """
    line, _, rest = head.partition(b"\r\n")
    if not line.isascii():
        line = b"".join(b"%%%02X" % byte if byte >= 0x80 else bytes((byte,)) for byte in line)
        head = line + b"\r\n" + rest
    if line.startswith(b"OPTIONS * "):
        head = head.replace(b" * ", b" /* ", 1)
    return _UPGRADE.sub(b"\r\nx-upgrade-offered:", head)
