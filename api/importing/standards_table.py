"""Standard self-declarations as an enterprise's table has them: rows → plans. Pure; `resolved` asks what the book has.

状态 says what a row does: 现行 declares a standard, 修订 declares a new version of one that the book has, 废止
abolishes one. New versions and abolitions come after what they rest on, be it in the same table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal, NamedTuple, cast

from msgspec import structs

from api.importing.cell_lists import indicators_in, split
from api.importing.date_notations import EPOCH_1900
from api.importing.duplicates import flag_doubles
from api.importing.enterprise_identity import Derive, identity_bytes, named_enterprise
from api.importing.row_plan import RowPlan, SingleWork
from api.importing.row_reader import RowReader
from api.importing.table_reader import ENTRIES, Column, TableRow
from api.importing.validation_errors import Unreadable, ValidationError, excerpt
from ledger.domain.events.base import Annex, PaperEvidence
from ledger.domain.events.declaration import Indicator, Product, StandardAbolished, StandardDeclared, StandardRevised
from ledger.domain.values.standard_number import check_number, fold_number, is_enterprise_number, number_key
from ledger.errors import Refused
from ledger.limits import STANDARD_INDICATORS_MAX, STANDARD_PRODUCTS_MAX

__all__ = ["ACTIONS", "COLUMNS", "HEADER", "DeclarationRules", "InBook", "plan_declarations", "resolved"]

NAME: Final = "企业名称"
CODE: Final = "企业代码"
NUMBER: Final = "标准编号"
TITLE: Final = "标准名称"
EXECUTED: Final = "执行标准"
PRODUCT: Final = "产品名称"
MODEL: Final = "型号"
CLASS: Final = "类别"
BRAND: Final = "品牌"
BARCODE: Final = "条码"
INDICATORS: Final = "指标"
PUBLISHED_ON: Final = "发布日期"
IMPLEMENTED_ON: Final = "实施日期"
DECLARED_ON: Final = "公开日期"
ACTION: Final = "状态"
FORMER: Final = "原标准编号"
REASON: Final = "废止原因"
ANNEX: Final = "附件"

HEADER: Final = (
    NAME, CODE, NUMBER, TITLE, EXECUTED, PRODUCT, MODEL, CLASS, BRAND, BARCODE, INDICATORS, PUBLISHED_ON,
    IMPLEMENTED_ON, DECLARED_ON, ACTION, FORMER, REASON, ANNEX, ENTRIES,
)  # fmt: skip
_REQUIRED: Final = (NAME, CODE, NUMBER, TITLE, PRODUCT, INDICATORS, ACTION)
_ALSO: Final = {
    CODE: ("统一社会信用代码",),
    PRODUCT: ("产品或服务名称",),
    BARCODE: ("商品条码",),
    ACTION: ("标准状态",),
}
COLUMNS: Final = tuple(Column(name, name in _REQUIRED, _ALSO.get(name, ())) for name in HEADER)

Action = Literal["declared", "revised", "abolished"]
ACTIONS: Final[dict[str, Action]] = {"现行": "declared", "修订": "revised", "废止": "abolished"}
_STAGES: Final[dict[Action, int]] = {"declared": 0, "revised": 1, "abolished": 2}
_LINE_MAX: Final = 512
_CELL_MAX: Final = 32_767
_YEAR: Final = re.compile(r"-(?:\d{4}|\d{2})\Z")
_UNKNOWN: Final = 0  # stands for an entry until `resolved` knows it


class InBook(NamedTuple):
    """A declaration that the book has: the entry that began it, and the number that its newest version has."""

    entry: int
    number: str


@dataclass(frozen=True, slots=True)
class DeclarationRules:
    """What the rows are judged by. `annex`: a file that the table names; raises `Unreadable`."""

    today: date
    file_sha256: str
    derive: Derive
    late_ground: str
    annex: Callable[[str], Annex]
    epoch: date = EPOCH_1900
    approved: frozenset[int] = frozenset()


def plan_declarations(rows: Sequence[TableRow], rules: DeclarationRules) -> list[RowPlan]:
    """A plan for every row, in order: each judged by itself, then against the others of the table."""
    plans = [_plan_row(row, rules) for row in rows]
    return flag_doubles(plans, name_column=NAME, key_column=NUMBER)


def resolved(plan: RowPlan, declared: Callable[[str], Sequence[InBook]]) -> RowPlan:
    """The plan of a new version or an abolition, with the entry of what it is about; flagged if that is not clear.

    `declared` gives an enterprise's declarations by its subject id. The number decides; then the number without its
    year, since a new version usually has another.
    """
    work = plan.work
    if not isinstance(work, SingleWork) or not isinstance(work.event, StandardRevised | StandardAbolished):
        return plan
    wanted = number_key(work.key[-1])
    have = declared(work.who.subject)
    found = [one for one in have if number_key(one.number) == wanted] or [
        one for one in have if _YEAR.sub("", number_key(one.number)) == _YEAR.sub("", wanted)
    ]
    if len(found) == 1:
        event = structs.replace(work.event, declaration=found[0].entry)
        return replace(plan, work=replace(work, event=event))
    if found:
        zh, en = "账本中有多项标准与之相符；请填写原标准编号", "fits several standards in the book; say which one"
    else:
        zh, en = "账本中没有该企业的这项标准", "is no standard that the enterprise has in the book"
    shown = excerpt(work.key[-1])
    flaw = ValidationError("refused", "standard.unknown", FORMER, f"{FORMER}: {shown}{zh}", f"{FORMER}: {shown} {en}")
    return replace(plan, flaws=(*plan.flaws, flaw), override=False)


def _plan_row(row: TableRow, rules: DeclarationRules) -> RowPlan:
    read = RowReader(row, rules.epoch, approved=row.number in rules.approved)
    who = named_enterprise(read, NAME, CODE, rules.derive)
    if who is not None and not who.name and not read.entries:
        read.line(NAME, chars_max=_LINE_MAX)
    action = read.choice(ACTION, ACTIONS)
    number = _number(read, NUMBER)
    former = _number(read, FORMER, required=False)
    event = None if action is None or number is None else _event(read, rules, action, number, row.number)
    read.screen(TITLE, INDICATORS, REASON)
    read.screen(NAME, PRODUCT, MODEL, CLASS, BRAND, names=False)
    name, shown, flaws = read.shown(NAME), read.shown(CODE), read.flaws
    if who is None or event is None or action is None or number is None:
        return RowPlan(row.number, name, shown, flaws, None)
    # what it is about comes last: `resolved` looks it up
    key = (who.subject, action, number_key(number), former or number)
    identity = identity_bytes("standard", *key, read.text(DECLARED_ON) and event.effective_on.isoformat())
    today = not read.text(DECLARED_ON)
    work = SingleWork(who, key, identity, event, sealed=False, today=today, late_ground=rules.late_ground)
    override = [flaw.rule for flaw in flaws] == ["code.check_digit"]
    stage = 0 if read.entries else _STAGES[action]
    return RowPlan(row.number, name, shown, flaws, work, override, read.entries, stage=stage)


def _event(
    read: RowReader, rules: DeclarationRules, action: Action, number: str, row: int
) -> StandardDeclared | StandardRevised | StandardAbolished | None:
    on = read.date(DECLARED_ON, required=False) or rules.today
    if on > rules.today:
        read.refuse("date.future", DECLARED_ON, f"{on} 在今天之后", f"{on} is after today")
    evidence = PaperEvidence(file=rules.file_sha256, row=row)
    annex = _annex(read, rules, action)
    if action == "abolished":
        reason = read.line(REASON, chars_max=_LINE_MAX, required=False)
        return StandardAbolished(v=1, effective_on=on, declaration=_UNKNOWN, reason=reason, evidence=evidence)
    title = read.line(TITLE, chars_max=_LINE_MAX)
    executed = tuple(fold_number(one) for one in split(read.text(EXECUTED)) if one)
    elsewhere = annex is not None or bool(read.entries)
    products, indicators = _products(read, required=not elsewhere), _indicators(read)
    published_on = read.date(PUBLISHED_ON, required=False)
    implemented_on = read.date(IMPLEMENTED_ON, required=False)
    own = is_enterprise_number(number)
    if own and not indicators and not elsewhere and not read.text(INDICATORS):
        read.refuse(
            "value.missing",
            INDICATORS,
            "为空；企业标准须公开指标，或以附件公开",
            "is empty; an own standard says what it asks, or has an annex that does",
        )
    if title is None or products is None or indicators is None:
        return None
    declared = StandardDeclared(
        v=1,
        effective_on=on,
        number=number,
        title=title,
        kind="enterprise" if own else "existing",
        executed=executed,
        products=products,
        indicators=indicators,
        published_on=published_on,
        implemented_on=implemented_on,
        annex=annex,
        evidence=evidence,
    )
    if action == "declared":
        return declared
    return StandardRevised(**{**structs.asdict(declared), "declaration": _UNKNOWN})


def _annex(read: RowReader, rules: DeclarationRules, action: Action) -> Annex | None:
    """The file that the row names. An exported row names its annex by digest, and is not sent."""
    text = None if read.entries else read.line(ANNEX, chars_max=_LINE_MAX, required=False)
    if text is None:
        return None
    if action == "abolished":
        read.refuse("standard.annex", ANNEX, "废止的不填附件", "is left empty where a standard is abolished")
        return None
    try:
        return rules.annex(text)
    except Unreadable as unreadable:
        read.unreadable(ANNEX, unreadable)
        return None


def _number(read: RowReader, column: str, *, required: bool = True) -> str | None:
    text = read.line(column, chars_max=_LINE_MAX, required=required)
    if text is None:
        return None
    number = fold_number(text)
    try:
        check_number(number)
    except Refused as error:
        read.refuse(error.rule, column, f"{excerpt(text)}{error.zh}", f"{excerpt(text)}: {error.en}")
        return None
    return number


def _products(read: RowReader, *, required: bool) -> tuple[Product, ...] | None:
    """Columns side by side, each a list: the third model is that of the third product."""
    if read.line(PRODUCT, chars_max=_CELL_MAX, required=required, several_lines=True) is None:
        return None if required or read.text(PRODUCT) else ()
    names = split(read.text(PRODUCT))
    lists: list[list[str]] = []
    for column in (MODEL, CLASS, BRAND, BARCODE):
        text = read.line(column, chars_max=_CELL_MAX, required=False, several_lines=True)
        parts = [] if text is None else split(text)
        if parts and len(parts) != len(names):
            read.refuse(
                "standard.products",
                column,
                f"有 {len(parts)} 项，而产品名称有 {len(names)} 项；须一一对应，空缺的留空",
                f"lists {len(parts)}, and there are {len(names)} products; list one for each, empty ones too",
            )
            return None
        lists.append(parts or [""] * len(names))
    if len(names) > STANDARD_PRODUCTS_MAX or not all(names):
        read.refuse(
            "standard.products",
            PRODUCT,
            f"产品须有名称，最多 {STANDARD_PRODUCTS_MAX} 项；更多的以附件公开",
            f"each product has a name, and there are {STANDARD_PRODUCTS_MAX} at most; more go into an annex",
        )
        return None
    return tuple(
        Product(name=name, model=model or None, product_class=kind or None, brand=brand or None, barcode=code or None)
        for name, model, kind, brand, code in zip(names, *lists, strict=True)
    )


def _indicators(read: RowReader) -> tuple[Indicator, ...] | None:
    text = read.line(INDICATORS, chars_max=_CELL_MAX, required=False, several_lines=True)
    if text is None:
        return None if read.text(INDICATORS) else ()
    found = indicators_in(text)
    if None in found or len(found) > STANDARD_INDICATORS_MAX:
        read.refuse(
            "standard.indicators",
            INDICATORS,
            f"须写作 名称=数值 单位 试验方法，以；分隔，最多 {STANDARD_INDICATORS_MAX} 项",
            f"is written as name=value unit method, separated by ；, {STANDARD_INDICATORS_MAX} at most",
        )
        return None
    return cast(tuple[Indicator, ...], tuple(found))
