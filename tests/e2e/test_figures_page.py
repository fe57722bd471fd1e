"""`/figures`: what is shown is what its own queries count over the open data, and nothing of few cases."""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from api.pages.figures_page import FIGURES
from api.pages.words import OUTCOMES
from ledger.domain.rules.policy_items import FINDINGS
from ledger.limits import FIGURES_CASES_MIN
from tests.e2e.book import Book, today
from tests.support.charter import HANDLING_BODY, HANDLING_BODY_2, ORIGIN
from tests.support.running import COMMAND
from tests.support.statements import corrected, outcome, registered

ENTERPRISES, PLEDGED, FOUND, SETTLED, EXPLAINED = 40, 33, 31, 32, 5
Row = tuple[str, str]


@pytest.fixture(scope="module")
def told(book: Book) -> Book:
    """40 enterprises; 33 pledged, 31 have refused mediation: of some there are enough, of others too few.

    One has 32 complaints that were settled, of which one was corrected to agreed and one to be void, and five that were
    explained.
    """
    book.campaign()
    subjects = [f"local:test/{number:04}" for number in range(ENTERPRISES)]
    book.batch([book.sign(registered(effective_on=today()), subject) for subject in subjects])
    for number, subject in enumerate(subjects[:PLEDGED]):
        book.pledge(subject, serial=number + 1)
    refused = {"reply": "none", "replied": None, "outcome": "refused", "reason": "不接受调解"}
    for number, subject in enumerate(subjects[:FOUND]):
        last = book.register(outcome(number + 1, effective_on=today(), **refused), subject, HANDLING_BODY)
    said = ["settled"] * SETTLED + ["explained"] * EXPLAINED
    others = [outcome(100 + number, effective_on=today(), outcome=one) for number, one in enumerate(said)]
    entries = [one["entry"] for one in book.batch([book.sign(one, subjects[-1], HANDLING_BODY) for one in others])]
    book.register(corrected(entries[0], effective_on=today()), subjects[-1], HANDLING_BODY_2)
    void = corrected(entries[1], effective_on=today(), outcome="settled", void=True)
    last = book.register(void, subjects[-1], HANDLING_BODY_2)
    book.get(f"/v1/enterprises?min_tree_size={last + 1}")
    return book


