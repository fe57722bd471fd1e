"""Complaint outcomes: recorded, replied to, corrected. All sealed; months instead of dates; no persons.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/complaint.py`.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Final

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
from ledger.domain.values.dates import month_of

# Statistics only, whatever the reply: an agreement counts where it is not performed, by an entry of its own.
COUNTS_NOTHING: Final[frozenset[Outcome]] = frozenset(
    ("settled", "agreed", "explained", "ended_without_agreement", "withdrawn", "transferred", "not_accepted")
)
# Who withdrew, or was not accepted or sent to another body, is owed no reply by the enterprise.
OWED_NO_REPLY: Final[frozenset[Outcome]] = frozenset(("withdrawn", "transferred", "not_accepted"))


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
        """Whether the enterprise was asked, and the month in which its reply was due was over at publication."""
        return self.forwarded is not None and window_lapsed(self.reply_due, self.effective_on)

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


def window_lapsed(reply_due: str | None, published_on: date) -> bool:
    """Whether a reply window, given by the month in which it ends, was over on the day of publication."""
    return reply_due is not None and reply_due < month_of(published_on)


def counts_as_reply(outcome: OutcomeState, stands: OutcomeState | OutcomeCorrection) -> bool:
    """Whether the case is one of those whose replies are in time or not: one was owed, and given or its time lapsed."""
    if stands.outcome in OWED_NO_REPLY:
        return False
    return stands.reply != "none" or outcome.reply_lapsed


def findings(outcome: OutcomeState, stands: OutcomeState | OutcomeCorrection) -> tuple[str, ...]:
    """The items of a complaint's outcome; none of one that counts for nothing, whatever the reply.

    No reply counts only where one was asked for and its month was over.
    """
    if stands.outcome in COUNTS_NOTHING:
        return ()
    if stands.reply == "late":
        reply: tuple[str, ...] = ("complaint.late_reply",)
    elif stands.reply == "none" and outcome.reply_lapsed:
        reply = ("complaint.no_reply",)
    else:
        reply = ()
    if stands.outcome == "refused" and not stands.substantive_reply:
        return (*reply, "complaint.refused_without_reply")
    return reply
