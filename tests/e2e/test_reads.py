"""What anybody may ask of the service, over real HTTP: standings, feeds, and the service about itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from ledger.errors import Refuted
from ledger.limits import TREE_SIZE_WAIT_SECONDS_MAX
from ledger.verifier import verify_signed_standing
from tests.e2e.book import Book, open_book, today
from tests.support.charter import HANDLING_BODY
from tests.support.database import PostgresServer
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, outcome, registered
from tests.support.waiting import eventually

CODE, OTHER = ENTERPRISE[5:], OTHER_ENTERPRISE[5:]
COSE = {"Accept": "application/cose"}


@dataclass(frozen=True)
class World:
    """An enterprise with a public pledge, and how large the book was before and after."""

    book: Book
    registered: int
    published: int
    code: str

    @property
    def standing(self) -> str:
        return f"/v1/enterprises/{CODE}/standing"


@pytest.fixture(scope="module")
def world(book: Book) -> World:
    book.campaign()
    index = book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
    book.enterprise(OTHER_ENTERPRISE, name="北京云岭食品有限公司")
    _, published, code = book.pledge(ENTERPRISE, serial=1)
    read = f"/v1/enterprises?min_tree_size={published + 1}"
    eventually(lambda: book.http.get(read).status_code == 200, "the read models begin")
    return World(book, index, published, code)


def test_a_standing_explains_itself_and_says_what_it_rests_on(world: World) -> None:
    answer = world.book.get(world.standing)
    standing = answer.json()
    assert (standing["subject"], standing["level"], standing["in_book"]) == (ENTERPRISE, "PLEDGED", True)
    assert [pledge["code"] for pledge in standing["pledges"]] == [world.code]
    assert standing["policy"]["entry"] < world.registered
    assert standing["decided_at_size"] == world.published + 1
    assert int(answer.headers["ledger-tree-size"]) > world.published
    assert answer.content == json.dumps(standing, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(), (
        "canonical"
    )


def test_a_standing_that_did_not_change_is_not_sent_again(world: World) -> None:
    first = world.book.get(world.standing)
    again = world.book.http.get(world.standing, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other = world.book.http.get(world.standing, headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.content) == (200, first.content)
    lifetime = dict(part.strip().partition("=")[::2] for part in first.headers["cache-control"].split(","))
    assert 0 <= int(lifetime["max-age"]) <= 60


def test_declarations_and_pledges_are_conditional_too(world: World) -> None:
    for path in (f"/v1/enterprises/{CODE}/declarations", f"/v1/pledges/{world.code}"):
        first = world.book.get(path)
        assert world.code in first.text
        assert world.book.http.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_any_date_and_any_state_of_the_log_is_answered(world: World) -> None:
    def level(**query: object) -> str:
        return str(world.book.get(world.standing, params=query).json()["level"])

    assert level() == "PLEDGED"
    assert level(as_of=today() - timedelta(days=30)) == "UNRATED"
    assert level(as_of=today() + timedelta(days=30)) == "PLEDGED"
    assert level(as_of=today() + timedelta(days=800)) != "PLEDGED", "the pledge has ended"
    assert level(tree_size=world.published) == "UNRATED"
    assert level(tree_size=world.published + 1) == "PLEDGED"
    pinned = world.book.get(world.standing, params={"tree_size": world.published + 1, "as_of": today()})
    assert "immutable" in pinned.headers["cache-control"]
    assert (pinned.json()["as_of"], pinned.json()["tree_size"]) == (str(today()), world.published + 1)
    before = world.book.get(world.standing, params={"tree_size": world.registered, "as_of": today()})
    assert before.json()["in_book"] is False


def test_pinned_answers_are_the_same_after_more_entries(world: World) -> None:
    query = {"tree_size": world.published + 1, "as_of": str(today())}
    before = world.book.get(world.standing, params=query).content
    world.book.enterprise("local:test/more")
    assert world.book.get(world.standing, params=query).content == before


def test_a_reader_may_wait_for_what_it_just_wrote(world: World) -> None:
    for number in range(5):
        subject = f"local:test/wait-{number}"
        size = world.book.enterprise(subject) + 1
        answer = world.book.get(f"/v1/enterprises/local~test~wait-{number}/standing?min_tree_size={size}")
        assert answer.json()["in_book"] is True
        assert int(answer.headers["ledger-tree-size"]) >= size

    def refused_at_once() -> bool:
        late = world.book.http.get(f"{world.standing}?min_tree_size=99999999")
        assert late.status_code == 422
        assert late.json()["type"] == "urn:credit-ledger:request.min_tree_size"
        return late.elapsed.total_seconds() < TREE_SIZE_WAIT_SECONDS_MAX

    eventually(refused_at_once, "what the log does not have is not waited for")


def test_a_signed_standing_verifies_and_a_flipped_byte_does_not(world: World) -> None:
    answer = world.book.get(world.standing, headers=COSE)
    assert answer.headers["content-type"] == "application/cose"
    trust = world.book.trust()
    verified = verify_signed_standing(answer.content, trust, int(time.time())).standing
    assert verified.subject == ENTERPRISE
    assert verified.payload == world.book.get(world.standing).content
    assert 0 < verified.expires_at - time.time() <= 86_400
    spoilt = answer.content.replace(b'"PLEDGED"', b'"PLEDGEE"')
    assert spoilt != answer.content
    with pytest.raises(Refuted):
        verify_signed_standing(spoilt, trust, int(time.time()))
    with pytest.raises(Refuted):
        verify_signed_standing(answer.content, trust, int(time.time()) + 2 * 86_400)


def test_many_standings_are_answered_in_order_each_by_itself(world: World) -> None:
    asked = [CODE, "nonsense", OTHER, "91350100M000100Y43", CODE]
    answer = world.book.http.post("/v1/standings/query", json={"ids": asked})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["id"] for result in results] == asked
    assert [result.get("level") for result in results] == ["PLEDGED", None, "UNRATED", "UNRATED", "PLEDGED"]
    assert [result.get("in_book") for result in results] == [True, None, True, False, True]
    assert results[1]["error"] == "enterprise.invalid_id"
    assert results[0]["standing"] == world.book.get(world.standing).json()


def test_changes_of_standings_resume_where_one_stopped(world: World) -> None:
    everything = world.book.get("/v1/standing-changes?limit=1000").json()["changes"]
    assert {"enterprise": CODE, "before": "UNRATED", "after": "PLEDGED", "entry": world.published} in [
        {key: change[key] for key in ("enterprise", "before", "after", "entry")} for change in everything
    ]
    cursor, paged = "", []
    while page := world.book.get("/v1/standing-changes", params={"after": cursor, "limit": 1}).json()["changes"]:
        paged += page
        cursor = page[-1]["cursor"]
    assert paged == everything
    size = world.book.size()
    _, published, _ = world.book.pledge(OTHER_ENTERPRISE, serial=2)
    assert published >= size
    world.book.get(f"/v1/enterprises?min_tree_size={published + 1}")
    after = eventually(
        lambda: world.book.get("/v1/standing-changes", params={"after": cursor}).json()["changes"], "a change is told"
    )
    assert [(change["enterprise"], change["after"]) for change in after] == [(OTHER, "PLEDGED")]


def test_the_feed_resumes_from_any_index(world: World) -> None:
    size = world.book.size()
    answer = world.book.get("/v1/events")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = answer.content.splitlines()
    assert [json.loads(line)["entry"] for line in lines] == list(range(size))
    paged, after = [], -1
    while page := world.book.get("/v1/events", params={"after": after, "limit": 7}).content.splitlines():
        assert len(page) <= 7
        paged += page
        after = json.loads(page[-1])["entry"]
    assert paged == lines
    assert world.book.get("/v1/events", params={"after": size - 1}).content == b""


def test_a_stream_of_events_goes_on_with_what_comes_and_resumes_by_the_last_id(world: World) -> None:
    size = world.book.size()
    writer = threading.Timer(0.5, lambda: world.book.enterprise("local:test/streamed"))
    writer.start()
    try:
        events = _stream(world.book, size - 2, 2)
    finally:
        writer.join()
    assert [number for number, _ in events] == [size - 1, size]
    assert events[1][1]["subject"] == "local:test/streamed"
    resumed = _stream(world.book, -1, 1, {"Last-Event-ID": str(size - 1)})
    assert resumed == events[1:]


def _stream(
    book: Book, after: int, count: int, more: dict[str, str] | None = None
) -> list[tuple[int, dict[str, object]]]:
    """The first `count` server-sent events after an index."""
    found: list[tuple[int, dict[str, object]]] = []
    headers = {"Accept": "text/event-stream", **(more or {})}
    with (
        httpx.Client(base_url=book.service.url, timeout=60) as client,
        client.stream("GET", "/v1/events", params={"after": after}, headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        number = -1
        for line in answer.iter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                found.append((number, json.loads(line[6:])))
                if len(found) == count:
                    break
    return found


def test_an_enterprise_is_found_by_name_and_code_and_its_events_are_all_there(world: World) -> None:
    for q in ("清泉", "北京清泉", CODE, CODE[:10], CODE.lower()):
        found = world.book.get("/v1/enterprises", params={"q": q}).json()["enterprises"]
        assert CODE in [one["id"] for one in found], q
    assert world.book.get("/v1/enterprises", params={"campaign": "2026"}).json()["enterprises"]
    about = world.book.get(f"/v1/enterprises/{CODE}").json()
    assert (about["name"], about["standing"]["level"]) == ("北京清泉净水设备有限公司", "PLEDGED")
    for link in about["links"].values():
        world.book.get(link)
    events = world.book.get(f"/v1/enterprises/{CODE}/events?limit=2").json()
    rest = world.book.get(f"/v1/enterprises/{CODE}/events", params={"after": events["after"]}).json()
    assert [event["version"] for event in (*events["events"], *rest["events"])] == [1, 2, 3]


def test_any_page_may_read_from_any_origin(world: World) -> None:
    for path in (world.standing, "/checkpoint", "/entries/0", "/v1/events", "/v1/nothing"):
        answer = world.book.http.get(path, headers={"Origin": "https://shop.example"})
        assert answer.headers["access-control-allow-origin"] == "*", path
    for name in ("etag", "ledger-tree-size", "retry-after"):
        assert name in answer.headers["access-control-expose-headers"].lower()


def test_the_service_says_how_it_is(world: World) -> None:
    assert world.book.get("/healthz").text == "ok\n"
    size = world.book.size()
    ready = eventually(
        lambda: one if (one := world.book.get("/readyz").json())["projected_size"] == size else None, "all is projected"
    )
    assert ready == {"ready": True, "tree_size": size, "projected_size": size, "witnesses": 0}
    meters = world.book.get("/metrics").text
    assert f"ledger_tree_size {float(size)}" in meters
    assert 'ledger_requests_total{path="/entries"' in meters
    assert CODE not in meters


def test_the_reference_names_every_route_and_the_first_page_leads_to_it(world: World) -> None:
    assert 'href="/docs"' in world.book.get("/").text
    reference = world.book.get("/docs").text
    for route in ("/entries", "/entries/batch", "/bodies", "/checkpoint", "/v1/enterprises", "/v1/events"):
        assert route in reference
    document = world.book.get("/openapi.json").json()
    assert "/v1/events" in document["paths"]
    assert "/entries/{name}" in document["paths"]


def test_a_complaint_outcome_that_costs_points_is_a_reason_with_its_entry(world: World) -> None:
    month = f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"  # its replies were due until this month began
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "closed"), month)
    silent = {"reply": "none", "replied": None, "outcome": "refused", "reason": "不接受调解"}
    said = outcome(31, effective_on=today(), notified_on=today() - timedelta(days=60), **silent, **months)
    subject = "local:test/complained"
    world.book.enterprise(subject)
    index = world.book.register(said, subject, HANDLING_BODY)
    standing = world.book.get(f"/v1/enterprises/local~test~complained/standing?min_tree_size={index + 1}").json()
    assert [reason["entry"] for reason in standing["reasons"]] == [index]
    assert standing["points"] > 0
    assert world.book.get(f"/entries/{index}/body").status_code == 200, "what counts is public"


@pytest.fixture(scope="module")
def strict(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """A service that lets a client ask five times at once, and twice a second after that."""
    folder: Path = tmp_path_factory.mktemp("strict")
    limits = ("--requests-per-second", "2", "--requests-burst", "5")
    with postgres_server.database() as database, open_book(folder, *limits, database=database.service) as book:
        yield book


def test_who_asks_too_often_is_told_to_wait_and_is_served_after_that(strict: Book) -> None:
    answers = [strict.http.get("/checkpoint") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    refused = _turned_away(lambda: strict.http.get("/checkpoint"))
    assert refused.json()["type"] == "urn:credit-ledger:too-many-requests"
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 5
    assert "ratelimit" in answers[0].headers
    assert "ratelimit-policy" in answers[0].headers
    statement, _ = strict.sign(registered(effective_on=today()), "local:test/1")
    late = _turned_away(lambda: strict.post(statement[:-1]))
    assert late.headers["content-type"] == "application/concise-problem-details+cbor"
    for path in ("/healthz", "/readyz", "/metrics"):
        assert strict.http.get(path).status_code == 200, "operators are always answered"
    time.sleep(wait)
    assert strict.post(statement).status_code == 201


def _turned_away(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The first answer that says so: on a slow machine some more are let in meanwhile."""
    return eventually(lambda: answer if (answer := ask()).status_code == 429 else None, "the limit is reached")
