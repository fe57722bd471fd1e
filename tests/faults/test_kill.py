"""`kill -9` at any moment under load: whoever was answered was told the truth, and nothing is half there.

Crash points, by name:

- `service`: the service alone, at a random moment; PostgreSQL lives on, perhaps in the middle of its commit.
- `service, before the commit`: its batch is sent and waits in PostgreSQL for a lock: nothing of it may remain.
- `service, committed but not answered`: the batch is durable, the service dies before it hears so.
- `backend`: the PostgreSQL process that writes for the sequencer: PostgreSQL ends all sessions and recovers.
- `postmaster`: PostgreSQL's first process: the server has to be started again from its write-ahead log.
- `postmaster and backends`: every process of PostgreSQL at once, as when memory runs out.
- `everything`: service and PostgreSQL, as in a power cut.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from ledger.store.embedded import EmbeddedPostgres
from ledger.store.postgres import PostgresStore
from tests.e2e.book import Book, chartered, today
from tests.faults.load import Load, check_answers, identity
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.running import RunningService
from tests.support.statements import registered, sign
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(1_200)  # several crashes each, and the log is read through after each

ROUNDS_DEEP = 15  # of seven points: more than a hundred
DATABASE = ("backend", "postmaster", "postmaster and backends")  # crashes that the service outlives


class Target:
    """A service on an embedded PostgreSQL, and how to hit it."""

    def __init__(self, service: RunningService, conninfo: str, pgdata: Path) -> None:
        self.service = service
        self.conninfo = conninfo  # of the owner of the schema
        self.pgdata = pgdata

    def postmaster(self) -> psutil.Process:
        return psutil.Process(int((self.pgdata / "postmaster.pid").read_text().splitlines()[0]))

    def service_again(self) -> None:
        self.service.start()

    def ready(self) -> None:
        """Wait until the service that was not killed has found its database again."""

        def is_ready() -> bool:
            with suppress(httpx.HTTPError):
                return httpx.get(f"{self.service.url}/readyz", timeout=5).status_code == 200
            return False

        eventually(is_ready, f"the service comes back; it says in {self.service.log}")


def service(target: Target) -> None:
    target.service.kill()
    target.service_again()


def service_before_the_commit(target: Target) -> None:
    with psycopg.connect(target.conninfo) as blocker:
        blocker.execute("LOCK TABLE ledger.entries IN SHARE MODE")
        _wait_for_a_blocked_writer(target.conninfo)
        target.service.kill()
        _end_the_blocked_writers(target.conninfo)
    target.service_again()


def service_committed_but_not_answered(target: Target) -> None:
    with psycopg.connect(target.conninfo) as blocker:
        blocker.execute("LOCK TABLE ledger.entries IN SHARE MODE")
        _wait_for_a_blocked_writer(target.conninfo)
        os.kill(target.service.pid, signal.SIGSTOP)
        size = _size(target.conninfo)
    eventually(
        lambda: _size(target.conninfo) > size, "the batch that waited is committed while the service stands still"
    )
    target.service.kill()
    target.service_again()


def backend(target: Target) -> None:
    with psycopg.connect(target.conninfo, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'ledger_service' ORDER BY query_start DESC NULLS LAST"
        ).fetchone()
    assert found is not None
    os.kill(found[0], signal.SIGKILL)
    time.sleep(0.2)
    target.ready()


def postmaster(target: Target) -> None:
    target.postmaster().kill()
    time.sleep(0.2)
    target.ready()


def postmaster_and_backends(target: Target) -> None:
    _kill_postgres(target)
    target.ready()


def everything(target: Target) -> None:
    os.kill(target.service.pid, signal.SIGSTOP)  # nobody sees the others die
    _kill_postgres(target)
    target.service.kill()
    target.service_again()


POINTS: dict[str, Callable[[Target], None]] = {
    "service": service,
    "service, before the commit": service_before_the_commit,
    "service, committed but not answered": service_committed_but_not_answered,
    "backend": backend,
    "postmaster": postmaster,
    "postmaster and backends": postmaster_and_backends,
    "everything": everything,
}


def test_after_a_crash_at_each_point_under_load_every_answer_was_true(data_dir: Path) -> None:
    drill(data_dir, list(POINTS))


@pytest.mark.deep
def test_after_many_crashes_under_load_every_answer_was_true(data_dir: Path) -> None:
    """Each kind again, each after another than above: what one crash leaves behind is what the next one finds."""
    points = list(POINTS)
    drill(data_dir, points[::2] + points[1::2])


@pytest.mark.deep
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("point", POINTS)
def test_after_a_hundred_crashes_under_load_every_answer_was_true(data_dir: Path, point: str) -> None:
    drill(data_dir, [point] * ROUNDS_DEEP)


def drill(data_dir: Path, points: Sequence[str]) -> None:
    """Crash at random moments of the load, and after each crash look at everything that was ever answered."""
    moments = random.Random(" ".join(points))
    issued = int(time.time())

    def make(client: int, number: int) -> bytes:
        event = registered(effective_on=today(), name=f"负载 {client}-{number}")
        subject, cti = f"local:load/{client}-{number}", identity(client, number)
        return sign(event, subject=subject, by=ORGANIZER, iat=issued, cti=cti)[0]

    with chartered(data_dir) as started, Book(started) as book:
        # Not as one more user of the folder: the server is to be the service's own.
        conninfo = f"host={_socket_folder(data_dir / 'pg')} port=5432 user=ledger_migrator dbname=ledger"
        target = Target(started, conninfo, data_dir / "pg")
        load = Load(started.url, make)
        for point in points:
            retried = load.retried
            with load.running():
                load.wait_for(20)
                time.sleep(moments.uniform(0.0, 0.3))
                POINTS[point](target)
                load.wait_for(20)
            assert load.refused == {}
            if point not in DATABASE:  # of the others the sequencer finds out for its clients
                assert load.retried > retried, "the crash was noticed"
            size = check_answers(load, started.url)
            assert _whole(data_dir) == size
        assert book.register(registered(effective_on=today()), "local:after/1") == size, "and it goes on"
    assert _whole(data_dir) == size + 1
    print(
        f"{len(points)} crashes, {len(load.receipts)} receipts, {load.retried} statements sent again, "
        f"{len(load.checkpoints)} checkpoints, {size} entries"
    )


def _whole(data_dir: Path) -> int:
    """The oracle on what is stored, beside the service, which is at rest."""
    with EmbeddedPostgres(data_dir) as embedded, PostgresStore.open(embedded.service_conninfo) as store:
        return check_whole_log(store, log_keys(ORIGIN))


def _socket_folder(pgdata: Path) -> str:
    """Where the server listens: a line of its own file (PostgreSQL, "postmaster.pid")."""
    return (pgdata / "postmaster.pid").read_text().splitlines()[4]


def _size(conninfo: str) -> int:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM ledger.entries").fetchone()
    assert row is not None
    size: int = row[0]
    return size


_BLOCKED = "FROM pg_stat_activity WHERE usename = 'ledger_service' AND wait_event_type = 'Lock'"


def _wait_for_a_blocked_writer(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        eventually(lambda: connection.execute(f"SELECT 1 {_BLOCKED}").fetchone(), "a batch waits for the lock")


def _end_the_blocked_writers(conninfo: str) -> None:
    """As a server does that notices that its client is gone: here before the lock is free."""
    superuser = conninfo.replace("user=ledger_migrator", "user=postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) {_BLOCKED}")


def _kill_postgres(target: Target) -> None:
    first = target.postmaster()
    family = [first, *first.children(recursive=True)]
    for process in family:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(family, timeout=60)
