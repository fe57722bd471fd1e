"""A roster at the organizer's desk over plain HTTP: its dry run says what the command says, and keeps nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from api.cli.main import main
from api.demo.sample_roster import CLAUSES, FLAWS, SampleCampaign, sample_rows
from api.importing import pledge_template as template
from api.importing.table_writer import csv_table, xlsx_table
from ledger.keys.naming_secret import save_secrets
from ledger.keys.signer import save_key
from ledger.limits import DESK_ROSTER_BYTES_MAX
from tests.e2e.book import Book, today
from tests.support.charter import ORGANIZER, REGULATOR
from tests.support.database import TestDatabase
from tests.support.desks import DeskVisitor

SOUND = 24
CONTACT, TELEPHONE = "欧阳三七", "13900000037"
COLUMN = {name: place for place, name in enumerate(template.HEADER)}


@dataclass(frozen=True)
class Office:
    """The desk of the organizer's staff, and a roster with flaws on it."""

    visitor: DeskVisitor
    path: Path
    size: int

    def hand_in(self, data: bytes, name: str = "名单.xlsx", **fields: str) -> httpx.Response:
        fields = {"form_token": self.visitor.form_token(), "campaign": "2026", **fields}
        said = {"Origin": self.visitor.web_origin, "Sec-Fetch-Site": "same-origin"}
        return self.visitor.http.post("/desk/roster", data=fields, files={"file": (name, data)}, headers=said)

    def dry_run(self, data: bytes, name: str = "名单.xlsx", **fields: str) -> str:
        """The address of its report."""
        answer = self.hand_in(data, name, **fields)
        assert answer.status_code == 303, f"{answer.status_code} {_wrong(answer)}"
        return answer.headers["Location"]


