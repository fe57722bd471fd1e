"""The national template, exactly as it is published, goes in and out of a running service and nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from api.demo.sample_roster import CLAUSES, SampleCampaign, sample_rows
from api.importing import pledge_template as template
from api.importing.date_notations import parse_date
from api.importing.table_writer import WritableCell, csv_table, xlsx_table
from ledger.domain.values.enterprise_code import fold_code
from tests.e2e.book import Book, today
from tests.e2e.test_import import command, key_file
from tests.support.charter import ORGANIZER

ROWS = 200
DAYS = (template.MADE_ON, template.VALID_UNTIL, template.NATIONAL_ASSESSED_ON)
Row = dict[str, WritableCell]


class Office:
    """Who hands tables in and asks for them again."""

    def __init__(self, book: Book, folder: Path) -> None:
        self.book, self.folder = book, folder
        self.key = key_file(folder, "organizer", ORGANIZER.signer)

    def take_in(self, path: Path) -> list[dict[str, Any]]:
        report = self.folder / "report.json"
        options = ("--campaign", "2026", "--key", self.key, "--report", report)
        result = command("import", path, self.book.service.url, *options)
        assert result.returncode == 0, result.stdout + result.stderr
        self.book.get(f"/v1/enterprises?min_tree_size={self.book.size()}")
        rows: list[dict[str, Any]] = json.loads(report.read_bytes())["rows"]
        return rows

    def give_out(self, name: str) -> tuple[Path, list[Row]]:
        path = self.folder / name
        result = command("export", "national", self.book.service.url, "-o", path)
        assert result.returncode == 0, result.stdout + result.stderr
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        header, *rows = sheet.iter_rows(values_only=True)
        assert header[: len(template.NATIONAL_HEADER)] == template.NATIONAL_HEADER
        return path, [dict(zip(map(str, header), row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def office(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Office:
    sample = SampleCampaign(today() - timedelta(days=14), today())
    book.campaign(clauses=CLAUSES, pledge_valid_until=sample.pledge_valid_until)
    return Office(book, tmp_path_factory.mktemp("national"))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """A filled template: its twenty columns, no scope; some pledges assessed, with and without by whom and when."""
    assert len(template.NATIONAL_HEADER) == len(set(template.NATIONAL_HEADER)) == 20
    sample = SampleCampaign(today() - timedelta(days=14), today() - timedelta(days=7))
    header, *made = sample_rows(ROWS, campaign=sample)
    rows = []
    for number, cells in enumerate(made):
        given = dict(zip(map(str, header), cells, strict=True))
        row: Row = {column: given.get(column) for column in template.NATIONAL_HEADER}
        row[template.REMARK] = f"第 {number} 号"
        row[template.DISCLOSURE] = "可向社会公开"
        if number % 5 == 0:
            row[template.FULFILLED] = "全部履行"
        if number % 10 == 0:
            row[template.FULFILLED] = "部分履行"
            row[template.UNMET] = "一项条款未履行"
            row[template.ACCOUNTABILITY] = "已公开说明"
            row[template.NATIONAL_ASSESSED_ON] = today()
            row[template.NATIONAL_ASSESSOR] = "认定单位（示例）"
            row[template.NATIONAL_ASSESSOR_CODE] = "51100000500000315Q"
        rows.append(row)
    return rows


@pytest.fixture(scope="module")
def path(office: Office, rows: list[Row]) -> Path:
    path = office.folder / "national.xlsx"
    path.write_bytes(xlsx_table([template.NATIONAL_HEADER, *(list(row.values()) for row in rows)], "信用承诺"))
    return path


@pytest.fixture(scope="module")
def taken(office: Office, path: Path) -> list[dict[str, Any]]:
    return office.take_in(path)


def test_every_row_goes_in_and_a_second_time_is_known_throughout(
    office: Office, path: Path, rows: list[Row], taken: list[dict[str, Any]]
) -> None:
    assert Counter(row["status"] for row in taken) == {"accepted": ROWS}
    size = office.book.size()
    again = office.take_in(path)
    assert Counter(row["status"] for row in again) == {"already registered": ROWS}
    assert [row["pledge_code"] for row in again] == [row["pledge_code"] for row in taken]
    other = office.folder / "national.csv"
    other.write_bytes(csv_table([template.NATIONAL_HEADER, *(list(row.values()) for row in rows)], "gb18030"))
    assert Counter(row["status"] for row in office.take_in(other)) == {"already registered": ROWS}
    assert office.book.size() == size


def test_what_comes_out_is_what_went_in_and_goes_in_again_as_known(
    office: Office, rows: list[Row], taken: list[dict[str, Any]]
) -> None:
    exported, out = office.give_out("out.xlsx")
    by_code = {row[template.PLEDGE_CODE]: row for row in out}
    assert len(out) == len(by_code) == ROWS
    accepting = template.BODY, template.BODY_CODE
    for given, report in zip(rows, taken, strict=True):
        row = by_code[report["pledge_code"]]
        assert _lost(given, row) == []
        assert row[template.SCOPE] == "综合信用承诺"
        if given[template.FULFILLED] == "全部履行":  # by whom and when was left out
            assert row[template.NATIONAL_ASSESSOR] == given[accepting[0]]
            assert row[template.NATIONAL_ASSESSOR_CODE] == given[accepting[1]]
            assert _text(row[template.NATIONAL_ASSESSED_ON]) == today().isoformat()
    size = office.book.size()
    assert Counter(row["status"] for row in office.take_in(exported)) == {"already registered": ROWS}
    bare = office.folder / "bare.xlsx"  # as the national platform takes it, without what we put behind
    header = (*template.NATIONAL_HEADER, template.PERIOD_FROM, template.PERIOD_UNTIL)
    # one with a code of its own, and an assessment of a day that the table named
    without = [row for row in out if row[template.FULFILLED] != "全部履行" and ":" not in str(row[template.CODE])]
    bare.write_bytes(xlsx_table([header, *([_cell(row[name]) for name in header] for row in without)], "x"))
    assert Counter(row["status"] for row in office.take_in(bare)) == {"already registered": len(without)}
    assert office.book.size() == size


def test_a_row_whose_code_or_assessment_is_not_the_books_is_told(office: Office, taken: list[dict[str, Any]]) -> None:
    exported, out = office.give_out("changed.xlsx")
    header = list(out[0])
    first, second, third = (dict(row) for row in out[:3])
    first[template.PLEDGE_CODE] = second[template.PLEDGE_CODE]
    second[template.FULFILLED], second[template.UNMET], second[template.ACCOUNTABILITY] = "全部未履行", "全部", "公开"
    exported.write_bytes(
        xlsx_table([header, *([_cell(row[name]) for name in header] for row in (first, second, third))], "x")
    )
    said = office.take_in(exported)
    assert [row["status"] for row in said] == ["flagged", "flagged", "already registered"]
    assert {reason["rule"] for row in said for reason in row["reasons"]} == {"import.other_content"}


def _lost(given: Row, row: Row) -> list[str]:
    """The columns that say something else than they did: but for days, which are put into one notation, and the codes
    of individual businesses, which are sealed."""
    lost = []
    for name, cell in given.items():
        if name == template.CODE and str(cell).startswith("92"):
            same = str(row[name]).startswith("local:individual/")
        elif name in DAYS and cell is not None and cell != "":
            same = _text(row[name]) == parse_date(_moment(cell)).isoformat()
        elif name == template.CODE:
            same = row[name] == fold_code(str(cell))
        else:
            same = not _text(cell) or _text(cell) == _text(row[name])
        lost += [] if same else [name]
    return lost


def _moment(cell: WritableCell) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _cell(cell: Any) -> WritableCell:
    return cell.date() if isinstance(cell, datetime) else cell


def _text(cell: WritableCell) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else "" if cell is None else str(cell)
