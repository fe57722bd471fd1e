"""With a published copy the database may stop: proofs go on, nobody is shown less than before, nothing is to repair."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ledger.cose.receipts import receipts_path
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.postgres import PostgresStore
from ledger.tlog.tiles import bundle_path, tile_path, tile_width
from tests.e2e.book import Book, chartered, size_of, today
from tests.faults.load import Load, check_answers
from tests.integration.monitor.test_follow_command import command, run
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.database import data_folder
from tests.support.keys import log_keys
from tests.support.mirror_places import BucketPlace, FolderPlace, MirrorPlace, object_store
from tests.support.oracle import check_whole_log
from tests.support.raw_http import Said, raw
from tests.support.running import RunningService
from tests.support.statements import registered, sign
from tests.support.waiting import eventually

LAG_SECONDS_MAX = 3.0  # beside two other books' tests; `make bench ARGS=mirror` holds it to a second


@dataclass
class World:
    """A service over a database that can be stopped, the copy that it answers from, and the mirror that fills that."""

    postgres: EmbeddedPostgres
    service: RunningService
    book: Book
    place: MirrorPlace
    folder: Path

    def published(self) -> int:
        note = self.place.get("checkpoint")
        return 0 if note is None else size_of(note)

    def newest(self) -> int:
        """What the database has."""
        return size_of(self.book.get("/checkpoint", headers={"Cache-Control": "no-cache"}).content)


@pytest.fixture(scope="module", params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("published")
    with ExitStack() as stack:
        if request.param == "bucket":
            stack.enter_context(object_store())
            place: MirrorPlace = BucketPlace("published")
        else:
            place = FolderPlace(folder / "copy")
        postgres = stack.enter_context(EmbeddedPostgres(stack.enter_context(data_folder())))
        service = chartered(folder / "service", "--published", place.address, database=postgres.service_conninfo)
        stack.enter_context(service)
        book = stack.enter_context(Book(service))
        stack.enter_context(mirroring(service.url, place.address, folder / "mirror.log"))
        world = World(postgres, service, book, place, folder)
        eventually(lambda: world.published() > 0, "the mirror has begun")
        yield world


@contextmanager
def mirroring(url: str, address: str, log: Path) -> Iterator[None]:
    with log.open("ab") as said, subprocess.Popen(command("mirror", url, address), stdout=said, stderr=said) as process:
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            process.terminate()
            process.wait(30)


def load_on(url: str, what: str) -> Load:
    issued = int(time.time())

    def make(client: int, number: int) -> bytes:
        subject = f"local:published/{what}-{client}-{number}"
        return sign(registered(effective_on=today()), subject=subject, by=ORGANIZER, iat=issued)[0]

    return Load(url, make)


def paths_under(size: int) -> list[str]:
    """Every file that a tree of this size has."""
    paths = []
    level = 0
    while size >> 8 * level:
        for number in range(-(-(size >> 8 * level) // 256)):
            width = tile_width(level, number, size)
            paths.append(tile_path(level, number, width))
            if level == 0:
                paths += [bundle_path(number, width), receipts_path(number, width)]
        level += 1
    return paths


def test_under_load_the_copy_is_little_behind_and_never_ahead(world: World) -> None:
    seen: list[tuple[float, int]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            size = world.published()
            if not seen or size > seen[-1][1]:
                seen.append((time.monotonic(), size))

    answered: dict[int, float] = {}
    load = load_on(world.service.url, "lag")
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with load.running(4):
            known: set[bytes] = set()
            began = time.monotonic()
            while time.monotonic() - began < 6:
                now = time.monotonic()
                for statement in list(load.receipts.keys() - known):
                    known.add(statement)
                    answered[int(load.receipts[statement][0].rpartition("/")[2])] = now
                time.sleep(0.005)
        eventually(lambda: seen and seen[-1][1] == world.newest(), "the copy has everything")
    finally:
        over.set()
        watcher.join()
    assert [size for _, size in seen] == sorted(size for _, size in seen)
    lags = sorted(next(at for at, size in seen if size > index) - at_answer for index, at_answer in answered.items())
    assert len(lags) > 100
    half, most, last = lags[len(lags) // 2], lags[len(lags) * 99 // 100], lags[-1]
    print(
        f"{len(lags)} entries in 6 s: in the copy {half:.3f} s (median), {most:.3f} s (p99), {last:.3f} s (max) later"
    )
    assert half < LAG_SECONDS_MAX
    assert size_of(world.place.get("checkpoint") or b"") == world.newest()


def test_files_are_the_same_bytes_from_the_copy_and_from_the_database(world: World) -> None:
    world.book.campaign()
    for _ in range(2):
        world.book.batch(
            [
                world.book.sign(registered(effective_on=today()), f"local:bytes/{time.monotonic_ns()}-{number}")
                for number in range(300)
            ]
        )
    size = world.newest()
    eventually(lambda: world.published() == size, "the copy has everything")
    with PostgresStore.open(world.postgres.service_conninfo) as store:
        from ledger.reading.log_reader import Log  # noqa: PLC0415

        log = Log(store)
        for number in range(-(-size // 256)):
            width = tile_width(0, number, size)
            assert world.book.get("/" + tile_path(0, number, width)).content == log.tile(0, number, width)
            assert world.book.get("/" + bundle_path(number, width)).content == log.bundle(number, width)
            assert world.book.get("/" + receipts_path(number, width)).content == log.receipt_file(number, width)
            assert world.book.get("/" + tile_path(0, number, 1)).content == log.tile(0, number, 1)
            assert world.book.get("/" + receipts_path(number, 1)).content == log.receipt_file(number, 1)
        assert size > 600
        for index in {0, 1, 255, 256, size // 2, size - 1}:
            assert world.book.get(f"/entries/{index}").content == log.receipt(index)[0]
        for path in paths_under(size):
            assert world.place.get(path) == world.book.get(f"/{path}").content


def test_a_stopped_database_leaves_proofs_and_starts_again_with_nothing_to_repair(world: World, tmp_path: Path) -> None:
    book, trust, state = world.book, tmp_path / "trust.json", tmp_path / "state.json"
    trust.write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    following = "follow", world.service.url, "--trust", trust, "--state", state, "--once"
    assert run(*following).returncode == 0
    load = load_on(world.service.url, "outage")
    # Not as the book asks: that waits for read models, which lie in the database.
    with load.running(4), httpx.Client(base_url=world.service.url, timeout=5) as anybody:
        load.wait_for(100)
        shown = size_of(book.checkpoint())
        world.postgres.stop()
        stopped = time.monotonic()
        try:
            # The newest checkpoint that anybody was shown is there, and all that it names.
            first = anybody.get("/checkpoint")
            answered_after = time.monotonic() - stopped
            assert first.status_code == 200
            size = size_of(first.content)
            assert size >= shown
            began = time.monotonic()
            for path in paths_under(size):
                assert anybody.get(f"/{path}").status_code == 200, path
            for index in {0, 1, size // 3, size // 2, size - 1}:
                assert anybody.get(f"/entries/{index}").status_code == 200, index
            seconds = (time.monotonic() - began) / (len(paths_under(size)) + 5)
            # A verifier that knows nothing of all this finds a whole log; so does a mirror that begins now.
            assert run(*following).returncode == 0
            second = run("mirror", world.service.url, tmp_path / "second", "--trust", trust, "--once")
            at_copy = size_of(book.checkpoint())
            assert at_copy >= size
            if second.returncode:  # the service had told its own mirror of more than that could still fetch
                assert "503" in second.stderr, second.stderr
            else:
                assert size_of((tmp_path / "second" / "checkpoint").read_bytes()) == at_copy
            # What does not go on says so, and in words.
            ready = book.http.get("/readyz")
            assert (ready.status_code, ready.json()["published_size"]) == (503, at_copy)
            assert f"receipts of {at_copy} entries are answered from the copy" in ready.json()["why"]
            assert book.http.get("/healthz").status_code == 200
            sent = httpx.post(f"{world.service.url}/entries", content=b"", timeout=60)
            assert sent.status_code in (400, 503)
        finally:
            world.postgres.start()
            down = time.monotonic() - stopped
        eventually(lambda: book.http.get("/readyz").status_code == 200, "it is ready again")
        ready_after = time.monotonic() - stopped - down
        load.wait_for(50)
    eventually(lambda: world.published() == world.newest(), "the copy has everything")
    print(
        f"database away for {down:.1f} s: checkpoint after {answered_after * 1000:.0f} ms, a proof each "
        f"{seconds * 1000:.1f} ms; ready {ready_after:.1f} s after its start, {len(load.receipts)} entries answered"
    )
    assert load.refused == {}
    assert "INCONSISTENT" not in (world.folder / "mirror.log").read_text()
    assert run(*following).returncode == 0
    with PostgresStore.open(world.postgres.service_conninfo) as store:
        whole = check_whole_log(store, log_keys(ORIGIN))
    assert check_answers(load, world.service.url) == whole == world.published()


def test_a_copy_of_another_log_or_of_more_than_the_database_has_is_not_served(world: World, tmp_path: Path) -> None:
    with EmbeddedPostgres(world.folder / "another") as other:
        refused = chartered(tmp_path / "service", "--published", world.place.address, database=other.service_conninfo)
        with pytest.raises(RuntimeError, match="it has lost what was shown to the public"):
            refused.start()


def test_a_reader_answers_proofs_from_the_copy_as_well(world: World, tmp_path: Path) -> None:
    if world.newest() <= 256:
        world.book.batch([world.book.sign(registered(effective_on=today()), f"local:full/{n}") for n in range(256)])
    eventually(lambda: world.published() > 256, "a full tile")
    options = "--reader", "--published", world.place.address
    environment = {"LEDGER_DATABASE_URL": world.postgres.service_conninfo}
    with RunningService(tmp_path / "reader", *options, environment=environment) as reader:
        size = world.published()
        assert httpx.get(f"{reader.url}/readyz").json()["published_size"] >= size
        assert size_of(httpx.get(f"{reader.url}/checkpoint").content) >= size
        for path in ("/tile/0/000", "/receipts/000", "/entries/255"):
            assert httpx.get(f"{reader.url}{path}").content == world.book.get(path).content


def test_a_full_file_is_answered_alike_from_memory_and_before(world: World) -> None:
    eventually(lambda: world.published() > 256, "a full tile")
    for path in ("/tile/0/000", "/tile/entries/000", "/receipts/000"):
        answers = [world.book.get(path) for _ in range(3)]
        conditional = world.book.http.get(path, headers={"If-None-Match": answers[0].headers["etag"]})
        assert conditional.status_code == 304
        assert world.book.http.head(path).headers["etag"] == answers[0].headers["etag"]
        heads = []
        for answer in answers:
            head = {name: value for name, value in answer.headers.items() if name not in ("date", "ratelimit")}
            heads.append(json.dumps(head, sort_keys=True))
        assert len(set(heads)) == 1, heads
        assert len({answer.content for answer in answers}) == 1
        asked = world.book.http.get(path, headers={"Origin": "https://elsewhere.example"})
        assert asked.headers["access-control-allow-origin"] == "*"
        assert world.book.http.get(f"{path}?x=1").status_code == 422


def test_files_are_answered_alike_whatever_was_asked_before_on_the_connection(world: World) -> None:
    eventually(lambda: world.published() > 256, "a full tile")
    tag = world.book.get("/tile/0/000").headers["etag"]

    def ask(line: str, *fields: str) -> bytes:
        return "\r\n".join((line, "Host: x", *fields, "", "")).encode()

    tile = ask("GET /tile/0/000 HTTP/1.1")
    asked = {
        tile: 200,
        ask("GET /tile/entries/000 HTTP/1.1"): 200,
        ask("HEAD /tile/0/000 HTTP/1.1"): 200,
        ask("GET /tile/0/000?x=1 HTTP/1.1"): 422,
        ask("GET /tile/0/%30%30%30 HTTP/1.1"): 200,
        ask("GET http://x/tile/0/000 HTTP/1.1"): 200,
        ask("GET /tile/0/999 HTTP/1.1"): 404,
        ask("GET /healthz HTTP/1.1"): 200,
        ask("POST /tile/0/000 HTTP/1.1"): 405,
        ask("GET /tile/0/000 HTTP/1.1", f"If-None-Match: {tag}"): 304,
        ask("GET /tile/0/000 HTTP/1.1", "Origin: https://elsewhere.example"): 200,
        ask("POST /entries HTTP/1.1", "Content-Length: 3") + b"xyz": 400,
        ask("GET /receipts/000 HTTP/1.1"): 200,
        ask("GET /tile/0/000 HTTP/1.1", "Connection: close"): 200,
    }
    alone = [_said(world, [request])[0] for request in asked]
    assert [one.status for one in alone] == list(asked.values())
    assert _said(world, [one for request in asked for one in (tile, request)])[1::2] == alone
    assert _said(world, list(asked), ahead=True) == alone
    for odd, status in (
        (ask("GET /tile/0/000 HTTP/1.2"), 400),
        (ask("GET /tile/0/000  HTTP/1.1"), 200),
        (ask("G\x00T /tile/0/000 HTTP/1.1"), 400),
        (tile.replace(b"Host: x\r\n", b""), 400),
        (tile.replace(b"Host: x\r\n", b"Host: x\r\nHost: x\r\n"), 400),
    ):
        assert _said(world, [tile, odd])[1] == (said := _said(world, [odd])[0])
        assert said.status == status, odd


def _said(world: World, requests: list[bytes], *, ahead: bool = False) -> list[Said]:
    """What is answered on one connection, less what tells the time; `ahead`: all requests are sent before."""
    answers = []
    with raw(world.book.http.base_url) as client:
        if ahead:
            client.send(b"".join(requests))
        for request in requests:
            if not ahead:
                client.send(request)
            answers.append(client.reply(head=request.startswith(b"HEAD")))
            for name in ("date", "ratelimit"):
                answers[-1].headers.pop(name, None)
    return answers
