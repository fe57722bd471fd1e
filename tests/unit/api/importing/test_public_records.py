"""Tables of authorities become citations with a day of their re-check; nothing of a person, nothing that is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from api.importing.public_records import PUBLIC_RECORDS, Look, PublicRecordKind, PublicRecordRules, plan_public_records
from api.importing.row_plan import RowPlan, SingleWork
from api.importing.table_reader import table_of
from api.importing.table_writer import WritableCell, csv_table
from ledger.domain.events.finding import PublicRecordCited
from ledger.domain.payload import decode_payload, encode_payload
from ledger.keys.signer import new_key
from tests.unit.api.importing.conftest import TODAY

SIGNER = new_key("ed25519")
CODE, NAME = "91310115MA6EK8XJTR", "示例上海朗润正德家用电器有限公司"
PLACE = "https://records.example/list"
PENALTY: dict[str, WritableCell] = {
    "行政相对人名称": NAME,
    "行政相对人类别": "法人及非法人组织",
    "行政相对人代码_1(统一社会信用代码)": CODE,
    "行政处罚决定书文号": "示市监处〔2026〕1号",
    "违法事实": "联系人 张小三 13910800909",
    "罚款金额（万元）": "0.5",
    "处罚决定日期": "2026/03/01",
    "处罚有效期": "2099/12/31",
    "公示截止期": "2027/03/01",
    "处罚机关": "示例市场监督管理局",
    "处罚程度": "一般",
}
ABNORMAL: dict[str, WritableCell] = {
    "序号": 1,
    "企业名称": NAME,
    "统一社会信用代码": CODE,
    "列入经营异常名录原因": "未按期公示年度报告",
    "列入日期": "2026年3月3日",
    "作出决定机关(列入)": "示例市场监督管理局",
    "移出经营异常名录原因": "",
    "移出日期": "",
}
SERIOUS = {**{name: cell for name, cell in ABNORMAL.items() if "异常" not in name},
           "列入严重违法失信企业名单(黑名单)原因": "虚假宣传", "列入决定书文号": "示市监列〔2026〕2号"}  # fmt: skip
TABLES: dict[PublicRecordKind, dict[str, WritableCell]] = {
    "penalties": PENALTY,
    "abnormal": ABNORMAL,
    "serious": SERIOUS,
}
LOOK = Look(PLACE)


def planned(kind: PublicRecordKind, look: Look = LOOK, **changes: WritableCell) -> RowPlan:
    cells = TABLES[kind] | changes
    table = table_of(csv_table([list(cells), list(cells.values())], "gb18030"), "t.csv", PUBLIC_RECORDS[kind])
    (plan,) = plan_public_records(table.rows, PublicRecordRules(kind, TODAY, SIGNER.secret.derive, "late", look))
    return plan


def cited(plan: RowPlan, day: date = TODAY) -> PublicRecordCited:
    assert plan.sound, plan.flaws
    assert isinstance(plan.work, SingleWork)
    assert plan.work.sealed
    event = plan.work.recorded(day)
    assert isinstance(event, PublicRecordCited)
    assert decode_payload(encode_payload(event)) == event
    return event


def test_a_penalty_is_cited_and_its_facts_are_not() -> None:
    event = cited(planned("penalties"))
    assert event == PublicRecordCited(
        v=1, effective_on=date(2026, 3, 1), kind="penalty", severity="general", authority="示例市场监督管理局",
        document_no="示市监处〔2026〕1号", address=PLACE, decided_on=date(2026, 3, 1), publicity_end=date(2027, 3, 1),
        checked_on=TODAY, recheck_by=date(2026, 6, 20),
    )  # fmt: skip


def test_an_entry_of_a_list_is_known_by_list_and_day_where_it_has_no_number() -> None:
    event = cited(planned("abnormal"))
    assert (event.kind, event.severity, event.document_no) == ("abnormal_list", None, "经营异常名录 2026-03-03")
    event = cited(planned("serious"))
    assert (event.kind, event.severity, event.document_no) == ("serious_list", None, "示市监列〔2026〕2号")


def test_it_is_looked_up_again_within_its_publicity_and_counted_from_the_day_of_the_recording() -> None:
    plan = planned("penalties", **{"公示截止期": "2026-04-30"})
    assert cited(plan).recheck_by == date(2026, 4, 30)
    plan = planned("abnormal")
    assert (cited(plan).checked_on, cited(plan).recheck_by) == (TODAY, date(2026, 6, 20))
    later = date(2026, 3, 25)
    assert (cited(plan, later).checked_on, cited(plan, later).recheck_by) == (later, date(2026, 6, 25))
    said = planned("abnormal", replace(LOOK, on=date(2026, 3, 10), again_by=date(2026, 5, 1)))
    assert (cited(said, later).checked_on, cited(said, later).recheck_by) == (date(2026, 3, 10), date(2026, 5, 1))


@pytest.mark.parametrize(
    ("kind", "look", "changes", "rule"),
    [
        ("penalties", LOOK, {"行政处罚决定书文号": ""}, "value.missing"),
        ("penalties", LOOK, {"处罚程度": ""}, "value.missing"),
        ("penalties", LOOK, {"公示截止期": "2026-03-19"}, "citation.publicity_over"),
        ("penalties", LOOK, {"处罚决定日期": "2026-03-21"}, "date.future"),
        ("penalties", Look(), {}, "citation.address"),
        ("penalties", Look("http://plain.example"), {}, "citation.address"),
        ("abnormal", LOOK, {"移出日期": "2026-03-10"}, "citation.removed"),
        ("abnormal", LOOK, {"统一社会信用代码": "11010519491231002X"}, "identity.resident_number"),
        ("abnormal", LOOK, {"统一社会信用代码": "91310115MA6EK8XJT0"}, "code.check_digit"),
    ],
)
def test_what_cannot_be_cited_says_why(kind: PublicRecordKind, look: Look, changes: dict[str, str], rule: str) -> None:
    assert [flaw.rule for flaw in planned(kind, look, **changes).flaws] == [rule]


def test_a_severity_for_the_whole_table_is_for_rows_that_say_none() -> None:
    look = replace(LOOK, severity="severe")
    assert cited(planned("penalties", look, **{"处罚程度": ""})).severity == "severe"
    assert cited(planned("penalties", look)).severity == "general"


def test_a_person_is_refused_and_not_named() -> None:
    plan = planned("penalties", **{"行政相对人类别": "自然人", "行政相对人名称": "欧阳小三"})
    assert [flaw.rule for flaw in plan.flaws] == ["identity.natural_person"]
    assert plan.work is None
    assert (plan.name, plan.code) == ("", "")
    assert "欧阳" not in str(plan.flaws)


def test_individual_businesses_stay_behind_an_opaque_id() -> None:
    plan = planned("abnormal", **{"统一社会信用代码": "92110105MA00000008", "企业名称": "示例小吃店"})
    assert isinstance(plan.work, SingleWork)
    assert plan.work.who.individual
    assert plan.work.who.subject.startswith("local:individual/")
