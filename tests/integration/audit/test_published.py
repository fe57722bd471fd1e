"""The command over HTTP: a service in order is clean by its public bytes alone; a service that lies is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from ledger.domain.events.enterprise import EnterpriseRenamed
from ledger.store.connect import connect
from tests.e2e.book import Book, open_book, today
from tests.integration.mirror.test_with_service import file_server
from tests.support.database import PostgresServer, TestDatabase
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE


@pytest.fixture(scope="module")
def served_database(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    with postgres_server.database() as database:
        yield database


@pytest.fixture(scope="module")
def book(served_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with open_book(tmp_path_factory.mktemp("service"), database=served_database.service) as book:
        book.campaign()
        for serial, subject in enumerate((ENTERPRISE, OTHER_ENTERPRISE), 1):
            book.enterprise(subject)
            book.own_key(subject)
            book.pledge(subject, serial=serial)
        size = book.size()
        book.get(f"/v1/enterprises/{ENTERPRISE.removeprefix('uscc:')}/standing", params={"min_tree_size": size})
        yield book


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", "--workers", "0", *arguments])


def trust_file(book: Book, folder: Path) -> str:
    path = folder / "trust.json"
    path.write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    return str(path)


def test_a_service_in_order_is_clean_and_its_signed_standings_are_what_its_entries_give(
    book: Book, tmp_path: Path
) -> None:
    report, page, state = tmp_path / "report.json", tmp_path / "report.html", tmp_path / "state.json"
    trust = trust_file(book, tmp_path)
    done = run(
        book.service.url, "--trust", trust, "--report", str(report), "--report", str(page), "--state", str(state)
    )
    assert done.exit_code == 0, done.output
    document = json.loads(report.read_bytes())
    assert document["result"] == "clean"
    assert document["entries"] == document["size"] == book.size()
    assert document["notice_counts"].get("not_compared") is None, document["notices"]
    html = page.read_text("utf-8")
    assert "未发现问题" in html
    assert "<script" not in html
    again = run(book.service.url, "--trust", trust, "--from", str(state))
    assert again.exit_code == 0, again.output


def test_the_same_service_through_its_database_is_clean_too(
    book: Book, served_database: TestDatabase, tmp_path: Path
) -> None:
    done = run("--database", served_database.service, "--trust", trust_file(book, tmp_path))
    assert done.exit_code == 0, done.output


def test_a_mirror_is_audited_like_the_service_dates_included_as_a_folder_and_behind_a_file_server(
    book: Book, tmp_path: Path
) -> None:
    trust, folder = trust_file(book, tmp_path), tmp_path / "copy"
    made = CliRunner().invoke(main, ["mirror", book.service.url, str(folder), "--trust", trust, "--once"])
    assert made.exit_code == 0, made.output
    assert "receipts" not in made.output
    with file_server(folder) as url:
        reports = {place: tmp_path / f"{number}.json" for number, place in enumerate((book.service.url, folder, url))}
        for place, report in reports.items():
            done = run(str(place), "--trust", trust, "--report", str(report), "--standings", "0")
            assert done.exit_code == 0, done.output
    service, *copies = (json.loads(report.read_bytes()) for report in reports.values())
    assert service["timed"]
    for copy in copies:
        same = ("size", "root", "checkpoints", "entries", "signatures", "timed", "findings")
        assert {name: copy[name] for name in same} == {name: service[name] for name in same}


def test_bytes_that_a_service_serves_wrong_are_named_by_their_entry(
    book: Book, served_database: TestDatabase, tmp_path: Path
) -> None:
    renamed = EnterpriseRenamed(v=1, effective_on=today(), name="改名有限公司", evidence="证")
    trust, index = trust_file(book, tmp_path), book.register(renamed, ENTERPRISE)
    report = tmp_path / "report.json"
    with connect(served_database.superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("ALTER TABLE ledger.entries DROP CONSTRAINT entries_leaf_of_state")
        flip = (
            "UPDATE ledger.entries SET state = set_byte(state, 150, get_byte(state, 150) # 1) "
            "WHERE notification_id = %s"
        )
        connection.execute(flip, (index + 1,))
        try:
            done = run(book.service.url, "--trust", trust, "--report", str(report))
        finally:
            connection.execute(flip, (index + 1,))
    assert done.exit_code == 1, done.output
    found = json.loads(report.read_bytes())["findings"]
    assert ("entry.altered", index) in [(one["code"], one.get("entry")) for one in found]
    assert {one.get("entry") for one in found} == {index}


def test_a_service_that_is_not_there_cannot_be_audited(tmp_path: Path) -> None:
    done = run("http://127.0.0.1:9")
    assert done.exit_code == 2
    assert "NOT COMPLETED" in done.output
