"""A primary dies under load and its standby takes over: nothing that was answered is lost, and reading goes on.

Each round: the primary is killed, or stands still and is killed after the promotion; the standby is promoted; the old
primary becomes the standby by `pg_rewind`. As in production, two servers and no third: from the promotion until the
rewound one confirms commits nothing is answered, since a statement is to be on two disks.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import httpx
import pytest

from ledger.store.postgres import PostgresStore
from tests.e2e.book import Book, size_of, today
from tests.faults.load import Load, check_answers, identity
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.replication import Pair, replicated
from tests.support.statements import registered, sign
from tests.support.topology import Topology, topology
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(1_200)

ROUNDS = 2
ROUNDS_DEEP = 20
ANSWERS = 40  # before each fault, and after it
ANSWERS_DEEP = 120
CLIENTS = 4
STALLED_SECONDS = 1.0  # until somebody has noticed
_WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'ledger_service'"


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """Each test leaves it whole."""
    with replicated() as pair, topology(pair, tmp_path_factory.mktemp("topology")) as found:
        yield found


class Reading:
    """Somebody who asks each reader all the time. `failed`: what was not 200, `late`: seconds that answers took."""

    def __init__(self, urls: list[str], load: Load) -> None:
        self._urls = urls
        self._load = load
        self._stopping = threading.Event()
        self.answered = 0
        self.failed: Counter[str] = Counter()
        self.gone: list[str] = []  # of a moment at which no reader answered
        self.late: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join(60)

    def _run(self) -> None:
        paths = ("/checkpoint", "/entries/3", "/v1/enterprises", "/v1/events?limit=2", "/search?q=1", "/v1/policies")
        with httpx.Client(timeout=20) as http:
            number = 0
            while not self._stopping.is_set():
                path = paths[number % len(paths)]
                number += 1
                got = [self._ask(http, url, path) for url in self._urls]
                if not any(got):
                    self.gone.append(path)
                time.sleep(0.01)

    def _ask(self, http: httpx.Client, url: str, path: str) -> bool:
        begun = time.monotonic()
        try:
            answer = http.get(f"{url}{path}")
        except httpx.TransportError as error:
            self.failed[f"{path}: {error!r}"] += 1
            return False
        self.late.append(time.monotonic() - begun)
        if answer.status_code != 200:
            self.failed[f"{path}: {answer.status_code} {answer.text[:200]}"] += 1
            return False
        self.answered += 1
        if path == "/checkpoint":
            self._load.checkpoints.add(answer.content)
        return True


def test_what_was_answered_is_there_after_a_failover_and_reading_goes_on(top: Topology) -> None:
    drill(top, ROUNDS, ANSWERS)


@pytest.mark.deep
@pytest.mark.timeout(3_600)
def test_what_was_answered_is_there_after_twenty_failovers(top: Topology) -> None:
    drill(top, ROUNDS_DEEP, ANSWERS_DEEP)


def drill(top: Topology, rounds: int, answers: int) -> None:
    issued, pair = int(time.time()), top.pair

    def make(client: int, number: int) -> bytes:
        event = registered(effective_on=today(), name=f"负载 {client}-{number}")
        subject, cti = f"local:load/{client}-{number}", identity(rounds, client, number)
        return sign(event, subject=subject, by=ORGANIZER, iat=issued, cti=cti)[0]

    load = Load(top.writer.url, make)
    reading = Reading([one.url for one in top.readers], load)
    without = list[float]()
    with reading.running():
        for number in range(rounds):
            with load.running(CLIENTS):
                load.wait_for(answers)
                without.append(_fail_over(pair, load, stalled=number % 2 == 1))
                load.wait_for(answers)
            assert load.refused == {}
    eventually(lambda: httpx.get(f"{top.writer.url}/readyz").status_code == 200, "the writer is ready")
    size = check_answers(load, top.writer.url)
    for read in top.reads:
        eventually(partial(_holds, read, size), "readers have it all")
        check_answers(load, read.service.url)
    for node in (pair.primary, pair.standby):
        with PostgresStore.open(node.where("ledger_service")) as store:
            assert check_whole_log(store, log_keys(ORIGIN)) == size, node.name
    print(
        f"{rounds} failovers: {len(load.receipts)} statements answered, all of them there; {size} entries, "
        f"{len(load.checkpoints)} checkpoints seen, one root for each size; "
        f"without writes {statistics.median(without):.1f} s (median), {max(without):.1f} s (most); "
        f"{reading.answered} answers by readers, {sum(reading.failed.values())} failed, {len(reading.gone)} times at "
        f"both, {max(reading.late):.2f} s the longest; {dict(reading.failed)}"
    )
    assert reading.gone == [], "reading is never gone"


def _holds(read: Book, size: int) -> bool:
    return size_of(read.get("/checkpoint").content) == size


def _fail_over(pair: Pair, load: Load, *, stalled: bool) -> float:
    """Through a whole failover; for how many seconds nobody was answered who wrote."""
    old, begun, before = pair.primary, time.monotonic(), len(load.receipts)
    if stalled:
        old.freeze()
        time.sleep(STALLED_SECONDS)
        pair.fail_over()
        old.kill()  # the fence: what stands still may go on
    else:
        old.kill()
        pair.fail_over()
    before = len(load.receipts)
    pair.rejoin()
    deadline = time.monotonic() + 100
    while len(load.receipts) == before:
        assert time.monotonic() < deadline, "writes go on"
        time.sleep(0.01)
    return time.monotonic() - begun


def test_a_wait_for_the_standby_that_is_cancelled_is_no_success(top: Topology) -> None:
    pair, size = top.pair, size_of(top.book.get("/checkpoint").content)
    held = "SELECT max(tree_size) FROM ledger.checkpoints"
    statement, _ = top.book.sign(registered(effective_on=today()), "local:test/1")
    with ThreadPoolExecutor(1) as clients:
        pair.standby.freeze()
        try:
            answer = clients.submit(httpx.post, f"{top.writer.url}/entries", content=statement, timeout=60)
            eventually(lambda: pair.primary.ask(f"SELECT count(*) {_WAITING}"), "the commit waits for the standby")
            pair.primary.ask(f"SELECT count(pg_cancel_backend(pid)) {_WAITING}")
            eventually(lambda: pair.primary.ask(held) == size + 1, "the trap: it is committed here, and on no standby")
            for _ in range(4):
                assert top.book.http.get("/readyz").status_code == 503
                assert not answer.done() or answer.result().status_code == 503, "nobody is told that it is registered"
                time.sleep(1)
            eventually(
                lambda: int(str(pair.primary.ask(f"SELECT count(*) {_WAITING}"))) <= 4,
                "who asks whether it is ready leaves no session behind",
            )
        finally:
            pair.standby.thaw()
        assert answer.result(60).status_code in (201, 503)
    assert eventually(lambda: top.book.post(statement).status_code == 201, "it is, once the standby has it")
    assert size_of(top.book.get("/checkpoint").content) == size + 1
    assert pair.standby.ask(held) == size + 1


def test_a_lagging_standby_that_is_promoted_is_refused_and_a_person_is_told(top: Topology) -> None:
    pair, book, read = top.pair, top.book, top.reads[0]
    pair.primary.set("synchronous_standby_names", "")  # somebody took the promise away
    eventually(lambda: "database.copies" in _conditions(book), "it is told")
    pair.standby.stop()
    for number in range(2, 7):
        book.register(registered(effective_on=today()), f"local:test/{number}")
    answered = size_of(book.get("/checkpoint").content)
    eventually(lambda: _holds(read, answered), "the reader has them, from the primary")
    old, lagging = pair.primary, pair.standby
    old.kill()
    lagging.start()
    lagging.promote()
    lagging.set("synchronous_standby_names", "")
    eventually(lambda: "history" in _conditions(book), "the writer says what it signed, and what is there")
    eventually(lambda: "reader.behind" in _conditions(read), "so does the reader, which had shown more")
    statement, _ = book.sign(registered(effective_on=today()), "local:test/7")
    refused = book.post(statement, accept="application/json")
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:credit-ledger:history-broken")
    assert "ALARM" in top.writer.said and "--accept-history" in top.writer.said
    held = lagging.ask("SELECT max(tree_size) FROM ledger.checkpoints")
    assert held == answered - 5, "nothing was signed on it"
    lagging.kill()
    old.start()  # the one that has them
    old.set("synchronous_standby_names", lagging.name)
    pair.rejoin()
    top.writer.stop()
    top.writer.start()
    assert size_of(book.get("/checkpoint").content) == answered
    assert book.post(statement).status_code == 201
    eventually(lambda: _conditions(read) == [], "and read")


def _conditions(book: Book) -> list[str]:
    found: list[str] = book.http.get("/readyz").json().get("conditions", [])
    return found
