"""A small service in memory behind a real `httpx.Client`: what an import needs of the wire and of the rules.

The real service is tested with the real import elsewhere; here its answers can be made late, lost or odd.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

import cbor2
import httpx
import msgspec

from ledger.cose.statement import Statement, decode_event, parse_statement
from ledger.domain.events.declaration import StandardDeclared
from ledger.domain.events.enterprise import EnterpriseRegistered, IdentifierOverridden
from ledger.domain.events.pledge import PledgeMade, PledgePublished
from ledger.tlog.checkpoint import Checkpoint, format_checkpoint
from ledger.tlog.hashing import leaf_hash, root_of
from ledger.tlog.tiles import encode_bundle, parse_bundle_path

ORIGIN = "ledger.example/test"
ISSUER = "party:organizer"
CAMPAIGN = {
    "id": "2026",
    "opens_on": "2026-03-01",
    "closes_on": "2026-03-15",
    "pledge_valid_until": "2027-03-14",
    "scopes": ["comprehensive", "product", "service", "product_and_service"],
    "clauses": [],
    "pledge_recording_days_max": 30,
    "name_zh": "a field that the import does not know",
}


@dataclass
class FakeService:
    """`before` is called with the path of each request and may raise or answer in the service's stead."""

    entries: list[bytes] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    taken_codes: set[str] = field(default_factory=set)
    refuse: Callable[[Statement], str | None] = lambda statement: None
    before: deque[Callable[[str], httpx.Response | None]] = field(default_factory=deque)
    after: deque[Callable[[str], None]] = field(default_factory=deque)
    bodies_public: bool = True
    parties: dict[bytes, str] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)  # subject → its name, then former ones
    batches: int = 0
    annexes: set[bytes] = field(default_factory=set)
    held_bytes: list[int] = field(default_factory=list)  # of annexes, between one batch and the next

    def __post_init__(self) -> None:
        self._by_cti: dict[tuple[str, bytes], int] = {}
        self.registered: set[str] = set()
        self._overridden: set[str] = set()
        self._pledges: dict[str, bool] = {}  # statement id → published

    @property
    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._handle), base_url="http://ledger.test")

    def events(self, kind: type) -> list[object]:
        return [event for event in map(self.event, range(len(self.entries))) if isinstance(event, kind)]

    def event(self, index: int) -> object:
        return decode_event(parse_statement(self.entries[index]), self.bodies.get(index))

    def override(self, subject: str) -> None:
        self._overridden.add(subject)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if self.before:
            answer = self.before.popleft()(path)
            if answer is not None:
                return answer
        response = self._answer(request, path)
        if self.after:
            self.after.popleft()(path)
        return response

    def _answer(self, request: httpx.Request, path: str) -> httpx.Response:
        if path == "/.well-known/credit-ledger-trust.json":
            return httpx.Response(200, json={"origin": ORIGIN})
        if path == "/v1/campaigns/2026":
            return httpx.Response(200, json=CAMPAIGN)
        if path.startswith("/v1/keys/"):
            party = self.parties.get(bytes.fromhex(path[9:]), ISSUER)
            keys = [kid.hex() for kid, owner in self.parties.items() if owner == party]
            return httpx.Response(200, json={"party": party, "keys_of_party": keys or [path[9:]]})
        if path == "/v1/ctis/query":
            asked = msgspec.json.decode(request.content)
            assert len(asked["ctis"]) <= 1000
            names = [(asked["issuer"], bytes.fromhex(cti)) for cti in asked["ctis"]]
            return httpx.Response(200, json={"entries": [self._by_cti.get(name) for name in names]})
        if path == "/v1/standings/query":
            ids = msgspec.json.decode(request.content)["ids"]
            assert 0 < len(ids) <= 1000
            known = self.registered | self._overridden
            return httpx.Response(
                200, json={"results": [{"id": i, "in_book": i in known or f"uscc:{i}" in known} for i in ids]}
            )
        if path == "/v1/enterprises/query":
            ids = msgspec.json.decode(request.content)["ids"]
            assert 0 < len(ids) <= 1000
            named = [self.names.get(i, self.names.get(f"uscc:{i}")) for i in ids]
            said = [one and {"name": one[0], "former_names": [{"name": name} for name in one[1:]]} for one in named]
            return httpx.Response(200, json={"enterprises": said})
        if path == "/entries/batch":
            self.batches += 1
            self.held_bytes.append(0)
            rows = [self._register(*item) for item in _items(request)]
            return httpx.Response(200, content=b"".join(cbor2.dumps(row, canonical=True) for row in rows))
        if path == "/annexes":
            self.annexes.add(sha256(request.content).digest())
            self.held_bytes[-1] += len(request.content)
            return httpx.Response(201, json={})
        if path == "/checkpoint":
            size = len(self.entries)
            root = root_of([leaf_hash(entry) for entry in self.entries])
            return httpx.Response(
                200, content=format_checkpoint(Checkpoint(ORIGIN, size, root)) + b"\n\xe2\x80\x94 x AAAA\n"
            )
        if path.startswith("/tile/entries/"):
            number, width = parse_bundle_path(path[1:])
            return httpx.Response(200, content=encode_bundle(self.entries[number * 256 : number * 256 + width]))
        if path.endswith("/body") and self.bodies_public:
            return httpx.Response(200, content=self.bodies[int(path.split("/")[2])])
        return httpx.Response(404, json={"type": "urn:credit-ledger:not-found", "title": "no"})

    def _register(self, raw: bytes, body: bytes | None) -> dict[str, object]:
        statement = parse_statement(raw)
        assert statement.audience == ORIGIN
        assert (statement.commitment is not None) == (body is not None)
        name = (statement.issuer, statement.cti)
        if name in self._by_cti:
            index = self._by_cti[name]
            if self.entries[index] == raw:
                return {"status": "existing", "entry": index, "statement_id": statement.statement_id, "receipt": b"r"}
            digest = sha256(parse_statement(self.entries[index]).payload).hexdigest()
            return _refused("statement.cti_taken") | {"entry": index, "payload_sha256": digest}
        event = decode_event(statement, body)
        rule = self.refuse(statement) or self._rule(statement.subject, event)
        if rule is not None:
            return _refused(rule)
        index = len(self.entries)
        self.entries.append(raw)
        self._by_cti[name] = index
        if body is not None:
            self.bodies[index] = body
        if isinstance(event, EnterpriseRegistered):
            self.registered.add(statement.subject)
            self.names.setdefault(statement.subject, (event.name,))
        if isinstance(event, PledgeMade):
            self._pledges[statement.statement_id.hex()] = False
        if isinstance(event, PledgePublished):
            self._pledges[event.pledge] = True
            self.taken_codes.add(event.code)
        return {"status": "registered", "entry": index, "statement_id": statement.statement_id, "receipt": b"r"}

    def _rule(self, subject: str, event: object) -> str | None:
        if isinstance(event, EnterpriseRegistered | IdentifierOverridden):
            return "enterprise.already_registered" if subject in self.registered else None
        if subject not in self.registered:
            return "enterprise.not_registered"
        if isinstance(event, StandardDeclared) and event.annex is not None:
            return None if bytes.fromhex(event.annex.sha256) in self.annexes else "annex.missing"
        if isinstance(event, PledgePublished):
            if event.pledge not in self._pledges:
                return "pledge.not_in_stream"
            if self._pledges[event.pledge]:
                return "pledge.published_once"
            if event.code in self.taken_codes:
                return "pledge.code_taken"
        return None


def _items(request: httpx.Request) -> list[tuple[bytes, bytes | None]]:
    assert request.headers["Content-Type"] == "application/cbor-seq"
    stream = io.BytesIO(request.content)
    items: list[tuple[bytes, bytes | None]] = []
    while stream.tell() < len(request.content):
        item = cbor2.load(stream)
        items.append((item, None) if isinstance(item, bytes) else (item[0], item[1]))
    assert 0 < len(items) <= 1000
    return items


def _refused(rule: str) -> dict[str, object]:
    return {"status": "refused", "rule": rule, "zh": "不行", "en": "no"}
