"""Moves of random histories: findings, breaches, agreements, and what is asked and decided about any entry.

Entries that are named may be of another kind, closed, erased or repudiated: folding bears all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.domain.events.base import Event
from tests.support.findings import (
    annulment,
    breach,
    breach_corrected,
    cited,
    defaulted,
    found,
    performed,
    rechecked,
)
from tests.support.remedies import (
    applied,
    approved,
    filed,
    hold_placed,
    hold_released,
    misattributed,
    refusal,
    rejected,
    rescinded,
    upheld,
)

__all__ = ["FINDING_MOVES", "finding_move"]

FINDING_MOVES = (
    "find",
    "pass",
    "cite",
    "punish",
    "recheck",
    "annul",
    "breach",
    "correct breach",
    "perform",
    "default",
    "apply",
    "approve",
    "refuse",
    "rescind",
    "object",
    "uphold",
    "reject",
    "misattribute",
    "hold",
    "release",
)
_OPEN = frozenset(("misattribute", "hold", "release"))
_ABOUT = {
    "recheck": ("PublicRecordCited",),
    "annul": ("FindingRecorded", "PublicRecordCited", "AgreementDefaulted"),
    "correct breach": ("BreachFound", "BreachCorrected"),
    "perform": ("ComplaintOutcomeRecorded",),
    "default": ("ComplaintOutcomeRecorded",),
    "apply": ("FindingRecorded", "PublicRecordCited", "BreachFound", "ComplaintOutcomeRecorded"),
    "approve": ("RepairApplied",),
    "refuse": ("RepairApplied",),
    "rescind": ("RepairApproved",),
    "object": ("FindingRecorded", "PublicRecordCited", "BreachFound", "ComplaintOutcomeRecorded"),
    "uphold": ("ObjectionFiled",),
    "reject": ("ObjectionFiled",),
    "misattribute": (),
    "release": ("LegalHoldPlaced",),
}


def finding_move(
    name: str, pick: int, said: Sequence[tuple[int, Event]], codes: Sequence[str]
) -> tuple[Event, bool] | None:
    """The next event and whether it is sealed; None where there is nothing yet that it could be about.

    `said`: index and event of every entry so far; `codes` of published pledges.
    """
    event = _of_its_own(name, pick, codes)
    if event is None and name in _ABOUT:
        kinds = _ABOUT[name]
        known = [one for one in said if not kinds or type(one[1]).__name__ in kinds]
        if known:
            index, earlier = known[pick % len(known)]
            event = _about(name, pick, index, getattr(earlier, "entry", None) or 0)
    return None if event is None else (event, name not in _OPEN)


def _of_its_own(name: str, pick: int, codes: Sequence[str]) -> Event | None:
    fact = None if pick % 3 else f"fact {pick % 5}"
    match name:
        case "find":
            return found(severity="severe" if pick % 2 else "general", fact_id=fact)
        case "pass":
            return found(result="passed", severity=None)
        case "cite":
            return cited(kind="serious_list" if pick % 2 else "abnormal_list")
        case "punish":
            return cited(kind="penalty", severity="general", fact_id=fact)
        case "breach" if codes:
            return breach(code=codes[pick % len(codes)], clauses=("refund",), fact_id=fact)
        case "hold":
            return hold_placed()
    return None


def _about(name: str, pick: int, index: int, entry: int) -> Event:
    """About the entry at `index`, which is itself about `entry` where it asks or decides something."""
    match name:
        case "recheck":
            still = bool(pick % 2)
            return rechecked(index, still_published=still, **({} if still else {"recheck_by": None}))
        case "annul":
            return annulment(index)
        case "correct breach":
            return breach_corrected(index, void=pick % 3 == 0)
        case "perform":
            return performed(index)
        case "default":
            return defaulted(index)
        case "apply":
            return applied(index)
        case "approve":
            return approved(index, entry)
        case "refuse":
            return refusal(index, entry)
        case "rescind":
            return rescinded(index, entry)
        case "object":
            return filed(index)
        case "uphold":
            return upheld(index, entry)
        case "reject":
            return rejected(index, entry)
        case "misattribute":
            return misattributed(index)
        case _:
            return hold_released(index)
