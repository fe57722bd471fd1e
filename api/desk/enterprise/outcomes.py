"""Complaints about the enterprise that were closed and that it has not answered in the book yet, with their clock.

A reply is due by the end of a month (`ComplaintOutcomeRecorded.reply_due`). Who let it pass may still answer: the words
stand beside the outcome, and change nothing of what counts.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from api.pages.words import OUTCOMES as OUTCOME_WORDS
from api.pages.words import Word, reply_word
from ledger.domain.state.complaint import OUTCOMES, OutcomeCorrection
from ledger.domain.state.record import EnterpriseRecord

__all__ = ["UnansweredOutcome", "unanswered"]


class UnansweredOutcome(NamedTuple):
    """An outcome without a `ComplaintReplied`. `due` is the last day on which a reply was in time, None where none was
    asked for; `days_left` counts from today, below zero once it is over. What it is about is None where its body is not
    public any more."""

    entry: int
    product_class: str | None
    issue: str | None
    closed: str
    outcome: Word
    reply: Word
    due: date | None
    days_left: int | None


def unanswered(
    record: EnterpriseRecord, events: Sequence[Mapping[str, Any]], today: date
) -> Sequence[UnansweredOutcome]:
    """The newest first; `events` are those of the record as `event_json` gives them. Void ones are left out."""
    said = {one["entry"]: one["event"] for one in events if "event" in one}
    found = []
    for outcome in OUTCOMES.of(record).by_entry.values():
        stands = outcome.newest(record.repudiated)
        void = isinstance(stands, OutcomeCorrection) and stands.void
        answered = any(one.index not in record.repudiated for one in outcome.replies)
        if outcome.index in record.repudiated or void or answered:
            continue
        about = said.get(outcome.index, {})
        due = None if outcome.reply_due is None else _last_day(outcome.reply_due)
        found.append(
            UnansweredOutcome(
                outcome.index,
                about.get("product_class"),
                about.get("issue"),
                outcome.closed,
                OUTCOME_WORDS[stands.outcome],
                reply_word(stands.reply, stands.outcome),
                due,
                None if due is None else (due - today).days,
            )
        )
    return sorted(found, key=lambda one: one.entry, reverse=True)


def _last_day(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1])
