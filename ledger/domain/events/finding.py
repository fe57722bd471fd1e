"""Findings of authorities, public records cited, and their annulment: what is said. All sealed.

What it adds up to is in `ledger/domain/state/finding.py`, what may be said in `ledger/domain/rules/finding.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from ledger.domain.events.base import EntryIndex, Event, Line, Text

__all__ = [
    "Address",
    "FindingAnnulled",
    "FindingKind",
    "FindingRecorded",
    "PublicRecordCited",
    "PublicRecordRechecked",
    "RecordKind",
    "Severity",
]

Severity = Literal["general", "severe"]
FindingKind = Literal["spot_check", "below_mandatory"]
RecordKind = Literal["penalty", "serious_list", "abnormal_list"]
Address = Annotated[str, Meta(pattern="^https://[!-~]+\\Z", max_length=2048)]


class FindingRecorded(Event, frozen=True, kw_only=True, tag="FindingRecorded"):
    """An authority's spot check (双随机), or its finding that a declared standard is below the mandatory one.

    `severity` is given exactly for a failed spot check, `declaration` (the entry that declared the standard) exactly
    for `below_mandatory`. An organizer cites a public record: then `address` says where it can be read.
    """

    kind: FindingKind
    result: Literal["passed", "failed"]
    severity: Severity | None = None
    declaration: EntryIndex | None = None
    authority: Line
    document_no: Line | None = None
    product: Line | None = None
    decided_on: date
    address: Address | None = None
    fact_id: Line | None = None


class PublicRecordCited(Event, frozen=True, kw_only=True, tag="PublicRecordCited"):
    """A penalty, or a listing among serious violators (严重违法失信名单) or abnormal operations (经营异常名录).

    `severity` is given exactly for penalties. `publicity_end`: the last day on which the authority publishes it, if
    it named one. It was looked up on `checked_on`, and is unconfirmed after `recheck_by` unless it was again.
    """

    kind: RecordKind
    severity: Severity | None = None
    authority: Line
    document_no: Line
    address: Address
    decided_on: date
    publicity_end: date | None = None
    checked_on: date
    recheck_by: date
    fact_id: Line | None = None


class PublicRecordRechecked(Event, frozen=True, kw_only=True, tag="PublicRecordRechecked"):
    """The record cited at entry `recheck_of` was looked up again: still there, until `recheck_by`, or gone."""

    recheck_of: EntryIndex
    checked_on: date
    still_published: bool
    recheck_by: date | None = None


class FindingAnnulled(Event, frozen=True, kw_only=True, tag="FindingAnnulled"):
    """What entry `annuls` recorded was taken back: it counts as if it had never been said."""

    annuls: EntryIndex
    explanation: Text
    authority: Line
    document_no: Line | None = None
    address: Address | None = None
