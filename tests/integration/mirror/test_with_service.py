"""A real service, mirrored by the real command, served again by Python's plain file server, and followed there."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.client.client import Client
from tests.e2e.book import Book, open_book
from tests.integration.monitor.test_follow_command import command, run
from tests.support.database import PostgresServer
from tests.support.running import free_port
from tests.support.waiting import answers, eventually


@pytest.fixture(scope="module")
def book(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with (
        postgres_server.database() as database,
        open_book(tmp_path_factory.mktemp("service"), database=database.service) as book,
    ):
        yield book


@contextmanager
def file_server(folder: Path) -> Iterator[str]:
    """`python -m http.server` over a folder."""
    port = free_port()
    arguments = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            eventually(lambda: answers(url), "the file server answers")
            yield url
        finally:
            process.terminate()


def test_a_mirror_behind_a_file_server_is_followed_like_the_service(book: Book, tmp_path: Path) -> None:
    book.campaign()
    subject = "local:mirrored/one"
    book.enterprise(subject)
    for number in range(300):
        book.enterprise(f"local:mirrored/{number}")
    trust, folder = tmp_path / "trust.json", tmp_path / "copy"
    trust.write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    made = run("mirror", book.service.url, folder, "--trust", trust, "--once")
    assert made.returncode == 0, made.stderr
    assert (folder / "checkpoint").read_bytes().split(b"\n")[1] == str(book.size()).encode()
    book.pledge(subject, serial=1)
    assert run("mirror", book.service.url, folder, "--trust", trust, "--once").returncode == 0
    arguments = ("--subject", subject, "--trust", trust, "--once", "--json")
    at_service = run("follow", book.service.url, *arguments)
    with file_server(folder) as url:
        at_mirror = run("follow", url, *arguments)
        again = run("mirror", url, tmp_path / "copy of the copy", "--once")
        with Client(url) as client:
            assert client.checkpoint() == book.checkpoint()
    assert at_service.returncode == at_mirror.returncode == again.returncode == 0, at_mirror.stderr + again.stderr
    shown = [json.loads(line) for line in at_service.stdout.splitlines()]
    assert [one["type"] for one in shown] == ["EnterpriseRegistered", "PledgeMade", "PledgePublished"]
    assert [json.loads(line)["entry"] for line in at_mirror.stdout.splitlines()] == [one["entry"] for one in shown]
    assert (tmp_path / "copy of the copy" / "checkpoint").read_bytes() == (folder / "checkpoint").read_bytes()


def test_killed_again_and_again_while_the_book_grows_the_copy_ends_up_whole(book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    arguments = command("mirror", book.service.url, folder, "--interval", "0.1")
    for turn in range(6):
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            for number in range(60):
                book.enterprise(f"local:killed-{turn}/{number}")
            time.sleep(0.1 * turn)
            process.kill()
            assert process.stderr is not None
            assert b"INCONSISTENT" not in process.stderr.read()
    last = run("mirror", book.service.url, folder, "--once")
    assert last.returncode == 0, last.stderr
    with file_server(folder) as url:
        everything = run("follow", url, "--once", "--json")
    assert everything.returncode == 0, everything.stderr
    assert len(everything.stdout.splitlines()) == book.size()


def test_a_service_out_of_reach_is_exit_2_and_leaves_the_copy_alone(book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    assert run("mirror", book.service.url, folder, "--once").returncode == 0
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert run("mirror", f"http://127.0.0.1:{free_port()}", folder, "--once").returncode == 2
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
