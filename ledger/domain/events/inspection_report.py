"""Inspection reports (检验检测报告): submitted, verified by another party, invalidated.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/inspection_report.py`. That a
report was submitted and verified is open; that it was found invalid is sealed.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from ledger.domain.events.base import Digest, EntryIndex, Event, Line, Text
from ledger.domain.events.declaration import Product
from ledger.domain.events.party import CmaNumber

ReportNumber = Annotated[str, Meta(min_length=1, max_length=64)]
Fault = Literal["enterprise", "laboratory"]


class ReportSubmitted(Event, frozen=True, kw_only=True, tag="ReportSubmitted"):
    """A report on a product, by its number and the laboratory's CMA number. `sha256`: of its file, if there is one."""

    number: ReportNumber
    cma: CmaNumber
    laboratory: Line
    standards: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=64)]
    conclusion: Literal["qualified", "unqualified", "values_only"]  # 合格, 不合格, 仅出具检测数据
    product: Product
    issued_on: date
    sha256: Digest | None = None


class ReportVerified(Event, frozen=True, kw_only=True, tag="ReportVerified"):
    """Another party than the submitter looked it up: the laboratory issued the report at entry `report` as it is."""

    report: EntryIndex


class ReportInvalidated(Event, frozen=True, kw_only=True, tag="ReportInvalidated"):
    """Sealed. The report at entry `report` was found invalid. By the laboratory's fault it costs nobody's standing."""

    report: EntryIndex
    fault: Fault
    text: Text
    fact_id: Line | None = None
