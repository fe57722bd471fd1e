"""A book that has something of every resource that the interface description names, and how each is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Annex
from ledger.domain.values.mark_serials import make
from ledger.keys.proof_of_possession import prove_possession
from tests.e2e.book import Book, today
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN, REGULATOR, Speaker
from tests.support.desks import DeskVisitor
from tests.support.keys import signer_for
from tests.support.marks import mark_licensed, range_of, seed_body, seed_of
from tests.support.reading import authorization, token
from tests.support.standards import NUMBER, declared
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, outcome, registered
from tests.support.waiting import eventually

__all__ = ["ABSENT", "DESKS", "Operation", "World", "lay_world"]

CODE = ENTERPRISE[5:]
# Of desks, the addresses for programs.
DESKS = ("/desk/challenge", "/desk/session", "/desk/key/requests", "/desk/key/requests/{name}")
Operation = tuple[str, str]
# What only witnesses and a published map bring, neither of which is here; its absence is described, too.
ABSENT = {
    ("get", "/witnessed/checkpoint"): 404,
    ("get", "/entries/{name}/proof"): 404,
    ("get", "/v1/enterprises/{name}/proof"): 404,
}


@dataclass(frozen=True)
class World:
    """A book that has something of everything; values for what the examples name, and bodies that only it has.

    `signers` sign requests, `tokens` stand in the place of a signature."""

    book: Book
    document: dict[str, Any]
    values: dict[Operation, dict[str, str]]
    bodies: dict[Operation, bytes]
    signers: dict[Operation, Speaker]
    tokens: dict[Operation, str]

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, ways in self.document["paths"].items():
            for method, said in ways.items():
                yield method, path, said

    def address(self, method: str, path: str, said: dict[str, Any]) -> str:
        """The operation's example, with what this book has in the place of what the example names."""
        given = {one["name"]: one["example"] for one in said["parameters"] if "example" in one}
        given |= self.values.get((method, path), {})
        asked = [one["name"] for one in said["parameters"] if one["in"] == "query" and one["name"] in given]
        query = {name: given[name] for name in asked}
        for one in said["parameters"]:
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", quote(str(given[one["name"]]), safe="/"))
        return f"{path}?{urlencode(query)}" if query else path

    def ask(self, method: str, path: str, said: dict[str, Any], accept: str = "*/*") -> httpx.Response:
        address, headers, content = self.address(method, path, said), {"Accept": accept}, None
        if "requestBody" in said:
            ((media, one),) = said["requestBody"]["content"].items()
            example = one.get("example")
            content = self.bodies.get((method, path)) or json.dumps(example).encode()
            headers["Content-Type"] = media
        if path in DESKS:
            headers["Origin"] = self.book.service.url
        if (method, path) in self.signers:
            signed = token(self.signers[method, path], address, *([] if content is None else [content]))
            headers |= authorization(signed)
        if (method, path) in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[method, path]}"
        return self.book.http.request(method.upper(), address, headers=headers, content=content)