@pytest.fixture(scope="module")
def office(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    sample = SampleCampaign(today() - timedelta(days=14), today())
    book.campaign(clauses=CLAUSES, pledge_valid_until=sample.pledge_valid_until)
    header, *rows = sample_rows(SOUND, campaign=sample, flaws=True)
    for row in rows:
        row[COLUMN[template.CONTACT]], row[COLUMN[template.TELEPHONE]] = CONTACT, TELEPHONE
    path = tmp_path_factory.mktemp("roster") / "名单.xlsx"
    path.write_bytes(xlsx_table([header, *rows], "承诺名单"))
    with DeskVisitor(book.service.url) as visitor:
        yield Office(visitor.sign_in(ORGANIZER), path, book.size())


def commands_report(book: Book, path: Path) -> bytes:
    """What `credit-ledger import --dry-run` writes."""
    folder = path.parent
    if not (folder / "organizer.pem").exists():
        save_key(folder / "organizer.pem", ORGANIZER.signer)
        save_secrets(folder / "organizer.import-secret.pem", (ORGANIZER.signer.secret,))
    said = ["--campaign", "2026", "--key", str(folder / "organizer.pem"), "--dry-run"]
    report = folder / "command.csv"
    report.unlink(missing_ok=True)
    result = CliRunner().invoke(main, ["import", str(path), book.service.url, *said, "--report", str(report)])
    assert result.exit_code == 1, result.output
    return report.read_bytes()


def test_a_dry_run_at_the_desk_writes_the_report_of_the_command_and_nothing_else(book: Book, office: Office) -> None:
    data = office.path.read_bytes()
    expected = commands_report(book, office.path)
    address = office.dry_run(data)
    report = office.visitor.http.get(f"{address}/report.csv")
    assert report.content == expected
    assert book.size() == office.size, "nothing was registered"
    # the same table as an office's spreadsheet program saves it
    header, *rows = sample_rows(SOUND, campaign=SampleCampaign(today() - timedelta(days=14), today()), flaws=True)
    for encoding in ("utf-8-sig", "gb18030"):
        other = office.dry_run(csv_table([header, *rows], encoding), "名单.csv")
        lines = office.visitor.http.get(f"{other}/report.csv").content.decode("utf-8-sig").splitlines()
        assert [line.split(",")[3] for line in lines] == [
            line.split(",")[3] for line in expected.decode("utf-8-sig").splitlines()
        ]
    assert office.visitor.http.get(address).status_code == 404, "a newer one took its place"


def test_its_report_is_filtered_by_its_address_and_downloaded_so(office: Office) -> None:
    address = office.dry_run(office.path.read_bytes())
    page = office.visitor.http.get(f"{address}?status=refused").text
    listed = re.findall(r'<tr><td class="num" data-is="行">([0-9]+)</td>', page)
    lines = office.visitor.http.get(f"{address}/report.csv?status=refused").content.decode("utf-8-sig").splitlines()
    assert 0 < len(listed) < len(FLAWS)
    reasons = re.findall(r'<a href="[^"]*[?]rule=[^"]*">([^<]+)</a>', page)
    assert reasons and not [one for one in reasons if re.fullmatch("[a-z]+[.][a-z_]+", one)], "words, not rules"
    assert [line.split(",")[0] for line in lines[1:]] == listed
    for unknown in ("status=lost", "rule=none", "after=x", "colour=red"):
        assert office.visitor.http.get(f"{address}?{unknown}").status_code == 422


def test_its_rows_leave_the_desk_as_fields_of_sound_rows_alone(office: Office) -> None:
    address = office.dry_run(office.path.read_bytes())
    answer = office.visitor.http.get(f"{address}/fields")
    piece = answer.json()
    assert len(piece["rows"]) == SOUND and piece["more"] is False
    assert piece["rows"][0]["pledge"]["type"] == "PledgeMade"
    assert CONTACT not in answer.text and TELEPHONE not in answer.text
    after = piece["rows"][-2]["row"]
    assert [one["row"] for one in office.visitor.http.get(f"{address}/fields?after={after}").json()["rows"]] == [
        piece["rows"][-1]["row"]
    ]


def test_what_cannot_be_a_roster_is_said_at_its_field(office: Office) -> None:
    for data, fields, wrong in (
        (b"", {}, "file"),
        (b"not a table", {}, "file"),
        (office.path.read_bytes(), {"campaign": "1999"}, "campaign"),
        (office.path.read_bytes(), {"approve": "seven"}, "approve"),
        (office.path.read_bytes(), {"scope": "everything"}, "scope"),
    ):
        answer = office.hand_in(data, **fields)
        assert answer.status_code == 422, fields
        assert _wrong(answer).keys() == {wrong, "file"}, "browsers keep no file: it is asked for again"
    assert 'value="7,12"' in office.hand_in(b"", approve="7,12").text, "what was typed is still there"
    assert office.hand_in(bytes(DESK_ROSTER_BYTES_MAX + 100_000)).status_code == 413


def test_a_dry_run_is_its_sessions_own(book: Book, office: Office) -> None:
    address = office.dry_run(office.path.read_bytes())
    with DeskVisitor(book.service.url).sign_in(ORGANIZER) as other:
        for end in ("", "/report.csv", "/report.json", "/fields"):
            assert other.http.get(address + end).status_code == 404
    with DeskVisitor(book.service.url).sign_in(REGULATOR) as other:
        assert other.http.get("/desk/roster").status_code == 403
        token = other.form_token()
        said = {"Origin": other.web_origin, "Sec-Fetch-Site": "same-origin"}
        fields, files = {"form_token": token, "campaign": "2026"}, {"file": ("a.csv", b"x")}
        assert other.http.post("/desk/roster", data=fields, files=files, headers=said).status_code == 403
    assert office.hand_in(b"x", form_token="another's").status_code == 403
    assert office.visitor.submit(f"{address}/drop").status_code == 303
    assert office.visitor.http.get(address).status_code == 404


def test_contact_persons_and_numbers_are_nowhere_in_the_database(
    book: Book, books_database: TestDatabase, office: Office
) -> None:
    office.dry_run(office.path.read_bytes())
    dump = everything_in(books_database)
    assert ORGANIZER.party in dump, "the scan sees what there is"
    assert CONTACT not in dump and TELEPHONE not in dump and office.path.name not in dump
    log = book.service.log.read_text("utf-8")
    assert CONTACT not in log and TELEPHONE not in log and office.path.name not in log


def everything_in(database: TestDatabase) -> str:
    """Every row of every table, as text."""
    with psycopg.connect(database.service) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        found = []
        for schema, table in tables:
            named = sql.Identifier(schema, table)
            found += connection.execute(sql.SQL("SELECT t::text FROM {} t").format(named)).fetchall()
    return "\n".join(row for (row,) in found)


def _wrong(answer: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<p class="problem" id="([a-z]+)-wrong">([^<]+)</p>', answer.text))
