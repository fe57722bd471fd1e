"""The embedded PostgreSQL: shared by those who live, stopped by the last, started again after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ledger.errors import Unavailable
from ledger.store.connect import connect
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.postgres import PostgresStore
from tests.support.batches import a_batch, an_entry
from tests.support.database import data_folder
from tests.support.waiting import eventually

USER = """
import sys
from ledger.store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(sys.argv[1]).start()
print("ready", flush=True)
sys.stdin.read()
{end}
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A data folder with a made cluster; nobody uses it, and nobody does when the tests are done."""
    with data_folder() as folder:
        with EmbeddedPostgres(folder):
            pass
        yield folder
        assert not running(folder)


def postmaster(folder: Path) -> int | None:
    pid = EmbeddedPostgres(folder)._postmaster()
    assert pid is None or isinstance(pid, int)
    return pid


def running(folder: Path) -> bool:
    return postmaster(folder) is not None


def another_process(folder: Path, end: str = "server.stop()") -> subprocess.Popen[bytes]:
    """A process that uses the folder until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER.format(end=end), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def leave(process: subprocess.Popen[bytes]) -> None:
    process.communicate(timeout=60)


def test_the_server_lives_as_long_as_somebody_uses_it(folder: Path) -> None:
    other = another_process(folder)
    with EmbeddedPostgres(folder) as server:
        leave(other)
        with connect(server.service_conninfo) as connection:
            assert connection.execute("SELECT count(*) FROM ledger.entries").fetchone() == (0,)
    assert not running(folder)


def test_who_leaves_first_does_not_take_the_server_along(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        with EmbeddedPostgres(folder):
            pass
        with PostgresStore.open(server.service_conninfo) as store:
            assert store.latest() is None


def test_a_killed_user_is_forgotten(folder: Path) -> None:
    """The server outlives a user that was killed alone; the next one joins it, and stops it on leaving."""
    other = another_process(folder)
    other.kill()
    leave(other)
    before = postmaster(folder)
    assert before is not None
    with EmbeddedPostgres(folder):
        assert postmaster(folder) == before
    assert not running(folder)


def test_a_process_that_ends_without_a_word_stops_the_server(folder: Path) -> None:
    leave(another_process(folder, end=""))
    assert not running(folder)


def test_a_crashed_server_is_started_again_with_all_that_was_committed(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        with PostgresStore.open(server.service_conninfo) as store:
            store.append(a_batch(0, [an_entry(version=1)]))
            pid = postmaster(folder)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            appended_again(store)
            assert postmaster(folder) != pid
            assert [row.version for row in store.entries(0, 10)] == [1, 2]
        with connect(server.superuser_conninfo("ledger")) as connection:  # leave the folder as it was
            connection.execute("SET session_replication_role = replica")
            connection.execute("DELETE FROM ledger.entries")
            connection.execute("DELETE FROM ledger.checkpoints")


def appended_again(store: PostgresStore) -> None:
    """Append the second entry as soon as there is a server again; ask after each try whether it went through."""

    def there() -> bool:
        with suppress(Unavailable):
            newest = store.latest()
            if newest is not None and newest.tree_size == 2:
                return True
            store.append(a_batch(1, [an_entry(version=2)]))
        return False

    eventually(there, "there is a server again, with the second entry")


@pytest.mark.parametrize("lines", ["{own}\n", "{own}\n/elsewhere\n", "", "rubbish\n"])
def test_a_pid_file_left_behind_does_not_keep_the_server_from_starting(folder: Path, lines: str) -> None:
    """Its number may be another process's by now; here it is that of this test."""
    (folder / "pg" / "postmaster.pid").write_text(lines.format(own=os.getpid()))
    with EmbeddedPostgres(folder) as server, connect(server.service_conninfo) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_a_folder_that_was_left_half_made_is_made_anew(data_dir: Path) -> None:
    (data_dir / "pg.unfinished").mkdir()
    (data_dir / "pg.unfinished" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data_dir) as server, connect(server.service_conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM ledger.entries").fetchone() == (0,)


def test_a_path_too_long_for_a_socket_works(data_dir: Path) -> None:
    folder = data_dir / ("long" * 30)
    with EmbeddedPostgres(folder) as server, connect(server.service_conninfo) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
