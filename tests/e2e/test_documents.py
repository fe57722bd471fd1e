"""The documents beside the guides do what they say: their commands, in order, against one fresh demonstration.

Each page in a folder of its own, as a reader who has the trust file. `docs/index.md` says what the variables mean.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import click
import httpx
import pytest

from api.cli.main import main
from tests.e2e.book import size_of, today
from tests.support.database import PostgresServer
from tests.support.documents import blocks, script
from tests.support.mirror_places import BUCKET, object_store
from tests.support.running import COMMAND, RunningService, free_port
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WITH_COMMANDS = [page for page in PAGES if any(not one.not_run for one in blocks(page.read_text("utf-8")))]
SECONDS_MAX = 300
ENTERPRISES = 9
# What a page calls things that are elsewhere in a test.
ELSEWHERE = (("http://127.0.0.1:8315", "${LEDGER}"), (".venv/bin/credit-ledger", "credit-ledger"))


@pytest.fixture(scope="module")
def reader(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment in which a reader of any page works."""
    folder = tmp_path_factory.mktemp("demonstration")
    with (
        object_store() as bucket,
        postgres_server.database() as database,
        postgres_server.database(empty=True) as empty,
    ):
        databases = {"LEDGER_DATABASE_URL": database.service, "LEDGER_ADMIN_DATABASE_URL": database.admin}
        environment = {"LEDGER_DATABASE_URL": database.service}
        with RunningService(folder / "data", "--demo", str(ENTERPRISES), environment=environment) as service:
            filled = service.data_dir / "keys" / f"filled-{ENTERPRISES}"
            eventually(filled.exists, f"the sample campaign is there; the service says in {service.log}")
            size = size_of(httpx.get(f"{service.url}/checkpoint").content)
            pledges = f"{service.url}/v1/campaigns/{today().year}/pledges?limit=1&min_tree_size={size}"
            eventually(lambda: httpx.get(pledges).status_code == 200, "the read models have the sample campaign")
            listed = httpx.get(pledges).json()
            trust = httpx.get(f"{service.url}/.well-known/credit-ledger-trust.json")
            retired = folder / "retired.pem"
            subprocess.run([COMMAND, "key", "new", "-o", str(retired)], check=True, capture_output=True, timeout=60)
            (folder / "trust.json").write_bytes(trust.content)
            yield {
                **os.environ,
                **databases,
                **bucket,
                "BUCKET": f"s3://{BUCKET}/log",
                "FILES_PORT": str(free_port()),
                "PUBLISHED_PORT": str(free_port()),
                "SCHEDULER_PORT": str(free_port()),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "LEDGER": service.url,
                "DATA": str(service.data_dir),
                "TRUST": str(folder / "trust.json"),
                "ORIGIN": trust.json()["origin"],
                "ENTERPRISE": listed["pledges"][0]["enterprise"],
                "RETIRED_KEY": str(retired),
                "EMPTY_DATABASE_URL": empty.admin,
                "TODAY": str(today()),
                "YESTERDAY": str(today() - timedelta(days=1)),
                "WITNESS_PORT": str(free_port()),
                "READER_PORT": str(free_port()),
            }


@pytest.mark.slow
@pytest.mark.timeout(2 * SECONDS_MAX)
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_the_commands_of_a_page_do_what_it_says(page: Path, reader: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "trust.json").symlink_to(reader["TRUST"])
    if page.name == "README.md":
        (tmp_path / "data").symlink_to(reader["DATA"])  # where `make run` keeps it
    lines = script(page.read_text("utf-8"))
    for written, here in ELSEWHERE:
        lines = lines.replace(written, here.replace("${LEDGER}", reader["LEDGER"]))
    try:
        done = subprocess.run(
            ["bash", "-c", lines],
            cwd=tmp_path,
            env=dict(reader),
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    finally:
        for pid in tmp_path.glob("*.pid"):
            subprocess.run(["kill", pid.read_text().strip()], capture_output=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def test_what_no_test_runs_is_little_and_says_why() -> None:
    shown = {page.name: [one.not_run for one in blocks(page.read_text("utf-8")) if one.not_run] for page in PAGES}
    assert {name: len(reasons) for name, reasons in shown.items() if reasons} == {
        "README.md": 1,
        "contributing.md": 1,
        "desk.md": 1,
        "operations.md": 3,
        "scale.md": 3,
        "witnesses.md": 3,
    }
    for reason in (one for reasons in shown.values() for one in reasons):
        assert len(reason) > 20
        named = re.findall(r"tests/\S+\.py", reason)
        assert all((ROOT / test).exists() for test in named), reason


def test_every_command_that_stands_apart_is_in_a_marked_block() -> None:
    """No block without a kind, none that is only indented: no test would see it."""
    for page in PAGES:
        text = page.read_text("utf-8")
        marks = re.findall(r"^ *```(.*)$", text, re.MULTILINE)
        assert "" not in marks[::2], page.name
        assert set(marks[1::2]) <= {""}, page.name
        beside = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
        assert re.findall(r"^ {2,}(?:credit-ledger|curl|make|pip|docker) .*$", beside, re.MULTILINE) == [], page.name


def commands_named(page: str) -> list[str]:
    """What stands between backquotes, beside the blocks, and begins with our command."""
    beside = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    return [said for said in re.findall(r"`([^`\n]+)`", beside) if said.startswith("credit-ledger ")]


def unknown(said: str) -> list[str]:
    """The words of a command that are neither ours nor what it is given."""
    command: click.Command = main
    found = []
    for word in said.split()[1:]:
        name = word.strip("[]")
        if name.startswith("--"):
            options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
            if name.partition("=")[0] not in {*options, "--help"}:
                found.append(name)
        elif isinstance(command, click.Group):
            if name.isupper():  # any of them
                return found
            inner = [command.get_command(click.Context(command), one) for one in name.split("|")]
            if None in inner:
                return [name]
            command = inner[0] or command
    return found


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "docs" / "guides").glob("*.md"))], ids=lambda page: page.name)
def test_every_command_that_a_sentence_names_is_there_with_its_options(page: Path) -> None:
    assert {said: unknown(said) for said in commands_named(page.read_text("utf-8")) if unknown(said)} == {}


def test_the_benchmarks_page_names_the_command_that_writes_it() -> None:
    assert "`make bench`" in (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert re.search(r"^bench:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
