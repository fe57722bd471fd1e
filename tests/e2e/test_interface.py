"""The description of the interface against the service that it describes: every route, every example, real answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from starlette.routing import BaseRoute

from api.app import framework
from api.serve import open_service
from api.settings import Settings
from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Annex
from ledger.domain.values.mark_serials import make
from tests.e2e.book import Book, lay_out, today
from tests.support.charter import HANDLING_BODY, ORGANIZER, REGULATOR, Speaker
from tests.support.database import PostgresServer
from tests.support.desks import DeskVisitor
from tests.support.marks import mark_licensed, range_of, seed_body, seed_of
from tests.support.reading import authorization, token
from tests.support.standards import NUMBER, declared
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, outcome, registered
from tests.support.waiting import eventually

CODE = ENTERPRISE[5:]
FOR_BOTH = ("/m/{serial}",)  # answers people and programs alike
DESKS = ("/desk/challenge", "/desk/session")  # of desks, the addresses for programs
PROBLEM, CONCISE = "application/problem+json", "application/concise-problem-details+cbor"
Operation = tuple[str, str]
# What only witnesses and a published map bring, neither of which is here; its absence is described, too.
ABSENT = {
    ("get", "/witnessed/checkpoint"): 404,
    ("get", "/entries/{name}/proof"): 404,
    ("get", "/v1/enterprises/{name}/proof"): 404,
}


@dataclass(frozen=True)
class World:
    """A book that has something of everything; values for what the examples name, and bodies that only it has."""

    book: Book
    document: dict[str, Any]
    values: dict[Operation, dict[str, str]]
    bodies: dict[Operation, bytes]
    signers: dict[Operation, Speaker]

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
        return self.book.http.request(method.upper(), address, headers=headers, content=content)


@pytest.fixture(scope="module")
def world(book: Book) -> World:
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
    return World(book, book.get("/openapi.json").json(), values, bodies, signers)


def validator(world: World, schema: dict[str, Any]) -> OAS31Validator:
    whole = Resource(world.document, DRAFT202012)
    return OAS31Validator(_absolute(schema), registry=Registry().with_resource("urn:interface", whole))


def _absolute(schema: Any) -> Any:
    text = json.dumps(schema).replace('"#/components', '"urn:interface#/components')
    return json.loads(text)


def test_the_document_is_valid_openapi(world: World) -> None:
    assert world.document["openapi"].startswith("3.1")
    validate(world.document)


def test_every_route_of_the_application_is_described_and_nothing_else_is(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async def routes(conninfo: str) -> tuple[set[Operation], dict[str, Any]]:
        _, path = lay_out(tmp_path)
        settings = Settings(data_dir=tmp_path, charter=Path(path), database_url=conninfo)
        async with open_service(settings, conninfo, asyncio.get_running_loop()) as service:
            app = framework(service)
            return set(walk(app.routes)), app.openapi()

    def walk(found: list[BaseRoute]) -> Iterator[Operation]:
        for route in found:
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            if inner is not None:
                yield from walk(inner.routes)
                continue
            path = re.sub(r":path\}", "}", route.path)  # type: ignore[attr-defined]
            of_pages = route.endpoint.__module__.startswith(("api.pages.", "api.desk."))  # type: ignore[attr-defined]
            if of_pages and path not in (*FOR_BOTH, *DESKS):
                continue  # for people, not programs: docs/pages.md
            for method in set(route.methods or ()) - {"HEAD"}:  # type: ignore[attr-defined]
                yield method.lower(), path

    with postgres_server.database() as database:
        there, document = asyncio.run(routes(database.service))
    described = {(method, path) for path, ways in document["paths"].items() for method in ways}
    assert len(there) > 50
    assert there == described


def test_every_example_is_answered_as_it_is_described(world: World) -> None:
    """Status, media type, schema: and a success, or the absence that is expected here."""
    for method, path, said in world.operations():
        answer = world.ask(method, path, said)
        label = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        assert str(answer.status_code) in said["responses"], label
        expected = ABSENT.get((method, path))
        assert answer.status_code == expected if expected else answer.status_code < 400, label
        check(world, said, answer, label)


def check(world: World, said: dict[str, Any], answer: httpx.Response, label: str) -> None:
    """The content is of a media type and a schema that are described for its status."""
    content = said["responses"][str(answer.status_code)].get("content", {})
    if not answer.content:
        return
    media = answer.headers["content-type"].partition(";")[0]
    assert media in content or "*/*" in content, f"{label}: {media}"
    schema = content.get(media, {}).get("schema")
    if schema is not None and media in ("application/json", PROBLEM):
        problems = list(validator(world, schema).iter_errors(answer.json()))
        assert not problems, f"{label}: {problems[0].message} at {list(problems[0].path)}"
        whole = world.document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
        unnamed = set(answer.json()) - set(whole.get("properties", answer.json()))
        assert not unnamed, f"{label}: {unnamed} are not described"


def test_every_parameter_and_every_request_is_described_in_words_and_its_example_fits(world: World) -> None:
    for method, path, said in world.operations():
        for one in said["parameters"]:
            assert one["description"], (method, path, one["name"])
            if "example" in one:
                validator(world, one["schema"]).validate(one["example"])
            assert one["in"] != "path" or "example" in one, (method, path)
        for media in said.get("requestBody", {}).get("content", {}).values():
            if "example" in media:
                validator(world, media["schema"]).validate(media["example"])


def test_unknown_parameters_are_refused_by_name_on_every_route(world: World) -> None:
    for method, path, said in world.operations():
        address = world.address(method, path, said)
        address += ("&" if "?" in address else "?") + "levl=ALERT"
        answer = world.book.http.request(method.upper(), address, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["type"]) == (
            422,
            "urn:credit-ledger:request.unknown_parameter",
        ), f"{method} {address}: {answer.status_code} {answer.text[:200]}"
        assert "levl" in answer.json()["title_en"]


def test_a_parameter_whose_name_may_be_somebodys_number_is_not_repeated(world: World) -> None:
    answer = world.book.http.get("/v1/enterprises?11010519491231002X=")
    assert answer.status_code == 422
    assert "11010519491231002" not in answer.text


def test_every_problem_is_described_and_concise_only_on_scrapi_routes_or_where_asked_for(world: World) -> None:
    nowhere = {"name": "9" * 15, "entry": "999999", "path": "9"}
    nowhere |= dict.fromkeys(("kid", "digest", "serial", "code"), "x")
    for method, path, said in world.operations():
        if "{" not in path or method != "get":
            continue
        address = path
        for name, value in nowhere.items():
            address = address.replace(f"{{{name}}}", value)
        for accept in ("*/*", "application/json", CONCISE):
            answer = world.book.http.get(address, headers={"Accept": accept})
            label = f"{address} {accept}: {answer.status_code} {answer.text[:200]}"
            if answer.status_code < 400:
                continue
            assert str(answer.status_code) in said["responses"], label
            check(world, said, answer, label) if accept != CONCISE else None
            scrapi = path == "/entries/{name}" or path.startswith("/.well-known/scitt")
            if accept == "application/json" or (accept == "*/*" and not scrapi):
                assert answer.headers["content-type"] == PROBLEM, label
            if accept == "*/*" and scrapi:
                assert answer.headers["content-type"] == CONCISE, label


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag == "link":
            self.loaded.append(given["href"] or "")
        inline = any(name == "style" or name.startswith("on") for name in given)
        if inline or tag in ("script", "style", "iframe", "img"):
            self.forbidden.append(tag)


def test_the_reference_shows_every_operation_and_loads_nothing_but_its_own_style(world: World) -> None:
    answer = world.book.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = _Page()
    page.feed(answer.text)
    assert page.forbidden == []
    assert page.loaded == ["/docs.css"]
    assert world.book.get("/docs.css").headers["content-type"].startswith("text/css")
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        assert link[1:] in page.ids if link.startswith("#") else world.book.http.get(link).status_code == 200, link
    for _, _, said in world.operations():
        assert said["operationId"] in page.ids
