"""`readyz` says yes only where a commit would succeed and readers see what is committed; nothing else is signed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from api.service.readiness import Readiness, would_commit
from ledger.limits import DATABASE_ANSWER_SECONDS_MAX, PROJECTION_LAG_SECONDS_MAX, READY_LOOK_SECONDS
from ledger.store.postgres import PostgresStore
from tests.e2e.book import Book, chartered, open_book, today
from tests.integration.store.test_conditions import standing_still
from tests.support.database import PostgresServer, TestDatabase, data_folder
from tests.support.running import RunningService
from tests.support.statements import registered
from tests.support.waiting import eventually

_COSE = {"Accept": "application/cose"}


@pytest.fixture
def book_database(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    with postgres_server.database() as database:
        yield database


def conditions(book: Book) -> list[str]:
    answer = book.http.get("/readyz")
    assert answer.status_code == (503 if not answer.json()["ready"] else 200)
    found: list[str] = answer.json().get("conditions", [])
    return found


def test_a_database_that_stands_still_costs_a_second_and_not_the_service() -> None:
    with data_folder() as folder, open_book(folder) as book:
        statement, _ = book.sign(registered(effective_on=today()), "local:test/1")
        with standing_still(folder):
            time.sleep(READY_LOOK_SECONDS)  # for so long the look before is good
            begun = time.monotonic()
            assert conditions(book)[0] == "database.silent"
            assert time.monotonic() - begun < DATABASE_ANSWER_SECONDS_MAX / 2, "it did not wait for the database"
            refused = httpx.post(
                f"{book.service.url}/entries", content=statement, timeout=4 * DATABASE_ANSWER_SECONDS_MAX
            )
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert book.http.get("/healthz").status_code == 200
        eventually(lambda: not conditions(book), "it is used again")
        assert eventually(lambda: book.post(statement).status_code in (200, 201, 303), "and takes statements")


def test_a_replica_or_a_server_that_refuses_commits_is_not_ready(book_database: TestDatabase, tmp_path: Path) -> None:
    with open_book(tmp_path, database=book_database.service) as book:
        assert conditions(book) == []
        with psycopg.connect(book_database.superuser, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                (name,),
            )
            eventually(lambda: "database.read-only" in conditions(book), "it says so")
            statement, _ = book.sign(registered(effective_on=today()), "local:test/1")
            assert book.http.post("/entries", content=statement, timeout=60).status_code == 503
            connection.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                (name,),
            )
        eventually(lambda: not conditions(book), "it is ready again")
        eventually(lambda: book.post(statement).status_code in (200, 201, 303), "and takes statements")


@pytest.mark.slow
def test_nothing_is_signed_dumped_or_said_to_be_unknown_from_read_models_that_lag(
    book_database: TestDatabase, tmp_path: Path
) -> None:
    with (
        open_book(tmp_path, database=book_database.service) as book,
        httpx.Client(base_url=book.service.url, timeout=30) as impatient,  # a book waits for the read models
    ):
        book.enterprise("local:test/known")
        assert book.get("/v1/enterprises/local~test~known/standing").json()["in_book"], "it is read"
        with psycopg.connect(book_database.superuser) as connection:
            connection.execute("LOCK TABLE projections.tracking IN EXCLUSIVE MODE")  # readers read, nobody projects
            book.register(registered(effective_on=today()), "local:test/new")
            eventually(lambda: "projections.behind" in conditions(book), f"after {PROJECTION_LAG_SECONDS_MAX} s")
            for path, headers in (
                ("/v1/enterprises/local~test~known/standing", _COSE),
                ("/v1/enterprises/local~test~new/standing", {}),
                ("/v1/enterprises/local~test~new", {}),
                ("/v1/standings.ndjson", {}),
                ("/v1/outcomes.ndjson", {}),
            ):
                answer = impatient.get(path, headers=headers)
                assert (answer.status_code, "retry-after" in answer.headers) == (503, True), path
            asked = impatient.post("/v1/standings/query", json={"ids": ["local~test~new"]})
            assert asked.status_code == 503
            assert impatient.get("/v1/enterprises/local~test~known/standing").status_code == 200
        eventually(lambda: not conditions(book), "they are read again")
        assert book.get("/v1/enterprises/local~test~new/standing").json()["in_book"]


def test_an_older_backup_is_not_served(
    postgres_server: PostgresServer, book_database: TestDatabase, tmp_path: Path
) -> None:
    service = chartered(tmp_path, database=book_database.service)
    with service, Book(service) as book:
        book.enterprise("local:test/1")
    with postgres_server.copy(book_database) as behind:
        again = RunningService(tmp_path, environment={"LEDGER_DATABASE_URL": book_database.service})
        with again, Book(again) as book:
            lost = book.enterprise("local:test/2")
        old = RunningService(tmp_path, environment={"LEDGER_DATABASE_URL": behind.service})
        with pytest.raises(RuntimeError, match="lacks entries"):
            old.start()
        assert "--accept-history" in old.said
        with PostgresStore.open(behind.service) as store:
            newest = store.latest()
        assert newest is not None
        assert newest.tree_size <= lost


def test_a_projection_process_that_ended_is_told_of(book_database: TestDatabase, tmp_path: Path) -> None:
    with open_book(tmp_path, database=book_database.service) as book:
        assert conditions(book) == []
        for child in psutil.Process(book.service.pid).children():
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()
        eventually(lambda: "projections" in conditions(book), "it is told")
        eventually(lambda: not conditions(book), "and started again")


def test_a_disk_that_is_nearly_full_is_not_ready(
    book_database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readiness = Readiness(book_database.service, tmp_path, lambda: [], would_commit(1))
    readiness.start()
    assert asyncio.run(readiness.look()).conditions == ()
    monkeypatch.setattr("api.service.readiness.DISK_FREE_BYTES_MIN", 2**80)
    time.sleep(READY_LOOK_SECONDS + 0.1)
    (condition,) = asyncio.run(readiness.look()).conditions
    assert condition.name == "disk.full"
    readiness.stop()
