"""Complaint outcomes: recorded, replied to, corrected. All sealed; months instead of dates; no persons.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/complaint.py`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
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
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, CountedReply, DatedEntry, Finding, Slot
from ledger.domain.state.step import in_slot
from ledger.domain.values.dates import month_of

__all__ = [
    "COUNTS_NOTHING",
    "OUTCOMES",
    "OWED_NO_REPLY",
    "STEPS",
    "OutcomeCorrection",
    "OutcomeState",
    "Outcomes",
    "bearing_of",
    "counts_as_reply",
    "findings",
    "outcome_root",
    "window_lapsed",
]

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


class Outcomes(Struct, frozen=True):
    """The outcomes of one enterprise by their own entry; which outcome each correction and each reply is about."""

    by_entry: Map[int, OutcomeState] = Map()
    about: Map[int, int] = Map()

    def root_of(self, entry: int) -> int | None:
        """The entry of the outcome that the one at `entry` is, or corrects; None if it is neither, or closed."""
        if entry in self.by_entry:
            return entry
        root = self.about.get(entry)
        if root is None:
            return None
        return root if any(one.index == entry for one in self.by_entry[root].corrections) else None

    def said_of(self, entry: int) -> tuple[int, ...]:
        """The corrections of and the replies to the outcome at `entry`."""
        outcome = self.by_entry.get(entry)
        if outcome is None:
            return ()
        return *(one.index for one in outcome.corrections), *(one.index for one in outcome.replies)


def recorded(outcomes: Outcomes, at: Recorded, event: ComplaintOutcomeRecorded) -> Outcomes:
    """With one more outcome."""
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
    return Outcomes(outcomes.by_entry.set(at.index, outcome), outcomes.about)


def corrected(outcomes: Outcomes, at: Recorded, event: ComplaintOutcomeCorrected) -> Outcomes:
    """With a correction of an outcome, or of its correction; unchanged where that one is closed."""
    root = outcomes.root_of(event.corrects)
    if root is None:
        return outcomes
    outcome = outcomes.by_entry[root]
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
    return _with(outcomes, replace(outcome, corrections=(*outcome.corrections, correction)), at.index)


def replied(outcomes: Outcomes, at: Recorded, event: ComplaintReplied) -> Outcomes:
    """With a reply to an outcome; unchanged where that one is closed."""
    root = outcomes.root_of(event.outcome_entry)
    if root is None:
        return outcomes
    outcome = outcomes.by_entry[root]
    reply = ReplyGiven(at.index, event.effective_on)
    return _with(outcomes, replace(outcome, replies=(*outcome.replies, reply)), at.index)


def forget(outcomes: Outcomes, index: int) -> Outcomes:
    """As if the entry at `index` had always been closed; with an outcome goes what was said of it.

    A correction alone is never erased (`rules/repudiation.py`): what it corrected would stand again.
    """
    gone = outcomes.by_entry.get(index)
    if gone is not None:
        about = outcomes.about
        for entry in (*(one.index for one in gone.corrections), *(one.index for one in gone.replies)):
            about = about.delete(entry)
        return Outcomes(outcomes.by_entry.delete(index), about)
    root = outcomes.about.get(index)
    if root is None:
        return outcomes
    outcome = outcomes.by_entry[root]
    replies = tuple(one for one in outcome.replies if one.index != index)
    by_entry = outcomes.by_entry.set(root, replace(outcome, replies=replies))
    return Outcomes(by_entry, outcomes.about.delete(index))


def _with(outcomes: Outcomes, outcome: OutcomeState, entry: int) -> Outcomes:
    return Outcomes(outcomes.by_entry.set(outcome.index, outcome), outcomes.about.set(entry, outcome.index))


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


def outcome_root(record: EnterpriseRecord, entry: int) -> int | None:
    """The entry of the outcome that the one at `entry` is, or corrects; None if it is neither, or closed."""
    return OUTCOMES.of(record).root_of(entry)


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """What the outcomes at these entries bring.

    A correction holds from the date of what it corrects, a void one takes it back.
    """
    by_entry, gone = OUTCOMES.of(record).by_entry, record.repudiated
    found: list[Finding] = []
    replies: list[CountedReply] = []
    conduct: list[DatedEntry] = []
    marks: list[DatedEntry] = []
    for index in entries:
        outcome = by_entry.get(index)
        if outcome is None:
            continue
        on = outcome.effective_on
        mark = DatedEntry(on, index)
        marks.append(mark)
        stands: OutcomeState | OutcomeCorrection = outcome
        if outcome.corrections:
            marks.extend([DatedEntry(one.effective_on, one.index) for one in outcome.corrections])
            stands = outcome.newest(gone)
        if index in gone or (isinstance(stands, OutcomeCorrection) and stands.void):
            continue
        conduct.append(mark)
        if counts_as_reply(outcome, stands):
            replies.append(CountedReply(on, stands.reply == "timely", index))
        items = findings(outcome, stands)
        if items:
            clauses = PLEDGES.of(record).broken(outcome.pledge, stands.clauses, gone)
            found.extend([Finding(index, on, item, stands.fact_id, clauses) for item in items])
    return Bearing(tuple(found), replies=tuple(replies), conduct=tuple(conduct), bearing=tuple(marks))


def bearing(record: EnterpriseRecord) -> Bearing:
    """What all outcomes of the enterprise bring."""
    return bearing_of(record, OUTCOMES.of(record).by_entry)


OUTCOMES: Final[Slot[Outcomes]] = Slot(
    "outcomes",
    Outcomes(),
    forget=forget,
    bearing=bearing,
    names_all=True,
    bearing_of=bearing_of,
    about=lambda outcomes, entry: outcomes.about.get(entry),
    said_of=Outcomes.said_of,
)

STEPS: Final = (
    in_slot(OUTCOMES, ComplaintOutcomeRecorded, recorded, bears=True, shows=False),
    in_slot(OUTCOMES, ComplaintReplied, replied, shows=False),
    in_slot(OUTCOMES, ComplaintOutcomeCorrected, corrected, bears=True),
)
