"""Audit, rebuild and policy comparison on a Dask cluster: the same bytes as here, also where a worker is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from api.auditing.audit_target import open_published
from ledger.audit import Known
from ledger.audit.audit import AuditWorkers, FurtherChecks, run_audit
from ledger.audit.sources.database_source import DatabaseSource
from ledger.charter.default_policies import default_standing_policy
from ledger.errors import PartLost, Refuted, Unavailable
from ledger.parallel.dask_engine import DaskEngine
from ledger.parallel.engine import Engine, Here
from projections.engine.audit_check import check_read_models, rows_of_streams
from projections.engine.rebuild import rebuild
from projections.engine.schema import TABLES
from projections.standing.policy_comparison import compare_policies
from tests.support.cluster import Cluster, cluster
from tests.support.forging import superuser
from tests.support.live_book import LiveBook, trust_of
from tests.support.parts import doubled, killed, killed_once, wrong
from tests.support.running import COMMAND, free_port
from tests.support.static_copy import static_copy
from tests.support.waiting import eventually

# Dask's own, about sockets and loops that end with the interpreter
pytestmark = pytest.mark.filterwarnings("default::ResourceWarning", "default::DeprecationWarning")


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), workers=1) as made:
        yield made


@pytest.fixture(scope="module")
def copied(live: LiveBook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copied")
    with superuser(live.database) as connection:
        static_copy(connection, folder)
    return folder


def audited(live: LiveBook, engine: Engine | None, meanwhile: Callable[[str], None] = lambda what: None) -> bytes:
    """All that an audit says, but for how long it took."""
    source, snapshot = DatabaseSource.begin(live.database.service)
    with closing(source):
        outcome = run_audit(
            source,
            trust_of(live.store),
            workers=None if engine is None else AuditWorkers(engine, snapshot),
            checks=FurtherChecks([rows_of_streams], [check_read_models]),
            progress=lambda what, done, total: meanwhile(what),
        )
    outcome.seconds = 0
    return msgspec.json.encode(outcome)


def audited_copy(live: LiveBook, folder: Path, engine: Engine | None) -> bytes:
    found = open_published(str(folder), trust_of(live.store), lambda done, size: None, engine)
    with closing(found.source):
        outcome = run_audit(
            found.source,
            found.trust,
            workers=None if engine is None else AuditWorkers(engine, found.sources),
            known=Known(found.shown),
        )
    outcome.seconds = 0
    return msgspec.json.encode(outcome)


def rows(conninfo: str) -> list[object]:
    """Of all read models, in their order."""
    with psycopg.connect(conninfo) as connection:
        return [
            connection.execute(f"SELECT t::text FROM projections.{table} t ORDER BY 1").fetchall() for table in TABLES
        ]


def compared(conninfo: str, engine: Engine) -> tuple[object, list[bytes]]:
    stricter = replace(default_standing_policy(), watch_from=100, alert_from=200)
    with compare_policies(conninfo, stricter, date(2026, 7, 1), engine=engine) as (totals, lines):
        return totals, list(lines)


def test_a_worker_that_is_killed_in_mid_audit_changes_nothing(live: LiveBook, machines: Cluster) -> None:
    alone = audited(live, None)
    ended: list[str] = []

    def kill(what: str) -> None:
        if what == "entries" and not ended:
            ended.append(what)
            machines.kill_worker()

    with DaskEngine(machines.address) as engine:
        assert audited(live, engine) == alone  # by one worker
        machines.worker()
        eventually(lambda: engine.processes == 2, "another worker has joined")
        assert audited(live, engine, kill) == alone
        assert ended


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_as_this_process_also_where_workers_are_killed(
    live: LiveBook, copied: Path, machines: Cluster, tmp_path: Path
) -> None:
    here = live.database.service
    rebuild(here, 0)
    before, ended = rows(here), list[int]()
    machines.worker()

    def kill(done: int, total: int) -> None:
        if not ended:
            ended.append(done)
            machines.kill_worker()

    with DaskEngine(machines.address) as engine:
        eventually(lambda: engine.processes >= 2, "another worker has joined")
        assert list(engine.run(doubled, 2, range(100))) == list(range(0, 200, 2))
        rebuild(here, engine=engine)
        assert rows(here) == before
        assert audited_copy(live, copied, engine) == audited_copy(live, copied, None)
        assert compared(here, engine) == compared(here, Here())
        with pytest.raises(Refuted, match="part 3"):
            list(engine.run(wrong, "", range(10)))
        rebuild(here, progress=kill, engine=engine)
        assert ended
        assert rows(here) == before
        machines.worker()
        assert list(engine.run(killed_once, str(tmp_path), range(30))) == list(range(30))
        assert (tmp_path / "killed").exists()


@pytest.mark.slow
def test_a_part_that_ends_workers_is_named_and_given_up(tmp_path: Path) -> None:
    with cluster(tmp_path, workers=2, failures=0) as few, DaskEngine(few.address) as engine:
        eventually(lambda: engine.processes == 2, "both workers have joined")
        # Dask counts against all parts that were with the worker: one of them is named.
        with pytest.raises(PartLost, match=r"part \d of 6 was given up"):
            list(engine.run(killed, "", range(6)))


@pytest.mark.slow
def test_the_command_takes_the_address_of_a_scheduler(live: LiveBook, machines: Cluster) -> None:
    given = [COMMAND, "audit", "--database", live.database.service, "--engine"]
    done = subprocess.run([*given, machines.address], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "CLEAN" in done.stdout
    none = subprocess.run([*given, "here:1"], capture_output=True, text=True, timeout=60, check=False)
    assert none.returncode == 2
    assert "tcp://host:port" in none.stderr


def test_a_scheduler_that_is_not_there_is_said_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.parallel.dask_engine.ENGINE_CONNECT_SECONDS_MAX", 1)
    with pytest.raises(Unavailable, match="no Dask scheduler"):
        DaskEngine(f"tcp://127.0.0.1:{free_port()}")
