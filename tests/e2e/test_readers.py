"""Processes that only read, over a standby: they answer what the writer answers, and nothing that is the writer's."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from api.http.refuses_writes import QUESTIONS
from api.service.reader import open_reader
from api.settings import Settings
from ledger.cose.receipt import verify_receipt
from ledger.errors import Misconfigured
from ledger.limits import TREE_SIZE_WAIT_SECONDS_MAX
from ledger.tlog.checkpoint import open_checkpoint
from tests.e2e.book import Book, size_of, today
from tests.e2e.interface_world import CODE, DESKS, World, lay_world
from tests.support.charter import ORIGIN, REGULATOR
from tests.support.keys import log_keys
from tests.support.reading import authorization, token
from tests.support.replication import replicated
from tests.support.running import RunningService
from tests.support.statements import registered
from tests.support.topology import Topology, topology
from tests.support.waiting import eventually

# Of each process its own; of time; or signed anew by whoever has the keys.
OWN = {"/readyz", "/metrics", "/healthz", "/v1/log/witnesses"}
PAGES = ("/", "/search?q=清泉", f"/e/{CODE}", f"/en/e/{CODE}", "/figures", "/verify", f"/e/{CODE}.atom", "/en/figures")


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    with replicated() as pair, topology(pair, tmp_path_factory.mktemp("topology"), "--pages-ahead") as found:
        yield found


@pytest.fixture(scope="module")
def world(top: Topology) -> World:
    """A book that has something of everything, which the readers have, too."""
    world = lay_world(top.book)
    size = size_of(top.book.get("/checkpoint").content)
    for read in top.reads:
        answered(read, "/v1/enterprises", size)
    return world


def answered(read: Book, path: str, size: int) -> httpx.Response:
    """What a reader answers once it has so many entries."""

    def look() -> httpx.Response | None:
        answer = read.http.get(path, params={"min_tree_size": size})
        return answer if answer.status_code == 200 else None

    return eventually(look, f"{path} with {size} entries")


def entries_behind(read: Book) -> int | None:
    found: int | None = read.get("/readyz").json()["entries_behind"]
    return found


def is_the_writers(world: World, method: str, path: str) -> bool:
    """What appends, signs, keeps or logs something."""
    posts = method == "post" and path not in QUESTIONS
    return posts or (method, path) in world.signers or path in DESKS or path.endswith("/certificate.pdf")


def test_a_reader_answers_every_address_as_the_writer_does_or_says_where_the_writer_is(
    top: Topology, world: World
) -> None:
    before, alike, refused = size_of(top.book.get("/checkpoint").content), 0, 0
    for method, path, said in world.operations():
        if path in OWN:
            continue
        theirs = [replace(world, book=read).ask(method, path, said) for read in top.reads]
        if is_the_writers(world, method, path):
            refused += 1
            for answer in theirs:
                assert answer.status_code == 421, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
                assert "421" in said["responses"], f"{method} {path}: described"
                assert top.writer.url in answer.text and "reader.writes_nothing" in answer.text, answer.text
            continue
        alike += 1
        ours = world.ask(method, path, said)
        for answer in theirs:
            label = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code == ours.status_code, label
            assert answer.headers.get("ledger-tree-size") == ours.headers.get("ledger-tree-size"), label
            if path != "/v1/standings":  # its first line says when
                assert answer.content == ours.content, label
    assert alike > 40 and refused > 10, (alike, refused)
    assert size_of(top.book.get("/checkpoint").content) == before, "nothing was registered"
    print(f"{alike} operations answered alike by writer and readers, {refused} refused with the writer's address")


def test_pages_are_the_writers_pages(top: Topology, world: World) -> None:
    for page in PAGES:
        ours = _without_nonces(top.book.http.get(page).text)
        for read in top.reads:
            answer = read.http.get(page)
            assert answer.status_code == 200, f"{page}: {answer.text[:300]}"
            assert _without_nonces(answer.text) == ours, page


def _without_nonces(page: str) -> str:
    return re.sub(r"http://127\.0\.0\.1:[0-9]+", "", re.sub(r'nonce="[^"]*"', "", page))


def test_a_reader_has_no_key_and_registers_nothing_by_any_way(top: Topology, world: World) -> None:
    read, before = top.reads[0], size_of(top.book.get("/checkpoint").content)
    statement, _ = top.book.sign(registered(effective_on=today(), name="未登记有限公司"), "local:test/none")
    for accept in ("*/*", "application/json"):
        answer = read.post(statement, accept=accept)
        assert (answer.status_code, top.writer.url in answer.text) == (421, True), "the way of plain posts"
    general = read.http.post("/entries", content=statement, headers={"Origin": "https://example.org"})
    assert general.status_code == 421, "the framework's way"
    signed = authorization(token(REGULATOR, f"/v1/accesses?day={today()}"))
    assert read.http.get(f"/v1/accesses?day={today()}", headers=signed).status_code == 421, "it would be logged"
    standing = f"/v1/enterprises/{CODE}/standing"
    assert read.http.get(standing, headers={"Accept": "application/cose"}).status_code == 421, "it would be signed"
    assert read.http.get("/en/desk").status_code == 421
    assert not (top.readers[0].data_dir / "keys").exists()
    assert size_of(top.book.get("/checkpoint").content) == before


def test_who_was_answered_by_the_writer_sees_it_on_a_reader(top: Topology, world: World) -> None:
    keys, late = log_keys(ORIGIN), list[float]()
    for number in range(20):
        statement, _ = top.book.sign(registered(effective_on=today(), name=f"第{number}号"), f"local:test/s{number}")
        answer = top.book.post(statement)
        assert answer.status_code == 201
        index, begun, read = int(answer.headers["location"].rpartition("/")[2]), time.monotonic(), top.reads[number % 2]
        page = answered(read, f"/v1/enterprises/local~test~s{number}", index + 1)
        late.append(time.monotonic() - begun)
        assert f"第{number}号" in page.text
        assert int(page.headers["ledger-tree-size"]) > index
        receipt = read.get(f"/entries/{index}").content
        assert receipt == answer.content
        verify_receipt(receipt, statement, keys.receipt.public, ORIGIN)
        newest = open_checkpoint(read.get("/checkpoint").content, keys.checkpoint.key, origin=ORIGIN)
        assert newest.size > index
    print(f"seen on a reader after {sorted(late)[10] * 1_000:.0f} ms (median), {max(late) * 1_000:.0f} ms at most")


def test_a_size_that_the_standby_does_not_have_yet_is_waited_for_and_one_far_ahead_is_not(
    top: Topology, world: World
) -> None:
    size = size_of(top.reads[0].get("/checkpoint").content)
    begun = time.monotonic()
    answer = top.reads[0].http.get(f"/v1/enterprises?min_tree_size={size + 100}")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:credit-ledger:busy")
    assert time.monotonic() - begun >= TREE_SIZE_WAIT_SECONDS_MAX
    assert top.reads[0].http.get(f"/v1/enterprises?min_tree_size={size + 10**9}").status_code == 422


def test_the_event_stream_of_a_reader_goes_on_as_the_log_grows(top: Topology, world: World) -> None:
    size = size_of(top.reads[0].get("/checkpoint").content)
    seen: list[str] = []

    def follow() -> None:
        asked = {"Accept": "text/event-stream"}
        with top.reads[0].http.stream("GET", f"/v1/events?after={size - 1}", headers=asked) as stream:
            for line in stream.iter_lines():
                seen.append(line)
                if "local:test/streamed" in line:
                    return

    following = threading.Thread(target=follow, daemon=True)
    following.start()
    top.book.register(registered(effective_on=today(), name="流"), "local:test/streamed")
    following.join(30)
    assert not following.is_alive(), seen


def test_a_reader_says_how_far_behind_it_is(top: Topology, world: World) -> None:
    for read in top.reads:
        eventually(partial(lambda one: entries_behind(one) == 0, read), "the writer answered, and nothing is missing")
        ready = read.get("/readyz").json()
        assert ready["reads_only"] and ready["standby"] and ready["streaming"]


def test_every_alert_asks_for_meters_that_are_told(top: Topology, world: World) -> None:
    text = (Path(__file__).parents[2] / "docker" / "alerts.yml").read_text("utf-8")
    asked = set(re.findall(r"ledger_[a-z_]+", text))
    lines = [line for one in (top.book, *top.reads) for line in one.get("/metrics").text.split("\n")]
    told = {re.split(r"[ {]", line)[0] for line in lines} | {line.split()[2] for line in lines if "# TYPE" in line}
    assert asked and asked <= told, asked - told
    for one in top.reads:
        meters = one.get("/metrics").text
        assert re.search(r"^ledger_ready 1", meters, re.MULTILINE), meters
        assert "ledger_entries_behind 0" in meters


def test_the_primary_stops_and_readers_go_on_and_there_is_nothing_to_repair(top: Topology, world: World) -> None:
    size = size_of(top.book.get("/checkpoint").content)
    paths = [
        *("/checkpoint", f"/tile/0/000.p/{min(size, 255)}", "/entries/3", "/v1/enterprises", f"/e/{CODE}"),
        *(f"/v1/enterprises/{CODE}/standing", "/search?q=清泉", "/v1/events?limit=5", "/readyz"),
    ]
    eventually(lambda: all(size_of(one.get("/checkpoint").content) == size for one in top.reads), "they have it all")
    eventually(lambda: all(one.get("/readyz").json()["projected_size"] == size for one in top.reads), "and show it")
    before = {path: _signed(path, top.reads[0].get(path).content) for path in paths[:-1]}
    statement, _ = top.book.sign(registered(effective_on=today(), name="停机"), "local:test/stopped")
    top.pair.primary.stop()
    counts, late = 0, list[float]()
    try:
        assert top.book.post(statement).status_code == 503
        until = time.monotonic() + 4
        while time.monotonic() < until:
            for read in top.reads:
                for path in paths:
                    begun = time.monotonic()
                    answer = read.http.get(path)
                    late.append(time.monotonic() - begun)
                    counts += 1
                    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
                    signed = _signed(path, answer.content)
                    assert signed == before.get(path, signed), path
    finally:
        top.pair.primary.start()
    assert eventually(lambda: top.book.post(statement).status_code == 201, "it takes statements again")
    top.pair.in_step()
    newest = size_of(top.book.get("/checkpoint").content)
    assert newest == size + 1, "one entry, however often it was sent"
    for read in top.reads:
        answered(read, "/v1/enterprises", newest)
    print(f"{counts} answers by readers without the primary, 0 failures, {max(late) * 1_000:.0f} ms at most")


def _signed(path: str, content: bytes) -> bytes:
    """What is said; of a checkpoint without its signatures: a witness may have cosigned it meanwhile."""
    return content.partition(b"\n\n")[0] if path == "/checkpoint" else content


def test_a_reader_is_not_started_with_what_is_for_a_writer_or_on_another_log(top: Topology, tmp_path: Path) -> None:
    database = {"LEDGER_DATABASE_URL": top.pair.where("prefer-standby")}
    trust = top.book.get("/.well-known/credit-ledger-trust.json").json()
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**trust, "charter": "00" * 32}))
    for environment, options, said in (
        ({}, {"reader": True}, "LEDGER_DATABASE_URL"),
        (database, {"reader": True, "durable_on": 2}, "--durable-on"),
        (database, {"reader": True, "demo": 3}, "--demo"),
        (database, {"writer": "http://127.0.0.1:1"}, "--reader"),
    ):
        with pytest.raises(Misconfigured, match=said):
            Settings.read(environment, **options)
    settings = Settings.read(database, reader=True, trust=other, data_dir=tmp_path)
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(Misconfigured, match="another log"):
            open_reader(settings, database["LEDGER_DATABASE_URL"], loop)
    finally:
        loop.close()


def test_durable_on_more_servers_than_commits_wait_for_is_refused_by_name(top: Topology, tmp_path: Path) -> None:
    top.pair.primary.set("synchronous_standby_names", "")
    try:
        database = {"LEDGER_DATABASE_URL": top.pair.where("read-write")}
        with pytest.raises(RuntimeError, match="synchronous_standby_names"):
            RunningService(tmp_path / "durable", "--durable-on", "2", environment=database).start()
        eventually(
            lambda: "database.copies" in top.book.http.get("/readyz").json().get("conditions", []),
            "who runs already says so, too",
        )
    finally:
        top.pair.primary.set("synchronous_standby_names", top.pair.standby.name)
        top.pair.in_step()
    eventually(lambda: top.book.http.get("/readyz").status_code == 200, "all is as before")
