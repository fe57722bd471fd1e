"""The demonstration comes up in any year, at any moment of it, and is about that year."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli.main import main
from api.demo.demo import ORIGIN
from api.demo.sample_records import ENTERPRISES_MIN
from api.demo.sample_roster import last_campaign
from ledger.domain.values.dates import shanghai_date
from ledger.keys.signer import load_key
from ledger.verifier import Trust, parse_trust, verify_bundle, verify_entry
from projections.standing.levels import WORDS, Level
from tests.e2e.book import Book
from tests.support.charter import Speaker
from tests.support.database import PostgresServer
from tests.support.desks import DeskVisitor
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

    with DeskVisitor(book.service.url) as clerk:
        assert clerk.send(clerk.answered(handling, log=ORIGIN)).status_code == 201
        assert clerk.http.get("/desk/complaints").text.count('<td><a class="num"') == 3, "three complaints wait"


def test_a_sample_roster_is_of_the_campaign_that_the_demonstration_opens(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    said = CliRunner().invoke(main, ["sample", "roster", "-n", "3", "-o", str(path)])
    assert said.exit_code == 0, said.output
    assert "from 2026-03-01 to 2026-03-15" in said.output  # the run begins on 16 March 2026


@pytest.mark.parametrize("at", ["2026-02-26T12:00:00+08:00", "2028-02-29T23:59:50+08:00", "2032-03-15T00:00:05+08:00"])
def test_every_level_is_to_be_seen_three_times_whatever_the_day_and_what_is_seen_of_it_verifies(
    at: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with postgres_server.database() as database:
        environment = {"LEDGER_DATABASE_URL": database.service, **moved_to(moment(at))}
        options = ("--demo", str(ENTERPRISES_MIN))
        with RunningService(tmp_path, *options, environment=environment) as service, Book(service) as book:
            _filled(book, ENTERPRISES_MIN)
            levels = _levels(book)
            assert {level.value: len(levels[level.value]) >= 3 for level in Level} == dict.fromkeys(Level, True)
            trust = parse_trust(book.get("/.well-known/credit-ledger-trust.json").content)
            _first_page_shows_campaigns(book, moment(at))
            for level, codes in levels.items():
                for code in codes[:3]:
                    _verifies(book, code, level, trust)


def _first_page_shows_campaigns(book: Book, at: int) -> None:
    """That of the newest 15 March, and the one that is open now."""
    page = book.get("/", headers={"Accept": "text/html"}).text
    assert f"{last_campaign(shanghai_date(at)).opens_on.year} 年 3·15" in page
    assert "正在进行" in page


def _verifies(book: Book, code: str, level: str, trust: Trust) -> None:
    """The page, the completeness bundle, and the receipt of the newest entry about the enterprise."""
    page = book.get(f"/e/{code}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert WORDS[Level(level)].zh in page.text
    assert "演示" in page.text
    assert "&#39;" not in page.text, "something is shown as a program writes it"
    eventually(lambda: book.http.get(f"/v1/enterprises/{code}/proof").status_code == 200, "the map has it")
    bundle = verify_bundle(book.get(f"/v1/enterprises/{code}/proof").content, trust)
    assert bundle.subject == f"uscc:{code}"
    newest = book.get(f"/v1/enterprises/{code}/events", params={"limit": 100}).json()["events"][-1]["entry"]
    statement = book.get(f"/entries/{newest}/statement", headers={"Accept": "application/cose"}).content
    body = book.http.get(f"/entries/{newest}/body")
    public = body.content if body.status_code == 200 else None
    found = verify_entry(statement, book.get(f"/entries/{newest}/evidence").content, trust, public)
    assert found.receipt.index == newest


def test_a_demonstration_filled_again_says_nothing_twice(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with postgres_server.database() as database:
        environment = {"LEDGER_DATABASE_URL": database.service}
        options = ("--demo", str(ENTERPRISES_MIN))
        said: list[int] = []
        for _ in range(2):
            with RunningService(tmp_path, *options, environment=environment) as service, Book(service) as book:
                _filled(book, ENTERPRISES_MIN).unlink()  # as if it had been stopped before the end
                feed = book.get("/v1/events").text.splitlines()
                said.append(sum(json.loads(line)["subject"].startswith(("uscc:", "campaign:")) for line in feed))
                waiting = _waiting(book)
        assert said[0] == said[1] > 3 * ENTERPRISES_MIN
        assert len(waiting) == 3


def _filled(book: Book, enterprises: int) -> Path:
    filled = book.service.data_dir / "keys" / f"filled-{enterprises}"
    eventually(filled.exists, f"the sample campaign is there; the service says in {book.service.log}")
    book.get("/v1/campaigns", params={"min_tree_size": book.size()})
    return filled


def _levels(book: Book) -> dict[str, list[str]]:
    """The codes of enterprises by level."""
    found: dict[str, list[str]] = {}
    for line in book.get("/v1/standings.ndjson").text.splitlines()[1:-1]:
        one = json.loads(line)
        found.setdefault(one["level"], []).append(one["subject"].removeprefix("uscc:"))
    return found


def _waiting(book: Book) -> list[str]:
    """What waits at the organizer's desk, asked for as the organizer does."""
    key = book.service.data_dir / "keys" / "organizer.pem"
    who = ["--key", str(key), "--issuer", "party:organizer", "--audience", ORIGIN]
    said = CliRunner().invoke(main, ["pending", "list", book.service.url, "--json", *who])
    assert said.exit_code == 0, said.output
    return [str(one["id"]) for one in json.loads(said.stdout) if one["state"] == "waiting"]
