"""Tables in and out of a running service, in the national templates; all standings in one file."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from api.demo.sample_roster import CLAUSES, SampleCampaign, sample_rows
from api.importing import outcome_template
from api.importing import pledge_template as template
from api.importing import standards_table as declarations
from api.importing.table_writer import WritableCell, csv_table, xlsx_table
from ledger.domain.events.complaint import ComplaintReplied
from ledger.domain.events.pledge import PledgeReplaced
from tests.e2e.book import Book, today
from tests.e2e.test_import import command, key_file
from tests.support.charter import HANDLING_BODY, ORGANIZER
from tests.support.database import TestDatabase
from tests.support.statements import speaker_of
from tests.support.waiting import eventually

PLEDGES = 20
FULFILMENT = (template.FULFILLED, template.UNMET, template.ACCOUNTABILITY, template.ASSESSED_ON, template.ASSESSOR,
              template.ASSESSOR_CODE)  # fmt: skip

Row = dict[str, WritableCell]


class Desk:
    """Somebody with a folder, keys and the command line."""

    def __init__(self, book: Book, folder: Path) -> None:
        self.book = book
        self.folder = folder
        self.organizer = key_file(folder, "organizer", ORGANIZER.signer)
        self.handling = key_file(folder, "handling", HANDLING_BODY.signer)
        self.rows: list[Row] = []

    def take_in(self, path: Path, *options: object, key: Path | None = None) -> list[dict[str, Any]]:
        """Import a file; what is said of its rows."""
        report = self.folder / "report.json"
        url, key = self.book.service.url, key or self.organizer
        result = command("import", path, url, "--key", key, "--report", report, *options)
        assert result.returncode in (0, 1), result.stdout + result.stderr
        rows: list[dict[str, Any]] = json.loads(report.read_bytes())["rows"]
        assert result.returncode == any(row["status"] == "refused" for row in rows)
        self.book.get(f"/v1/enterprises?min_tree_size={self.book.size()}")
        return rows

    def give_out(self, kind: str, name: str, *options: object) -> tuple[Path, list[Row]]:
        """Export into a file; its rows as a spreadsheet has them."""
        path = self.folder / name
        result = command("export", kind, self.book.service.url, "-o", path, *options)
        assert result.returncode == 0, result.stdout + result.stderr
        if path.suffix == ".csv":
            return path, []
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        header, *rows = sheet.iter_rows(values_only=True)
        return path, [dict(zip(map(str, header), row, strict=True)) for row in rows]

    def write(self, name: str, rows: list[Row]) -> Path:
        header = list(rows[0])
        table = [header, *([_cell(row.get(column)) for column in header] for row in rows)]
        path = self.folder / name
        path.write_bytes(xlsx_table(table, "表") if path.suffix == ".xlsx" else csv_table(table, "gb18030"))
        return path


def _cell(value: WritableCell) -> WritableCell:
    """What was read from a spreadsheet, as it is written."""
    return value.date() if isinstance(value, datetime) else value


@pytest.fixture(scope="module")
def desk(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A roster of pledges, two of them with their fulfilment beside them, imported once."""
    desk = Desk(book, tmp_path_factory.mktemp("tables"))
    sample = SampleCampaign(today() - timedelta(days=14), today())
    book.campaign(clauses=CLAUSES, pledge_valid_until=sample.pledge_valid_until)
    header, *rows = sample_rows(PLEDGES, campaign=sample)
    desk.rows = [dict(zip(map(str, header), row, strict=True)) | dict.fromkeys(FULFILMENT) for row in rows]
    for row in desk.rows:
        row[template.MADE_ON] = today() - timedelta(days=10)
        row[template.DISCLOSURE] = "可向社会公开"
        row[template.VALID_UNTIL] = None
    # A shop: its registration is closed, its name shown while a public pledge is live.
    desk.rows[4] |= {template.CATEGORY: "个体工商户", template.CODE: "92510107MAEN1TE2EK"}
    said: Row = {
        template.ASSESSED_ON: today(),
        template.ASSESSOR: "认定单位（示例）",
        template.ASSESSOR_CODE: "51100000500000315Q",
    }
    desk.rows[0] |= said | {template.FULFILLED: "全部履行"}
    desk.rows[1] |= said | {
        template.FULFILLED: "部分履行",
        template.UNMET: "未按期答复",
        template.ACCOUNTABILITY: "约谈",
    }
    desk.rows[2] |= said | {template.FULFILLED: "部分履行"}
    return desk


