"""Complaint outcomes: recorded, replied to, corrected. All sealed; months instead of dates; no persons.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/complaint.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from ledger.domain.events.base import EntryIndex, Event, Line, Month, PaperEvidence, Text
from ledger.domain.events.pledge import ClauseId, PledgeCode

Outcome = Literal[
    "settled",  # 和解
    "agreed",  # 调解达成
    "explained",  # 已答复说明
    "ended_without_agreement",  # 终止调解
    "refused",  # 拒绝调解
    "withdrawn",  # 撤回
    "transferred",  # 移送
    "not_accepted",  # 不予受理
]
Reply = Literal["timely", "late", "none"]


class ComplaintOutcomeRecorded(Event, frozen=True, kw_only=True, tag="ComplaintOutcomeRecorded"):
    """The closed case `case` (a random id). `reason` is required for endings without agreement and refusals.

    `notified_on`: when the enterprise was told that this would be published; no ground replaces it.
    `substantive_reply`: whether the enterprise answered in substance, though it refused mediation.
    """

    case: Annotated[str, Meta(pattern="^[0-9a-f]{32}\\Z")]
    channel: Line
    product_class: Line
    issue: Line
    received: Month
    accepted: Month | None = None
    forwarded: Month | None = None
    reply_due: Month | None = None
    replied: Month | None = None
    closed: Month
    reply: Reply
    outcome: Outcome
    substantive_reply: bool = False
    reason: Line | None = None
    notified_on: date | None = None
    clauses: Annotated[tuple[ClauseId, ...], Meta(max_length=64)] = ()
    pledge: PledgeCode | None = None
    fact_id: Line | None = None
    source: PaperEvidence | None = None


class ComplaintReplied(Event, frozen=True, kw_only=True, tag="ComplaintReplied"):
    """The enterprise's word on an outcome, shown beside it."""

    outcome_entry: EntryIndex
    text: Text


class ComplaintOutcomeCorrected(Event, frozen=True, kw_only=True, tag="ComplaintOutcomeCorrected"):
    """By another officer than the one who recorded it. What is given stands in place of what was recorded.

    `corrects` names the outcome, or the newest correction of it. `void`: the outcome counts for nothing.
    """

    corrects: EntryIndex
    explanation: Line
    void: bool = False
    reply: Reply
    outcome: Outcome
    substantive_reply: bool = False
    reason: Line | None = None
    clauses: Annotated[tuple[ClauseId, ...], Meta(max_length=64)] = ()
    fact_id: Line | None = None
