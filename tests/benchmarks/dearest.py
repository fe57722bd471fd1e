"""The dearest requests: processor time of the service for routes at their worst input, by token of the limit.

`python -m tests.benchmarks.dearest` prints a table, dearest first; it fails where a token buys more than
`TOKEN_MS_MAX`. A client may spend `REQUESTS_PER_SECOND_MAX` tokens a second: what is dear must cost more of them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import psutil  # type: ignore[import-untyped]

from api.http.request_costs import cost_of
from ledger.cose.cbor import encode, head
from ledger.limits import STATEMENT_BYTES_MAX
from tests.e2e.book import Book, batch_of, open_book, today
from tests.support.charter import ORGANIZER
from tests.support.database import postgres_server
from tests.support.statements import ENTERPRISE, registered

__all__ = ["TOKEN_MS_MAX", "main"]

TOKEN_MS_MAX: Final = 50.0
SUBJECTS: Final = 1_500
BATCH: Final = 300
REQUESTS_MIN: Final = 5
REQUESTS_MAX: Final = 500
SECONDS_MAX: Final = 3.0


@dataclass(frozen=True)
class Request:
    """One request as a client would send it; `content` None for GET."""

    name: str
    path: str
    content: bytes | None = None
    accept: str = "*/*"

    @property
    def tokens(self) -> int:
        """What it costs of the allowance."""
        split = urlsplit(self.path)
        headers = [] if self.content is None else [(b"content-length", b"%d" % len(self.content))]
        return cost_of({"path": split.path, "query_string": split.query.encode(), "headers": headers})


def _forged(payload: bytes, protected: bytes) -> bytes:
    return b"\xd2\x84" + encode(protected) + b"\xa0" + encode(payload) + encode(bytes(64))


def _statements(book: Book) -> Iterator[Request]:
    good, _ = book.sign(registered(effective_on=today()), "local:dear/0")
    protected = good[5 : 5 + int.from_bytes(good[3:5])] if good[2] == 0x59 else good[4 : 4 + good[3]]
    room = STATEMENT_BYTES_MAX - len(protected) - 100
    deep = b'{"a":' * (room // 6)
    wide = b'{"type":"EnterpriseRegistered","v":[' + b"0," * (room // 2 - 30) + b"0]}"
    for name, payload in (("deep JSON", deep), ("wide JSON", wide), ("zeros", bytes(room))):
        yield Request(f"a statement of 64 KiB: {name}", "/entries", _forged(payload, protected))
    yield Request("a protected header of 4 KiB of items", "/entries", _forged(b"{}", head(4, 4_000) + bytes(4_000)))
    mine = [book.sign(registered(effective_on=today()), f"local:dear/{number}") for number in range(BATCH)]
    yield Request(f"a batch of {BATCH} good ones", "/entries/batch", batch_of(mine))
    yield Request("a batch of 250 large ones", "/entries/batch", batch_of([(_forged(wide, protected), None)] * 250))
    yield Request("a batch of 1,000 empty ones", "/entries/batch", b"\x40" * 1_000)


def _reads(size: int) -> Iterator[Request]:
    name = ENTERPRISE.partition(":")[2]
    of_it = f"/v1/enterprises/{name}"
    for path in (
        "/", "/docs", "/openapi.json", "/metrics", "/healthz", "/readyz", "/checkpoint", "/entries/0",
        "/entries/0/evidence", f"/entries/{size - 1}/evidence", "/entries/0/statement", "/entries/0/body",
        "/tile/entries/000", "/tile/0/000", "/.well-known/credit-ledger-trust.json", "/v1/events?limit=1000",
        "/v1/events?limit=49", "/v1/events?after=-1", "/v1/standing-changes?limit=1000", "/v1/standings.ndjson",
        "/v1/enterprises?q=a&limit=100", "/v1/enterprises?limit=100", "/v1/campaigns", "/v1/policies",
        f"{of_it}/standing", f"{of_it}/standing?tree_size={size}&as_of=2026-01-01", f"{of_it}/proof",
        f"{of_it}/events?limit=1000", f"{of_it}/declarations", of_it, "/v1/map",
    ):  # fmt: skip
        yield Request(path, path)
    yield Request("/v1/standing, signed", f"{of_it}/standing", accept="application/cose")
    ids = {"ids": [f"local~dear~{number}" for number in range(1_000)]}
    yield Request("1,000 standings", "/v1/standings/query", msgspec.json.encode(ids))
    ctis = [sha256(b"%d" % number).hexdigest() for number in range(1_000)]
    asked = {"issuer": ORGANIZER.party, "ctis": ctis}
    yield Request("1,000 ctis", "/v1/ctis/query", msgspec.json.encode(asked))


def _milliseconds(book: Book, process: psutil.Process, request: Request) -> tuple[float, int]:
    """Processor time of one such request in the service, the mean of many; the status of the last."""
    method, headers = ("GET" if request.content is None else "POST"), {"Accept": request.accept}
    before, began, asked, status = process.cpu_times(), time.monotonic(), 0, 0
    # The clock of the processor has steps of 10 ms: a mean over less than a second of it would be made of them.
    while asked < REQUESTS_MIN or (asked < REQUESTS_MAX and time.monotonic() - began < SECONDS_MAX):
        status = book.http.request(method, request.path, content=request.content, headers=headers).status_code
        asked += 1
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / asked * 1_000, status


def main() -> int:
    """Fill a book, ask, print. 1 where a token buys too much."""
    with (
        postgres_server() as server,
        server.database() as database,
        tempfile.TemporaryDirectory() as folder,
        open_book(Path(folder), database=database.service) as book,
    ):
        book.campaign()
        book.enterprise(ENTERPRISE)
        for start in range(0, SUBJECTS, BATCH):
            numbers = range(start, start + BATCH)
            book.batch([book.sign(registered(effective_on=today()), f"local:dear/x{number}") for number in numbers])
        process = psutil.Process(book.service.pid)
        rows = []
        for request in (*_reads(book.size()), *_statements(book)):
            spent, status = _milliseconds(book, process, request)
            rows.append((spent / request.tokens, spent, request.tokens, status, request.name))
    sys.stdout.write("| ms a token | ms | tokens | status | request |\n|---|---|---|---|---|\n")
    for a_token, spent, tokens, status, name in sorted(rows, reverse=True):
        sys.stdout.write(f"| {a_token:.1f} | {spent:.1f} | {tokens} | {status} | {name} |\n")
    return 1 if max(rows)[0] > TOKEN_MS_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
