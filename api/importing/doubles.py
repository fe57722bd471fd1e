"""Rows of one table held against each other: the same thing twice, one code with two names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from api.importing.flaws import Flaw
from api.importing.plan import RowPlan

__all__ = ["flag_doubles"]


def flag_doubles(plans: Sequence[RowPlan], *, name_column: str, key_column: str) -> list[RowPlan]:
    """Flag every row of a code that goes with more than one name: one of them is wrong, and nobody here knows
    which. Then flag every row that says again what an earlier sound row says; the earlier one stands.
    """
    names: dict[str, dict[str, int]] = {}
    for plan in plans:
        if plan.work is not None:
            names.setdefault(plan.work.who.subject, {}).setdefault(_fold(plan.work.who.name), plan.row)
    first: dict[tuple[str, ...], int] = {}
    judged: list[RowPlan] = []
    for plan in plans:
        if plan.work is None:
            judged.append(plan)
            continue
        others = [row for name, row in names[plan.work.who.subject].items() if name != _fold(plan.work.who.name)]
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


def _with(plan: RowPlan, flaw: Flaw) -> RowPlan:
    return replace(plan, flaws=(*plan.flaws, flaw), override=False)


def _fold(name: str) -> str:
    """Letters and digits only: `ProCollect, Inc` and `ProCollect, Inc.` are one name."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


def _two_names(column: str, other: int) -> Flaw:
    return Flaw(
        "flagged",
        "row.two_names",
        column,
        f"{column}: 同一代码在第 {other} 行对应另一名称; 请核实哪一个正确",
        f"{column}: row {other} gives the same code another name; find out which is right",
    )


def _again(column: str, before: int) -> Flaw:
    return Flaw(
        "flagged",
        "row.duplicate",
        column,
        f"{column}: 与第 {before} 行重复, 以该行为准; 如应以本行为准, 请删除该行",
        f"{column}: says again what row {before} says, which stands; if this one is meant, delete that one",
    )
