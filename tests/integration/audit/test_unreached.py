"""What an audit cannot reach is nobody's broken promise: it ends as "could not be completed", exit code 2."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
import pytest
from psycopg import connect

from tests.e2e.book import Book, open_book
from tests.integration.monitor.test_follow_command import command
from tests.support.database import PostgresServer, TestDatabase
from tests.support.http_servers import QuietHandler, served
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE
from tests.support.waiting import eventually

Fault = Literal["gone", "cut", "busy", "page of a proxy"]
FAULTS: tuple[Fault, ...] = ("gone", "cut", "busy", "page of a proxy")


@pytest.fixture(scope="module")
def database(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    with postgres_server.database() as made:
        yield made


@pytest.fixture(scope="module")
def book(database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with open_book(tmp_path_factory.mktemp("service"), database=database.service) as book:
        book.campaign()
        for serial, subject in enumerate((ENTERPRISE, OTHER_ENTERPRISE), 1):
            book.enterprise(subject)
            book.own_key(subject)
            book.pledge(subject, serial=serial)
        book.get("/v1/enterprises", params={"min_tree_size": book.size()})
        yield book


@pytest.fixture(scope="module")
def trust(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "trust.json"
    path.write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    return path


@contextmanager
def in_front(service: str, fault: Fault, of: Callable[[str], bool]) -> Iterator[str]:
    """A proxy before the service; requests for which `of(path)` holds meet the fault."""

    class Proxy(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() in ("accept", "range")}
            answer = httpx.get(service + self.path, headers=headers, timeout=30)
            content, status = answer.content, answer.status_code
            kind = answer.headers.get("Content-Type", "")
            self.close_connection = True
            if of(self.path):
                if fault == "gone":
                    return
                if fault == "busy":
                    status, content, kind = 503, b"", "text/plain"
                elif fault == "page of a proxy":
                    status, content, kind = 502, b"<html>Bad Gateway</html>", "text/html"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Retry-After", "0")
            for name in ("Ledger-Tree-Size",):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if fault == "cut" and of(self.path) else content)

    with served(Proxy) as address:
        yield address


def audit(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("audit", *arguments, "--workers", "1"), check=False, capture_output=True, text=True, timeout=200
    )


def said_nothing_false(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "NOT COMPLETED" in done.stdout + done.stderr
    assert "BROKEN" not in done.stdout
    assert "CLEAN" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("fault", FAULTS)
def test_standings_that_are_not_answered_are_not_held_against_the_service(
    fault: Fault, book: Book, trust: Path, tmp_path: Path
) -> None:
    report, page = tmp_path / "report.json", tmp_path / "report.html"
    with in_front(book.service.url, fault, lambda path: path.endswith("/standing")) as url:
        done = audit(url, "--trust", trust, "--report", report, "--report", page)
    said_nothing_false(done)
    document = json.loads(report.read_bytes())
    assert document["result"] == "not completed"
    assert document["counts"] == {}
    assert document["notice_counts"]["not_reached"] == 2
    assert "未能完成" in page.read_text("utf-8")
    assert "未发现问题" not in page.read_text("utf-8")


@pytest.mark.parametrize(("part", "fault"), [("/tile/entries/", "gone"), ("/tile/0/", "cut"), ("/receipts/", "busy")])
def test_a_log_that_is_cut_off_while_it_is_fetched_is_not_held_against_it(
    part: str, fault: Fault, book: Book, trust: Path
) -> None:
    with in_front(book.service.url, fault, lambda path: path.startswith(part)) as url:
        said_nothing_false(audit(url, "--trust", trust))


def test_a_false_standing_is_found_though_another_could_not_be_reached(book: Book, trust: Path, tmp_path: Path) -> None:
    """What is refuted stays refuted, whatever else could not be looked at."""
    report = tmp_path / "report.json"
    other = OTHER_ENTERPRISE.removeprefix("uscc:")

    class Lying(QuietHandler):
        def do_GET(self) -> None:
            headers = {"Accept": self.headers.get("Accept", "*/*")}
            answer = httpx.get(book.service.url + self.path, headers=headers, timeout=30)
            content = bytearray(answer.content)
            if self.path.endswith("/standing"):
                if other in self.path:
                    return
                content[-1] ^= 1
            self.send_response(answer.status_code)
            for name in ("Content-Type", "Ledger-Tree-Size"):
                self.send_header(name, answer.headers.get(name, ""))
            self.end_headers()
            self.wfile.write(bytes(content))

    with served(Lying) as address:
        done = audit(address, "--trust", trust, "--report", report)
    assert done.returncode == 1, done.stdout + done.stderr
    document = json.loads(report.read_bytes())
    assert document["counts"] == {"standing.served": 1}
    assert "BROKEN" in done.stdout


def test_a_database_that_goes_while_it_is_audited_is_not_held_against_it(
    book: Book, database: TestDatabase, trust: Path
) -> None:
    with connect(database.superuser) as other:
        other.execute("BEGIN; LOCK TABLE projections.campaigns IN ACCESS EXCLUSIVE MODE")  # what is read near the end
        arguments = command("audit", "--database", database.service, "--trust", trust, "--workers", "1")
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            with connect(database.superuser, autocommit=True) as watching:
                found = eventually(lambda: watching.execute(waiting).fetchall(), "the audit waits for the table")
                for (pid,) in found:
                    watching.execute("SELECT pg_terminate_backend(%s)", (pid,))
            said, errors = process.communicate(timeout=100)
        other.rollback()
    done = subprocess.CompletedProcess(arguments, process.returncode, said, errors)
    said_nothing_false(done)
