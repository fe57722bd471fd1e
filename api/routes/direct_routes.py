"""Requests that are answered where their bytes come in: `POST /entries`, and what crowds read.

That is: current standings, marks, and what lies in memory of the log's files and of enterprises' pages. Measured at
128 connections, in turn with the ASGI way, by `make bench ARGS=ways`: 0.71 of its processor time for an entry, 0.23 for
a standing, 0.41 for one that the client has. What rises above 0.85 goes (docs/decisions/0053), and the benchmark fails
so that it does. A request that needs more (a body held at the desk, a pledge's release, a page that is not drawn), or
that carries a header which changes how it is handled, goes the general way; both ways share what they answer with.

Whoever fetches a log, or asks after many enterprises, sends one request after the other with the same headers: on a
connection on which they were found to be plain, the same bytes again are not parsed again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, NamedTuple

from api.http.connections import Connections
from api.http.direct_connection import DirectConnection, Exchange, Headers, KeptAnswer
from api.http.rate_limit import Limits
from api.routes.entries_reading import IMMUTABLE
from api.routes.entries_registration import COSE, PostEntries
from api.routes.kept_standings import KeptStandings
from api.routes.log_files import OCTETS
from api.routes.marks import MarkRoute
from api.service.log_files import KeptFile
from api.service.service import Service
from ledger.limits import REQUEST_TOKENS_DEAR, STATEMENT_BYTES_MAX
from ledger.registration import Candidate
from ledger.sequencing.sequencer import Answer, Registered, Submission

__all__ = ["DirectRoutes"]

PageAt = Callable[[bytes], KeptAnswer | None]

_ENTRIES: Final = b"/entries"
_FILES: Final = (b"/tile/", b"/receipts/")
_ENTERPRISES: Final = b"/v1/enterprises/"
_MARKS: Final = b"/m/"
_PAGES: Final = (b"/e/", b"/en/e/")
_READINGS: Final = (_ENTERPRISES, _MARKS, *_FILES, *_PAGES)
_SERIAL: Final = re.compile(rb"/m/([0-9A-Za-z-]+)")  # in a spelling that needs no decoding; no query
_PAGE: Final = b"text/html"  # as browsers accept it, and programs do not
# Their labels among the meters
_ENTRIES_LABEL: Final = "/entries"
_ENTERPRISES_LABEL: Final = "/v1/enterprises"
_PAGES_LABEL: Final = "other"  # as `Metrics` counts what the interface's document does not name
_MARKS_LABEL: Final = "/m"

_REGISTERED_HEADERS: Final = b"location: /entries/%d\r\ncontent-length: %d\r\ncontent-type: " + COSE.encode() + b"\r\n"
_FILE_KNOWN_LINES: Final = b"cache-control: " + IMMUTABLE["Cache-Control"].encode() + b"\r\netag: %b\r\n"
_FILE_LINES: Final = _FILE_KNOWN_LINES + b"content-type: " + OCTETS.encode() + b"\r\ncontent-length: %d\r\n"
_GET: Final = b"GET /"
_HTTP: Final = b" HTTP/1.1"
# Headers with which a request is the framework's: other bodies, other origins, other clients than the peer.
_GENERAL: Final = frozenset(
    (b"transfer-encoding", b"expect", b"upgrade", b"origin", b"x-forwarded-for", b"x-forwarded-proto")
)
_SIGNED: Final = COSE.encode()
_GENERAL_GET: Final = _GENERAL | {b"content-length"}


class _Asked(NamedTuple):
    """How something is asked for: the header fields as bytes and parsed, and what they say is accepted."""

    fields: bytes
    headers: Headers
    accept: bytes


class _Answering(NamedTuple):
    """What all connections share."""

    service: Service
    entries: PostEntries
    standings: KeptStandings
    marks: MarkRoute
    page_at: PageAt


class DirectRoutes(DirectConnection):
    """One connection to a service."""

    def __init__(self, answering: _Answering, limits: Limits, bounds: Connections, **kwargs: Any) -> None:
        super().__init__(limits, answering.service.meters, bounds, **kwargs)
        self._service, self._entries, self._standings, self._marks, self._page_at = answering
        self._fields = b""  # of the head that is being parsed, all but its first line
        self._plain: _Asked | None = None  # as something in memory was asked for last

    @classmethod
    def over(
        cls, service: Service, page_at: PageAt, limits: Limits, bounds: Connections
    ) -> Callable[..., DirectRoutes]:
        """What makes the protocol of each connection, given uvicorn's own arguments for one.

        `page_at`: what is answered at the address of an enterprise's page, if that is in memory.
        """
        shared = _Answering(service, PostEntries(service), KeptStandings(service), MarkRoute(service), page_at)
        return partial(cls, shared, limits, bounds)

    def read(self, head: bytes) -> None:
        line, _, fields = head.partition(b"\r\n")
        exchange = self._asking_again(line, fields)
        if exchange is not None:
            self.begin_whole(exchange)
            return
        self._fields = fields
        super().read(head)

    def exchange(self) -> Exchange | None:
        if self.url == _ENTRIES:
            return self._posting()
        if self.url.startswith(_READINGS):
            return self._getting()
        return None

    # Readings

    def _getting(self) -> Exchange | None:
        """An exchange for a plain `GET`, of a client that takes what it is sent; None for all others."""
        parser = self.parser
        if parser.get_method() != b"GET" or parser.get_http_version() != "1.1" or self.flow.write_paused:
            return None
        accept = b""
        for name, value in self.headers:
            if name in _GENERAL_GET:
                return None
            if name == b"accept":
                accept += value
        asked = _Asked(self._fields, self.headers, accept)
        exchange = self._asking_for(self.url, asked, keep_alive=parser.should_keep_alive())
        if exchange is not None and exchange.keep_alive:
            self._plain = asked
        return exchange

    def _asking_again(self, line: bytes, fields: bytes) -> Exchange | None:
        """What `_getting` gives, for a request line over the fields of the last one that was begun there."""
        plain = self._plain
        if plain is None or fields != plain.fields or not self.idle or self.flow.write_paused:
            return None
        if not (line.startswith(_GET) and line.endswith(_HTTP)):
            return None
        return self._asking_for(line[len(_GET) - 1 : -len(_HTTP)], plain, keep_alive=True)

    def _asking_for(self, url: bytes, asked: _Asked, *, keep_alive: bool) -> Exchange | None:
        if url.startswith(_ENTERPRISES):
            return None if _SIGNED in asked.accept else self._asking_for_standing(url, asked, keep_alive=keep_alive)
        if url.startswith(_MARKS):
            serial = _SERIAL.fullmatch(url)
            if serial is None or _PAGE in asked.accept:
                return None
            looking = partial(self._mark_looked_up, serial[1].decode("ascii"), asked)
            return Exchange(_MARKS_LABEL, partial(self._look_up, looking), keep_alive=keep_alive)
        if url.startswith(_PAGES):
            page = self._page_at(url)
            if page is None:
                return None
            answer = partial(self._hand_out, page, asked, REQUEST_TOKENS_DEAR)
            return Exchange(_PAGES_LABEL, answer, keep_alive=keep_alive)
        path = url[1:].decode("latin-1")  # another spelling of the same path is none that is kept
        file = self._service.log_files.kept(path)
        if file is None:
            return None
        label = "/" + path[: path.index("/")]
        return Exchange(label, partial(self._hand_out, _file(file), asked, 1), keep_alive=keep_alive)

    def _asking_for_standing(self, url: bytes, asked: _Asked, *, keep_alive: bool) -> Exchange | None:
        kept = self._standings.kept(url)
        if kept is not None:
            return Exchange(_ENTERPRISES_LABEL, partial(self._hand_out, kept, asked, 1), keep_alive=keep_alive)
        name = self._standings.name_in(url)
        if name is None:
            return None
        looking = partial(self._standing_looked_up, url, name, asked)
        return Exchange(_ENTERPRISES_LABEL, partial(self._look_up, looking), keep_alive=keep_alive)

    def _hand_out(self, kept: KeptAnswer, asked: _Asked, tokens: int, exchange: Exchange) -> None:
        try:
            self.count(exchange, tokens)
            self.write_kept(exchange, kept, asked.headers)
        except Exception as error:
            self.failed(exchange, error)

    def _look_up(self, looking: Callable[[Exchange], Coroutine[Any, Any, None]], exchange: Exchange) -> None:
        try:
            self.count(exchange)
            self.later(exchange, looking(exchange))
        except Exception as error:
            self.failed(exchange, error)

    async def _standing_looked_up(self, url: bytes, name: str, asked: _Asked, exchange: Exchange) -> None:
        self.write_kept(exchange, await self._standings.read(url, name), asked.headers)

    async def _mark_looked_up(self, serial: str, asked: _Asked, exchange: Exchange) -> None:
        self.write_unless_known(exchange, await self._marks.look_up(serial), asked.headers)

    # Statements

    def _posting(self) -> Exchange | None:
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
        return Exchange(_ENTRIES_LABEL, self._admit, keep_alive=parser.should_keep_alive(), concise=concise)

    def _admit(self, exchange: Exchange) -> None:
        self._service.submissions.admit(partial(self._register, exchange))

    def _register(self, exchange: Exchange) -> None:
        try:
            self.count(exchange)
            candidate = self._entries.admit(exchange.body)
            if candidate is None:
                self.later(exchange, self._registered(exchange))
            else:
                self._service.submissions.submit(Submission((candidate,), partial(self._told, exchange, candidate)))
        except Exception as error:
            self.failed(exchange, error)

    async def _registered(self, exchange: Exchange) -> None:
        self.write_response(exchange, await self._entries.register(exchange.body))

    def _told(self, exchange: Exchange, candidate: Candidate, answers: tuple[Answer, ...]) -> None:
        """Called by the sequencer's delivery, which others wait for, too: nothing is raised here."""
        try:
            answer = answers[0]
            if isinstance(answer, Registered) and answer.receipt is not None:
                receipt = answer.receipt
                self.write(exchange, 201, _REGISTERED_HEADERS % (answer.index, len(receipt)), receipt)
            else:
                self.later(exchange, self._answered(exchange, candidate, answer))
        except Exception as error:
            self.failed(exchange, error)

    async def _answered(self, exchange: Exchange, candidate: Candidate, answer: Answer) -> None:
        self.write_response(exchange, await self._entries.answer(candidate, answer))


def _file(file: KeptFile) -> KeptAnswer:
    lines = _FILE_LINES % (file.tag, len(file.content))
    return KeptAnswer(file.tag.decode(), file.content, lines, _FILE_KNOWN_LINES % file.tag)
