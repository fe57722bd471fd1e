"""Exports: enterprises out of a feed that is read once, one at a time; and files that are whole or not there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from api.cli import exporting as command
from api.cli.main import main
from api.client.transport import Transport
from api.export import book_reader as exporting
from api.export import external_sort as sorting
from api.export.book_reader import Exported, read_book
from api.importing import table_writer as writing
from api.importing.table_writer import write_csv, write_xlsx
from ledger.domain.events.base import Event
from ledger.domain.events.enterprise import EnterpriseRenamed
from ledger.domain.state.enterprise import name_on
from ledger.errors import Malformed
from tests.support.statements import TODAY, registered

SUBJECTS = [f"local:test/{number}" for number in (3, 1, 20, 2)]


def line(entry: int, subject: str, event: Event) -> bytes:
    view: dict[str, Any] = {
        "entry": entry,
        "subject": subject,
        "version": entry // len(SUBJECTS) + 1,
        "recorded_at": "2026-03-16T12:00:00+08:00",
        "issued_at": "2026-03-16T12:00:00+08:00",
        "statement_id": f"{entry:064x}",
        "issuer": "party:organizer",
        "kid": "ab" * 32,
        "sealed": False,
        "event": event,
    }
    return msgspec.json.encode(view)


def feed(rounds: int) -> Iterator[bytes]:
    """Every enterprise in turn, so many times: registered, and then renamed."""
    for entry in range(rounds * len(SUBJECTS)):
        subject, name = SUBJECTS[entry % len(SUBJECTS)], f"第{entry}号公司"
        renamed = EnterpriseRenamed(v=1, effective_on=TODAY, name=name, evidence="证")
        yield line(entry, subject, registered(name=name) if entry < len(SUBJECTS) else renamed)


def served(lines: list[bytes]) -> Transport:
    def answer(request: httpx.Request) -> httpx.Response:
        after, limit = int(request.url.params["after"]), int(request.url.params["limit"])
        return httpx.Response(200, content=b"".join(one + b"\n" for one in lines[after + 1 : after + 1 + limit]))

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://service.example")
    return Transport(client, tries_max=1, again_if_silent=False)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "EVENTS_PAGE_MAX", 5)
    monkeypatch.setattr(sorting, "EXPORT_LINES_SORTED_MAX", 7)


@pytest.mark.usefixtures("small")
def test_enterprises_come_by_subject_each_with_all_of_its_events(tmp_path: Path) -> None:
    rounds = 6
    found: list[Exported] = []
    told: list[int] = []
    for one in read_book(served(list(feed(rounds))), tmp_path, told.append):
        found.append(one)
        assert told[-1] == rounds * len(SUBJECTS), "the feed was read to its end before the first"
    assert [one.record.subject for one in found] == sorted(SUBJECTS)
    for one in found:
        place = SUBJECTS.index(one.record.subject)
        assert list(one.events) == list(range(place, rounds * len(SUBJECTS), len(SUBJECTS)))
        assert name_on(one.record, TODAY) == f"第{max(one.events)}号公司"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_a_feed_that_is_none_is_malformed_and_leaves_nothing(tmp_path: Path) -> None:
    for broken in (b"{", b'{"entry":0}', b'{"entry":24,"subject":"local:test/1"}', b'{"entry":24,"subject":"?"}'):
        with pytest.raises(Malformed):
            list(read_book(served([*feed(6), broken]), tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_that_breaks_off_leaves_no_file(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "IMPORT_TRIES_MAX", 1)
    path = tmp_path / f"table.{ending}"
    path.write_bytes(b"the one before")
    result = CliRunner().invoke(main, ["export", "pledges", "http://127.0.0.1:9", "-o", str(path)])
    assert result.exit_code != 0
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(path.name, b"the one before")]


def test_a_table_is_counted_and_the_same_rows_give_the_same_bytes() -> None:
    for write in (write_csv, lambda rows, out: write_xlsx(rows, "表", out)):
        files = [io.BytesIO(), io.BytesIO()]
        assert [write(([n, "值"] for n in range(300)), file) for file in files] == [300, 300]
        assert files[0].getvalue() == files[1].getvalue()
        assert not files[0].closed


@pytest.mark.parametrize(("limit", "most"), [("XLSX_ROWS_MAX", 10), ("XLSX_SHEET_BYTES_MAX", 500)])
def test_more_than_a_sheet_holds_is_refused(limit: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, limit, most)
    assert write_xlsx([[1]] * 5, "表", io.BytesIO()) == 5
    with pytest.raises(Malformed, match="CSV"):
        write_xlsx([[1]] * 11, "表", io.BytesIO())
