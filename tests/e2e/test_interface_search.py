"""Schemathesis over the whole interface description: whatever it allows, and much that it does not, is asked.

pytest tests/e2e/test_interface_search.py -m deep [--search-seconds 60]
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path

import pytest

from tests.e2e.book import Book
from tests.e2e.interface_world import ABSENT, World, lay_world
from tests.support.charter import HANDLING_BODY, ORGANIZER, REGULATOR, Speaker
from tests.support.http_servers import QuietHandler, served
from tests.support.oracles import ORACLES, ROOT, require_oracles
from tests.support.reading import authorization, token

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)

ONCE = {"POST /desk/session"}  # a signed challenge is good once, and for two minutes


@pytest.mark.deep
@pytest.mark.timeout(3_600)
def test_a_long_search_meets_no_server_error_and_no_answer_that_is_not_described(
    book: Book, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    require_oracles()
    world = lay_world(book)
    others = [None, ORGANIZER, REGULATOR, HANDLING_BODY, None]
    with signing(world, others) as signer:
        known, answers = tmp_path / "known.json", tmp_path / "answers.json"
        known.write_text(json.dumps({**in_book(world), "signer": signer, "answers": str(answers)}))
        command = [ORACLES, "-m", "schemathesis.cli", "run", f"{book.service.url}/openapi.json", "--no-color"]
        command += ["--max-time", str(pytestconfig.getoption("--search-seconds")), "--checks", ",".join(CHECKS)]
        command += ["--continue-on-failure", "--suppress-health-check", "all", "--request-timeout", "60"]
        command += ["--generation-database", "none"]
        environment = {"SEARCHED": str(known), "SCHEMATHESIS_HOOKS": "tests.oracles.schemathesis_hooks"}
        path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **environment, "PYTHONPATH": path},
        )
    print(done.stdout, done.stderr)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    reached = json.loads(answers.read_text())
    for operation, statuses in sorted(reached.items()):
        print(operation, *(f"{status}: {count}" for status, count in sorted(statuses.items())), sep="  ")
    hollow = {name for name, statuses in reached.items() if min(map(int, statuses)) >= 400}
    hollow -= ONCE
    assert hollow == {f"{method.upper()} {path}" for method, path in ABSENT}, "all else was answered with what is there"
    assert "Traceback" not in book.service.said
    assert book.get("/readyz").json()["ready"] is True


def in_book(world: World) -> dict[str, dict[str, object]]:
    """What the hooks are told of the book, by operation as Schemathesis writes them."""
    return {
        "values": {f"{method.upper()} {path}": given for (method, path), given in world.values.items()},
        "bodies": {f"{method.upper()} {path}": body.hex() for (method, path), body in world.bodies.items()},
    }


@contextmanager
def signing(world: World, others: Sequence[Speaker | None]) -> Iterator[str]:
    """An address on this machine that answers with the headers of a signed request; at a desk, of one from its page.

    Every second one is signed by who may ask, where that is somebody in particular, or has the token that stands in the
    place of a signature; the rest by one of the others after the other, or not at all.
    """
    rightly = {re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?|$)"): by for (_, path), by in world.signers.items()}
    bearers = {world.values[operation]["name"]: secret for operation, secret in world.tokens.items()}
    turns, lock, asks = cycle(others), threading.Lock(), count()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = None if asked["content"] is None else bytes.fromhex(asked["content"])
            with lock:
                by, entitled = next(turns), next(asks) % 2
                if entitled:
                    by = next((one for like, one in rightly.items() if like.match(asked["resource"])), by)
            headers = {} if by is None else authorization(token(by, asked["resource"], content))
            bearer = next((secret for name, secret in bearers.items() if name in asked["resource"]), None)
            if bearer is not None and entitled:
                headers = {"Authorization": f"Bearer {bearer}"}
            if asked["resource"].startswith("/desk/"):
                headers["Origin"] = world.book.service.url
            body = json.dumps(headers).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with served(Handler) as address:
        yield address
