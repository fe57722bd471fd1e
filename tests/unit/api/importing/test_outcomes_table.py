"""Complaint outcomes map by a file that says everything; what it does not say is refused, never guessed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

import api.importing
from api.importing.enterprise_identity import local_subject
from api.importing.outcomes_table import OutcomeRules, plan_outcomes
from api.importing.row_plan import RowPlan, SingleWork
from api.importing.source_mapping import SourceMapping, parse_mapping, read_mapping
from api.importing.table_reader import table_of
from api.importing.table_writer import csv_table
from api.importing.validation_errors import ValidationError
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.payload import decode_payload, encode_payload
from ledger.domain.values.subject import parse
from ledger.errors import Malformed
from ledger.keys.signer import new_key
from tests.unit.api.importing.conftest import TODAY

EXAMPLE = Path(api.importing.__file__).parents[2] / "docs" / "examples" / "cfpb.toml"
SIGNER = new_key("ed25519")

HEADER = [
    "Complaint ID", "Date received", "Date sent to company", "Submitted via", "Product", "Sub-product", "Issue",
    "Sub-issue", "Company", "Company response to consumer", "Timely response?", "Consumer complaint narrative",
]  # fmt: skip
GOOD = [
    "2105601", "09/12/2016", "09/14/2016", "Web", "Debt collection", "Medical", "Debt not owed", "",
    "First Federal Credit Control", "Closed with explanation", "Yes", "they called me at 13910800909",
]  # fmt: skip

MINIMAL = """
[source]
name = "city-12315"
late_ground = "historical"
[subject]
id = "uscc"
code = "代码"
name = "名称"
[fields]
case = "编号"
channel = { value = "12315" }
product_class = "类别"
issue = "问题"
received = "收到"
forwarded = "转办"
replied = "回复"
closed = "办结"
notified_on = "转办"
reply = { column = "是否按期", map = { "是" = "timely", "否" = "late", "" = "none" } }
outcome = { column = "结果", map = { "和解" = "settled", "终止" = "ended_without_agreement" } }
reason = "原因"
"""


def planned(mapping: SourceMapping, header: list[str], *rows: list[str]) -> list[RowPlan]:
    table = table_of(csv_table([header, *rows]), "t.csv", mapping.columns)
    return plan_outcomes(
        table.rows, OutcomeRules(mapping, TODAY, table.file_sha256, SIGNER.secret.derive, SIGNER.secret.derive)
    )


def cfpb(**changes: str) -> RowPlan:
    row = [
        changes.get(name.replace(" ", "_").replace("?", ""), value) for name, value in zip(HEADER, GOOD, strict=True)
    ]
    return planned(read_mapping(EXAMPLE), HEADER, row)[0]


def work_of(plan: RowPlan) -> SingleWork:
    assert plan.sound, plan.flaws
    assert isinstance(plan.work, SingleWork)
    return plan.work


def only_flaw(plan: RowPlan) -> ValidationError:
    assert len(plan.flaws) == 1, plan.flaws
    return plan.flaws[0]


def test_a_row_of_the_example_becomes_an_outcome_in_months_without_the_sources_number() -> None:
    work = work_of(cfpb())
    outcome = work.recorded(TODAY)
    assert work.who.subject == "local:cfpb/first-federal-credit-control"
    assert work.who.name == "First Federal Credit Control"
    assert (outcome.outcome, outcome.reply, outcome.closed, outcome.received) == (
        "explained", "timely", "2016-09", "2016-09",
    )  # fmt: skip
    assert (outcome.product_class, outcome.issue) == ("Debt collection / Medical", "Debt not owed")
    assert outcome.effective_on == TODAY
    assert outcome.late_ground
    payload = encode_payload(outcome)
    assert decode_payload(payload) == outcome
    assert b"2105601" not in payload
    assert b"13910800909" not in payload
    assert outcome.case == work_of(cfpb(Issue="other")).recorded(TODAY).case
    assert outcome.case != work_of(cfpb(Complaint_ID="1")).recorded(TODAY).case


@pytest.mark.parametrize(
    ("response", "outcome", "needs_reason"),
    [
        ("Closed with monetary relief", "settled", False),
        ("Closed with non-monetary relief", "settled", False),
        ("Closed with explanation", "explained", False),
        ("Closed", "ended_without_agreement", True),
        ("Untimely response", "ended_without_agreement", True),
    ],
)
def test_every_response_that_the_source_publishes_has_an_outcome(
    response: str, outcome: str, needs_reason: bool
) -> None:
    recorded = work_of(cfpb(Company_response_to_consumer=response)).recorded(TODAY)
    assert recorded.outcome == outcome
    assert (recorded.reason is not None) == needs_reason


def test_a_case_in_progress_is_refused_and_says_so() -> None:
    flaw = only_flaw(cfpb(Company_response_to_consumer="In progress"))
    assert (flaw.verdict, flaw.rule) == ("refused", "complaint.in_progress")


def test_a_value_that_the_mapping_does_not_name_is_reported_with_the_key_that_lacks_it() -> None:
    flaw = only_flaw(cfpb(Timely_response="Perhaps"))
    assert flaw.rule == "value.unmapped"
    assert "Perhaps" in flaw.en
    assert "fields.reply.map" in flaw.en


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"Date_received": "13/40/2016"}, "date.pattern"),
        ({"Date_sent_to_company": "09/11/2016"}, "complaint.closed_before_received"),
        ({"Date_sent_to_company": "09/11/2036"}, "date.future"),
        ({"Company": ""}, "value.missing"),
        ({"Issue": "=1+1"}, "cell.formula"),
        ({"Issue": "call 13910800909"}, "personal.number"),
        ({"Complaint_ID": ""}, "value.missing"),
    ],
)
def test_each_flaw_of_a_row_is_named(change: dict[str, str], rule: str) -> None:
    assert only_flaw(cfpb(**change)).rule == rule


def test_the_same_case_twice_stands_once() -> None:
    plans = planned(read_mapping(EXAMPLE), HEADER, GOOD, GOOD)
    assert [plan.sound for plan in plans] == [True, False]
    assert only_flaw(plans[1]).rule == "row.duplicate"


def test_names_that_differ_in_punctuation_alone_are_one_enterprise() -> None:
    rows = [["1", *GOOD[1:8], "ProCollect, Inc", *GOOD[9:]], ["2", *GOOD[1:8], "ProCollect, Inc.", *GOOD[9:]]]
    subjects = [work_of(plan).who.subject for plan in planned(read_mapping(EXAMPLE), HEADER, *rows)]
    assert subjects == ["local:cfpb/procollect-inc"] * 2


def test_a_mapping_by_code_reads_chinese_tables_too() -> None:
    header = ["编号", "代码", "名称", "类别", "问题", "收到", "转办", "回复", "办结", "是否按期", "结果", "原因"]
    good = [
        "1",
        "91310115MA6EK8XJTR",
        "某厂",
        "家电",
        "不退款",
        "2026年1月2日",
        "2026/1/3",
        "2026-02-03",
        "20260204",
        "是",
        "和解",
        "",
    ]
    silent = ["2", *good[1:7], "2026-02-03", "20260204", "", "和解", ""]
    unreasoned = ["3", *good[1:10], "终止", ""]
    plans = planned(parse_mapping(MINIMAL), header, good, silent, unreasoned)
    outcome = work_of(plans[0]).recorded(TODAY)
    assert work_of(plans[0]).who.subject == "uscc:91310115MA6EK8XJTR"
    assert (outcome.received, outcome.forwarded, outcome.replied, outcome.closed) == (
        "2026-01", "2026-01", "2026-02", "2026-02",
    )  # fmt: skip
    unanswered = work_of(plans[1]).recorded(TODAY)
    assert (unanswered.reply, unanswered.replied) == ("none", None)
    assert only_flaw(plans[2]).rule == "complaint.reason"


def test_the_day_of_publication_may_come_from_a_column() -> None:
    mapping = parse_mapping(MINIMAL + 'effective_on = "公布"\n')
    header = [
        "编号",
        "代码",
        "名称",
        "类别",
        "问题",
        "收到",
        "转办",
        "回复",
        "办结",
        "是否按期",
        "结果",
        "原因",
        "公布",
    ]
    row = ["1", "91310115MA6EK8XJTR", "某厂", "家电", "不退款", *["2026-01-02"] * 4, "是", "和解", "", "2026-02-01"]
    assert work_of(planned(mapping, header, row)[0]).recorded(TODAY).effective_on == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[source]", "[source", "not TOML"),
        ('name = "city-12315"', 'name = "City 12315"', "source.name"),
        ('name = "city-12315"', 'nam = "x"', "source"),
        ('notified_on = "转办"', "", "fields.notified_on"),
        ('id = "uscc"', 'id = "tax"', "subject.id"),
        ('code = "代码"', "", "subject"),
        ('id = "uscc"', 'id = "local"', "registry"),
        ('case = "编号"', "", "fields.case: is missing"),
        ('case = "编号"', 'case = { value = "1" }', "fields.case"),
        ('channel = { value = "12315" }', "channel = { }", "fields.channel: give one of"),
        ('"和解" = "settled"', '"和解" = "solved"', "fields.outcome.map"),
        ('received = "收到"', 'received = { value = "2026-01" }', "fields.received"),
        ('reason = "原因"', 'raison = "原因"', "fields.raison: there is no such field"),
        ('reason = "原因"', 'reason = { column = "原因", unmapped = "absent" }', "fields.reason.unmapped"),
        ('reason = "原因"', 'reason = { column = "原因", format = "%Y" }', "fields.reason.format"),
        ('issue = "问题"', 'issue = { column = "问题", in_progress = ["x"] }', "fields.issue.in_progress"),
        ('issue = "问题"', 'issue = { column = "问题", mop = {} }', "mop"),
        ('replied = "回复"', "", "fields.replied: is missing"),
    ],
)
def test_a_mistake_in_a_mapping_file_is_told_with_its_key(old: str, new: str, says: str) -> None:
    assert old in MINIMAL
    with pytest.raises(Malformed, match=says.replace("[", r"\[")):
        parse_mapping(MINIMAL.replace(old, new))


@pytest.mark.parametrize("name", ["某厂", "Café", "&&&", "x" * 300, "Amex", "A T & T"])
def test_every_name_has_a_well_formed_local_id_of_its_own(name: str) -> None:
    subject = local_subject("cfpb", name)
    assert parse(subject) == subject
    assert subject != local_subject("cfpb", name + "某")


def test_todays_files_of_the_bureau_go_in_with_the_example_that_ships() -> None:
    iso = cfpb(Date_received="2016-09-12", Date_sent_to_company="2016-09-14", Consumer_complaint_narrative="N/A")
    assert _said(iso) == _said(cfpb())
    assert only_flaw(cfpb(Date_received="12.9.2016")).rule == "date.pattern"


def test_a_file_without_a_header_is_mapped_by_letters() -> None:
    text = EXAMPLE.read_text("utf-8")
    letters = {name: chr(ord("A") + place) for place, name in enumerate(HEADER)}
    for name, letter in letters.items():
        text = text.replace(f'"{name}"', f'"{letter}"')
    mapping = parse_mapping(text.replace('name = "cfpb"', 'name = "cfpb"\nheaderless = true', 1))
    table = table_of(csv_table([GOOD]), "t.csv", mapping.columns, headerless=mapping.source.headerless)
    derive = SIGNER.secret.derive
    (plan,) = plan_outcomes(table.rows, OutcomeRules(mapping, TODAY, table.file_sha256, derive, derive))
    assert _said(plan) == _said(cfpb())


def _said(plan: RowPlan) -> ComplaintOutcomeRecorded:
    """What a row says, whatever file it is from."""
    said = work_of(plan).recorded(TODAY)
    assert isinstance(said, ComplaintOutcomeRecorded)
    return replace(said, source=None)
