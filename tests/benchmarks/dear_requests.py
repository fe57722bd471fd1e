"""Requests at the worst input that a client can make of them, for every route of the interface and the pages.

A book to ask them of: `fill` it. Whoever adds a route adds its worst request here: `not_asked` names what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from api.http.openapi.operations import OPERATIONS
from api.http.request_costs import cost_of
from ledger.cose.cbor import encode, head
from ledger.limits import BODY_BYTES_MAX, SEARCH_QUERY_CHARS_MAX, STATEMENT_BYTES_MAX
from tests.e2e.book import Book, batch_of, today
from tests.support.charter import ORGANIZER
from tests.support.statements import CAMPAIGN, ENTERPRISE, registered

__all__ = ["Request", "dear_requests", "fill", "not_asked"]

SUBJECTS: Final = 1_500
BATCH: Final = 300

# A signature of a party of the log comes first; whoever cannot make one is refused at the price of any request.
_FOR_PARTIES: Final = frozenset(
    {
        ("get", "/v1/pending"),
        ("get", "/v1/pending/{name}"),
        ("post", "/v1/pending/{name}/refusal"),
        ("get", "/v1/accesses"),
        ("post", "/v1/policies/comparison"),
        ("post", "/v1/attachments"),
        ("get", "/v1/attachments/{name}"),
    }
)


@dataclass(frozen=True)
class Request:
    """One request as a client would send it; `content` None for GET."""

    name: str
    path: str
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """GET or POST."""
        return "GET" if self.content is None else "POST"

    @property
    def tokens(self) -> int:
        """What it costs of the client's allowance."""
        split = urlsplit(self.path)
        headers = [] if self.content is None else [(b"content-length", b"%d" % len(self.content))]
        return cost_of({"path": split.path, "query_string": split.query.encode(), "headers": headers})


def fill(book: Book) -> str:
    """A campaign, a published pledge, `SUBJECTS` enterprises; the pledge's code."""
    book.campaign()
    book.enterprise(ENTERPRISE)
    _, _, code = book.pledge(ENTERPRISE, serial=1)
    for start in range(0, SUBJECTS, BATCH):
        numbers = range(start, start + BATCH)
        book.batch([book.sign(registered(effective_on=today()), f"local:dear/x{number}") for number in numbers])
    return code


def dear_requests(book: Book, code: str) -> list[Request]:
    """All of them."""
    return [*_reads(book.size(), code), *_queries(), *_statements(book)]


def not_asked(requests: Sequence[Request]) -> list[tuple[str, str]]:
    """The operations of the interface that none of these is an example of."""
    asked = [(one.method.lower(), urlsplit(one.path).path) for one in requests]

    def is_asked(method: str, template: str) -> bool:
        pattern = re.compile(
            re.sub(r"\\\{path\\\}", ".+", re.sub(r"\\\{(?!path)\w+\\\}", "[^/]+", re.escape(template)))
        )
        return any(method == one and pattern.fullmatch(path) for one, path in asked)

    return [one for one in OPERATIONS if one not in _FOR_PARTIES and not is_asked(*one)]


