"""Enterprises' pages that were drawn before, kept by what they rest on, within a bound of bytes.

A page rests on its subject's entries, on the day, on policies and campaigns, and on the newest checkpoint and root of
the completeness map. The last two change with everybody's entries: what they say is cut out of the page and put in
again, so that an entry about one enterprise leaves the pages of the others as they are. So is what differs from one
service over the book to another: whether mail is sent.

Pages that were drawn before anybody asked lie in the database (`page_drawer.py`), to be had by every service.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from hashlib import sha256
from secrets import token_hex
from threading import Lock
from typing import Final, NamedTuple
from zlib import compress, decompress
from zlib import error as CompressionError  # noqa: N812

import msgspec
from markupsafe import escape
from starlette.responses import Response

from api.http.conditional import entity_tag, is_known, of_known
from api.http.direct_connection import Headers, KeptAnswer
from api.http.enterprise_ids import name_of
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import PAGE_CACHE, Language, PageFrame, lang_of, render
from api.service.enterprise_overview import Completeness, completeness
from api.service.service import Service
from ledger.limits import PAGE_CHECKPOINT_SECONDS_MAX, PAGES_CACHED_BYTES_MAX
from ledger.parallel.source_digest import program_digest
from projections.declarations.drawn_pages import PageGround

__all__ = ["CUT", "AskedPage", "Drawn", "EnterprisePages", "KeptPage", "PageBasis", "page_answer", "page_program"]

#: Where a page is cut. Nobody can write it: it is made anew in each process.
CUT: Final = f"<!--{token_hex(16)}-->"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as it rests on the enterprise alone. `indices`: the entries about it, oldest first, `version` that of the
    last of them.

    `pieces` (UTF-8) are what stands before, between and after the three things that the checkpoint says; the fourth of
    them is how it is followed by mail, which stands only where mail is sent.
    """

    language: Language
    id: str
    pieces: tuple[bytes, ...]
    indices: Sequence[int]
    version: int
    in_book: bool

    def packed(self) -> bytes:
        """For the database. Only of an enterprise that is in the book."""
        return compress(_PACK((self.id, self.pieces, list(self.indices), self.version)))

    @classmethod
    def unpacked(cls, language: Language, content: bytes) -> Drawn:
        """Raises `ValueError` for what `packed` has not made."""
        try:
            return cls(language, *_UNPACK(decompress(content)), in_book=True)
        except (CompressionError, msgspec.DecodeError) as error:
            raise ValueError(f"no page: {error}") from error


_PACK: Final = msgspec.msgpack.Encoder().encode
_UNPACK: Final = msgspec.msgpack.Decoder(
    tuple[str, tuple[bytes, bytes, bytes, bytes, bytes, bytes], list[int], int]
).decode


_NAME: Final = token_hex(16).encode()  # stands for the enterprise's id in what many pages say alike

_ADDRESSES: Final[tuple[tuple[bytes, Language], ...]] = ((b"/e/", "zh"), (b"/en/e/", "en"))

AskedPage = tuple[str, Language]  # a subject, and in which language
Draw = Callable[[str, Language, date], Drawn]


@dataclass(frozen=True, slots=True)
class ProofView:
    """What the pieces say that change with the checkpoint; `covered` entries of `count` are below the map's root."""

    id: str
    proof: Completeness
    count: int
    covered: int
    cut: str = CUT


@cache
def page_program(*, demo: bool) -> str:
    """What names the program that draws pages: with another one they may look otherwise."""
    digest = program_digest(("api", "ledger", "projections"), ("jinja2", "markupsafe", "msgspec"))
    return f"{digest}-demo" if demo else digest


class PageBasis(NamedTuple):
    """`size`: of the read models, when it was looked."""

    size: int
    ground: PageGround

    @property
    def today(self) -> date:
        return self.ground.day


class _Head(NamedTuple):
    """`size`: of the read models when it was read, at `at` (monotonic seconds)."""

    proof: Completeness
    size: int
    at: float


@dataclass(frozen=True, slots=True)
class KeptPage:
    """`size`: up to which nothing about its subject was recorded since it was drawn."""

    drawn: Drawn
    ground: PageGround
    size: int
    proof: Completeness
    headers: Headers  # with which it is answered
    answer: KeptAnswer

    @property
    def content(self) -> bytes:
        return self.answer.content


