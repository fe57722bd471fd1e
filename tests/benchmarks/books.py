"""Books on a real disk: one embedded PostgreSQL for a run, a database for each book, filled through the sequencer."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg

from api.service.service import unix_now
from ledger.cose.receipt import verify_receipt
from ledger.errors import LedgerError
from ledger.keys.log_keys import LogKeys
from ledger.registration import Candidate
from ledger.sequencing.sequencer import Answer, Registered, Sequencer, Submission
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.postgres import PostgresStore
from tests.benchmarks.floors import ROWS
from tests.benchmarks.material import EVENTS_EACH, Material, Signed, candidate, name_of
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN
from tests.support.database import PostgresServer, TestDatabase
from tests.support.running import RunningService, free_port

__all__ = ["Bench", "Book", "Writer", "check", "on_disk"]

_SUBMITTED_AT_ONCE = 500
_MEMORY = ("tmpfs", "ramfs", "overlay-tmpfs")


def check(holds: bool, what: str) -> None:
    """A benchmark that measured something else than it meant to has no result."""
    if not holds:
        raise AssertionError(f"the benchmark's answers are wrong: {what}")


def on_disk(folder: Path) -> str:
    """The file system under a folder, by name. Raises `ValueError` where it is memory: nothing is durable there."""
    mounts = sorted(psutil.disk_partitions(all=True), key=lambda mount: len(mount.mountpoint))
    inside = [mount for mount in mounts if folder.resolve().is_relative_to(mount.mountpoint)]
    kind: str = inside[-1].fstype if inside else "unknown"
    if kind in _MEMORY:
        raise ValueError(f"{folder} lies in memory ({kind}): name a folder on a disk with --folder")
    return kind


@dataclass(frozen=True)
class Book:
    """One book in a database of its own."""

    database: TestDatabase
    material: Material
    folder: Path

    @property
    def keys(self) -> LogKeys:
        """The log's own."""
        return LogKeys.load(self.folder / "keys", ORIGIN)

    def service(self, *options: str) -> RunningService:
        """The service over this book, as users run it; not started yet."""
        environment = {"LEDGER_DATABASE_URL": self.database.service}
        return RunningService(self.folder, "--pages-ahead", *options, environment=environment)

    def receipt_holds(self, receipt: bytes, statement: bytes) -> None:
        """Raises `LedgerError` where the receipt does not prove the statement's registration in this log."""
        verify_receipt(receipt, statement, self.keys.receipt.public, ORIGIN)

    def size(self) -> int:
        """Entries, counted by the database."""
        with psycopg.connect(self.database.service) as connection:
            row = connection.execute("SELECT count(*) FROM ledger.entries").fetchone()
        return int(row[0]) if row else 0