@pytest.fixture(scope="module")
def pledged(desk: Desk) -> list[dict[str, Any]]:
    return desk.take_in(desk.write("roster.xlsx", desk.rows), "--campaign", "2026")


def test_pledges_and_their_fulfilment_go_in_from_one_table(desk: Desk, pledged: list[dict[str, Any]]) -> None:
    assert [row["status"] for row in pledged] == ["accepted"] * 2 + ["refused"] + ["accepted"] * (PLEDGES - 3)
    assert [reason["rule"] for reason in pledged[2]["reasons"]] == ["value.missing"] * 2, "both texts are required"
    assert all(len(row["entries"]) == 4 for row in pledged[:2]), "enterprise, pledge, publication, assessment"
    code = pledged[1]["pledge_code"]
    (shown,) = desk.book.get(f"/v1/pledges/{code}").json()["assessments"]
    assert shown["result"] == "partial"
    assert shown["entry"] == pledged[1]["entries"][-1]


def test_the_same_table_again_registers_nothing_and_names_the_same_codes(
    desk: Desk, pledged: list[dict[str, Any]]
) -> None:
    size = desk.book.size()
    again = desk.take_in(desk.write("roster-again.csv", desk.rows), "--campaign", "2026", "--kind", "roster")
    assert desk.book.size() == size
    for first, second in zip(pledged, again, strict=True):
        assert second["status"] == first["status"].replace("accepted", "already registered"), second
        assert second["pledge_code"] == first["pledge_code"]


def test_fulfilment_goes_in_by_the_pledges_code(desk: Desk, pledged: list[dict[str, Any]]) -> None:
    rows: list[Row] = [
        {
            template.PLEDGE_CODE: one["pledge_code"],
            template.NAME: one["name"],
            template.CODE: one["code"],
            template.FULFILLED: result,
            template.UNMET: unmet,
            template.ACCOUNTABILITY: follows,
            template.ASSESSED_ON: today(),
            template.ASSESSOR: "认定单位（示例）",
            template.ASSESSOR_CODE: "51100000500000315Q",
        }
        for one, result, unmet, follows in (
            (pledged[3], "全部履行", None, None),
            (pledged[4], "全部未履行", "没有公开标准", "限期改正, 公开说明"),
            (pledged[5], "全部未履行", "没有公开标准, 联系 13910800909", "限期改正"),
            (pledged[6], "全部履行", "多写的", None),
        )
    ]
    path = desk.write("fulfilment.xlsx", rows)
    size = desk.book.size()
    said = desk.take_in(path)
    assert [row["status"] for row in said] == ["accepted", "accepted", "flagged", "refused"], said
    assert [row["reasons"][0]["rule"] for row in said[2:]] == ["personal.number", "assessment.explanation"]
    assert desk.book.size() == size + 2
    assert [row["status"] for row in desk.take_in(path)[:2]] == ["already registered"] * 2
    assert desk.book.size() == size + 2


def declaration(one: dict[str, Any], **cells: WritableCell) -> Row:
    given: Row = {
        declarations.NAME: one["name"],
        declarations.CODE: one["code"],
        declarations.NUMBER: "Q/CSGD 003-2018",
        declarations.TITLE: "家用空调器",
        declarations.EXECUTED: "GB/T 7725-2022；GB 4706.32-2024",
        declarations.PRODUCT: "空调；壁挂机",
        declarations.MODEL: "K-1；",
        declarations.CLASS: None,
        declarations.BRAND: None,
        declarations.BARCODE: "6901234567892；",
        declarations.INDICATORS: "能效=≥3.5 W/W GB 21455-2019；外观=无 划痕||目测",
        declarations.PUBLISHED_ON: None,
        declarations.IMPLEMENTED_ON: date(2018, 5, 1),
        declarations.ACTION: "现行",
        declarations.REASON: None,
    }
    return given | cells