def _reads(size: int, code: str) -> Iterator[Request]:
    name, campaign = ENTERPRISE.partition(":")[2], CAMPAIGN.partition(":")[2]
    of_it = f"/v1/enterprises/{name}"
    typed = quote("有限公司" * (SEARCH_QUERY_CHARS_MAX // 4))
    paths = (
        "/checkpoint", "/tile/0/000", "/tile/entries/000", "/witnessed/checkpoint", "/witnessed/tile/0/000",
        "/.well-known/credit-ledger-trust.json", "/.well-known/scitt-keys", f"/.well-known/scitt-keys/{'0' * 64}",
        "/entries/0", f"/entries/{size - 1}", "/entries/0/statement", "/entries/0/body", "/entries/0/evidence",
        f"/entries/{size - 1}/evidence", "/entries/0/proof", f"/annexes/{'0' * 64}", "/v1/log/witnesses", "/v1/map",
        "/v1/enterprises?q=a&limit=100", "/v1/enterprises?limit=100", f"/v1/enterprises?limit=100&q={typed}",
        of_it, f"{of_it}/standing", f"{of_it}/standing?tree_size={size}&as_of={today()}",
        f"{of_it}/standing?tree_size={size // 2}&as_of=2026-01-01", f"{of_it}/standing/history",
        f"{of_it}/declarations", f"{of_it}/events?limit=1000", f"{of_it}/proof", f"{of_it}/standards/1",
        "/v1/standards?limit=100", f"/v1/standards?limit=100&q={typed}", "/v1/standing-changes?limit=1000",
        "/v1/standings.ndjson", f"/v1/pledges/{code}", f"/v1/pledges/{code}/receipt",
        f"/v1/pledges/{code}/certificate.pdf", "/v1/campaigns", f"/v1/campaigns/{campaign}",
        f"/v1/campaigns/{campaign}/pledges?limit=100", "/v1/policies", "/v1/policies/schema", "/v1/policies/7",
        f"/v1/keys/{ORGANIZER.signer.kid.hex()}", "/v1/events?limit=1000", "/v1/events?limit=49",
        "/v1/events?after=-1", f"/v1/streams?subject={quote('local:dear/x1')}", "/m/0000000000000",
        "/healthz", "/readyz", "/metrics", "/docs", "/docs.css", "/openapi.json",
        # pages
        "/", "/en", f"/search?q={typed}", f"/search?q={quote('公司')}", f"/e/{name}", f"/e/{name}.atom", f"/p/{code}",
        f"/c/{campaign}", f"/c/{campaign}.csv", f"/s?q={typed}", "/how", "/help", "/data", "/verify", "/sitemap.xml",
    )  # fmt: skip
    for path in paths:
        yield Request(path if len(path) < 90 else f"{path[:80]}…", path)
    signed = {"Accept": "application/cose"}
    yield Request("a standing, signed", f"{of_it}/standing", headers=signed)
    yield Request("a mark's page", "/m/0000000000000", headers={"Accept": "text/html"})


def _queries() -> Iterator[Request]:
    ids = msgspec.json.encode({"ids": [f"local~dear~x{number}" for number in range(1_000)]})
    strangers = msgspec.json.encode({"ids": [f"local~dear~{number}" for number in range(1_000)]})
    for what, content in (("", ids), (" that nobody knows", strangers)):
        yield Request(f"1,000 standings{what}", "/v1/standings/query", content)
        yield Request(f"1,000 names{what}", "/v1/enterprises/query", content)
    ctis = [sha256(b"%d" % number).hexdigest() for number in range(1_000)]
    asked = {"issuer": ORGANIZER.party, "ctis": ctis}
    yield Request("1,000 ctis", "/v1/ctis/query", msgspec.json.encode(asked))
    yield Request("a body to be held", "/bodies", bytes(BODY_BYTES_MAX))
    yield Request("an annex that is none", "/annexes", bytes(2**20), {"Content-Type": "application/pdf"})


def _statements(book: Book) -> Iterator[Request]:
    good, _ = book.sign(registered(effective_on=today()), "local:dear/0")
    protected = good[5 : 5 + int.from_bytes(good[3:5])] if good[2] == 0x59 else good[4 : 4 + good[3]]
    room = STATEMENT_BYTES_MAX - len(protected) - 100
    deep = b'{"a":' * (room // 6)
    wide = b'{"type":"EnterpriseRegistered","v":[' + b"0," * (room // 2 - 30) + b"0]}"
    for name, payload in (("deep JSON", deep), ("wide JSON", wide), ("zeros", bytes(room))):
        yield Request(f"a statement of 64 KiB: {name}", "/entries", _forged(payload, protected))
    yield Request("a protected header of 4 KiB of items", "/entries", _forged(b"{}", head(4, 4_000) + bytes(4_000)))
    yield Request("a statement again and again", "/entries", good)
    mine = [book.sign(registered(effective_on=today()), f"local:dear/{number}") for number in range(BATCH)]
    yield Request(f"a batch of {BATCH} good ones, again and again", "/entries/batch", batch_of(mine))
    yield Request("a batch of 250 large ones", "/entries/batch", batch_of([(_forged(wide, protected), None)] * 250))
    yield Request("a batch of 1,000 small ones", "/entries/batch", _small(1_000, protected))
    yield Request("a batch of 1,000 empty ones", "/entries/batch", b"\x40" * 1_000)


def _small(count: int, protected: bytes) -> bytes:
    return batch_of([(_forged(b"{}", protected), None)] * count)


def _forged(payload: bytes, protected: bytes) -> bytes:
    return b"\xd2\x84" + encode(protected) + b"\xa0" + encode(payload) + encode(bytes(64))
