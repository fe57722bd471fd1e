"""What findings of authorities and public records add up to, and for how long each counts.

What an authority lists counts while it is published and was lately looked up; what an authority takes back counts as
if it had never been said.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, TypeAlias

from msgspec import Struct

from ledger.domain.events.base import Recorded
from ledger.domain.events.finding import (
    FindingAnnulled,
    FindingKind,
    FindingRecorded,
    PublicRecordCited,
    PublicRecordRechecked,
    RecordKind,
    Severity,
)
from ledger.domain.state.indexed_by_entry import IndexedByEntry, slot_by_entry
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, DatedEntry, Finding, Hold, Slot
from ledger.domain.state.step import in_slot

__all__ = [
    "FINDINGS",
    "STEPS",
    "Annulled",
    "Cited",
    "Findings",
    "Rechecked",
    "RecordedFinding",
    "annulled",
    "counts_until",
    "is_annulled",
    "rechecks",
    "step",
]


class RecordedFinding(Struct, frozen=True, gc=False):
    """The `FindingRecorded` at `index`."""

    index: int
    effective_on: date
    kind: FindingKind
    failed: bool
    severity: Severity | None
    declaration: int | None
    document: tuple[str, str | None, str | None]  # authority, document number, product
    decided_on: date
    fact_id: str | None

    @property
    def about(self) -> int | None:
        return self.declaration

    @property
    def item(self) -> str | None:
        """The name under which a policy may set points on it; None where the check was passed."""
        if not self.failed:
            return None
        return "declaration.below_mandatory" if self.kind == "below_mandatory" else f"spot_check.failed_{self.severity}"


class Cited(Struct, frozen=True, gc=False):
    """The `PublicRecordCited` at `index`."""

    index: int
    effective_on: date
    kind: RecordKind
    severity: Severity | None
    document: tuple[str, str]  # authority, document number
    publicity_end: date | None
    checked_on: date
    recheck_by: date
    fact_id: str | None
    about: None = None


class Rechecked(Struct, frozen=True, gc=False):
    """The `PublicRecordRechecked` at `index`. `recheck_by` is None where the record was gone."""

    index: int
    effective_on: date
    about: int
    checked_on: date
    recheck_by: date | None


class Annulled(Struct, frozen=True, gc=False):
    """The `FindingAnnulled` at `index`."""

    index: int
    effective_on: date
    about: int


Entry: TypeAlias = RecordedFinding | Cited | Rechecked | Annulled
Findings: TypeAlias = IndexedByEntry[Entry]
Said: TypeAlias = FindingRecorded | PublicRecordCited | PublicRecordRechecked | FindingAnnulled

_ONE_DAY: Final = timedelta(days=1)
_LISTS: Final[dict[RecordKind, str]] = {"serious_list": "listing.serious", "abnormal_list": "listing.abnormal"}


def step(findings: Findings, at: Recorded, event: Said) -> Findings:
    """The findings with one more entry."""
    index, on = at.index, event.effective_on
    if isinstance(event, FindingRecorded):
        document = event.authority, event.document_no, event.product
        failed = event.result == "failed"
        return findings.put(
            RecordedFinding(
                index,
                on,
                event.kind,
                failed,
                event.severity,
                event.declaration,
                document,
                event.decided_on,
                event.fact_id,
            )
        )
    if isinstance(event, PublicRecordCited):
        return findings.put(
            Cited(
                index,
                on,
                event.kind,
                event.severity,
                (event.authority, event.document_no),
                event.publicity_end,
                event.checked_on,
                event.recheck_by,
                event.fact_id,
            )
        )
    if isinstance(event, PublicRecordRechecked):
        return findings.put(Rechecked(index, on, event.recheck_of, event.checked_on, event.recheck_by))
    return findings.put(Annulled(index, on, event.annuls))


def annulled(record: EnterpriseRecord) -> Mapping[int, date]:
    """The entries that were annulled, of whatever noun, by an annulment that was not repudiated, and since when."""
    findings = FINDINGS.of(record)
    if not findings.by_about:
        return {}
    return {
        one.about: one.effective_on
        for one in findings.entries.values()
        if isinstance(one, Annulled) and one.index not in record.repudiated
    }


def is_annulled(record: EnterpriseRecord, entry: int) -> bool:
    """Whether the entry, of whatever noun, was annulled by an annulment that was not repudiated."""
    return any(isinstance(one, Annulled) for one in FINDINGS.of(record).about(entry, record.repudiated))


def rechecks(findings: Findings, cited: Cited, gone: Container[int]) -> Iterator[Rechecked]:
    """The later looks at a public record, in log order, without those that were repudiated."""
    for one in findings.about(cited.index, gone):
        if isinstance(one, Rechecked):
            yield one


def counts_until(findings: Findings, cited: Cited, gone: Container[int]) -> date:
    """The first day on which a public record counts no more: it ended, was found gone, or is unconfirmed.

    A later look confirms the time before it: who finds a record still published finds that it was.
    """
    until = _day_after(cited.recheck_by)
    for one in rechecks(findings, cited, gone):
        until = min(until, one.effective_on) if one.recheck_by is None else _day_after(one.recheck_by)
    return until if cited.publicity_end is None else min(until, _day_after(cited.publicity_end))


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """Failed checks and penalties cost points, listings hold the level, while they stand."""
    findings, gone = FINDINGS.of(record), record.repudiated
    found: list[Finding] = []
    holds: list[Hold] = []
    conduct: list[DatedEntry] = []
    marks: list[DatedEntry] = []
    for index in entries:
        one = findings.entries.get(index)
        if one is None:
            continue
        mark = DatedEntry(one.effective_on, index)
        marks.append(mark)
        if index in gone or isinstance(one, Rechecked | Annulled) or is_annulled(record, index):
            continue
        if isinstance(one, Cited):
            conduct.append(mark)
            until = counts_until(findings, one, gone)
            if one.kind == "penalty":
                item = f"penalty.cited_{one.severity}"
                found.append(Finding(index, one.effective_on, item, one.fact_id, until=until))
            else:
                holds.append(Hold(index, one.effective_on, _LISTS[one.kind], until))
            continue
        if one.declaration is not None and one.declaration in gone:
            continue  # the standard was never the enterprise's
        conduct.append(mark)
        if one.item is not None:
            found.append(Finding(index, one.effective_on, one.item, one.fact_id))
    return Bearing(tuple(found), tuple(holds), conduct=tuple(conduct), bearing=tuple(marks))


def _day_after(day: date) -> date:
    return day if day == date.max else day + _ONE_DAY


FINDINGS: Final[Slot[Findings]] = slot_by_entry("findings", bearing_of)

STEPS: Final = (
    in_slot(FINDINGS, FindingRecorded, step, bears=True),
    in_slot(FINDINGS, PublicRecordCited, step, bears=True),
    in_slot(FINDINGS, PublicRecordRechecked, step, bears=True),
    in_slot(FINDINGS, FindingAnnulled, step, bears=True),
)
