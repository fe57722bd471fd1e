"""Declarations whose products lie in a file: the table names it, the import uploads it, the entry has its digest."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.importing import standards_table as columns
from api.importing.table_writer import WritableCell, csv_table
from tests.e2e.book import Book
from tests.e2e.test_import import command, key_file
from tests.support.charter import ORGANIZER

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 16
TABLE = "名称,型号\n" + "\n".join(f"产品{number},K-{number}" for number in range(2_000))
CODES = ("91310115MA6EK8XJTR", "91370212MAX4EKGN2R")
ROW: dict[str, WritableCell] = {
    columns.NAME: "示例一厂",
    columns.CODE: CODES[0],
    columns.NUMBER: "Q/CSGD 003-2018",
    columns.TITLE: "家用空调器",
    columns.PRODUCT: "",
    columns.INDICATORS: "",
    columns.ACTION: "现行",
    columns.FORMER: "",
    columns.ANNEX: "files/003.pdf",
}


class Desk:
    def __init__(self, book: Book, folder: Path) -> None:
        self.book = book
        self.folder = folder
        self.key = key_file(folder, "organizer", ORGANIZER.signer)
        (folder / "files").mkdir()
        (folder / "files" / "003.pdf").write_bytes(PDF)
        (folder / "files" / "products.csv").write_text(TABLE, encoding="utf-8")

    def take_in(self, *rows: dict[str, WritableCell], options: tuple[object, ...] = ()) -> list[dict[str, Any]]:
        path, report = self.folder / "declared.csv", self.folder / "report.json"
        path.write_bytes(csv_table([list(ROW), *([{**ROW, **row}[name] for name in ROW] for row in rows)]))
        result = command("import", path, self.book.service.url, "--key", self.key, "--report", report, *options)
        assert result.returncode in (0, 1), result.stdout + result.stderr
        said: list[dict[str, Any]] = json.loads(report.read_bytes())["rows"]
        assert result.returncode == any(row["status"] == "refused" for row in said)
        return said


@pytest.fixture(scope="module")
def desk(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(book, tmp_path_factory.mktemp("annexes"))


def test_the_file_is_served_under_the_digest_that_the_entry_names(desk: Desk) -> None:
    other: dict[str, WritableCell] = {
        columns.NAME: "示例二厂", columns.CODE: CODES[1], columns.ANNEX: "files/products.csv",
        columns.PRODUCT: "空调", columns.INDICATORS: "能效=≥3.5 W/W GB 21455-2019",
    }  # fmt: skip
    rows = desk.take_in({}, other)
    assert [row["status"] for row in rows] == ["accepted", "accepted"], rows
    size = desk.book.size()
    for row, code, content, media_type in zip(
        rows, CODES, (PDF, TABLE.encode()), ("application/pdf", "text/plain"), strict=True
    ):
        digest = sha256(content).hexdigest()
        shown = desk.book.get(f"/v1/enterprises/{code}/standards/{row['entries'][-1]}?min_tree_size={size}").json()
        assert (shown["annex"]["sha256"], shown["annex"]["media_type"]) == (digest, media_type)
        assert desk.book.get(shown["annex"]["href"]).content == content


def test_again_it_is_already_registered_and_with_another_file_flagged(desk: Desk) -> None:
    desk.take_in({})
    size = desk.book.size()
    assert [row["status"] for row in desk.take_in({})] == ["already registered"]
    (row,) = desk.take_in({columns.ANNEX: "files/products.csv"})
    assert (row["status"], row["reasons"][0]["rule"]) == ("flagged", "import.other_content")
    assert desk.book.size() == size


def test_a_new_version_has_a_file_of_its_own_from_another_folder(desk: Desk, tmp_path: Path) -> None:
    desk.take_in({})
    (tmp_path / "new.pdf").write_bytes(PDF + b"2026")
    revised: dict[str, WritableCell] = {
        columns.ACTION: "修订", columns.NUMBER: "Q/CSGD 003-2026", columns.FORMER: "Q/CSGD 003-2018",
        columns.ANNEX: "new.pdf",
    }  # fmt: skip
    (row,) = desk.take_in(revised, options=("--annexes", tmp_path))
    assert row["status"] == "accepted", row
    assert desk.book.get(f"/annexes/{sha256(PDF + b'2026').hexdigest()}").content == PDF + b"2026"


def test_what_cannot_be_an_annex_refuses_its_row_and_no_other(desk: Desk, tmp_path: Path) -> None:
    (desk.folder / "files" / "program.pdf").write_bytes(b"MZ\x90\x00" + bytes(100))
    (tmp_path / "outside.pdf").write_bytes(PDF)
    bad = ["files/none.pdf", "files/program.pdf", "../outside.pdf", str(tmp_path / "outside.pdf")]
    rows = [{columns.NUMBER: f"Q/CSGD 1{number}-2020", columns.ANNEX: text} for number, text in enumerate(bad)]
    rows.append({columns.NUMBER: "Q/CSGD 19-2020", columns.ANNEX: ""})
    said = desk.take_in(*rows, {columns.NUMBER: "Q/CSGD 18-2020"})
    assert [row["reasons"][0]["rule"] if row["reasons"] else row["status"] for row in said] == [
        "annex.no_such_file", "annex.media_type", "annex.outside", "annex.outside", "value.missing", "accepted",
    ]  # fmt: skip


def test_a_dry_run_tells_what_the_files_are_and_uploads_none(desk: Desk) -> None:
    content = PDF + b"dry"
    (desk.folder / "files" / "dry.pdf").write_bytes(content)
    number = {columns.NUMBER: "Q/CSGD 30-2020"}
    (row,) = desk.take_in({**number, columns.ANNEX: "files/dry.pdf"}, options=("--dry-run",))
    assert row["status"] == "accepted"
    assert desk.book.http.get(f"/annexes/{sha256(content).hexdigest()}").status_code == 404


def test_an_exported_table_with_annexes_is_found_in_the_book(desk: Desk) -> None:
    desk.take_in({})
    desk.book.get(f"/v1/enterprises?min_tree_size={desk.book.size()}")
    path, report = desk.folder / "exported.csv", desk.folder / "exported.json"
    assert command("export", "declarations", desk.book.service.url, "-o", path).returncode == 0
    assert sha256(PDF).hexdigest() in path.read_text(encoding="utf-8-sig")
    result = command("import", path, desk.book.service.url, "--key", desk.key, "--report", report)
    assert result.returncode == 0, result.stderr
    assert {row["status"] for row in json.loads(report.read_bytes())["rows"]} == {"already registered"}
