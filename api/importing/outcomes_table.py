"""Complaint outcomes from another source's table, by a mapping: rows → plans. Pure.

A value that the mapping does not name is reported, never guessed; a case still in progress is refused.
Dates become months, the case gets an id that only the importer can tell from the source's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, cast

from api.importing.date_notations import EPOCH_1900
from api.importing.duplicates import flag_doubles
from api.importing.enterprise_identity import (
    Derive,
    Who,
    check_code,
    identity_bytes,
    local_subject,
    named_enterprise,
    refuse_resident,
    subject_of_lei,
    subject_of_uscc,
)
from api.importing.row_plan import RowPlan, SingleWork
from api.importing.row_reader import RowReader
from api.importing.source_mapping import DATES, LINES, MONTHS, REQUIRED, SourceMapping
from api.importing.table_reader import TableRow
from api.importing.validation_errors import Unreadable, excerpt
from ledger.domain.events.base import PaperEvidence
from ledger.domain.events.complaint import ComplaintOutcomeRecorded, Outcome, Reply
from ledger.domain.values.dates import add_months, month_of

__all__ = ["OutcomeRules", "plan_outcome", "plan_outcomes"]

_LINE_MAX: Final = 512
_JOINT: Final = " / "
_CLAUSE_ENDS: Final = re.compile(r"[\s,;，；、]+")
_REASON_NEEDED: Final = ("ended_without_agreement", "refused", "not_accepted")


@dataclass(frozen=True, slots=True)
class OutcomeRules:
    """What the rows are judged by. `late_ground` replaces the mapping's; `derive_subject` makes opaque ids, as the
    organizer who enters enterprises does.
    """

    mapping: SourceMapping
    today: date
    file_sha256: str
    derive: Derive
    derive_subject: Derive
    late_ground: str | None = None
    epoch: date = EPOCH_1900
    approved: frozenset[int] = frozenset()

    @property
    def key_column(self) -> str:
        return self.mapping.fields["case"].sources[0]


def plan_outcomes(rows: Sequence[TableRow], rules: OutcomeRules) -> list[RowPlan]:
    """A plan for every row, in order: each judged by itself, then against the others of the table."""
    plans = [plan_outcome(row, rules) for row in rows]
    return flag_doubles(plans, name_column=rules.mapping.subject.name, key_column=rules.key_column)


def plan_outcome(row: TableRow, rules: OutcomeRules) -> RowPlan:
    """What one row asks for."""
    read = RowReader(row, rules.epoch, approved=row.number in rules.approved)
    mapping = rules.mapping
    who = _who(read, rules)
    said = {
        name: _said(read, mapping, name)
        for name in ("case", "outcome", "reply", "substantive_reply", "pledge", "clauses", *LINES)
    }
    days = {name: _day(read, mapping, name, rules.today) for name in (*MONTHS, *DATES)}
    _check(read, rules, said, days)
    free_text = [column for name in LINES if name in mapping.fields for column in mapping.fields[name].sources]
    read.screen(*free_text)
    read.screen(mapping.subject.name, names=False)  # enterprises are named after people
    name, code = read.shown(mapping.subject.name), read.shown(mapping.subject.code or rules.key_column)
    flaws = read.flaws
    if who is None or any(said.get(field, days.get(field)) is None for field in REQUIRED):
        return RowPlan(row.number, name, code, flaws, None)
    identity = identity_bytes(mapping.source.name, cast(str, said["case"]))
    months = {field: month_of(day) for field in MONTHS if (day := days[field]) is not None}
    if said["reply"] == "none":
        months.pop("replied", None)
    outcome = ComplaintOutcomeRecorded(
        v=1,
        effective_on=days["effective_on"] or rules.today,
        late_ground=rules.late_ground or mapping.source.late_ground,
        case=rules.derive("import case", identity).hex(),
        channel=cast(str, said["channel"]),
        product_class=cast(str, said["product_class"]),
        issue=cast(str, said["issue"]),
        received=months["received"],
        accepted=months.get("accepted"),
        forwarded=months.get("forwarded"),
        reply_due=months.get("reply_due"),
        replied=months.get("replied"),
        closed=months["closed"],
        reply=cast(Reply, said["reply"]),
        outcome=cast(Outcome, said["outcome"]),
        substantive_reply=said["substantive_reply"] == "true",
        reason=said["reason"],
        notified_on=days["notified_on"],
        clauses=tuple(_CLAUSE_ENDS.split(said["clauses"])) if said["clauses"] else (),
        pledge=said["pledge"],
        fact_id=said["fact_id"],
        source=PaperEvidence(file=rules.file_sha256, row=row.number),
    )
    work = SingleWork(
        who,
        (mapping.source.name, cast(str, said["case"])),
        identity,
        outcome,
        sealed=True,
        today=days["effective_on"] is None,
    )
    override = [flaw.rule for flaw in flaws] == ["code.check_digit"]
    return RowPlan(row.number, name, code, flaws, work, override, read.entries)


def _who(read: RowReader, rules: OutcomeRules) -> Who | None:
    rule = rules.mapping.subject
    name = read.line(rule.name, chars_max=_LINE_MAX)
    if name is None:
        return None
    if rule.id == "local":
        try:
            refuse_resident(name)
        except Unreadable as unreadable:
            read.unreadable(rule.name, unreadable)
            return None
        return Who(local_subject(rule.registry or "", name), name, None)
    column = rule.code or ""
    text = read.line(column, chars_max=_LINE_MAX)
    if text is None:
        return None
    if read.entries and ":" in text:
        return named_enterprise(read, rule.name, column, rules.derive_subject)
    try:
        if rule.id == "lei":
            subject = subject_of_lei(text)
            return Who(subject, name, subject.partition(":")[2])
        subject, code, individual = subject_of_uscc(text, rules.derive_subject)
    except Unreadable as unreadable:
        read.unreadable(column, unreadable)
        return None
    check_code(read, column, code)
    return Who(subject, name, code, individual, division=code[2:8])


def _said(read: RowReader, mapping: SourceMapping, name: str) -> str | None:
    """The field's value for this row, by the mapping; None, with a flaw where one is due."""
    field = mapping.fields.get(name)
    if field is None:
        return None
    if field.value is not None:
        return field.value
    parts = [read.line(column, chars_max=_LINE_MAX, required=False) or "" for column in field.sources]
    text = _JOINT.join(part for part in parts if part)
    column = field.sources[0]
    if text in field.in_progress:
        read.refuse(
            "complaint.in_progress",
            column,
            f"{excerpt(text)}：尚未办结，办结后再导入",
            f"{excerpt(text)}: the case is still in progress; import it when it is closed",
        )
        return None
    if field.map is not None and text in field.map:
        return field.map[text]
    if not text:
        if name in REQUIRED:
            read.refuse("value.missing", column, "为空，必须填写", "is empty and must be filled in")
        return None
    if field.map is not None:
        if field.unmapped == "refuse":
            known = ", ".join(field.map)
            read.refuse(
                "value.unmapped",
                column,
                f"{excerpt(text)}在映射文件 fields.{name}.map 中没有对应；已有：{known}",
                f"{excerpt(text)} is not in the mapping file's fields.{name}.map, which has: {known}",
            )
        return None
    if len(text) > _LINE_MAX:
        zh, en = (
            f"合并后有 {len(text)} 个字，最多 {_LINE_MAX} 个",
            f"joined: {len(text)} characters, at most {_LINE_MAX}",
        )
        read.refuse("text.too_long", column, zh, en)
        return None
    return text


