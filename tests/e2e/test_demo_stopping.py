"""A demonstration that is stopped while its sample campaign goes in, and one whose port is another's."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psutil
import pytest

from api.demo.filling import Filling
from ledger.errors import Unavailable
from tests.support.database import PostgresServer
from tests.support.running import COMMAND, free_port
from tests.support.waiting import eventually

END_SECONDS_MAX = 10
ENTERPRISES = 600  # more than go in before it is stopped


def _as_from_a_terminal() -> None:
    """A run in the background ignores SIGINT, and what it starts would, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A demonstration as it is started in a terminal: Ctrl-C goes to every process of its group."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "serve.log"
        arguments = ["serve", "--demo", str(ENTERPRISES), "--port", str(port), "--data-dir", str(folder / "data")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [COMMAND, *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
                start_new_session=True,
                preexec_fn=_as_from_a_terminal,  # noqa: PLW1509 - the tests start no threads before this
            )

    def get(self, path: str) -> httpx.Response | None:
        try:
            return httpx.get(self.url + path, timeout=30)
        except httpx.HTTPError:
            return None

    def says(self, text: str) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3_000:]
        return text in self.log.read_text()

    def end(self, number: signal.Signals, *, group: bool) -> float:
        """Send the signal; the seconds until nothing of it is left."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        began = time.monotonic()
        (os.killpg if group else os.kill)(self.process.pid, number)
        try:
            self.process.wait(60)
            _, left = psutil.wait_procs(family, 20)
            assert left == []
            return time.monotonic() - began
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)


@pytest.fixture
def environment(postgres_server: PostgresServer) -> Iterator[dict[str, str]]:
    with postgres_server.database() as database:
        yield {"LEDGER_DATABASE_URL": database.service}


def test_a_demonstration_stopped_at_any_moment_is_gone_in_ten_seconds_and_the_next_start_goes_on(
    environment: dict[str, str], tmp_path: Path
) -> None:
    moments = (
        ("", signal.SIGINT, True),  # before it has opened anything
        ("serving ", signal.SIGTERM, False),  # the port was bound just now
        ("serving ", signal.SIGINT, True),
        ("POST", signal.SIGINT, True),  # statements of the sample are under way
    )
    port = free_port()
    grown = 0
    for said, number, group in moments:
        terminal = Terminal(tmp_path, port, environment)
        began_at = terminal.log.stat().st_size
        if said == "POST":
            eventually(lambda t=terminal, g=grown: _size(t) > g + 300, "the sample goes in")
            ready = terminal.get("/readyz")
            assert ready is not None
            assert ready.status_code == 503, "ready when the sample is in, not before"
            assert "sample campaign" in ready.json()["why"]
            grown = _size(terminal)
        elif said:
            eventually(lambda t=terminal, a=began_at: "serving " in t.log.read_text()[a:], "the port is bound")
        else:
            time.sleep(0.7)
        took = terminal.end(number, group=group)
        assert took < END_SECONDS_MAX, f"{said or 'early'} {number.name}: {took:.1f} s\n{terminal.log.read_text()}"
    assert "Traceback" not in terminal.log.read_text()

    terminal = Terminal(tmp_path, port, environment)
    try:
        filled = tmp_path / "data" / "keys" / f"filled-{ENTERPRISES}"
        eventually(filled.exists, f"the sample is in; see {terminal.log}")
        eventually(lambda: (r := terminal.get("/readyz")) is not None and r.status_code == 200, "ready")
        assert f"{ENTERPRISES} of {ENTERPRISES} enterprises" in terminal.log.read_text()
    finally:
        took = terminal.end(signal.SIGTERM, group=False)
    assert took < END_SECONDS_MAX


def _size(terminal: Terminal) -> int:
    assert terminal.process.poll() is None, terminal.log.read_text()[-3_000:]
    answer = terminal.get("/checkpoint")
    return 0 if answer is None or answer.status_code != 200 else int(answer.headers["Ledger-Tree-Size"])


def test_a_demonstration_whose_port_is_taken_sends_nothing_to_whoever_has_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    asked: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            asked.append(self.rfile.readline().decode("latin-1"))
            self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        serving = threading.Thread(target=other.serve_forever)
        serving.start()
        try:
            terminal = Terminal(tmp_path, other.server_port, environment)
            assert terminal.process.wait(60) != 0
        finally:
            other.shutdown()
            serving.join()
    assert asked == []
    assert "cannot listen on" in terminal.log.read_text()


def test_the_filling_is_patient_with_a_service_that_has_no_time() -> None:
    class Reluctant:
        done = False

        def __init__(self) -> None:
            self.asked = 0

        def __call__(self, url: str, *, sleep: object, progress: object) -> None:
            self.asked += 1
            if self.asked == 1:
                raise Unavailable("not now")

    fill = Reluctant()
    filling = Filling(fill)
    filling.start("http://127.0.0.1:9")
    eventually(lambda: filling.done, "it is asked again")
    assert fill.asked == 2
    filling.stop()
