"""A campaign's roster in the national template: rows → plans. Pure; every check says what would be right.

What is 不可公开 or 特定范围内公开 is sealed, and nothing open about it names the roster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from api.importing import pledge_template as template
from api.importing.campaign_terms import Campaign
from api.importing.date_notations import EPOCH_1900
from api.importing.duplicates import flag_doubles
from api.importing.enterprise_identity import Derive, Who, check_code, identity_bytes, named_enterprise, subject_of_uscc
from api.importing.fulfilment_table import Assessed, assessment, read_assessed
from api.importing.row_plan import PledgeWork, RowPlan, Work
from api.importing.row_reader import RowReader
from api.importing.table_reader import TableRow
from api.importing.validation_errors import Unreadable, excerpt
from ledger.domain.events.base import PaperEvidence
from ledger.domain.events.campaign import Scope
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.values.dates import add_months
from ledger.domain.values.enterprise_code import fold_code

__all__ = ["RosterRules", "plan_roster", "plan_row"]

# GB/T 2260 by its provinces; 10 stands for the central authorities. A pledge code begins with it.
_DIVISION: Final = re.compile("(?:1[0-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])[0-9]{4}")
_INDUSTRY: Final = re.compile("[A-T][0-9]{0,4}")
_PLEDGE_CODE: Final = re.compile("[0-9]{20}")
_CODE_18: Final = re.compile("[0-9A-Z]{18}")
_LINE_MAX: Final = 512
_TEXT_MAX: Final = 4000


@dataclass(frozen=True, slots=True)
class RosterRules:
    """What the rows are judged by. `late_ground`: said of pledges recorded later than the policy allows. `scope`: of
    pledges whose row names none; a table without that column means the campaign's only one, or the comprehensive."""

    campaign_id: str
    campaign: Campaign
    today: date
    file_sha256: str
    derive: Derive
    late_ground: str
    epoch: date = EPOCH_1900
    approved: frozenset[int] = frozenset()
    scope: Scope | None = None

    @property
    def usual_scope(self) -> Scope | None:
        """What a pledge is about where the table has no column that says so."""
        scopes = self.campaign.scopes
        return scopes[0] if len(scopes) == 1 else "comprehensive" if "comprehensive" in scopes else None


def plan_roster(rows: Sequence[TableRow], rules: RosterRules) -> list[RowPlan]:
    """A plan for every row, in order: each judged by itself, then against the others of the table."""
    plans = [plan_row(row, rules) for row in rows]
    return flag_doubles(plans, name_column=template.NAME, key_column=template.CODE)


def plan_row(row: TableRow, rules: RosterRules) -> RowPlan:
    """What one row asks for."""
    read = RowReader(row, rules.epoch, approved=row.number in rules.approved)
    who = _who(read, rules)
    read.choice(template.KIND, {template.SELF_DISCIPLINE: True})
    pledge = _pledge(read, rules, row.number)
    body = None if pledge is None else (pledge.accepting_body, pledge.accepting_code)
    assessed = read_assessed(read, rules.today, body) if read.text(template.FULFILLED) else None
    given = _matching(read, template.PLEDGE_CODE, _PLEDGE_CODE, "20 位承诺编码", "a pledge code of 20 digits")
    read.screen(template.REASON, template.CONTENT, template.LIABILITY, template.REMARK)
    read.screen(template.NAME, template.BODY, names=False)  # enterprises are named after people
    if who is not None and who.individual:
        _keep_the_name_out(read, who)
    flaws = read.flaws
    name, code = read.shown(template.NAME), read.shown(template.CODE)
    if who is None or pledge is None or pledge.evidence is None:
        return RowPlan(row.number, name, code, flaws, None)
    work = PledgeWork(
        who=who,
        key=(who.subject, pledge.scope),
        identity=identity_bytes(rules.campaign_id, who.subject, pledge.scope, pledge.made_on.isoformat()),
        pledge=pledge,
        evidence=pledge.evidence,
        recording_days_max=rules.campaign.pledge_recording_days_max,
        late_ground=rules.late_ground,
        division=rules.campaign.division or who.division or fold_code(code)[2:8],
        valid_until=pledge.valid_until or rules.campaign.pledge_valid_until,
        given_code=given,
    )
    override = [flaw.rule for flaw in flaws] == ["code.check_digit"]
    then = None if assessed is None else _assessing(work, assessed)
    return RowPlan(row.number, name, code, flaws, work, override, read.entries, then)