@pytest.fixture(scope="module")
def declared(desk: Desk, pledged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    one, two = pledged[0], pledged[1]
    rows = [
        declaration(one, 标准编号="Q/CSGD 003-2026", 状态="修订", 指标="能效=≥4 W/W"),
        declaration(one),
        declaration(two, 标准编号="ＧＢ／Ｔ 19001—2016", 指标=None),
        declaration(two, 标准编号="GB/T 19001-2016", 状态="废止", 废止原因="不再执行"),
        declaration(one, 标准编号="Q/CSGD 009-2020", 状态="废止"),
        declaration(one, 标准编号="标准一"),
        declaration(one, 标准编号="Q/CSGD 004-2020", 指标="很好"),
        declaration(one, 标准编号="Q/CSGD 005-2020", 型号="A；B；C"),
        declaration(one, 标准编号="Q/CSGD 006-2020", 标准名称="空调, 联系人：王小明"),
    ]
    return desk.take_in(desk.write("standards.csv", rows))


def test_standards_are_declared_revised_and_abolished_from_one_table(
    desk: Desk, declared: list[dict[str, Any]]
) -> None:
    assert [row["status"] for row in declared] == ["accepted"] * 4 + ["refused"] * 4 + ["flagged"], declared
    assert [row["reasons"][0]["rule"] for row in declared[4:]] == [
        "standard.unknown", "standard.number_shape", "standard.indicators", "standard.products", "personal.possible",
    ]  # fmt: skip
    view = desk.book.get(f"/entries/{declared[0]['entries'][0]}/statement", headers={"Accept": "application/json"})
    event = view.json()["event"]
    assert event["type"] == "StandardRevised"
    assert event["declaration"] == declared[1]["entries"][0]


def test_a_row_whose_possible_names_were_looked_at_goes_in(desk: Desk, pledged: list[dict[str, Any]]) -> None:
    row = declaration(pledged[8], 标准名称="向师傅牌空调")
    path = desk.write("approve.csv", [row])
    (said,) = desk.take_in(path)
    assert [reason["rule"] for reason in said["reasons"]] == ["personal.possible"]
    (said,) = desk.take_in(path, "--approve", "2")
    assert said["status"] == "accepted"


@pytest.fixture(scope="module")
def outcomes(desk: Desk, pledged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    month = today().strftime("%Y-%m")
    base: Row = dict.fromkeys(outcome_template.HEADER[:-1])
    base |= {
        "企业名称": pledged[0]["name"], "统一社会信用代码": pledged[0]["code"], "投诉渠道": "12315",
        "商品或服务类别": "家电", "投诉问题": "质量", "收到月份": month, "转办月份": month, "答复期限月份": month,
        "答复月份": month, "办结月份": month, "答复情况": "按期答复", "办理结果": "和解",
        "承诺编码": pledged[0]["pledge_code"], "涉及承诺条款": "lawful；genuine",
        "告知企业日期": (today() - timedelta(days=21)).isoformat(),
    }  # fmt: skip
    rows = [
        base | {"案件编号": "C1"},
        base | {"案件编号": "C2", "答复情况": "逾期答复", "有实质性答复": "是"},
        base | {"案件编号": "C3", "办理结果": "调解中"},
        base | {"案件编号": "C4", "办理结果": "终止调解", "原因": "张先生不同意"},
    ]
    return desk.take_in(desk.write("outcomes.csv", rows), "--late-ground", "historical", key=desk.handling)


def test_outcomes_go_in_from_the_national_template_without_a_mapping(outcomes: list[dict[str, Any]]) -> None:
    assert [row["status"] for row in outcomes] == ["accepted", "accepted", "refused", "flagged"], outcomes


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
@pytest.mark.parametrize("kind", ["pledges", "fulfilment", "declarations", "outcomes"])
def test_what_is_exported_is_found_to_be_registered_already(
    desk: Desk, pledged: list[dict[str, Any]], declared: list[dict[str, Any]], outcomes: list[dict[str, Any]],
    kind: str, ending: str,
) -> None:  # fmt: skip
    book = desk.book
    code = pledged[9]["pledge_code"]
    if not book.get(f"/v1/pledges/{code}").json()["corrections"]:
        slip = PledgeReplaced(v=1, effective_on=today(), code=code, slip="笔误", reason="=更正后的事由")
        book.register(slip, pledged[9]["subject"])
        book.get(f"/v1/enterprises?min_tree_size={book.size()}")
    size = book.size()
    path, rows = desk.give_out(kind, f"{kind}.{ending}", "--campaign", "2026")
    key = desk.handling if kind == "outcomes" else desk.organizer
    campaign = ("--campaign", "2026") if kind == "pledges" else ()
    said = desk.take_in(path, *campaign, key=key)
    counts = {"pledges": PLEDGES - 1, "fulfilment": 4, "declarations": 5, "outcomes": 2}
    assert len(said) == counts[kind]
    assert [row["status"] for row in said] == ["already registered"] * counts[kind], [
        row for row in said if row["status"] != "already registered"
    ]
    assert book.size() == size, "nothing was sent"
    if kind == "pledges":
        assert {row["pledge_code"] for row in said} == {row["pledge_code"] for row in pledged if row["pledge_code"]}
        assert not any(row[template.CONTACT] or row[template.TELEPHONE] for row in rows)


def test_a_row_that_names_an_entry_but_says_something_else_is_flagged(
    desk: Desk, pledged: list[dict[str, Any]]
) -> None:
    _, rows = desk.give_out("pledges", "to-spoil.xlsx")
    for row, change in zip(rows, ({template.REASON: "改动"}, {"登记序号": "0"}, {"登记序号": "999999"}), strict=False):
        row.update(change)
    size = desk.book.size()
    said = desk.take_in(desk.write("spoilt.xlsx", rows[:3]), "--campaign", "2026")
    assert [row["reasons"][0]["rule"] for row in said] == [
        "import.other_content", "import.other_subject", "import.no_such_entry",
    ]  # fmt: skip
    assert desk.book.size() == size


def test_no_service_registers_text_with_a_telephone_number(desk: Desk, outcomes: list[dict[str, Any]]) -> None:
    """Whoever signs it: the screen is in registration, too, and does not repeat what it found."""
    subject = outcomes[0]["subject"]
    reply = ComplaintReplied(
        v=1, effective_on=today(), outcome_entry=outcomes[0]["entries"][-1], text="已致电１３９ １０８０ ０９０９"
    )
    (result,) = desk.book.batch([desk.book.sign(reply, subject, speaker_of(subject))])
    assert result["status"] == "refused"
    assert result["rule"] in ("text.personal_data", "key.unknown")
    (result,) = desk.book.batch([desk.book.sign(reply, subject, ORGANIZER)])
    assert result["rule"] == "text.personal_data"
    assert "0909" not in str(result)
    assert "９" not in str(result)


def test_a_dump_has_every_standing_as_it_is_served(
    desk: Desk, books_database: TestDatabase, pledged: list[dict[str, Any]]
) -> None:
    book = desk.book
    book.get(f"/v1/enterprises?min_tree_size={book.size()}")
    path = desk.folder / "standings.ndjson.gz"
    result = command("dump", book.service.url, "-o", path)
    assert result.returncode == 0, result.stdout + result.stderr
    head, *lines, end = gzip.decompress(path.read_bytes()).splitlines()
    assert json.loads(head) == {
        "kind": "standings", "as_of": today().isoformat(), "tree_size": book.size(),
        "policy_entry": book.get("/v1/policies").json()["policies"][-1]["entry"],
    }  # fmt: skip
    assert json.loads(end) == {"end": True, "count": len(lines)}
    subjects = [json.loads(line)["subject"] for line in lines]
    assert subjects == sorted(set(subjects))
    assert {row["subject"] for row in pledged if row["entries"]} <= set(subjects)
    for line, subject in list(zip(lines, subjects, strict=True))[:5]:
        name = subject.replace("uscc:", "").replace("local:", "local~").replace("/", "~")
        assert book.get(f"/v1/enterprises/{name}/standing").content == line
    other = desk.folder / "from-database.ndjson.gz"
    result = command("dump", "--database", books_database.service, "-o", other)
    assert result.returncode == 0, result.stdout + result.stderr
    assert gzip.decompress(other.read_bytes()) == gzip.decompress(path.read_bytes())


def test_a_dump_that_the_client_has_is_not_sent_again(desk: Desk) -> None:
    first = desk.book.get("/v1/standings.ndjson")
    again = desk.book.http.get("/v1/standings.ndjson", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_a_client_that_leaves_has_its_turn_back(desk: Desk) -> None:
    with httpx.stream("GET", f"{desk.book.service.url}/v1/standings.ndjson") as left:
        assert left.status_code == 200

    def served() -> httpx.Response | None:
        answer = desk.book.http.get("/v1/standings.ndjson")
        return None if answer.status_code == 429 else answer

    assert eventually(served, "it is served again").content.endswith(b'"end":true}\n')