def _day(read: RowReader, mapping: SourceMapping, name: str, today: date) -> date | None:
    field = mapping.fields.get(name)
    if field is None or field.column is None:
        return None
    if name in DATES:
        return read.date(field.column, required=False, patterns=field.formats)
    found = read.month(field.column, required=name in REQUIRED, patterns=field.formats)
    if found is None:
        return None
    day, whole_month = found
    if not whole_month or name == "received":
        return day
    return max(day, min(add_months(day, 1) - timedelta(days=1), today))  # so that it is not before an earlier step


def _check(read: RowReader, rules: OutcomeRules, said: dict[str, str | None], days: dict[str, date | None]) -> None:
    """What no source can mean: days to come, an end before the beginning, an ending that needs a reason without one."""
    fields = rules.mapping.fields
    for name, day in days.items():
        if day is not None and day > rules.today and name != "reply_due":
            column = fields[name].sources[0]
            read.refuse("date.future", column, f"{day} 在今天之后", f"{day} is after today")
    received, closed = days["received"], days["closed"]
    if received is not None and closed is not None and closed < received:
        column = fields["closed"].sources[0]
        zh, en = f"办结 {closed} 早于受理 {received}", f"closed on {closed}, before it was received on {received}"
        read.refuse("complaint.closed_before_received", column, zh, en)
    if said["outcome"] in _REASON_NEEDED and said["reason"] is None:
        outcome = fields["outcome"]
        read.refuse(
            "complaint.reason",
            outcome.sources[0] if outcome.sources else rules.key_column,
            f"办理结果 {said['outcome']} 须有原因（映射文件 fields.reason）",
            f"the outcome {said['outcome']} needs a reason (the mapping file's fields.reason)",
        )