def _assessing(work: PledgeWork, assessed: Assessed) -> Callable[[str], Work]:
    """The assessment of a pledge, once its code is known."""
    return lambda code: assessment(work.who, code, assessed, work.pledge.made_on, work.valid_until, work.late_ground)


def _who(read: RowReader, rules: RosterRules) -> Who | None:
    """The enterprise; None where its name or code cannot be read. A wrong check digit is a flaw, but readable."""
    name = read.line(template.NAME, chars_max=_LINE_MAX)
    words = {template.ORGANIZATION: False, template.INDIVIDUAL: True}
    category = read.choice(template.CATEGORY, words, required=False)
    division = _matching(
        read, template.DIVISION, _DIVISION, "六位行政区划代码（GB/T 2260）", "a division code of six digits (GB/T 2260)"
    )
    industry = _matching(read, template.INDUSTRY, _INDUSTRY, "行业代码，如 C383", "an industry code such as C383")
    size = read.choice(template.SIZE, template.SIZES, required=False)
    text = read.line(template.CODE, chars_max=_LINE_MAX)
    if text is None:
        return None
    if read.entries and ":" in text:
        return named_enterprise(read, template.NAME, template.CODE, rules.derive)
    try:
        subject, code, individual = subject_of_uscc(text, rules.derive)
    except Unreadable as unreadable:
        read.unreadable(template.CODE, unreadable)
        return None
    check_code(read, template.CODE, code)
    if category and not individual:
        read.flag(
            "enterprise.category",
            template.CATEGORY,
            f"类别为个体工商户，但代码{excerpt(code)}不以 92 开头；请核实",
            f"says individual business, but the code {excerpt(code)} does not begin with 92; find out which is right",
        )
    if not (rules.campaign.division or read.text(template.DIVISION) or _DIVISION.fullmatch(code[2:8])):
        read.refuse(
            "value.missing",
            template.DIVISION,
            f"为空，且代码{excerpt(code)}中没有行政区划；请填写六位行政区划代码",
            f"is empty, and the code {excerpt(code)} names no division; give a division code of six digits",
        )
    return None if name is None else Who(subject, name, code, individual, division, industry, size)


def _pledge(read: RowReader, rules: RosterRules, number: int) -> PledgeMade | None:
    scope = _scope(read, rules)
    disclosure = read.choice(template.DISCLOSURE, template.DISCLOSURES)
    reason = read.line(template.REASON, chars_max=_LINE_MAX)
    content = read.line(template.CONTENT, chars_max=_TEXT_MAX, several_lines=True)
    liability = read.line(template.LIABILITY, chars_max=_TEXT_MAX, several_lines=True, required=False)
    made_on = read.date(template.MADE_ON)
    valid_until = read.date(template.VALID_UNTIL, required=False)
    body = read.line(template.BODY, chars_max=_LINE_MAX)
    body_code = _matching(read, template.BODY_CODE, _CODE_18, "18 位代码", "a code of 18 characters", required=True)
    remark = read.line(template.REMARK, chars_max=_LINE_MAX, several_lines=True, required=False)
    if scope is not None and scope not in rules.campaign.scopes:
        shown = excerpt(read.text(template.SCOPE) or scope)
        read.refuse("pledge.scope", template.SCOPE, f"本次活动不设{shown}", f"this campaign does not offer {shown}")
    if not read.text(template.LIABILITY):
        read.refuse(
            "pledge.liability",
            template.LIABILITY,
            "为空；承诺须写明违诺责任，否则不得公布",
            "is empty; without a liability for its breach a pledge is not published",
        )
    _check_cancelled(read, rules)
    _check_dates(read, made_on, valid_until, rules)
    if not (scope and disclosure and reason and content and made_on and body and body_code):
        return None
    return PledgeMade(
        v=1,
        effective_on=made_on,
        campaign=rules.campaign_id,
        scope=scope,
        reason=reason,
        content=content,
        liability=liability,
        made_on=made_on,
        valid_until=valid_until,
        accepting_body=body,
        accepting_code=body_code,
        disclosure=disclosure,
        clauses=rules.campaign.clauses_in(content),
        remark=remark,
        evidence=PaperEvidence(file=rules.file_sha256, row=number),
    )


