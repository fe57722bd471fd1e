from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from api.importing import pledge_template as template
from api.importing.table_writer import WritableCell, csv_table
from ledger.keys.signer import Signer, new_key
from tests.unit.api.importing.fakeservice import FakeService

TODAY = date(2026, 3, 20)


@pytest.fixture(scope="session")
def signer() -> Signer:
    return new_key("ed25519")


@pytest.fixture
def service() -> FakeService:
    return FakeService()


GOOD: dict[str, WritableCell] = {
    template.NUMBER: 1,
    template.NAME: "示例上海朗润正德家用电器有限公司",
    template.CATEGORY: "法人及非法人组织",
    template.CODE: "91310115MA6EK8XJTR",
    template.DIVISION: "310115",
    template.INDUSTRY: "C385",
    template.SIZE: "小型",
    template.KIND: "行业自律型",
    template.SCOPE: "综合信用承诺",
    template.REASON: "参加活动",
    template.CONTENT: "不生产、不销售假冒伪劣产品；公开产品和服务执行标准，接受社会监督。",
    template.LIABILITY: "依法承担赔偿责任。",
    template.MADE_ON: "2026-03-08",
    template.VALID_UNTIL: "",
    template.BODY: "受理单位（示例）",
    template.BODY_CODE: "51100000500000315Q",
    template.DISCLOSURE: "可向社会公开",
    template.CONTACT: "张小三",
    template.TELEPHONE: "13910800909",
    template.REMARK: "",
}


def roster_csv(*changes: dict[str, WritableCell]) -> bytes:
    """A roster with one row per dict, each a good row but for what it changes."""
    rows = [{**GOOD, **change} for change in changes]
    return csv_table([template.HEADER, *([row[column] for column in template.HEADER] for row in rows)])


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
