"""What a program uses to talk to a service: submit statements, fetch what proves them.

Nothing that comes back is trusted by having come: `ledger.verifier` checks it offline. Errors are the
product's own family (`ledger.errors`), whatever the wire said; a busy service is asked again when it says so.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Self
from urllib.parse import quote

import cbor2
import httpx

from api.ids import name_of
from api.problems import error_named, error_of
from ledger.errors import Busy, LedgerError, Malformed, Unavailable
from ledger.limits import BATCH_BYTES_MAX, BATCH_STATEMENTS_MAX

__all__ = ["Client", "Registered", "StandingDocument", "Waiting"]

_BUSY: Final = (429, 503)
_COSE: Final = "application/cose"
_CBOR_SEQUENCE: Final = "application/cbor-seq"
_ACCEPT: Final = "application/problem+json, */*;q=0.5"
_WAIT_SECONDS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Registered:
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
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise Malformed(f"not the address of a service: {url[:200]!r} (http://… or https://…)")
        self._tries_max = tries_max
        self._sleep = sleep
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds, transport=transport, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def submit(self, statement: bytes, body: bytes | None = None) -> Registered | Waiting:
        """Register one signed statement (SCRAPI `POST /entries`), its sealed body first if it has one.

        Raises `Refused` with the rule that it breaks, `AlreadyRegistered` for a `cti` used with other bytes.
        """
        if body is not None:
            self.put_body(body)
        answer = self._ask("POST", "/entries", content=statement, content_type=_COSE)
        statement_id = hashlib.sha256(statement).digest()
        location = _path_of(answer)
        if answer.status_code == httpx.codes.SEE_OTHER:
            return Waiting(statement_id, location)
        return Registered(_index_of(location), statement_id, answer.content, None)

    def put_body(self, body: bytes) -> bytes:
        """Upload a sealed statement's body ahead of it; returns its commitment (SHA-256)."""
        self._ask("POST", "/bodies", content=body, content_type="application/json")
        return hashlib.sha256(body).digest()

    def submit_batch(self, items: Sequence[tuple[bytes, bytes | None]]) -> list[Registered | Waiting | LedgerError]:
        """Register statements (each with its body, or None) in as few requests as the limits allow.

        One result per item, in order; a refused or turned away one is returned as its error, its neighbours stand.
        """
        results: list[Registered | Waiting | LedgerError] = []
        for part in _parts(items):
            content = b"".join(_batch_item(statement, body) for statement, body in part)
            answer = self._ask("POST", "/entries/batch", content=content, content_type=_CBOR_SEQUENCE)
            outcomes = list(_sequence(answer.content))
            if len(outcomes) != len(part):
                raise Malformed(f"the service answered {len(outcomes)} results for {len(part)} statements")
            results += [_outcome(statement, row) for (statement, _), row in zip(part, outcomes, strict=True)]
        return results

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

    def checkpoint(self) -> bytes:
        """The newest checkpoint (C2SP signed note)."""
        return self._get("/checkpoint")

    def trust(self) -> bytes:
        """The service's own trust file (JSON), to be compared out of band before it is relied on."""
        return self._get("/.well-known/credit-ledger-trust.json")

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

    def _get(self, path: str, *, accept: str = "*/*") -> bytes:
        return self._ask("GET", path, accept=accept).content

    def _ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        content_type: str | None = None,
        accept: str = "*/*",
        params: Mapping[str, str | int | None] | None = None,
    ) -> httpx.Response:
        headers = {"Accept": accept if accept != "*/*" else _ACCEPT}
        if content_type is not None:
            headers["Content-Type"] = content_type
        for attempt in range(1, self._tries_max + 1):
            try:
                answer = self._http.request(method, path, content=content, headers=headers, params=params)
            except httpx.TransportError as error:
                raise Unavailable(f"{self._http.base_url} did not answer: {error}") from error
            if answer.status_code not in _BUSY:
                break
            wait_seconds = _retry_after(answer)
            if attempt == self._tries_max:
                raise Busy("the service", wait_seconds)
            self._sleep(wait_seconds)
        if answer.is_error:
            raise error_of(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)
        return answer


def _retry_after(answer: httpx.Response) -> int:
    """Whole seconds to wait (RFC 9110 §10.2.3); 1 where the service names none, or gives a date."""
    text = answer.headers.get("Retry-After", "")
    return min(int(text), _WAIT_SECONDS_MAX) if text.isascii() and text.isdigit() else 1


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


def _batch_item(statement: bytes, body: bytes | None) -> bytes:
    return cbor2.dumps(statement if body is None else [statement, body])


def _parts(items: Sequence[tuple[bytes, bytes | None]]) -> Iterator[list[tuple[bytes, bytes | None]]]:
    """Cut into requests of at most `BATCH_STATEMENTS_MAX` items and `BATCH_BYTES_MAX` bytes."""
    part: list[tuple[bytes, bytes | None]] = []
    part_bytes = 0
    for statement, body in items:
        item_bytes = len(_batch_item(statement, body))
        if part and (len(part) == BATCH_STATEMENTS_MAX or part_bytes + item_bytes > BATCH_BYTES_MAX):
            yield part
            part, part_bytes = [], 0
        part.append((statement, body))
        part_bytes += item_bytes
    if part:
        yield part


def _sequence(content: bytes) -> Iterator[dict[object, object]]:
    """The items of a CBOR sequence (RFC 8742), each a map. Raises `Malformed`."""
    stream = io.BytesIO(content)
    decoder = cbor2.CBORDecoder(stream)
    while stream.tell() < len(content):
        try:
            item = decoder.decode()
        except Exception as error:  # cbor2 lets through what codecs and constructors raise
            raise Malformed(f"the service's answer is not a CBOR sequence: {error!r:.200}") from error
        if not isinstance(item, dict):
            raise Malformed("the service's answer holds something other than maps")
        yield item


def _outcome(statement: bytes, row: dict[object, object]) -> Registered | Waiting | LedgerError:
    """One result of a batch, by its `status`."""
    status, entry, receipt = row.get("status"), row.get("entry"), row.get("receipt")
    statement_id = hashlib.sha256(statement).digest()
    if status == "pending":
        return Waiting(statement_id, f"/entries/{statement_id.hex()}")
    if status in ("registered", "existing") and isinstance(entry, int) and isinstance(receipt, bytes):
        return Registered(entry, statement_id, receipt, status == "existing")
    if status == "refused":
        return error_named(str(row.get("rule")), row)
    raise Malformed(f"the service answered neither a receipt nor a refusal (status {status!r:.40})")