def _scope(read: RowReader, rules: RosterRules) -> Scope | None:
    """What the row says, else what the import says of all, else what is usual for a table without that column."""
    if not read.text(template.SCOPE):
        scope = rules.scope or (None if read.has(template.SCOPE) else rules.usual_scope)
        if scope is not None:
            return scope
    return read.choice(template.SCOPE, template.SCOPES)


def _check_cancelled(read: RowReader, rules: RosterRules) -> None:
    """Before anything is sent: the book would take the enterprise and then refuse its pledge. A row of an export names
    entries that are in the book, which the cancellation left there."""
    cancelled_on = rules.campaign.cancelled_on
    if cancelled_on is None or read.entries:
        return
    read.refuse(
        "campaign.cancelled",
        template.MADE_ON,
        f"本次活动已取消，自 {cancelled_on} 起生效，不再登记承诺；此前已公布的承诺仍在，可用 export 导出",
        f"this campaign was cancelled, with effect from {cancelled_on}, and takes no more pledges; what was published "
        "in it stays: see `export`",
    )


def _check_dates(read: RowReader, made_on: date | None, valid_until: date | None, rules: RosterRules) -> None:
    (opens_on, closes_on), today = rules.campaign.window, rules.today
    months_max = rules.campaign.pledge_months_max
    if made_on is not None and made_on > today:
        read.refuse("date.future", template.MADE_ON, f"{made_on} 在今天之后", f"{made_on} is after today")
    elif made_on is not None and not opens_on <= made_on <= closes_on:
        read.refuse(
            "pledge.outside_window",
            template.MADE_ON,
            f"{made_on} 不在活动期间 {opens_on} 至 {closes_on} 之内",
            f"{made_on} is outside the campaign's window, {opens_on} to {closes_on}",
        )
    if valid_until is None or read.entries:
        return
    if made_on is not None and valid_until < made_on:
        read.refuse(
            "pledge.valid_before_made",
            template.VALID_UNTIL,
            f"{valid_until} 早于承诺作出日期 {made_on}；请更正或留空（按活动默认）",
            f"{valid_until} is before the pledge was made, {made_on}; correct it, or leave it empty for the default",
        )
    elif made_on is not None and months_max is not None and valid_until > add_months(made_on, months_max):
        read.refuse(
            "pledge.too_long",
            template.VALID_UNTIL,
            f"{valid_until} 超过承诺作出之日 {made_on} 起 {months_max} 个月",
            f"{valid_until} is more than {months_max} months after {made_on}, when the pledge was made",
        )
    elif valid_until < today:
        read.flag(
            "pledge.valid_until_past",
            template.VALID_UNTIL,
            f"{valid_until} 已过；请核实",
            f"{valid_until} has passed already; find out whether that is meant",
        )


def _matching(
    read: RowReader, column: str, form: re.Pattern[str], zh: str, en: str, *, required: bool = False
) -> str | None:
    """A code of a known form, folded as codes are; refused with what it should have been."""
    text = read.line(column, chars_max=_LINE_MAX, required=required)
    if text is None:
        return None
    folded = fold_code(text)
    if form.fullmatch(folded):
        return folded
    read.refuse("code.form", column, f"{excerpt(text)}不是{zh}", f"{excerpt(text)} is not {en}")
    return None


def _keep_the_name_out(read: RowReader, who: Who) -> None:
    """An individual business is known by an opaque id: its name, often a person's, must not stand in the pledge."""
    for column in (template.REASON, template.CONTENT, template.LIABILITY, template.REMARK):
        if who.name in read.text(column) or (who.code or "") in fold_code(read.text(column)):
            read.flag(
                "personal.name",
                column,
                "含有个体工商户的名称或代码；其名称常为个人姓名，请删除",
                "holds the name or code of an individual business, whose name is often a person's; take it out",
            )
