"""Whether an entry of an earlier import says what a row says now. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from msgspec import structs

from api.importing.row_plan import RowPlan, SingleWork, Work
from api.importing.signing import Scribe
from api.importing.validation_errors import ValidationError
from ledger.cose.statement import Statement, decode_event, parse_statement
from ledger.domain.events.base import Closed, Event
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.events.declaration import StandardAbolished, StandardDeclared, StandardRevised
from ledger.domain.events.finding import PublicRecordCited
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.values.dates import shanghai_date

__all__ = ["bare", "flag_doubles", "fold_name", "says_the_same"]


def says_the_same(work: Work, scribe: Scribe, old: Statement, body: Callable[[], bytes | None]) -> tuple[bool, bool]:
    """Whether an earlier statement differs in nothing but where and when it was read and recorded; whether that
    could not be told, its body being closed.

    A sealed one whose body is closed can still be told: made again as of the day on which it was signed, our
    own has the same commitment, if the row came from the same file.
    """
    if old.sealed:
        day = shanghai_date(old.iat)
        made = (parse_statement(scribe.content(work, day, late=late).statement).payload for late in (False, True))
        if old.payload in made:
            return True, False
    said = decode_event(old, body() if old.sealed else None)
    ours: Event = work.event if isinstance(work, SingleWork) else work.pledge
    if isinstance(said, Closed):
        return False, True
    return bare(said) == bare(ours), False


def bare(event: Event) -> Event:
    """The event without what depends on file, row and day of the import."""
    if isinstance(event, PledgeMade):
        event = structs.replace(event, evidence=None)
    elif isinstance(event, ComplaintOutcomeRecorded):
        event = structs.replace(event, source=None)
    elif isinstance(event, StandardDeclared | StandardRevised | StandardAbolished):
        event = structs.replace(event, evidence=None)
    elif isinstance(event, PublicRecordCited):
        event = structs.replace(event, checked_on=date.min, recheck_by=date.min)
    return structs.replace(event, effective_on=date.min, late_ground=None)


def flag_doubles(plans: Sequence[RowPlan], *, name_column: str, key_column: str) -> list[RowPlan]:
    """Flag every row of a code that goes with more than one name: one of them is wrong, and nobody here knows
    which. Then flag every row that says again what an earlier sound row says; the earlier one stands.
    """
    names: dict[str, dict[str, int]] = {}
    for plan in plans:
        if plan.work is not None:
            names.setdefault(plan.work.who.subject, {}).setdefault(fold_name(plan.work.who.name), plan.row)
    first: dict[tuple[str, ...], int] = {}
    judged: list[RowPlan] = []
    for plan in plans:
        if plan.work is None:
            judged.append(plan)
            continue
        others = [row for name, row in names[plan.work.who.subject].items() if name != fold_name(plan.work.who.name)]
        if others:
            judged.append(_with(plan, _two_names(name_column, others[0])))
            continue
        if plan.sound or plan.override:
            before = first.setdefault(plan.work.key, plan.row)
            if before != plan.row:
                judged.append(_with(plan, _again(key_column, before)))
                continue
        judged.append(plan)
    return judged


def _with(plan: RowPlan, flaw: ValidationError) -> RowPlan:
    return replace(plan, flaws=(*plan.flaws, flaw), override=False)


def fold_name(name: str) -> str:
    """Letters and digits only: `ProCollect, Inc` and `ProCollect, Inc.` are one name."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


def _two_names(column: str, other: int) -> ValidationError:
    return ValidationError(
        "flagged",
        "row.two_names",
        column,
        f"{column}：同一代码在第 {other} 行对应另一名称；请核实哪一个正确",
        f"{column}: row {other} gives the same code another name; find out which is right",
    )


def _again(column: str, before: int) -> ValidationError:
    return ValidationError(
        "flagged",
        "row.duplicate",
        column,
        f"{column}：与第 {before} 行重复，以该行为准；如应以本行为准，请删除该行",
        f"{column}: says again what row {before} says, which stands; if this one is meant, delete that one",
    )
