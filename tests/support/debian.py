"""PostgreSQL and pgbouncer as Debian packages them, where this machine has them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.support.database import data_folder
from tests.support.waiting import eventually

__all__ = ["PACKAGED", "PGBOUNCER", "PackagedServer", "packaged_server", "pgbouncer"]

PACKAGED: Final = {
    int(path.parent.parent.name): path.parent for path in sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb"))
}
PGBOUNCER: Final = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_PORT: Final = 5599


@dataclass(frozen=True, slots=True)
class PackagedServer:
    """A server of one version, with the roles and the empty database of the ledger."""

    folder: Path

    def conninfo(self, user: str) -> str:
        return f"host={self.folder} port={_PORT} user={user} dbname=ledger"


def _user() -> str | None:
    """PostgreSQL and pgbouncer do not run as root: whose they then are."""
    if os.getuid():
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


@contextmanager
def packaged_server(version: int) -> Iterator[PackagedServer]:
    """Started in a folder of its own, stopped and removed at the end."""
    programs = PACKAGED[version]
    with data_folder() as folder:
        user = _user()
        if user is not None:
            shutil.chown(folder, user)
        folder.chmod(0o755)

        def run(*command: str) -> None:
            subprocess.run(command, user=user, cwd="/", check=True, capture_output=True, timeout=100)

        data = str(folder / "data")
        run(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--locale=C", "-E", "UTF8")
        options = f'-h "" -k {folder} -p {_PORT}'
        log = str(folder / "log")
        pg_ctl = str(programs / "pg_ctl")
        with Path(os.devnull).open("wb") as nothing:  # not a pipe: the server would inherit it
            subprocess.run(
                [pg_ctl, "-D", data, "-w", "-l", log, "-o", options, "start"],
                user=user,
                cwd="/",
                check=True,
                stdout=nothing,
                stderr=nothing,
                timeout=100,
            )
        try:
            with psycopg.connect(f"host={folder} port={_PORT} user=postgres", autocommit=True) as connection:
                for statement in (
                    "CREATE ROLE ledger_service LOGIN",
                    "CREATE ROLE ledger_migrator LOGIN IN ROLE ledger_service",
                    "CREATE DATABASE ledger OWNER ledger_migrator TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
                    "CREATE DATABASE other OWNER ledger_migrator TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
                ):
                    connection.execute(statement)
            yield PackagedServer(folder)
        finally:
            run(pg_ctl, "-D", data, "-m", "immediate", "stop")


@contextmanager
def pgbouncer(target: str, mode: str) -> Iterator[str]:
    """A pgbouncer before the database `target`, in this pool mode; the way to it."""
    assert PGBOUNCER is not None  # the caller looked
    with data_folder() as folder:
        user = _user()
        settings = (
            f"[databases]\nledger = {target}\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n"
            f"unix_socket_dir = {folder}\nauth_type = any\npool_mode = {mode}\n"
        )
        (folder / "pgbouncer.ini").write_text(settings)
        if user is not None:
            shutil.chown(folder, user)
        folder.chmod(0o755)
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                [PGBOUNCER, str(folder / "pgbouncer.ini")], user=user, cwd="/", stdout=log, stderr=log
            ) as process,
        ):
            try:
                socket = folder / ".s.PGSQL.6432"
                eventually(socket.exists, f"pgbouncer listens; see {folder / 'log'}")
                yield f"host={folder} port=6432 dbname=ledger user=any"
            finally:
                process.terminate()
