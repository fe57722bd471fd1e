"""HEAD wherever GET is, OPTIONS wherever anything is, tags on all that may be cached, no redirect by `Host`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.book import Book
from tests.support.raw_http import raw
from tests.support.statements import CAMPAIGN, ENTERPRISE

TAG = re.compile(r'(W/)?"[\x21\x23-\x7e]*"')  # RFC 9110 §8.8.3
NAME = ENTERPRISE.partition(":")[2]


@pytest.fixture(scope="module")
def world(book: Book) -> Book:
    book.campaign()
    book.enterprise(ENTERPRISE)
    return book


@pytest.fixture(scope="module")
def paths(world: Book) -> list[str]:
    """An address for every GET route of the description that can be had without a signature."""
    values: dict[str, str] = {
        "/entries/{name}": "0", "/entries/{name}/statement": "0", "/entries/{name}/evidence": "0",
        "/tile/{path}": "0/000.p/1", "/v1/campaigns/{name}": CAMPAIGN, "/v1/campaigns/{name}/pledges": CAMPAIGN,
    }  # fmt: skip
    size = world.size()
    found = [
        f"/v1/enterprises/{NAME}", f"/v1/enterprises/{NAME}/standing", f"/v1/enterprises/{NAME}/declarations",
        f"/v1/enterprises/{NAME}/events", f"/v1/streams?subject={ENTERPRISE}",
    ]  # fmt: skip
    paths: dict[str, Any] = world.get("/openapi.json").json()["paths"]
    for path, ways in paths.items():
        if "get" in ways:
            address = re.sub(r"\{[^}]*\}", values.get(path, "{}"), path)
            if "{}" not in address and world.http.get(address).status_code == 200:
                found.append(address)
    world.get(f"/v1/enterprises/{NAME}/standing?min_tree_size={size}")
    assert len(found) > 20, found
    return found


def test_head_says_what_get_says_without_the_content(world: Book, paths: list[str]) -> None:
    changing = {"date", "ratelimit", "ledger-tree-size", "transfer-encoding"}
    for path in paths:
        got, headed = world.get(path), world.http.head(path)
        assert (headed.status_code, headed.content) == (200, b""), path
        told, said = ({k: v for k, v in one.headers.items() if k not in changing} for one in (got, headed))
        if path == "/metrics":  # it counts the asking
            del told["content-length"], said["content-length"]
        assert said == told, path


def test_head_of_what_is_not_there_and_of_an_endless_stream_ends(world: Book) -> None:
    assert world.http.head("/entries/999999").status_code == 404
    stream = world.http.head("/v1/events", headers={"Accept": "text/event-stream"})
    assert (stream.status_code, stream.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
    assert world.http.head("/entries").status_code == 405


def test_every_answer_that_may_be_cached_has_a_tag_and_is_not_sent_twice(world: Book, paths: list[str]) -> None:
    tagged = 0
    for path in paths:
        got = world.get(path)
        control = got.headers.get("cache-control", "no-store")
        if "no-store" in control or "private" in control or path.endswith(".ndjson"):
            continue
        tag = got.headers["etag"]
        assert TAG.fullmatch(tag), f"{path}: {tag}"
        tagged += 1
        for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = world.http.get(path, headers={"If-None-Match": asked})
            assert (again.status_code, again.content) == (304, b""), f"{path}: {asked}"
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == control
            assert "content-type" not in again.headers
            assert world.http.head(path, headers={"If-None-Match": asked}).status_code == 304
        for asked in ('"other"', tag.strip('"'), f'{tag[:-1]}x"', f"x{tag}"):
            assert world.http.get(path, headers={"If-None-Match": asked}).status_code == 200, f"{path}: {asked}"
    assert tagged > 12


def test_a_signed_standing_shares_no_tag_with_the_unsigned_one(world: Book) -> None:
    path = f"/v1/enterprises/{NAME}/standing"
    tag = world.get(path).headers["etag"]
    signed = world.get(path, headers={"Accept": "application/cose", "If-None-Match": tag})
    assert "etag" not in signed.headers
    assert signed.headers["content-type"] == "application/cose"


def test_options_tells_the_methods_of_a_resource_and_of_the_server(world: Book) -> None:
    with raw(world.http.base_url) as client:
        client.send(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
        said = client.reply()
        assert (said.status, said.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
        for method in ("GET", "HEAD", "POST", "PATCH"):
            client.send(f"{method} * HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
            assert client.reply(head=method == "HEAD").status == 404, method
    for path, allowed in (
        ("/checkpoint", {"GET", "HEAD", "OPTIONS"}),
        ("/entries/0", {"GET", "HEAD", "OPTIONS"}),
        (f"/v1/enterprises/{NAME}/standing", {"GET", "HEAD", "OPTIONS"}),
        ("/entries/batch", {"POST", "OPTIONS"}),
        ("/entries", {"POST", "OPTIONS"}),
    ):
        told = world.http.options(path)
        assert told.status_code == 204, path
        assert set(told.headers["allow"].split(", ")) == allowed, path
        refused = world.http.request("PATCH", path)
        assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, allowed), path
    assert world.http.options("/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/entries/30/", "/checkpoint/", "/v1/enterprises/"])
def test_nobody_is_redirected_to_where_host_says(world: Book, path: str) -> None:
    with raw(world.http.base_url) as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode())
        said = client.reply()
    assert said.status == 404
    assert "location" not in said.headers
    assert b"evil.example" not in said.content


def test_chinese_typed_into_a_query_is_taken_as_if_it_were_encoded(world: Book) -> None:
    encoded = world.get("/v1/enterprises", params={"q": "食品"})
    with raw(world.http.base_url) as client:
        client.send("GET /v1/enterprises?q=食品 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        said = client.reply()
    assert (said.status, said.content) == (200, encoded.content)
