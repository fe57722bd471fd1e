"""Complaint outcomes: recorded, replied to, corrected. All sealed; months instead of dates; no persons.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/complaint.py`.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.complaint import (
    ComplaintOutcomeCorrected,
    ComplaintOutcomeRecorded,
    ComplaintReplied,
    Outcome,
    Reply,
)


class OutcomeCorrection(Struct, frozen=True, gc=False):
    """The `ComplaintOutcomeCorrected` at `index`: what it gives stands in place of what was recorded."""

    index: int
    effective_on: date
    kid: bytes
    void: bool
    reply: Reply
    outcome: Outcome
    substantive_reply: bool
    clauses: tuple[str, ...]
    fact_id: str | None


class ReplyGiven(Struct, frozen=True, gc=False):
    """The enterprise's `ComplaintReplied` at `index`."""

    index: int
    effective_on: date


class OutcomeState(Struct, frozen=True, gc=False):
    """The `ComplaintOutcomeRecorded` at `index`, with its corrections and replies in log order."""

    index: int
    effective_on: date
    kid: bytes
    case: str
    forwarded: str | None
    reply_due: str | None
    replied: str | None
    closed: str
    reply: Reply
    outcome: Outcome
    substantive_reply: bool
    clauses: tuple[str, ...]
    pledge: str | None  # its code
    fact_id: str | None
    corrections: tuple[OutcomeCorrection, ...] = ()
    replies: tuple[ReplyGiven, ...] = ()

    @property
    def reply_lapsed(self) -> bool:
        """Whether the enterprise was asked and the month in which its reply was due had come when it closed."""
        return self.forwarded is not None and self.reply_due is not None and self.reply_due <= self.closed

    def newest(self, repudiated: Container[int]) -> OutcomeState | OutcomeCorrection:
        """The version that stands: the newest correction that was not repudiated, else the outcome itself."""
        for correction in reversed(self.corrections):
            if correction.index not in repudiated:
                return correction
        return self


Outcomes = Map[int, OutcomeState]  # by the index of the outcome's entry


def recorded(outcomes: Outcomes, at: Recorded, event: ComplaintOutcomeRecorded) -> tuple[Outcomes, int]:
    """The outcomes with one more, and its index."""
    outcome = OutcomeState(
        at.index,
        event.effective_on,
        at.kid,
        event.case,
        event.forwarded,
        event.reply_due,
        event.replied,
        event.closed,
        event.reply,
        event.outcome,
        event.substantive_reply,
        event.clauses,
        event.pledge,
        event.fact_id,
    )
    return outcomes.set(at.index, outcome), at.index


def corrected(outcomes: Outcomes, at: Recorded, event: ComplaintOutcomeCorrected, root: int) -> Outcomes:
    """The outcomes with a correction of the one at `root`; unchanged where that one is closed."""
    outcome = outcomes.get(root)
    if outcome is None:
        return outcomes
    correction = OutcomeCorrection(
        at.index,
        event.effective_on,
        at.kid,
        event.void,
        event.reply,
        event.outcome,
        event.substantive_reply,
        event.clauses,
        event.fact_id,
    )
    return outcomes.set(root, replace(outcome, corrections=(*outcome.corrections, correction)))


def replied(outcomes: Outcomes, at: Recorded, event: ComplaintReplied, root: int) -> Outcomes:
    """The outcomes with a reply to the one at `root`; unchanged where that one is closed."""
    outcome = outcomes.get(root)
    if outcome is None:
        return outcomes
    return outcomes.set(root, replace(outcome, replies=(*outcome.replies, ReplyGiven(at.index, event.effective_on))))


def forget(outcomes: Outcomes, root: int, index: int) -> Outcomes:
    """As if the entry at `index`, about the outcome at `root`, had always been closed."""
    outcome = outcomes.get(root)
    if outcome is None:
        return outcomes
    if index == root:
        return outcomes.delete(root)
    return outcomes.set(root, replace(outcome, replies=tuple(one for one in outcome.replies if one.index != index)))


def findings(outcome: OutcomeState, stands: OutcomeState | OutcomeCorrection) -> tuple[str, ...]:
    """The items of a complaint's outcome. No reply counts only where one was asked for and its month had come."""
    if stands.reply == "late":
        reply: tuple[str, ...] = ("complaint.late_reply",)
    elif stands.reply == "none" and outcome.reply_lapsed:
        reply = ("complaint.no_reply",)
    else:
        reply = ()
    if stands.outcome == "refused" and not stands.substantive_reply:
        return (*reply, "complaint.refused_without_reply")
    return reply
