"""Each row of a roster is judged by itself and against the others, and told what would be right."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from api.importing import pledge_template as template
from api.importing.campaign_terms import OfferedClause, campaign_subject, decode_campaign
from api.importing.roster import RosterRules, plan_roster
from api.importing.row_plan import PledgeWork, RowPlan
from api.importing.table_reader import ENTRIES, TableRow, table_of
from api.importing.table_writer import WritableCell, csv_table
from api.importing.validation_errors import ValidationError
from ledger.domain.events.base import PaperEvidence
from ledger.domain.payload import decode_payload, encode_payload
from ledger.domain.values.subject import parse
from ledger.errors import Malformed
from ledger.keys.signer import new_key
from tests.unit.api.importing.conftest import GOOD, TODAY, roster_csv
from tests.unit.api.importing.fakeservice import CAMPAIGN

CLAUSE = OfferedClause(id="genuine", zh="不生产、不销售假冒伪劣产品")
SIGNER = new_key("ed25519")


def rules(today: date = TODAY, **changes: object) -> RosterRules:
    campaign = msgspec.structs.replace(decode_campaign(msgspec.json.encode(CAMPAIGN)), clauses=(CLAUSE,), **changes)
    return RosterRules("campaign:2026", campaign, today, "ab" * 32, SIGNER.secret.derive, "迟报名单")


def planned(*changes: dict[str, WritableCell], today: date = TODAY) -> list[RowPlan]:
    return plan_roster(table_of(roster_csv(*changes), "t.csv", template.COLUMNS).rows, rules(today))


def work_of(plan: RowPlan) -> PledgeWork:
    assert plan.sound, plan.flaws
    assert isinstance(plan.work, PledgeWork)
    return plan.work


def only_flaw(*changes: dict[str, WritableCell]) -> ValidationError:
    flaws = [flaw for plan in planned(*changes) for flaw in plan.flaws]
    assert len(flaws) == 1, flaws
    assert flaws[0].column in flaws[0].zh
    assert flaws[0].column in flaws[0].en
    return flaws[0]


def test_a_good_row_becomes_its_pledge_word_for_word() -> None:
    (plan,) = planned({})
    work = work_of(plan)
    pledge = work.made(TODAY)
    assert work.who.subject == "uscc:91310115MA6EK8XJTR"
    assert (work.who.name, work.who.division, work.who.industry, work.who.size_band) == (
        GOOD[template.NAME], "310115", "C385", "small",
    )  # fmt: skip
    assert (pledge.campaign, pledge.scope, pledge.disclosure) == ("campaign:2026", "comprehensive", "public")
    assert (pledge.content, pledge.liability) == (GOOD[template.CONTENT], GOOD[template.LIABILITY])
    assert (pledge.made_on, pledge.effective_on, pledge.valid_until) == (date(2026, 3, 8), date(2026, 3, 8), None)
    assert pledge.clauses == ("genuine",)
    assert pledge.evidence == PaperEvidence(file="ab" * 32, row=2)
    assert (work.division, work.valid_until, work.sealed) == ("310115", date(2027, 3, 14), False)
    assert decode_payload(encode_payload(pledge)) == pledge


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("综合信用承诺", "comprehensive"),
        ("专项承诺：产品质量", "product"),
        ("专项承诺:服务质量", "service"),
        (" 专项承诺： 产品和服务质量 ", "product_and_service"),
    ],
)
def test_every_scope_of_the_template_is_known(text: str, scope: str) -> None:
    assert work_of(planned({template.SCOPE: text})[0]).pledge.scope == scope


@pytest.mark.parametrize(
    "code",
    ["９１３１０１１５ＭＡ６ＥＫ８ＸＪＴＲ", "91310115ma6ek8xjtr", " 91 310115 MA6EK8XJTR ", "91310115-MA6EK8XJ-TR"],
)
def test_a_code_is_folded_however_it_was_typed(code: str) -> None:
    assert work_of(planned({template.CODE: code})[0]).who.subject == "uscc:91310115MA6EK8XJTR"


@pytest.mark.parametrize(
    ("change", "verdict", "rule"),
    [
        ({template.NAME: "  "}, "refused", "value.missing"),
        ({template.NAME: '=HYPERLINK("http://x","y")'}, "refused", "cell.formula"),
        ({template.CONTENT: "@SUM(A1)"}, "refused", "cell.formula"),
        ({template.NAME: "示\ue000厂"}, "flagged", "text.odd_character"),
        ({template.NAME: "两\n行"}, "flagged", "text.odd_character"),
        ({template.NAME: "软\u00ad连字"}, "refused", "text.hidden_character"),
        ({template.NAME: "变体\ufe00字"}, "refused", "text.hidden_character"),
        ({template.CONTENT: "填充\u3164字"}, "refused", "text.hidden_character"),
        ({template.CATEGORY: "自然人"}, "refused", "value.unknown"),
        ({template.CATEGORY: "个体工商户"}, "flagged", "enterprise.category"),
        ({template.CODE: ""}, "refused", "value.missing"),
        ({template.CODE: "91310115MA6EK8XJT"}, "refused", "code.form"),
        ({template.CODE: "91310115MA6EK8XJTI"}, "refused", "code.form"),
        ({template.CODE: "91310115MA6EK8XJT0"}, "flagged", "code.check_digit"),
        ({template.CODE: "11010519491231002X"}, "refused", "identity.resident_number"),
        ({template.DIVISION: "999999"}, "refused", "code.form"),
        ({template.INDUSTRY: "家电"}, "refused", "code.form"),
        ({template.SIZE: "巨型"}, "refused", "value.unknown"),
        ({template.KIND: "主动型"}, "refused", "value.unknown"),
        ({template.SCOPE: "专项承诺：安全"}, "refused", "value.unknown"),
        ({template.REASON: "长" * 513}, "refused", "text.too_long"),
        ({template.CONTENT: "长" * 4001}, "refused", "text.too_long"),
        ({template.LIABILITY: "长" * 4001}, "refused", "text.too_long"),
        ({template.LIABILITY: ""}, "refused", "pledge.liability"),
        ({template.MADE_ON: "三月十五"}, "refused", "date.unclear"),
        ({template.MADE_ON: "2026-13-01"}, "refused", "date.impossible"),
        ({template.MADE_ON: "2026-02-28"}, "refused", "pledge.outside_window"),
        ({template.MADE_ON: "2026-03-16"}, "refused", "pledge.outside_window"),
        ({template.MADE_ON: "2026-03-21"}, "refused", "date.future"),
        ({template.VALID_UNTIL: "2026-03-07"}, "refused", "pledge.valid_before_made"),
        ({template.VALID_UNTIL: "2026-03-19"}, "flagged", "pledge.valid_until_past"),
        ({template.VALID_UNTIL: "三年"}, "refused", "date.unclear"),
        ({template.BODY_CODE: "x"}, "refused", "code.form"),
        ({template.DISCLOSURE: "公开"}, "refused", "value.unknown"),
        ({template.REMARK: "联系 １３９ １０８０ ０９０９"}, "flagged", "personal.number"),
        ({template.CONTENT: "身份证 11010519491231002X"}, "flagged", "personal.number"),
    ],
)  # fmt: skip
def test_each_flaw_is_named_with_its_column(change: dict[str, WritableCell], verdict: str, rule: str) -> None:
    flaw = only_flaw(change)
    assert (flaw.verdict, flaw.rule, flaw.column) == (verdict, rule, next(iter(change)))


@pytest.mark.parametrize("code", ["11010519491231002X", "330106198505010041", "110105491231002"])
def test_a_residents_number_in_place_of_a_code_is_nowhere_in_what_is_said(code: str) -> None:
    plan = planned({template.CODE: code})[0]
    assert plan.work is None
    said = " ".join([plan.code, plan.name, *(f"{flaw.zh} {flaw.en}" for flaw in plan.flaws)])
    assert code[6:12] not in said


def test_a_personal_number_is_not_repeated_by_the_report() -> None:
    flaw = only_flaw({template.REMARK: "电话13910800909"})
    assert "13910800909" not in flaw.zh + flaw.en


@pytest.mark.parametrize("text", ["Q/CSGD 003-2018", "11010520260308000001", "400-820-8820", "91310115MA6EK8XJTR"])
def test_numbers_of_other_kinds_are_no_personal_data(text: str) -> None:
    assert planned({template.REMARK: text})[0].sound


def test_several_flaws_are_all_told_at_once() -> None:
    (plan,) = planned({template.NAME: "", template.MADE_ON: "?", template.LIABILITY: ""})
    assert {flaw.column for flaw in plan.flaws} == {template.NAME, template.MADE_ON, template.LIABILITY}
    assert plan.work is None


def test_a_wrong_check_digit_alone_may_be_overridden_and_nothing_else() -> None:
    wrong = {template.CODE: "91310115MA6EK8XJT0"}
    assert planned(wrong)[0].override
    assert not planned({**wrong, template.LIABILITY: ""})[0].override
    assert not planned({template.LIABILITY: ""})[0].override


@pytest.mark.parametrize(("text", "disclosure"), [("特定范围内公开", "limited"), ("不可公开", "none")])
def test_what_is_not_for_publication_is_sealed(text: str, disclosure: str) -> None:
    work = work_of(planned({template.DISCLOSURE: text})[0])
    assert work.sealed
    assert work.pledge.disclosure == disclosure


def test_an_individual_business_is_known_by_an_opaque_id_alone() -> None:
    stem = "92310115MA6EK8XJT"
    code = stem + uscc.calc_check_digit(stem)
    who = work_of(planned({template.CODE: code, template.NAME: "张小三经营部"})[0]).who
    assert who.individual
    assert parse(who.subject).startswith("local:individual/")
    assert code not in who.subject
    other = new_key("ed25519").secret.derive("import individual", code.encode()).hex()
    assert not who.subject.endswith(other)
    flaw = only_flaw({template.CODE: code, template.NAME: "张小三经营部", template.REMARK: "张小三经营部自愿承诺"})
    assert flaw.rule == "personal.name"


def test_the_same_pledge_twice_stands_once_and_the_second_names_the_first() -> None:
    plans = planned({}, {template.SCOPE: "专项承诺：产品质量"}, {template.MADE_ON: "2026/3/9"})
    assert [plan.sound for plan in plans] == [True, True, False]
    (flaw,) = plans[2].flaws
    assert flaw.rule == "row.duplicate"
    assert "2" in flaw.en


def test_a_repeat_of_a_flawed_row_may_stand() -> None:
    assert [plan.sound for plan in planned({template.LIABILITY: ""}, {})] == [False, True]


def test_one_code_with_two_names_keeps_all_its_rows_out() -> None:
    plans = planned({}, {template.NAME: "示例另一家有限公司", template.SCOPE: "专项承诺：产品质量"})
    assert [[flaw.rule for flaw in plan.flaws] for plan in plans] == [["row.two_names"]] * 2


def test_a_late_row_says_why_and_an_early_one_does_not() -> None:
    (plan,) = planned({})
    work = work_of(plan)
    assert work.made(date(2026, 3, 8) + timedelta(days=30)).late_ground is None
    assert work.made(date(2026, 3, 8) + timedelta(days=31)).late_ground == "迟报名单"


def test_a_pledge_that_would_last_too_long_is_refused_before_anything_is_sent() -> None:
    short = rules(pledge_months_max=12)
    table = table_of(
        roster_csv({template.VALID_UNTIL: "2027-03-08"}, {template.VALID_UNTIL: "2027-03-09"}),
        "t.csv",
        template.COLUMNS,
    )
    plans = [plan_roster([row], short)[0] for row in table.rows]
    assert [[flaw.rule for flaw in plan.flaws] for plan in plans] == [[], ["pledge.too_long"]]


def test_a_campaign_that_was_closed_early_takes_no_later_pledges() -> None:
    early = rules(last_day=date(2026, 3, 7))
    (row,) = table_of(roster_csv({}), "t.csv", template.COLUMNS).rows
    assert [flaw.rule for flaw in plan_roster([row], early)[0].flaws] == ["pledge.outside_window"]


def test_a_code_without_a_division_needs_one_in_its_column() -> None:
    stem = "91000000MA6EK8XJT"
    code = stem + uscc.calc_check_digit(stem)
    assert only_flaw({template.CODE: code, template.DIVISION: ""}).column == template.DIVISION
    assert work_of(planned({template.CODE: code, template.DIVISION: "310115"})[0]).division == "310115"


def test_a_campaigns_answer_without_a_needed_field_is_refused_by_its_name() -> None:
    answer = {name: value for name, value in CAMPAIGN.items() if name != "closes_on"}
    with pytest.raises(Malformed, match="closes_on"):
        decode_campaign(msgspec.json.encode(answer))
    assert campaign_subject("2026") == campaign_subject("campaign:2026") == "campaign:2026"


CELLS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([value for value in GOOD.values() if value]),
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from([column.name for column in template.COLUMNS]), CELLS))
def test_any_row_gets_a_plan_and_a_sound_one_makes_a_well_formed_event(
    changes: dict[str, str | int | float | None],
) -> None:
    cells = {column.name: GOOD.get(column.name) for column in template.COLUMNS} | changes
    (plan,) = plan_roster([TableRow(2, cells)], rules())  # type: ignore[arg-type]
    assert plan.sound or plan.flaws
    if plan.sound:
        work = work_of(plan)
        pledge = work.made(TODAY)
        registered = work.who.registered(TODAY, work.evidence)
        assert parse(work.who.subject) == work.who.subject
        assert decode_payload(encode_payload(pledge)) == pledge
        assert decode_payload(encode_payload(registered)) == registered


def test_no_row_enters_a_cancelled_campaign_and_each_is_told() -> None:
    answer = decode_campaign(msgspec.json.encode({**CAMPAIGN, "cancelled_on": "2026-03-12"}))
    rows = table_of(roster_csv({}, {template.CODE: "913301060285459814"}), "t.csv", template.COLUMNS).rows
    assert all(plan.sound for plan in plan_roster(rows, rules()))
    for plan in plan_roster(rows, rules(cancelled_on=answer.cancelled_on)):
        assert not plan.sound
        (flaw,) = plan.flaws
        assert (flaw.rule, "2026-03-12" in flaw.zh, "2026-03-12" in flaw.en) == ("campaign.cancelled", True, True)


def test_what_a_cancelled_campaigns_export_names_is_still_compared_with_the_book() -> None:
    known = {**GOOD, ENTRIES: "7 8"}
    rows = table_of(csv_table([list(known), list(known.values())]), "t.csv", template.COLUMNS).rows
    (plan,) = plan_roster(rows, rules(cancelled_on=date(2026, 3, 12)))
    assert (plan.sound, plan.flaws, plan.entries) == (True, (), (7, 8))
