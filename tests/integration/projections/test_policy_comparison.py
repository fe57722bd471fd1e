"""Another policy, compared for the whole population: who would change, from what to what, and why."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from api.cli.main import main
from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.policy import StandingPolicy
from ledger.domain.state.fold import fold
from ledger.errors import Unavailable
from ledger.parallel.process_pool import ProcessEngine
from ledger.reading.feed import Feed
from ledger.store.postgres import PostgresStore
from projections.standing.evaluate import evaluate
from projections.standing.facts import PolicyInForce
from projections.standing.policy_comparison import compare_policies
from projections.standing.policy_timeline import Rules
from tests.support.database import TestDatabase
from tests.unit.projections.book import Book, a_year

DEFAULT = default_standing_policy()


@pytest.fixture
def book(store: PostgresStore) -> Book:
    book = Book(store)
    book.charter()
    a_year(book, 30)
    return book


def compared(database: TestDatabase, policy: StandingPolicy, day: date) -> tuple[Any, list[dict[str, Any]]]:
    with ProcessEngine(1) as engine, compare_policies(database.service, policy, day, engine) as (totals, lines):
        return totals, [msgspec.json.decode(line) for line in lines]


def test_totals_and_lines_are_what_evaluating_everybody_twice_gives(
    database: TestDatabase, store: PostgresStore, book: Book
) -> None:
    stricter = replace(DEFAULT, watch_from=300, alert_from=1200)
    day = book.today + timedelta(days=20)
    totals, lines = compared(database, stricter, day)
    feed = Feed(store)
    rules = Rules.none().after(feed.governing())
    moves: Counter[tuple[str, str]] = Counter()
    for number in range(30):
        record = fold(None, feed.subject(f"local:test/{number:05d}"))
        one = evaluate(rules.policies, record, day)
        other = evaluate([PolicyInForce(date.min, -1, stricter)], record, day)
        moves[one.level, other.level] += 1
    assert {(move.before, move.after): move.enterprises for move in totals.moves} == dict(moves)
    assert (totals.enterprises, totals.tree_size, totals.as_of) == (30, book.size, day)
    changed = {pair: count for pair, count in moves.items() if pair[0] != pair[1]}
    assert totals.changed == len(lines) == sum(changed.values()) > 3
    assert Counter((line["before"], line["after"]) for line in lines) == changed
    assert [line["subject"] for line in lines] == sorted(line["subject"] for line in lines)


def test_its_processes_yield_as_they_are_told(database: TestDatabase, book: Book) -> None:
    seen: list[int] = []

    def look(done: int, total: int) -> None:
        seen.extend(os.getpriority(os.PRIO_PROCESS, child.pid or 0) for child in multiprocessing.active_children())

    own = os.getpriority(os.PRIO_PROCESS, os.getpid())
    with ProcessEngine(1, 3) as engine, compare_policies(database.service, DEFAULT, book.today, engine, look):
        assert set(seen) == {min(own + 3, 19)}


def test_what_ends_it_early_leaves_no_file_and_no_process(
    database: TestDatabase, book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = multiprocessing.active_children()

    def end(done: int, total: int) -> None:
        assert list(tmp_path.iterdir())
        raise Unavailable("the client has gone")

    with (
        pytest.raises(Unavailable, match="gone"),
        ProcessEngine(1) as engine,
        compare_policies(database.service, DEFAULT, book.today, engine, end),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
    assert multiprocessing.active_children() == before


def test_a_line_says_why(database: TestDatabase, book: Book) -> None:
    dearer = tuple(replace(rule, points=rule.points * 3) for rule in DEFAULT.rules)
    _, lines = compared(database, replace(DEFAULT, rules=dearer), book.today + timedelta(days=20))
    assert lines
    for line in lines:
        assert line["points_after"] >= 3 * line["points_before"] - 100
        assert any(why["what"] == "reason_changed" and why["zh"] for why in line["because"])


def test_under_the_same_policy_nobody_changes(database: TestDatabase, book: Book) -> None:
    totals, lines = compared(database, DEFAULT, book.today)
    assert (totals.changed, lines, totals.enterprises) == (0, [], 30)


def test_the_command_tells_totals_first_and_then_a_line_for_each(
    database: TestDatabase, book: Book, tmp_path: Path
) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(msgspec.json.encode(replace(DEFAULT, watch_from=300)))
    day = str(book.today + timedelta(days=20))
    given = ["policy", "compare", "--database", database.service, "--policy", str(path), "--as-of", day, "--workers=1"]
    table = CliRunner().invoke(main, given)
    assert table.exit_code == 0, table.output
    as_json = CliRunner().invoke(main, [*given, "--json"]).stdout.splitlines()
    totals, lines = msgspec.json.decode(as_json[0]), as_json[1:]
    assert totals["changed"] == len(lines) > 0
    assert f"{totals['changed']} 家变化" in table.stdout.splitlines()[0]
    assert table.stdout.splitlines()[-1] == lines[-1]
    only = CliRunner().invoke(main, [*given, "--totals"]).stdout
    assert lines[-1] not in only and only.splitlines()[0] == table.stdout.splitlines()[0]
    path.write_bytes(msgspec.json.encode(replace(DEFAULT, watch_from=0)))
    refused = CliRunner().invoke(main, given)
    assert refused.exit_code == 1 and "/watch_from" in refused.output