class EnterprisePages:
    """Thread-safe."""

    def __init__(self, service: Service, bytes_max: int = PAGES_CACHED_BYTES_MAX) -> None:
        self._service = service
        self._bytes_max = bytes_max
        self._kept: OrderedDict[tuple[str, Language], KeptPage] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()
        self._head: _Head | None = None

    def fresh(self, name: str, language: Language) -> KeptPage | None:
        """The page that is there and holds now; None where somebody has to look. Does not block."""
        kept = self._kept.get((name, language))
        head = self._head
        if kept is None or head is None or kept.proof is not head.proof or not self._holds(head):
            return None
        if kept.size != self._service.progress.size or kept.ground != self._ground():
            return None
        with self._lock:
            if (name, language) in self._kept:
                self._kept.move_to_end((name, language))
        return kept

    def kept_at(self, address: bytes) -> KeptAnswer | None:
        """What is answered at this address of a page, if it is there and holds now. Does not block."""
        for before, language in _ADDRESSES:
            if address.startswith(before):
                page = self.fresh(address[len(before) :].decode("latin-1"), language)  # no name has another spelling
                return None if page is None else page.answer
        return None

    def page(self, subject: str, language: Language, draw: Draw) -> KeptPage:
        """The page as it is now, drawn where what it rests on has changed. Blocks; raises what `draw` raises."""
        basis = self.basis()
        held = self.held([(subject, language)], basis).get((subject, language))
        return self.finished(subject, language, basis, draw(subject, language, basis.today)) if held is None else held

    def basis(self) -> PageBasis:
        """What pages rest on now: taken before anything is read of which they are made."""
        return PageBasis(self._service.progress.size, self._ground())

    def held(self, asked: Sequence[AskedPage], basis: PageBasis) -> dict[AskedPage, KeptPage]:
        """Those of these pages that are here and still rest on what there is. Blocks. Raises `Unavailable`."""
        kept: dict[AskedPage, KeptPage] = {}
        for subject, language in asked:
            page = self._kept.get((name_of(subject), language))
            # Where the size is less, the read models are made anew.
            if page is not None and page.ground == basis.ground and basis.size >= page.size:
                kept[subject, language] = page
        sizes = {(subject, page.size) for (subject, _), page in kept.items() if page.size < basis.size}
        overtaken = self._service.views.drawn_pages.overtaken(sizes)
        return {
            (subject, language): self.finished(subject, language, basis, page.drawn, page)
            for (subject, language), page in kept.items()
            if (subject, page.size) not in overtaken
        }

    def ahead(self, asked: Sequence[AskedPage], basis: PageBasis) -> dict[AskedPage, KeptPage]:
        """Those of these pages that were drawn before and rest on what there is. Blocks. Raises `Unavailable`.

        They are those of the log when the database is asked, which has at least the entries of `basis`.
        """
        found: dict[AskedPage, KeptPage] = {}
        contents = self._service.views.drawn_pages.find(asked, basis.ground) if asked else {}
        for subject, language in asked:
            content = contents.get((subject, language))
            if content is None:
                continue
            try:
                drawn = Drawn.unpacked(language, content)
            except ValueError:  # somebody else's hand: it is drawn again
                continue
            found[subject, language] = self.finished(subject, language, basis, drawn)
        return found

    def finished(
        self, subject: str, language: Language, basis: PageBasis, drawn: Drawn, before: KeptPage | None = None
    ) -> KeptPage:
        """What was drawn once the `basis` was taken, with what the checkpoint says; kept. `before` has the same pieces.

        Blocks on the database once in a while. Raises `Unavailable`.
        """
        proof = self._completeness()
        if before is not None and before.proof == proof:
            headers, answer = before.headers, before.answer
        else:
            content = _whole(drawn, proof, mails=self._service.mails)
            etag = entity_tag(sha256(content).hexdigest()[:32])
            told = {"ETag": etag, "Cache-Control": PAGE_CACHE, "Content-Language": lang_of(drawn.language)}
            response = Response(content, headers={**PAGE_HEADERS, **told}, media_type="text/html; charset=utf-8")
            headers = response.raw_headers
            answer = KeptAnswer.of(etag, headers, content)
        page = KeptPage(drawn, basis.ground, basis.size, proof, headers, answer)
        if drawn.in_book:  # nobody fills it with names of his own making
            self._keep((name_of(subject), language), page)
        return page

    def _ground(self) -> PageGround:
        service = self._service
        ruled_size = service.progress.rules().governance.ruled_size
        return PageGround(page_program(demo=service.demo), service.today(), ruled_size)

    def _completeness(self) -> Completeness:
        head = self._head
        if head is not None and self._holds(head):
            return head.proof
        size = self._service.progress.size
        proof = completeness(self._service)
        if head is not None and head.proof == proof:
            proof = head.proof  # by identity, as `fresh` looks
        self._head = _Head(proof, size, time.monotonic())
        return proof

    def _holds(self, head: _Head) -> bool:
        """Cosignatures come without an entry: so it is never older than `PAGE_CHECKPOINT_SECONDS_MAX`."""
        young = time.monotonic() - head.at < PAGE_CHECKPOINT_SECONDS_MAX
        return young and head.size == self._service.progress.size

    def _keep(self, key: tuple[str, Language], page: KeptPage) -> None:
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = page
            self._bytes += _bytes(page) - (0 if before is None else _bytes(before))
            while self._bytes > self._bytes_max:
                self._bytes -= _bytes(self._kept.popitem(last=False)[1])


def page_answer(page: KeptPage, headers: Headers) -> Response:
    """The page with its headers, or 304 where a client with these headers has it."""
    known = is_known(page.answer.tag, headers)
    response = Response(b"" if known else page.content, 304 if known else 200)
    response.raw_headers = of_known(page.headers) if known else list(page.headers)
    return response


def _whole(drawn: Drawn, proof: Completeness, *, mails: bool) -> bytes:
    """The page with what the checkpoint says put in."""
    covered = bisect_left(drawn.indices, proof.covered_size)
    said = _said_of_proof(drawn.language, proof, len(drawn.indices), covered)
    name = str(escape(drawn.id)).encode()
    complete, taken_away, checkpoint = (piece.replace(_NAME, name) for piece in said)
    head, counted, listed, followed, asked, end = drawn.pieces
    followed = followed if mails else b""
    return b"".join((head, complete, counted, taken_away, listed, followed, asked, checkpoint, end))


@lru_cache(maxsize=1024)
def _said_of_proof(language: Language, proof: Completeness, count: int, covered: int) -> tuple[bytes, ...]:
    """What goes between the pieces of every page with so many entries, `_NAME` in place of the enterprise's id."""
    view = ProofView(_NAME.decode(), proof, count, covered)
    said = render("enterprise_proof.html", PageFrame("", language, "", "", demo=False), view)
    return tuple([piece.encode() for piece in said.split(CUT)])


def _bytes(page: KeptPage) -> int:
    """About what it takes: the page and its headers, its pieces, 36 for each entry's number."""
    told = len(page.answer.lines) + len(page.answer.known_lines)
    return len(page.content) + told + sum(map(len, page.drawn.pieces)) + 36 * len(page.drawn.indices)
