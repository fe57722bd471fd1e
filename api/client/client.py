"""What a program uses to talk to a service: submit statements, fetch what proves them.

Nothing that comes back is trusted by having come: `ledger.verifier` checks it offline. Errors are the
product's own family (`ledger.errors`), whatever the wire said; a busy service is asked again when it says so.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self
from urllib.parse import quote

import httpx
import msgspec

from api.client.problems import error_named
from api.client.signed_uploads import Uploader
from api.client.transport import CBOR_SEQUENCE, RequestBody, Transport, answered_maps, parts_of
from api.http.enterprise_ids import name_of
from ledger.cose.cbor import encode
from ledger.errors import LedgerError, Malformed, Refuted
from ledger.limits import BUNDLE_BYTES_MAX, TILE_WIDTH
from ledger.tlog.tiles import bundle_path, decode_bundle

__all__ = ["Client", "RegisteredEntry", "StandingDocument", "Waiting"]

_COSE: Final = "application/cose"
_ACCEPT: Final = "application/problem+json, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class RegisteredEntry:
    """The statement is entry `index` of the log. `existing`: it already was; None where the service did not say."""

    index: int
    statement_id: bytes
    receipt: bytes
    existing: bool | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The statement waits at the desk for its release; `location` is the path at which its receipt will be."""

    statement_id: bytes
    location: str


@dataclass(frozen=True, slots=True)
class StandingDocument:
    """A standing as the service rendered it (`body`, JSON, or COSE if signed), derived at `tree_size`."""

    body: bytes
    tree_size: int


