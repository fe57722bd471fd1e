"""The description of the interface against the service that it describes: every route, every example, real answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from starlette.routing import BaseRoute

from api.app import framework
from api.pages.enterprise_pages import EnterprisePages
from api.serve import open_service
from api.settings import Settings
from tests.e2e.book import Book, lay_out
from tests.e2e.interface_world import ABSENT, DESKS, Operation, World, lay_world
from tests.support.database import PostgresServer
from tests.support.statements import ENTERPRISE

CODE = ENTERPRISE[5:]
FOR_BOTH = ("/m/{serial}",)  # answers people and programs alike
PROBLEM, CONCISE = "application/problem+json", "application/concise-problem-details+cbor"


@pytest.fixture(scope="module")
def world(book: Book) -> World:
    return lay_world(book)


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
            app = framework(service, EnterprisePages(service))
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
