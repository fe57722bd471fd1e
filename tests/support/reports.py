"""What is said about inspection reports."""

from __future__ import annotations

from datetime import date
from typing import Any

from ledger.domain.events.inspection_report import ReportInvalidated, ReportSubmitted, ReportVerified
from ledger.domain.events.party import LaboratoryAccredited
from tests.support.marks import KETTLE
from tests.support.statements import TODAY

CMA = "220021183456"

__all__ = ["CMA", "accredited", "invalidated", "submitted", "verified"]


def accredited(cma: str = CMA) -> LaboratoryAccredited:
    last = TODAY.replace(year=TODAY.year + 6)
    return LaboratoryAccredited(v=1, effective_on=TODAY, cma=cma, valid_from=TODAY, valid_until=last)


def submitted(number: int = 1, **given: Any) -> ReportSubmitted:
    defaults = {
        "v": 1,
        "effective_on": TODAY,
        "number": f"(2026)检字第{number:04d}号",
        "cma": CMA,
        "laboratory": "某检验院",
        "standards": ("GB 4706.1",),
        "conclusion": "qualified",
        "product": KETTLE,
        "issued_on": date(2026, 3, 1),
    }
    event: ReportSubmitted = ReportSubmitted(**{**defaults, **given})
    return event


def verified(report: int, on: date = TODAY) -> ReportVerified:
    return ReportVerified(v=1, effective_on=on, report=report)


def invalidated(report: int, fault: str = "enterprise", on: date = TODAY, **given: Any) -> ReportInvalidated:
    defaults = {"v": 1, "effective_on": on, "report": report, "fault": fault, "text": "样品与所售产品不符。"}
    event: ReportInvalidated = ReportInvalidated(**{**defaults, **given})
    return event
