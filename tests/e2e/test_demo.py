"""The demonstration comes up in any year, at any moment of it, and is about that year."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli.main import main
from api.demo.demo import ORIGIN
from api.demo.sample_records import ENTERPRISES_MIN
from ledger.domain.values.dates import shanghai_date
from ledger.keys.signer import load_key
from tests.e2e.book import Book
from tests.support.charter import Speaker
from tests.support.database import PostgresServer
from tests.support.run_clock import moment, moved_to
from tests.support.running import RunningService
from tests.support.statements import outcome, sign
from tests.support.waiting import eventually

ENTERPRISES = 20
MOMENTS = {
    "the year ends meanwhile": "2026-12-31T23:59:57+08:00",
    "before the campaign of its year": "2028-02-29T12:00:00+08:00",
    "years from now": "2032-03-15T00:00:05+08:00",
}


@pytest.fixture(params=MOMENTS.values(), ids=MOMENTS)
def demo(request: pytest.FixtureRequest, postgres_server: PostgresServer, tmp_path: Path) -> Iterator[tuple[Book, int]]:
    """A demonstration that is started at a moment, and that moment."""
    at = moment(request.param)
    with postgres_server.database() as database:
        environment = {"LEDGER_DATABASE_URL": database.service, **moved_to(at)}
        with (
            RunningService(tmp_path, "--demo", str(ENTERPRISES), environment=environment) as service,
            Book(service) as book,
        ):
            yield book, at


def test_a_demonstration_has_a_campaign_that_is_over_and_pledges_that_hold(demo: tuple[Book, int]) -> None:
    book, at = demo
    filled = book.service.data_dir / "keys" / f"filled-{ENTERPRISES}"
    eventually(filled.exists, f"the sample campaign is there; the service says in {book.service.log}")
    (campaign,) = book.get("/v1/campaigns", params={"min_tree_size": book.size()}).json()["campaigns"]
    today = shanghai_date(at)
    assert timedelta() <= today - date.fromisoformat(campaign["closes_on"]) < timedelta(days=366)
    rows = book.get("/v1/enterprises", params={"limit": 100, "min_tree_size": book.size()}).json()["enterprises"]
    levels = [book.get(f"/v1/enterprises/{one['id']}/standing").json()["level"] for one in rows]
    assert levels == ["PLEDGED"] * ENTERPRISES

    # Its calendars reach over the turn of the year: a complaint's time runs from one into the next.
    handling = Speaker("party:handling-body", load_key(book.service.data_dir / "keys" / "handling-body.pem"), "x")
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "replied", "closed"), f"{today:%Y-%m}")
    notified = outcome(effective_on=today, notified_on=today - timedelta(days=12), late_ground="演示", **months)
    case = sign(notified, subject=f"uscc:{rows[0]['id']}", by=handling, iat=at, origin=ORIGIN)
    (result,) = book.batch([case])
    assert result["status"] == "registered", result


def test_a_sample_roster_is_of_the_campaign_that_the_demonstration_opens(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    said = CliRunner().invoke(main, ["sample", "roster", "-n", "3", "-o", str(path)])
    assert said.exit_code == 0, said.output
    assert "from 2026-03-01 to 2026-03-15" in said.output  # the run begins on 16 March 2026


def test_every_level_but_that_of_a_kept_period_is_to_be_seen_and_a_restart_says_nothing_twice(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with postgres_server.database() as database:
        environment = {"LEDGER_DATABASE_URL": database.service}
        options = ("--demo", str(ENTERPRISES_MIN))
        said: list[int] = []
        for _ in range(2):
            with RunningService(tmp_path, *options, environment=environment) as service, Book(service) as book:
                filled = service.data_dir / "keys" / f"filled-{ENTERPRISES_MIN}"
                eventually(filled.exists, f"the sample campaign is there; the service says in {service.log}")
                book.get("/v1/campaigns", params={"min_tree_size": book.size()})
                lines = book.get("/v1/standings.ndjson").text.splitlines()[1:-1]
                levels = Counter(json.loads(line)["level"] for line in lines)
                feed = book.get("/v1/events").text.splitlines()
                said.append(sum(json.loads(line)["subject"].startswith("uscc:") for line in feed))
                filled.unlink()  # as if it had been stopped before the end
        assert levels == {"PLEDGED": ENTERPRISES_MIN - 12, "WATCH": 3, "ALERT": 3, "REVOKED": 3, "LISTED": 3}
        assert said[0] == said[1] > 3 * ENTERPRISES_MIN