class Writer:
    """A sequencer of the benchmark's own process on a book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._store = PostgresStore.open(book.database.service)
        self.sequencer = Sequencer(self._store, book.keys, unix_now)
        self.sequencer.open()

    def __enter__(self) -> Writer:
        self.sequencer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.sequencer.stop()
        self._store.close()

    def fill(self, statements: Iterable[Signed], progress: str = "") -> int:
        """Register everything, a batch gathering while another commits; how many. Raises what refuses one."""
        taken, done, wrong = 0, threading.Semaphore(2), list[LedgerError]()

        def deliver(answers: tuple[Answer, ...]) -> None:
            wrong.extend(answer for answer in answers if not isinstance(answer, Registered))
            done.release()

        source = iter(statements)
        began = time.monotonic()
        while chunk := tuple(candidate(signed) for signed in islice(source, _SUBMITTED_AT_ONCE)):
            done.acquire()
            self.sequencer.submit(Submission(chunk, deliver))
            taken += len(chunk)
            if progress and taken % 20_000 < _SUBMITTED_AT_ONCE:
                sys.stderr.write(f"\r{progress}: {taken:,} entries, {taken / (time.monotonic() - began):,.0f}/s ")
        done.acquire()
        done.acquire()
        if progress:
            sys.stderr.write(f"\r{progress}: {taken:,} entries in {time.monotonic() - began:.0f} s      \n")
        if wrong:
            raise wrong[0]
        return taken

    def commit(self, candidates: Sequence[Candidate]) -> float:
        """Register candidates as one group, in one commit; the seconds until it was durable."""
        began = time.perf_counter()
        answers = self.sequencer.submit_and_wait(*candidates)
        seconds = time.perf_counter() - began
        check(all(isinstance(answer, Registered) and not answer.existing for answer in answers), f"{answers[0]!r}")
        return seconds


class Bench:
    """One run: a folder on disk with a PostgreSQL, and whatever was opened in it. `quick`: a tenth of the work."""

    def __init__(self, folder: Path, server: PostgresServer, stack: ExitStack, *, quick: bool) -> None:
        self.quick = quick
        self.folder = folder
        self._server = server
        self._stack = stack
        self._floor_port: int | None = None
        self._scratch: TestDatabase | None = None
        self._mixed: Book | None = None

    @classmethod
    @contextmanager
    def open(cls, parent: Path | None, *, quick: bool) -> Iterator[Bench]:
        """Everything is stopped and removed at the end."""
        parent = parent or next((one for one in (Path("/var/tmp"),) if one.is_dir()), Path(tempfile.gettempdir()))
        on_disk(parent)
        with ExitStack() as stack:
            folder = Path(tempfile.mkdtemp(prefix="ledger-bench-", dir=parent))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            server = PostgresServer(stack.enter_context(EmbeddedPostgres(folder)))
            stack.callback(server.close)
            yield cls(folder, server, stack, quick=quick)

    def rounds(self, full: int = 7) -> int:
        """How often floor and ours take turns."""
        return 3 if self.quick else full

    def of(self, full: int) -> int:
        """An amount of work: all of it, or a tenth in a quick run."""
        return full // 10 if self.quick else full

    def book(self, name: str) -> Book:
        """A new book with its charter and an open campaign."""
        folder = self.folder / name
        LogKeys.make(folder / "keys", ORIGIN)
        book = Book(self._stack.enter_context(self._server.database()), Material(unix_now()), folder)
        with PostgresStore.open(book.database.service) as store:
            sequencer = Sequencer(store, book.keys, unix_now)
            sequencer.open()
            sequencer.bootstrap(book.material.charter(book.keys))
        with Writer(book) as writer:
            writer.fill([book.material.campaign()])
        return book

    def mixed(self) -> Book:
        """A big book of histories (made once): 200,000 entries, 20,000 in a quick run."""
        if self._mixed is None:
            self._mixed = self.histories("mixed", self.of(200_000))
        return self._mixed

    def histories(self, name: str, entries: int) -> Book:
        """A new book of about so many entries, `EVENTS_EACH` of them an enterprise."""
        book = self.book(name)
        with Writer(book) as writer:
            enterprises = range(entries // EVENTS_EACH)
            writer.fill((one for number in enterprises for one in book.material.history(name_of(number))), name)
        return book

    def migrated(self) -> TestDatabase:
        """A new database with the book's tables, and nothing in them."""
        return self._stack.enter_context(self._server.database())

    def scratch(self) -> TestDatabase:
        """A database without a book, on the same server: for floors."""
        if self._scratch is None:
            self._scratch = self._stack.enter_context(self._server.database(empty=True))
            with psycopg.connect(self._scratch.admin, autocommit=True) as connection:
                connection.execute(f"CREATE TABLE {ROWS}")
        return self._scratch

    def floor(self) -> int:
        """The port of the floor server, which is started when first asked for."""
        if self._floor_port is None:
            port = free_port()
            keys = self.folder / "keys.txt"
            keys.write_text("\n".join(one.signer.public.cose_key.hex() for one in (ORGANIZER, HANDLING_BODY)))
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.floors", str(port), str(keys), self.scratch().admin]
            )
            self._stack.callback(_end, process)
            _await_ready(port)
            self._floor_port = port
        return self._floor_port


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(30)


def _await_ready(port: int) -> None:
    for _ in range(200):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise RuntimeError("the floor server did not come up")
