"""Findings, public records, breaches and agreements, with sensible defaults."""

from __future__ import annotations

from datetime import date
from typing import Any

from ledger.domain.events.agreement import AgreementDefaulted, AgreementPerformed
from ledger.domain.events.breach import BreachCorrected, BreachFound
from ledger.domain.events.finding import FindingAnnulled, FindingRecorded, PublicRecordCited, PublicRecordRechecked
from tests.support.statements import TODAY, code

__all__ = [
    "annulment",
    "breach",
    "breach_corrected",
    "cited",
    "defaulted",
    "found",
    "performed",
    "rechecked",
]

ADDRESS = "https://www.samr.gov.cn/notice/1"
AUTHORITY = "某市市场监督管理局"


def found(**given: Any) -> FindingRecorded:
    """A spot check that was failed."""
    defaults = {
        "kind": "spot_check",
        "result": "failed",
        "severity": "general",
        "authority": AUTHORITY,
        "decided_on": TODAY,
        "address": ADDRESS,
    }
    return FindingRecorded(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def cited(**given: Any) -> PublicRecordCited:
    """A listing among serious violators."""
    defaults = {
        "kind": "serious_list",
        "authority": AUTHORITY,
        "document_no": "市监处〔2026〕1号",
        "address": ADDRESS,
        "decided_on": TODAY,
        "publicity_end": date(2029, 3, 15),
        "checked_on": TODAY,
        "recheck_by": date(2026, 6, 16),
    }
    return PublicRecordCited(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def rechecked(recheck_of: int, **given: Any) -> PublicRecordRechecked:
    """Still published on the day of effect."""
    on = given.get("effective_on", TODAY)
    defaults = {"checked_on": on, "still_published": True, "recheck_by": date(2026, 9, 16)}
    return PublicRecordRechecked(**{"v": 1, "effective_on": on, "recheck_of": recheck_of, **defaults, **given})


def annulment(annuls: int, **given: Any) -> FindingAnnulled:
    defaults = {"annuls": annuls, "explanation": "经复查，原认定撤销。", "authority": AUTHORITY}
    return FindingAnnulled(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def breach(**given: Any) -> BreachFound:
    defaults = {
        "code": code(),
        "severity": "general",
        "breached_on": TODAY,
        "heard_on": TODAY,
        "explanation": "未按承诺退货。",
    }
    return BreachFound(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def breach_corrected(corrects: int, **given: Any) -> BreachCorrected:
    defaults = {"corrects": corrects, "explanation": "认定有误", "severity": "severe"}
    return BreachCorrected(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def performed(outcome_entry: int, **given: Any) -> AgreementPerformed:
    defaults = {"outcome_entry": outcome_entry, "performed": "2026-03"}
    return AgreementPerformed(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def defaulted(outcome_entry: int, **given: Any) -> AgreementDefaulted:
    defaults = {
        "outcome_entry": outcome_entry,
        "due": "2026-03",
        "notified_on": date(2026, 3, 2),
        "explanation": "逾期未退款",
    }
    return AgreementDefaulted(**{"v": 1, "effective_on": TODAY, **defaults, **given})