class Client:
    """One service, one connection pool; use it as a context manager. Thread-safe.

    Every method may raise `Unavailable` (not reached, or nothing is known to be done: submitting the same
    bytes again is safe), `Busy` (still busy after `tries_max` tries) and what the service refused.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 30.0,
        tries_max: int = 5,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        uploader: Uploader | None = None,
    ) -> None:
        """`uploader` signs for bodies and annexes that are uploaded ahead: they then count towards its quota."""
        if not url.startswith(("http://", "https://")):
            raise Malformed(f"not the address of a service: {url[:200]!r} (http://… or https://…)")
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds, transport=transport, follow_redirects=False)
        self._transport = Transport(self._http, tries_max=tries_max, again_if_silent=False, sleep=sleep)
        self._uploader = uploader

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def submit(self, statement: bytes, body: bytes | None = None) -> RegisteredEntry | Waiting:
        """Register one signed statement (SCRAPI `POST /entries`), its sealed body first if it has one.

        Raises `Refused` with the rule that it breaks, `AlreadyRegistered` for a `cti` used with other bytes.
        """
        if body is not None:
            self.put_body(body)
        answer = self._ask("POST", "/entries", RequestBody(statement, _COSE))
        statement_id = hashlib.sha256(statement).digest()
        location = _path_of(answer)
        if answer.status_code == httpx.codes.SEE_OTHER:
            return Waiting(statement_id, location)
        return RegisteredEntry(_index_of(location), statement_id, answer.content, None)

    def put_body(self, body: bytes) -> bytes:
        """Upload a sealed statement's body ahead of it; returns its commitment (SHA-256)."""
        self._upload("/bodies", body, "application/json")
        return hashlib.sha256(body).digest()

    def put_annex(self, content: bytes) -> bytes:
        """Upload a public file ahead of the statement that names it; returns its SHA-256.

        Raises `Refused` for a file of a type or size that the service does not take.
        """
        self._upload("/annexes", content, "application/octet-stream")
        return hashlib.sha256(content).digest()

    def annex(self, digest: bytes) -> bytes:
        """The public file with this SHA-256. Raises `NotFound` unless an entry names it, `Refuted` if it is another."""
        content = self._get(f"/annexes/{digest.hex()}")
        if hashlib.sha256(content).digest() != digest:
            raise Refuted("the service's file does not hash to the digest that was asked for")
        return content

    def submit_batch(
        self, items: Sequence[tuple[bytes, bytes | None]]
    ) -> list[RegisteredEntry | Waiting | LedgerError]:
        """Register statements (each with its body, or None) in as few requests as the limits allow.

        One result per item, in order; a refused or turned away one is returned as its error, its neighbours stand.
        """
        encoded = [encode(one if body is None else [one, body]) for one, body in items]
        rows: list[dict[object, object]] = []
        for part in parts_of(encoded):
            answer = self._ask("POST", "/entries/batch", RequestBody(b"".join(part), CBOR_SEQUENCE))
            rows += answered_maps(answer.content, len(part))
        return [_outcome(statement, row) for (statement, _), row in zip(items, rows, strict=True)]

    def receipt(self, index: int) -> bytes:
        """The canonical receipt of an entry (COSE)."""
        return self._get(f"/entries/{index}")

    def statement(self, index: int) -> bytes:
        """The transparent statement: the signed statement with its receipt attached (COSE)."""
        return self._get(f"/entries/{index}/statement", accept=_COSE)

    def evidence(self, index: int) -> bytes:
        """What an offline verifier needs to believe the entry's issuer: keys and roles back to the charter."""
        return self._get(f"/entries/{index}/evidence")

    def body(self, index: int) -> bytes:
        """The body of a sealed entry, while it is public."""
        return self._get(f"/entries/{index}/body")

    def bundle(self, enterprise: str) -> bytes:
        """The completeness bundle of an enterprise (CBOR), by its subject id or its code as printed on a licence.

        In memory: up to `BUNDLE_BYTES_MAX` for the most complained-of. Not verified; `ledger.verifier` does that.
        """
        name = name_of(enterprise) if ":" in enterprise else enterprise
        path = f"/v1/enterprises/{quote(name, safe='~')}/proof"
        return self._transport.ask("GET", path, accept=_ACCEPT, answer_bytes_max=BUNDLE_BYTES_MAX)[0].content

    def map(self) -> bytes:
        """The completeness map's newest published root and newest cut (JSON)."""
        return self._get("/v1/map")

    def entry_bundle(self, number: int, width: int = TILE_WIDTH) -> list[bytes]:
        """The entries of an entry bundle (C2SP tlog-tiles): 256 where it is full. Raises `Malformed`."""
        entries = decode_bundle(self._get(f"/{bundle_path(number, width)}"))
        if len(entries) != width:
            raise Malformed(f"the service's entry bundle {number} holds {len(entries)} entries, not {width}")
        return entries

    def checkpoint(self) -> bytes:
        """The newest checkpoint (C2SP signed note)."""
        return self._get("/checkpoint")

    def proof(self, index: int) -> bytes:
        """The C2SP tlog-proof of an entry. Raises `NotFound` until a tree that holds it has its quorum of witnesses."""
        return self._get(f"/entries/{index}/proof")

    def trust(self) -> bytes:
        """The service's own trust file (JSON), to be compared out of band before it is relied on."""
        return self._get("/.well-known/credit-ledger-trust.json")

    def json(self, path: str) -> dict[str, Any]:
        """What a route of `/v1` answers, as an object. Raises `Malformed` if it is none."""
        try:
            return msgspec.json.decode(self._get(path), type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Malformed(f"the service's answer is no JSON object: {error}") from error

    def standing(
        self,
        enterprise: str,
        *,
        as_of: date | None = None,
        tree_size: int | None = None,
        min_tree_size: int | None = None,
        signed: bool = False,
    ) -> StandingDocument:
        """An enterprise's standing, by its subject id or its code as printed on a licence.

        `as_of` and `tree_size` ask for another day or state of the log; `min_tree_size` waits until the service
        has derived that far, such as to one more than the index of what was just registered; `signed`: COSE.
        """
        name = name_of(enterprise) if ":" in enterprise else enterprise
        query = {
            "as_of": None if as_of is None else as_of.isoformat(),
            "tree_size": tree_size,
            "min_tree_size": min_tree_size,
        }
        answer = self._ask(
            "GET",
            f"/v1/enterprises/{quote(name, safe='~')}/standing",
            params={name: value for name, value in query.items() if value is not None},
            accept=_COSE if signed else "application/json",
        )
        return StandingDocument(answer.content, int(answer.headers.get("Ledger-Tree-Size", "0")))

    def _upload(self, path: str, content: bytes, content_type: str) -> None:
        signed = None if self._uploader is None else self._uploader.authorization(path, content)
        self._transport.ask("POST", path, RequestBody(content, content_type, signed), accept=_ACCEPT)

    def _get(self, path: str, *, accept: str = "*/*") -> bytes:
        return self._ask("GET", path, accept=accept).content

    def _ask(
        self,
        method: str,
        path: str,
        body: RequestBody | None = None,
        *,
        accept: str = "*/*",
        params: Mapping[str, str | int | None] | None = None,
    ) -> httpx.Response:
        told = accept if accept != "*/*" else _ACCEPT
        return self._transport.ask(method, path, body, accept=told, params=params)[0]


def _path_of(answer: httpx.Response) -> str:
    location: str = answer.headers.get("Location", "")
    if not location:
        raise Malformed("the service answered without the Location that SCRAPI asks for")
    return httpx.URL(location).path


def _index_of(location: str) -> int:
    text = location.rpartition("/")[2]
    if not (text.isascii() and text.isdigit()):
        raise Malformed(f"the service named no entry: {location[:80]!r}")
    return int(text)


def _outcome(statement: bytes, row: dict[object, object]) -> RegisteredEntry | Waiting | LedgerError:
    """One result of a batch, by its `status`."""
    status, entry, receipt = row.get("status"), row.get("entry"), row.get("receipt")
    statement_id = hashlib.sha256(statement).digest()
    if status == "pending":
        return Waiting(statement_id, f"/entries/{statement_id.hex()}")
    if status in ("registered", "existing") and isinstance(entry, int) and isinstance(receipt, bytes):
        return RegisteredEntry(entry, statement_id, receipt, status == "existing")
    if status == "refused":
        return error_named(str(row.get("rule")), row)
    raise Malformed(f"the service answered neither a receipt nor a refusal (status {status!r:.40})")
