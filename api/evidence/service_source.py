"""The source that is a running service: public things by plain requests, the rest by signed ones."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

import httpx
import msgspec

from api.client.problems import error_of
from api.evidence.evidence_source import Asking, KeptAttachment, StandingOf
from api.http.enterprise_ids import name_of
from ledger.cose import headers
from ledger.cose.access_token import AccessRequest, sign_access
from ledger.cose.sign1 import parse_sign1
from ledger.domain.state.access_log import Access
from ledger.errors import Busy, Malformed, NotFound, Refused, Unavailable
from ledger.limits import BUNDLE_BYTES_MAX, IMPORT_ANSWER_BYTES_MAX, IMPORT_TRIES_MAX, IMPORT_WAIT_SECONDS_MAX
from ledger.tlog.proof import inclusion_proof
from ledger.tlog.tiles import TileReader, tile_path
from ledger.tlog.tlog_proof import parse_proof
from ledger.verifier.formats.manifest import Why

__all__ = ["ServiceSource"]

_TIMEOUT_SECONDS: Final = 60.0
_AGAIN: Final = frozenset((429, 502, 503, 504))
_COSE: Final = "application/cose"
_RANDOM_BYTES: Final = 16
_STANDING_LABELS: Final = frozenset({headers.ALG, headers.CONTENT_TYPE, headers.KID, headers.CWT_CLAIMS, headers.TYP})


class _Stream(msgspec.Struct):
    entries: list[int]
    after: int | None


class _Accesses(msgspec.Struct):
    accesses: list[Access]
    after: int | None


class _InBook(msgspec.Struct):
    in_book: bool


class ServiceSource:
    """One service; use it as a context manager. `origin`: the log that signed requests are meant for."""

    def __init__(
        self,
        url: str,
        *,
        origin: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise Malformed(f"not the address of a service: {url[:200]!r} (http://… or https://…)")
        self._http = httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, follow_redirects=False)
        self._asking: Asking | None = None
        self._origin = origin
        self._sleep = sleep
        self._looks: set[str] = set()  # the tokens of this source, which are not part of what it is asked for

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def ask_as(self, asking: Asking) -> None:
        """From now on, ask for what is not public, too, by requests that this key signs."""
        self._asking = asking

    def party_of(self, kid: bytes) -> str:
        """Whose a key is, by its thumbprint. Raises `NotFound`."""
        return str(msgspec.json.decode(self._get(f"/v1/keys/{kid.hex()}"), type=dict[str, Any])["party"])

    def trust(self) -> bytes:
        return self._get("/.well-known/credit-ledger-trust.json")

    def checkpoints(self) -> tuple[bytes, bytes | None]:
        newest = self._get("/checkpoint")
        try:
            proof = self._get("/entries/0/proof")
        except NotFound:
            return newest, None
        return newest, parse_proof(proof).checkpoint

    def stream(self, subject: str) -> list[int]:
        found: list[int] = []
        after: int | None = -1
        while after is not None:
            query = urlencode({"subject": subject, "after": after})
            page = _decoded(self._get(f"/v1/streams?{query}"), _Stream)
            found += page.entries
            after = page.after
        return found

    def statements(self, indices: Sequence[int]) -> list[bytes]:
        return [self._get(f"/entries/{index}/statement", accept=_COSE) for index in indices]

    def inclusions(self, indices: Sequence[int], size: int) -> Mapping[int, Sequence[bytes]]:
        reader = TileReader(self._tile, size)
        return {index: inclusion_proof(index, size, reader) for index in sorted(indices)}  # neighbours share tiles

    def _tile(self, level: int, number: int, width: int) -> bytes:
        return self._get(f"/{tile_path(level, number, width)}")

    def bodies(self, indices: Sequence[int]) -> Mapping[int, bytes | Why]:
        return {index: self._body(index) for index in indices}

    def _body(self, index: int) -> bytes | Why:
        path = f"/entries/{index}/body"
        answer = self._ask(path)
        if answer.status_code == httpx.codes.OK:
            return answer.content
        why = _why_closed(answer)
        if why == "erased" or self._asking is None:
            return why
        answer = self._ask(path, signed=True)
        if answer.status_code == httpx.codes.OK:
            return answer.content
        return "not_for_this_party" if answer.status_code == httpx.codes.FORBIDDEN else "erased"

    def attachment(self, index: int, id_: str) -> KeptAttachment | Why:
        if self._asking is None:
            return "no_key"
        answer = self._ask(f"/v1/attachments/{id_}", signed=True)
        if answer.status_code == httpx.codes.FORBIDDEN:
            return "not_for_this_party"
        if answer.status_code == httpx.codes.GONE:
            return "erased"
        try:
            return KeptAttachment(_content(answer), bytes.fromhex(answer.headers["Attachment-Salt"]))
        except (KeyError, ValueError):
            raise Malformed(f"the service gave attachment {id_} without its salt") from None

    def annex(self, sha256: str) -> bytes:
        try:
            return self._get(f"/annexes/{sha256}")
        except Refused as error:
            if error.rule != "annex.taken_down":
                raise
            raise NotFound(f"annex {sha256} was taken down") from error

    def accesses(self, subject: str) -> Sequence[Access] | Why:
        if self._asking is None:
            return "no_key"
        found: list[Access] = []
        after: int | None = 0
        while after is not None:
            answer = self._ask(f"/v1/accesses?{urlencode({'subject': subject, 'after': after})}", signed=True)
            if answer.status_code == httpx.codes.FORBIDDEN:
                return "not_for_this_party"
            page = _decoded(_content(answer), _Accesses)
            found += page.accesses
            after = page.after
        return [row for row in found if row.cti not in self._looks]

    def standing(self, subject: str, as_of: date, tree_size: int) -> StandingOf:
        query = urlencode({"as_of": as_of.isoformat(), "tree_size": tree_size})
        signed = self._get(f"/v1/enterprises/{quote(name_of(subject), safe='~')}/standing?{query}", accept=_COSE)
        document = parse_sign1(signed, typ=headers.STANDING, labels=_STANDING_LABELS).payload
        if document is None:
            raise Malformed("the service signed a standing without saying it")
        return StandingOf(document, signed, _decoded(document, _InBook).in_book)

    def completeness(self, subject: str) -> bytes | None:
        answer = self._ask(f"/v1/enterprises/{quote(name_of(subject), safe='~')}/proof", most=BUNDLE_BYTES_MAX)
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.REQUEST_ENTITY_TOO_LARGE):
            return None  # no root was published yet, or there are more entries than a bundle may have
        return _content(answer)

    def _get(self, path: str, *, accept: str = "*/*") -> bytes:
        return _content(self._ask(path, accept=accept))

    def _ask(
        self, path: str, *, accept: str = "*/*", signed: bool = False, most: int = IMPORT_ANSWER_BYTES_MAX
    ) -> httpx.Response:
        """The answer, of any status but those that ask for patience. A token is good once: each try has a new one."""
        wait = 0.25
        for attempt in range(IMPORT_TRIES_MAX):
            told = {"Accept": accept} | (self._authorization(path) if signed else {})
            try:
                answer = self._http.get(path, headers=told)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unavailable(f"{self._http.base_url} did not answer: {error!r:.200}") from error
            if len(answer.content) > most:
                raise Malformed(f"the service's answer is longer than {most:,} bytes")
            if answer.status_code not in _AGAIN:
                return answer
            if attempt + 1 < IMPORT_TRIES_MAX:
                said = answer.headers.get("Retry-After", "")
                self._sleep(min(float(said[:9]) if said.isdigit() else wait, IMPORT_WAIT_SECONDS_MAX))
                wait *= 2
        raise Busy("the service", int(wait))

    def _authorization(self, path: str) -> dict[str, str]:
        assert self._asking is not None  # the callers looked
        cti = secrets.token_bytes(_RANDOM_BYTES)
        self._looks.add(cti.hex())
        token = sign_access(
            AccessRequest(content=None, purpose=self._asking.purpose, resource=path),
            party=self._asking.party,
            origin=self._origin,
            issued_at=int(time.time()),
            cti=cti,
            signer=self._asking.signer,
        )
        return {"Authorization": "COSE " + base64.urlsafe_b64encode(token).rstrip(b"=").decode()}


def _content(answer: httpx.Response) -> bytes:
    if answer.is_success:
        return answer.content
    raise error_of(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)


def _why_closed(answer: httpx.Response) -> Why:
    """Why a body is not shown to everybody, from the service's answer. Raises what else it says."""
    if answer.status_code == httpx.codes.NOT_FOUND:
        return "not_public"
    if answer.status_code == httpx.codes.GONE:
        closed = _decoded(answer.content, dict[str, Any]).get("closed")
        return "erased" if isinstance(closed, dict) and closed.get("erased") is True else "closed"
    _content(answer)
    raise Malformed(f"the service answered {answer.status_code} where a body was asked for")


def _decoded(content: bytes, wanted: type[Any]) -> Any:
    try:
        return msgspec.json.decode(content, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the service's answer is not what it should be: {error!s:.200}") from None
