"""How pledges were kept (履约践诺), in the national template: rows → plans. Pure but for `validity`.

In a table of its own, by the pledge's code; or in the columns of a roster, beside the pledge itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from msgspec import structs

from api.importing import pledge_template as template
from api.importing.date_notations import EPOCH_1900
from api.importing.duplicates import flag_doubles
from api.importing.enterprise_identity import Derive, Who, identity_bytes, named_enterprise
from api.importing.row_plan import RowPlan, SingleWork
from api.importing.row_reader import RowReader
from api.importing.table_reader import TableRow
from api.importing.validation_errors import excerpt
from ledger.domain.events.base import Event
from ledger.domain.events.pledge import FulfilmentAssessed
from ledger.domain.values.enterprise_code import fold_code

__all__ = ["Assessed", "FulfilmentRules", "assessment", "plan_fulfilment", "read_assessed"]

_PLEDGE_CODE: Final = re.compile("[0-9]{20}")
_LINE_MAX: Final = 512
_TEXT_MAX: Final = 4000


@dataclass(frozen=True, slots=True)
class Assessed:
    """What the columns of an assessment say. A period that is not given is as much of the pledge's as is over; `on`
    that is not given is the day of the recording."""

    result: Literal["full", "partial", "none"]
    unmet: str | None
    accountability: str | None
    on: date | None
    assessor: str
    assessor_code: str
    period_from: date | None
    period_until: date | None


@dataclass(frozen=True, slots=True)
class FulfilmentRules:
    """What the rows are judged by. `validity`: first and last day of a public pledge by its code, None if unknown."""

    today: date
    derive: Derive
    validity: Callable[[str], tuple[date, date] | None]
    late_ground: str
    epoch: date = EPOCH_1900
    approved: frozenset[int] = frozenset()


def plan_fulfilment(rows: Sequence[TableRow], rules: FulfilmentRules) -> list[RowPlan]:
    """A plan for every row, in order: each judged by itself, then against the others of the table."""
    plans = [_plan_row(row, rules) for row in rows]
    return flag_doubles(plans, name_column=template.NAME, key_column=template.PLEDGE_CODE)


def _plan_row(row: TableRow, rules: FulfilmentRules) -> RowPlan:
    read = RowReader(row, rules.epoch, approved=row.number in rules.approved)
    who = named_enterprise(read, template.NAME, template.CODE, rules.derive)
    text = read.line(template.PLEDGE_CODE, chars_max=_LINE_MAX)
    code = None if text is None else fold_code(text)
    if code is not None and not _PLEDGE_CODE.fullmatch(code):
        read.refuse(
            "code.form",
            template.PLEDGE_CODE,
            f"{excerpt(code)}不是 20 位承诺编码",
            f"{excerpt(code)} is no pledge code of 20 digits",
        )
        code = None
    said = read_assessed(read, rules.today)
    work = None
    if who is not None and code is not None and said is not None:
        period = said.period_from, said.period_until
        validity = None if None not in period else rules.validity(code)
        if validity is None and None in period:
            read.refuse(
                "value.missing",
                template.PERIOD_FROM,
                "为空，且该承诺不公开或不存在，无从得知有效期；请填写评估期间起止",
                "is empty, and no public pledge has this code to take it from; give the first and last day assessed",
            )
        else:
            first, last = validity or (date.min, date.max)
            work = assessment(who, code, said, first, last, rules.late_ground)
    name, shown = read.shown(template.NAME), read.shown(template.CODE)
    return RowPlan(row.number, name, shown, read.flaws, work, entries=read.entries)


def read_assessed(read: RowReader, today: date, body: tuple[str, str] | None = None) -> Assessed | None:
    """The columns of the assessment; None, with a flaw, where they do not say all that they must.

    `body`: who accepted the pledge, and its code; where they are given, who assessed it and when may be left out, as in
    the national template.
    """
    alone = body is None
    result = read.choice(template.FULFILLED, template.RESULTS)
    explained = result in ("partial", "none")
    unmet = read.line(template.UNMET, chars_max=_TEXT_MAX, required=explained, several_lines=True)
    accountability = read.line(template.ACCOUNTABILITY, chars_max=_TEXT_MAX, required=explained, several_lines=True)
    on = read.date(template.ASSESSED_ON, required=alone)
    assessor = read.line(template.ASSESSOR, chars_max=_LINE_MAX, required=alone)
    assessor_code = read.line(template.ASSESSOR_CODE, chars_max=_LINE_MAX, required=alone or assessor is not None)
    if body is not None and not read.text(template.ASSESSOR) and not read.text(template.ASSESSOR_CODE):
        assessor, assessor_code = body
    period_from = read.date(template.PERIOD_FROM, required=False)
    period_until = read.date(template.PERIOD_UNTIL, required=False)
    if result == "full":
        for column in (template.UNMET, template.ACCOUNTABILITY):
            if read.text(column):
                zh, en = "全部履行的不填此栏", "is left empty where the pledge was kept in full"
                read.refuse("assessment.explanation", column, zh, en)
    for column, day in ((template.ASSESSED_ON, on), (template.PERIOD_UNTIL, period_until)):
        if day is not None and day > today:
            read.refuse("date.future", column, f"{day} 在今天之后", f"{day} is after today")
    if period_from is not None and period_until is not None and period_until < period_from:
        zh, en = f"{period_until} 早于 {period_from}", f"{period_until} is before {period_from}"
        read.refuse("assessment.period", template.PERIOD_UNTIL, zh, en)
    read.screen(template.UNMET, template.ACCOUNTABILITY)
    read.screen(template.ASSESSOR, names=False)
    if result is None or (on is None and (alone or read.text(template.ASSESSED_ON))):
        return None
    if assessor is None or assessor_code is None:
        return None
    code = fold_code(assessor_code)
    return Assessed(result, unmet, accountability, on, assessor, code, period_from, period_until)


def assessment(who: Who, code: str, said: Assessed, first: date, last: date, late_ground: str) -> SingleWork:
    """The statement of it, about the pledge `code` that binds from `first` to `last`."""
    begins = said.period_from or first
    ends = said.period_until or (last if said.on is None else min(last, said.on))
    event = FulfilmentAssessed(
        v=1,
        effective_on=said.on or begins,
        code=code,
        period_from=begins,
        period_until=ends,
        result=said.result,
        unmet=said.unmet,
        accountability=said.accountability,
        assessor=said.assessor,
        assessor_code=said.assessor_code,
    )
    key = (who.subject, code, begins.isoformat(), ends.isoformat())
    identity = identity_bytes("fulfilment", *key, "" if said.on is None else said.on.isoformat())
    return SingleWork(
        who,
        key,
        identity,
        event,
        sealed=True,
        today=said.on is None,
        enters=False,
        late_ground=late_ground,
        as_of=_as_much_as_is_over if said.on is None else None,
    )


def _as_much_as_is_over(event: Event, today: date) -> Event:
    assert isinstance(event, FulfilmentAssessed)  # nothing else is planned here
    return structs.replace(event, period_until=min(event.period_until, today))