def lay_world(book: Book) -> World:
    """Register something of everything in an empty book with the test charter."""
    book.campaign()
    book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
    owner = book.own_key(ENTERPRISE)
    _, _, code = book.pledge(ENTERPRISE, serial=1)
    month = f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "closed"), month)
    no_reply: dict[str, Any] = {"reply": "none", "replied": None}
    notice = today() - timedelta(days=21)
    said = outcome(1, effective_on=today(), notified_on=notice, outcome="refused", reason="无", **months, **no_reply)
    sealed = book.register(said, ENTERPRISE, HANDLING_BODY)
    scan = b"%PDF-1.7\n" + bytes(range(256))
    upload = authorization(token(HANDLING_BODY, "/v1/attachments", scan))
    held = book.http.post("/v1/attachments", content=scan, headers=upload).json()
    book.register(AttachmentAdded(v=1, effective_on=today(), entry=sealed, **held), ENTERPRISE, HANDLING_BODY)
    table = "产品,数值\n水壶,0.25\n".encode()
    digest = sha256(table).hexdigest()
    assert book.http.post("/annexes", content=table).status_code == 201
    annex = Annex(sha256=digest, bytes=len(table), media_type="text/csv")
    standard = declared(effective_on=today(), number=NUMBER, annex=annex, products=(), indicators=())
    standard_entry = book.register(standard, ENTERPRISE, owner)
    term = {"valid_from": today(), "valid_until": today().replace(day=28), "effective_on": today()}
    licence, _ = book.sign(mark_licensed(1, 10, pledge=code, **term), ENTERPRISE)
    (licensed,) = book.batch([(licence, seed_body(1))])
    assert licensed["status"] == "registered", licensed
    read = f"/v1/enterprises?min_tree_size={licensed['entry'] + 1}"
    eventually(lambda: book.http.get(read).status_code == 200, "the read models hold all of it")
    trust = book.get("/.well-known/credit-ledger-trust.json").json()
    (policy,) = book.get("/v1/policies").json()["policies"]
    statement, _ = book.sign(registered(name="又一家有限公司"), OTHER_ENTERPRISE)
    another, _ = book.sign(registered(name="再一家有限公司"), "local:test/another")
    waits, _ = book.sign(book.made(scope="service"), ENTERPRISE, owner)
    assert book.post(waits).status_code == 303
    waiting = {"name": sha256(waits).hexdigest()}
    name, pledge, kid = {"name": CODE}, {"code": code}, {"kid": trust["receipt_keys"][0]["kid"]}
    values: dict[Operation, dict[str, str]] = {
        ("get", "/entries/{name}/body"): {"name": str(sealed)},
        ("get", "/.well-known/scitt-keys/{kid}"): kid,
        ("get", "/annexes/{digest}"): {"digest": digest},
        ("get", "/v1/enterprises/{name}/standards/{entry}"): name | {"entry": str(standard_entry)},
        ("get", "/v1/standards"): {"number": NUMBER},
        ("get", "/m/{serial}"): {"serial": make(seed_of(1), range_of(1), 3)},
        ("get", "/v1/pledges/{code}"): pledge,
        ("get", "/v1/pledges/{code}/receipt"): pledge,
        ("get", "/v1/pledges/{code}/certificate.pdf"): pledge,
        ("get", "/v1/policies/{entry}"): {"entry": str(policy["entry"])},
        ("get", "/v1/keys/{kid}"): {"kid": ORGANIZER.signer.kid.hex()},
        ("get", "/v1/attachments/{name}"): {"name": held["attachment"]},
        ("get", "/v1/accesses"): {"day": str(today())},
        ("get", "/v1/pending/{name}"): waiting,
        ("post", "/v1/pending/{name}/refusal"): waiting,
    }
    for path in ("", "/standing", "/standing/history", "/declarations", "/events", "/proof"):
        values["get", f"/v1/enterprises/{{name}}{path}"] = name
    with DeskVisitor(book.service.url) as visitor:
        signed = visitor.answered(ORGANIZER)
    bodies = {
        ("post", "/entries"): statement,
        ("post", "/entries/batch"): b"\x59" + len(another).to_bytes(2, "big") + another,
        ("post", "/annexes"): b"a,b\n1,2\n",
        ("post", "/v1/attachments"): scan + b".",
        ("post", "/v1/policies/comparison"): msgspec.json.encode(default_standing_policy()),
        ("post", "/desk/session"): signed,
        ("post", "/desk/key/requests"): _key_request("party:another"),
    }
    signers = {
        ("get", "/v1/accesses"): REGULATOR,
        ("get", "/v1/attachments/{name}"): REGULATOR,
        ("post", "/v1/attachments"): HANDLING_BODY,
        ("get", "/v1/pending"): owner,
        ("get", "/v1/pending/{name}"): owner,
        ("post", "/v1/pending/{name}/refusal"): ORGANIZER,
        ("post", "/v1/policies/comparison"): ORGANIZER,
    }
    tokens: dict[Operation, str] = {}
    for operation in (
        ("get", "/v1/webhooks/{name}"),
        ("post", "/v1/webhooks/{name}/replay"),
        ("post", "/v1/webhooks/{name}/end"),
    ):
        made = book.http.post("/v1/webhooks", json={"url": "https://receiver.example.org/"}).json()
        values[operation], tokens[operation] = {"name": made["id"]}, made["token"]
    return World(book, book.get("/openapi.json").json(), values, bodies, signers, tokens)


def _key_request(party: str) -> bytes:
    key = signer_for("somebody who asks for a key")
    asked = {"party": party, "officer": "another-1", "key": key.public.cose_key.hex()}
    return json.dumps(asked | {"proof": prove_possession(key, party, ORIGIN).hex()}).encode()
