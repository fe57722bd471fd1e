"""Public records in the authorities' own tables: rows → plans that cite them. Pure.

Three kinds: penalties as 双公示 publishes them, the list of abnormal operations (经营异常名录), and that of serious
violators (严重违法失信名单). Only what a citation says is read: facts, contents and amounts of a decision are not.
What no such table says (where it was looked up, when, whether a penalty is severe) is said with the import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from msgspec import structs

from api.importing.date_notations import EPOCH_1900
from api.importing.duplicates import flag_doubles
from api.importing.enterprise_identity import Derive, identity_bytes, named_enterprise
from api.importing.row_plan import RowPlan, SingleWork
from api.importing.row_reader import RowReader
from api.importing.table_reader import Column, TableRow
from ledger.domain.events.base import Event
from ledger.domain.events.finding import PublicRecordCited, RecordKind, Severity
from ledger.domain.values.dates import add_months
from ledger.limits import IMPORT_RECHECK_MONTHS

__all__ = ["PUBLIC_RECORDS", "Look", "PublicRecordKind", "PublicRecordRules", "plan_public_records"]

PublicRecordKind = Literal["penalties", "abnormal", "serious"]

_CATEGORY: Final = "行政相对人类别"
_SEVERITY: Final = "处罚程度"
_ADDRESS: Final = "公示网址"
_PERSONS: Final = frozenset({"自然人", "个人"})
_SEVERITIES: Final[dict[str, Severity]] = {"一般": "general", "严重": "severe"}
_LINE_MAX: Final = 512
_ADDRESS_MAX: Final = 2_048


@dataclass(frozen=True, slots=True)
class _Form:
    """The columns of one kind. `document` may be left out of lists, whose entries are known by list and day."""

    kind: RecordKind
    name: str
    code: str
    document: str
    authority: str
    decided_on: str
    until: str
    removed_on: str | None
    columns: tuple[Column, ...]
    words: str


_PENALTIES: Final = _Form(
    "penalty", "行政相对人名称", "行政相对人代码_1", "行政处罚决定书文号", "处罚机关", "处罚决定日期", "公示截止期",
    None,
    (
        Column("行政相对人名称"),
        Column(_CATEGORY, required=False),
        Column("行政相对人代码_1", also=("统一社会信用代码", "行政相对人统一社会信用代码")),
        Column("行政处罚决定书文号", also=("决定书文号",)),
        Column("处罚机关", also=("作出处罚决定机关",)),
        Column("处罚决定日期"),
        Column("公示截止期", required=False, also=("公示截止日期",)),
        Column(_SEVERITY, required=False),
        Column(_ADDRESS, required=False),
    ),
    "行政处罚",
)  # fmt: skip


def _list(kind: RecordKind, words: str, reasons: tuple[str, ...]) -> _Form:
    """A list that an authority keeps. It is told by the column of the reason, which itself is not cited."""
    return _Form(
        kind, "企业名称", "统一社会信用代码", "列入决定书文号", "作出决定机关", "列入日期", "公示截止期", "移出日期",
        (
            Column("企业名称", also=("名称", "市场主体名称")),
            Column("统一社会信用代码", also=("统一社会信用代码/注册号",)),
            Column(reasons[0], also=reasons[1:]),
            Column("列入日期"),
            Column("作出决定机关", also=("列入决定机关", "列入机关")),
            Column("列入决定书文号", required=False, also=("列入文号", "决定书文号")),
            Column("移出日期", required=False),
            Column("公示截止期", required=False, also=("公示截止日期",)),
            Column(_ADDRESS, required=False),
        ),
        words,
    )  # fmt: skip


_FORMS: Final[dict[PublicRecordKind, _Form]] = {
    "penalties": _PENALTIES,
    "abnormal": _list("abnormal_list", "经营异常名录", ("列入经营异常名录原因",)),
    "serious": _list(
        "serious_list",
        "严重违法失信名单",
        ("列入严重违法失信名单原因", "列入严重违法失信企业名单原因", "列入严重违法失信企业名单(黑名单)原因"),
    ),
}
PUBLIC_RECORDS: Final[dict[PublicRecordKind, tuple[Column, ...]]] = {kind: one.columns for kind, one in _FORMS.items()}


@dataclass(frozen=True, slots=True)
class Look:
    """What no table says of its records. `address`: where they were looked up, for rows that do not say it; `on`: when,
    the day of the recording if None; `again_by`: until when they are to be looked up again, by default
    `IMPORT_RECHECK_MONTHS` later; `severity`: of penalties whose row says none."""

    address: str | None = None
    on: date | None = None
    again_by: date | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class PublicRecordRules:
    """What the rows are judged by."""

    kind: PublicRecordKind
    today: date
    derive: Derive
    late_ground: str
    look: Look = Look()
    epoch: date = EPOCH_1900
    approved: frozenset[int] = frozenset()


def plan_public_records(rows: Sequence[TableRow], rules: PublicRecordRules) -> list[RowPlan]:
    """A plan for every row, in order: each judged by itself, then against the others of the table."""
    form = _FORMS[rules.kind]
    plans = [_plan_row(row, rules, form) for row in rows]
    return flag_doubles(plans, name_column=form.name, key_column=form.document)


def _plan_row(row: TableRow, rules: PublicRecordRules, form: _Form) -> RowPlan:
    read = RowReader(row, rules.epoch, approved=row.number in rules.approved)
    if read.text(_CATEGORY) in _PERSONS:
        zh, en = (
            "是自然人；账本不记个人，其名称不再重复",
            "is a person: the book has none, and does not repeat the name",
        )
        read.refuse("identity.natural_person", _CATEGORY, zh, en)
        return RowPlan(row.number, "", "", read.flaws, None)
    who = named_enterprise(read, form.name, form.code, rules.derive)
    if who is not None and not who.name:
        read.line(form.name, chars_max=_LINE_MAX)
    event = _event(read, rules, form)
    read.screen(form.name, form.authority, form.document, names=False)
    flaws, name, shown = read.flaws, read.shown(form.name), read.shown(form.code)
    if who is None or event is None:
        return RowPlan(row.number, name, shown, flaws, None)
    key = (who.subject, event.authority, event.document_no)
    work = SingleWork(
        who,
        key,
        identity_bytes("public record", event.kind, *key),
        event,
        sealed=True,
        today=False,
        late_ground=rules.late_ground,
        as_of=_looked_up(rules),
    )
    override = [flaw.rule for flaw in flaws] == ["code.check_digit"]
    return RowPlan(row.number, name, shown, flaws, work, override)


def _event(read: RowReader, rules: PublicRecordRules, form: _Form) -> PublicRecordCited | None:
    """The citation; None where the row lacks something of it, or what it says is not to be cited."""
    authority = read.line(form.authority, chars_max=_LINE_MAX)
    decided_on = read.date(form.decided_on)
    listed = form.removed_on is not None
    document = read.line(form.document, chars_max=_LINE_MAX, required=not listed)
    publicity_end = read.date(form.until, required=False)
    address = read.line(_ADDRESS, chars_max=_ADDRESS_MAX, required=False) or rules.look.address
    severity = _severity(read, rules.look) if form.kind == "penalty" else None
    address = _readable(read, address)
    checked_on = rules.look.on or rules.today
    _require_citable(read, form, decided_on, publicity_end, checked_on)
    if authority is None or decided_on is None or address is None or (document is None and not listed):
        return None
    if form.kind == "penalty" and severity is None:
        return None
    return PublicRecordCited(
        v=1,
        effective_on=decided_on,
        kind=form.kind,
        severity=severity,
        authority=authority,
        document_no=document or f"{form.words} {decided_on}",  # lists often have no number: known by list and day
        address=address,
        decided_on=decided_on,
        publicity_end=publicity_end,
        checked_on=checked_on,
        recheck_by=_recheck_by(rules, checked_on, publicity_end),
    )


def _readable(read: RowReader, address: str | None) -> str | None:
    """The address at which the record can be read, if it is one."""
    if address is not None and address.startswith("https://") and address.isascii() and " " not in address:
        return address
    read.refuse(
        "citation.address",
        _ADDRESS,
        "须为公示该记录的网址（https://…）；整表相同的以 --address 给出",
        "says where it can be read (https://…); --address gives one for the whole table",
    )
    return None


def _severity(read: RowReader, look: Look) -> Severity | None:
    """Of a penalty: the row's own, or the table's."""
    if read.text(_SEVERITY) or look.severity is None:
        return read.choice(_SEVERITY, _SEVERITIES)
    return look.severity


def _require_citable(
    read: RowReader, form: _Form, decided_on: date | None, publicity_end: date | None, checked_on: date
) -> None:
    """Refuse what was decided after it was looked up, is no longer published, or was taken off its list."""
    if decided_on is not None and decided_on > checked_on:
        zh, en = f"{decided_on} 晚于核对之日 {checked_on}", f"{decided_on} is after it was looked up, {checked_on}"
        read.refuse("date.future", form.decided_on, zh, en)
    if publicity_end is not None and publicity_end < checked_on:
        zh, en = f"公示期已于 {publicity_end} 届满，不再引用", f"its publication ended on {publicity_end}: not cited"
        read.refuse("citation.publicity_over", form.until, zh, en)
    if form.removed_on is not None and read.text(form.removed_on):
        read.refuse(
            "citation.removed",
            form.removed_on,
            "已移出名录，不再引用；账本中已有引用的，请登记公共记录的复核",
            "it was taken off the list and is not cited; where the book cites it, record that it was looked up again",
        )


def _recheck_by(rules: PublicRecordRules, checked_on: date, publicity_end: date | None) -> date:
    by = rules.look.again_by or add_months(checked_on, IMPORT_RECHECK_MONTHS)
    return by if publicity_end is None else min(by, publicity_end)


def _looked_up(rules: PublicRecordRules) -> Callable[[Event, date], Event] | None:
    """What of a citation depends on the day of the recording: when it was looked up, if that is not said."""
    if rules.look.on is not None:
        return None

    def as_of(event: Event, today: date) -> Event:
        assert isinstance(event, PublicRecordCited)  # nothing else is planned here
        return structs.replace(event, checked_on=today, recheck_by=_recheck_by(rules, today, event.publicity_end))

    return as_of
