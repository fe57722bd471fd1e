"""Tables of authorities into a running service: what they change, until when, and what of them nobody sees."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.importing.table_writer import WritableCell, csv_table
from tests.e2e.book import Book, today
from tests.e2e.test_import import command, key_file
from tests.support.charter import ORGANIZER

PENALIZED, LISTED = "91310115MA6EK8XJTR", "913301060285459814"
LOOK_AGAIN = timedelta(days=30)
GROUNDS = "抽查所见若干", "未按期公示年度报告"
PENALTY: dict[str, WritableCell] = {
    "行政相对人名称": "示例甲有限公司",
    "行政相对人类别": "法人及非法人组织",
    "行政相对人代码_1(统一社会信用代码)": PENALIZED,
    "行政处罚决定书文号": "示市监处〔2026〕9号",
    "违法事实": GROUNDS[0],
    "处罚决定日期": today() - timedelta(days=5),
    "公示截止期": today() + timedelta(days=360),
    "处罚机关": "示例市场监督管理局",
}
ABNORMAL: dict[str, WritableCell] = {
    "序号": 1,
    "企业名称": "示例乙有限公司",
    "统一社会信用代码": LISTED,
    "列入经营异常名录原因": GROUNDS[1],
    "列入日期": today() - timedelta(days=5),
    "作出决定机关(列入)": "示例市场监督管理局",
    "移出经营异常名录原因": "",
    "移出日期": "",
}


class Office:
    """Who looks the authorities' lists up and hands them in."""

    def __init__(self, book: Book, folder: Path) -> None:
        self.book, self.folder = book, folder
        self.key = key_file(folder, "organizer", ORGANIZER.signer)

    def take_in(self, cells: dict[str, WritableCell], *options: object) -> dict[str, Any]:
        """Import a table of one row, looked up today; what is said of it."""
        path, report = self.folder / "table.csv", self.folder / "report.json"
        path.write_bytes(csv_table([list(cells), list(cells.values())], "gb18030"))
        looked = ("--address", "https://records.example/list", "--recheck-by", today() + LOOK_AGAIN)
        result = command(
            "import", path, self.book.service.url, "--key", self.key, "--report", report, *looked, *options
        )
        assert result.returncode == 0, result.stdout + result.stderr
        (row,) = json.loads(report.read_bytes())["rows"]
        return dict(row)

    def standing(self, code: str) -> dict[str, Any]:
        return dict(self.book.get(f"/v1/enterprises/{code}/standing?min_tree_size={self.book.size()}").json())


@pytest.fixture(scope="module")
def office(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(book, tmp_path_factory.mktemp("office"))


@pytest.mark.parametrize(
    ("cells", "code", "options", "part"),
    [(PENALTY, PENALIZED, ("--severity", "general"), "reasons"), (ABNORMAL, LISTED, (), "holds")],
    ids=["penalty", "abnormal"],
)
def test_a_cited_record_lowers_the_standing_until_it_is_to_be_looked_up_again(
    office: Office, cells: dict[str, WritableCell], code: str, options: tuple[str, ...], part: str
) -> None:
    row = office.take_in(cells, *options)
    assert (row["status"], row["subject"]) == ("accepted", f"uscc:{code}")
    standing = office.standing(code)
    assert standing["level"] == "WATCH"
    (said,) = standing[part]
    assert said["entry"] == row["entries"][-1]
    unconfirmed_from = (today() + LOOK_AGAIN + timedelta(days=1)).isoformat()
    assert standing["next_change_on"] == unconfirmed_from
    assert unconfirmed_from in json.dumps(said), "the reason itself says until when it counts"
    page = office.book.get(f"/e/{code}").text
    assert "关注" in page
    assert unconfirmed_from in page
    entry = office.book.get(f"/entries/{said['entry']}/statement", headers={"Accept": "application/json"}).text
    assert not [grounds for grounds in GROUNDS if grounds in page + entry + json.dumps(standing, ensure_ascii=False)]
    size = office.book.size()
    assert office.take_in(cells, *options)["status"] == "already registered"
    assert office.book.size() == size