@pytest.fixture(scope="module")
def files(told: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The open data that the page names."""
    folder = tmp_path_factory.mktemp("open-data")
    for name in {figure.source.name for figure in FIGURES}:
        (folder / name).write_bytes(told.get(f"/v1/{name}").content)
    return folder


def sections(text: str) -> list[str]:
    return re.findall(r"<section aria-labelledby.*?</section>", text, re.DOTALL)


def shown(section: str) -> list[tuple[str, str]]:
    """Cases and among of each row, in the words of the page."""
    rows = re.findall(r"<tr><td>.*?</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>", section)
    return [(cases, among) for cases, among in rows]


def recounted(query: str, folder: Path) -> Mapping[str, tuple[int, int]]:
    """What the query gives in a program of somebody else's, over the files in a folder, by row."""
    for name in ("standings.ndjson", "outcomes.ndjson", "book/"):
        query = query.replace(f"'{name}", f"'{folder}/{name}")
    found = duckdb.sql(query).fetchall()
    return {row: (int(cases), int(among)) for row, cases, among in found}


def words(count: int) -> str:
    return f"{count:,}" if count >= FIGURES_CASES_MIN else f"少于 {FIGURES_CASES_MIN}"


def test_each_figure_is_what_the_query_that_is_shown_counts_over_the_open_data(told: Book, files: Path) -> None:
    text = told.get("/figures").text
    for file in files.iterdir():
        head = json.loads(file.read_text().splitlines()[0])
        assert f"{head['as_of']}，账本含 {head['tree_size']:,} 条记录时" in text
        assert f'href="/v1/{file.name}"' in text
    found = sections(text)
    assert len(found) == len(FIGURES)
    numbers = 0
    for figure, section in zip(FIGURES, found, strict=True):
        query = re.search(r'<pre class="query"[^>]*>(.*?)</pre>', section, re.DOTALL)
        assert query is not None
        counted = recounted(html.unescape(query[1]), files)
        among = max(among for _, among in counted.values())
        expected = [counted.get(row, (0, among)) for row, _ in figure.rows]
        assert shown(section) == [(words(cases), words(among)) for cases, among in expected], figure.name
        numbers += sum(cases >= FIGURES_CASES_MIN for cases, _ in expected)
        assert set(counted) <= {row for row, _ in figure.rows}, f"{figure.name} leaves out a row"
    assert numbers >= 5


def test_the_queries_give_the_same_over_the_exported_parquet(told: Book, files: Path, tmp_path: Path) -> None:
    folder, url = tmp_path / "book", str(told.service.url)
    done = subprocess.run(
        [COMMAND, "export", "parquet", url, "-o", folder], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"{ENTERPRISES} standings, {FOUND + SETTLED + EXPLAINED - 1} outcomes" in done.stdout
    text = html.unescape(told.get("/figures").text)
    for figure in FIGURES:
        assert figure.source.rows in figure.query
        assert figure.source.parquet in text
        over_parquet = figure.query.replace(figure.source.rows, figure.source.parquet)
        assert recounted(over_parquet, tmp_path) == recounted(figure.query, files), figure.name
    lines = [json.loads(line) for line in told.get("/v1/events?limit=1000").content.splitlines()]
    rows = duckdb.sql(
        f"SELECT entry, subject, type, event, closed, log, month FROM read_parquet('{folder}/events/*/*/*.parquet') "
        "ORDER BY entry"
    ).fetchall()
    assert [row[:2] for row in rows] == [(line["entry"], line["subject"]) for line in lines]
    for row, line in zip(rows, lines, strict=True):
        assert row[2] == (line["event"]["type"] if "event" in line else None)
        assert json.loads(row[3] or "null") == line.get("event")
        assert json.loads(row[4] or "null") == line.get("closed")
    assert {row[5] for row in rows} == {ORIGIN}
    again = subprocess.run([COMMAND, "export", "parquet", url, "-o", folder], capture_output=True, check=False)
    assert again.returncode == 2


def test_what_was_registered_is_what_is_counted(told: Book) -> None:
    by_name = dict(zip([one.name for one in FIGURES], map(shown, sections(told.get("/figures").text)), strict=True))
    assert by_name["pledges"] == [(str(PLEDGED), str(ENTERPRISES))]
    assert by_name["findings"] == [(str(FOUND), str(ENTERPRISES))]
    assert by_name["kinds"][list(FINDINGS).index("complaint.refused_without_reply")] == (str(FOUND), str(FOUND))
    assert by_name["kept"] == [("少于 30", str(PLEDGED))]
    kinds = dict(zip(OUTCOMES, by_name["outcomes"], strict=True))
    among = str(FOUND + SETTLED + EXPLAINED - 1)
    assert kinds["settled"] == (str(SETTLED - 2), among), "without the corrected and the void one"
    assert kinds["refused"] == (str(FOUND), among)
    assert kinds["explained"] == kinds["agreed"] == ("少于 30", among)


def test_the_outcomes_are_those_that_the_feed_shows_and_name_nobody(told: Book, files: Path) -> None:
    head, *lines, end = map(json.loads, (files / "outcomes.ndjson").read_text().splitlines())
    assert 0 < head.pop("tree_size") <= told.size()
    assert head == {"kind": "outcomes", "as_of": today().isoformat()}
    assert end == {"count": len(lines), "end": True}
    feed = [json.loads(line) for line in told.get("/v1/events?limit=1000").content.splitlines()]
    shown = {
        one["entry"]: one["event"]["effective_on"]
        for one in feed
        if one.get("event", {}).get("type") == "ComplaintOutcomeRecorded"
    }
    assert {line["entry"]: line["effective_on"] for line in lines} == shown
    members = ["case_closed", "corrected", "effective_on", "entry", "outcome", "reply", "shown_until"]
    assert all(list(line) == members for line in lines)
    assert [line["outcome"] for line in lines if line["corrected"]] == ["agreed"]
    assert all(line["shown_until"] > today().isoformat() for line in lines)


def test_fewer_than_thirty_cases_are_never_a_number(told: Book) -> None:
    for page in ("/figures", "/en/figures"):
        cells = [cell for section in sections(told.get(page).text) for row in shown(section) for cell in row]
        assert {"少于 30", "fewer than 30"} & set(cells)
        assert all(int(cell.replace(",", "")) >= FIGURES_CASES_MIN for cell in cells if cell[0].isdigit())


def test_figures_are_found_from_everywhere_and_whole_in_english(told: Book) -> None:
    assert 'href="/figures"' in told.get("/").text
    assert 'href="/en/figures"' in told.get("/en/how").text
    assert "/en/figures</loc>" in told.get("/sitemap.xml").text
    main = re.search(r"<main.*?</main>", told.get("/en/figures").text, re.DOTALL)
    assert main is not None
    assert re.findall(r"[\u4e00-\u9fff]+", main[0]) == []


def test_nobody_is_named(told: Book) -> None:
    text = told.get("/figures").text
    assert "local:" not in text
    assert "local~" not in text
    assert "/e/" not in text
