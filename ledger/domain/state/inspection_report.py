"""Inspection reports (检验检测报告): submitted, verified by another party, invalidated.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/inspection_report.py`. That a
report was submitted and verified is open; that it was found invalid is sealed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import date
from typing import Final

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.inspection_report import Fault, ReportInvalidated, ReportSubmitted, ReportVerified
from ledger.domain.state.finding import is_annulled
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, DatedEntry, Finding, Slot
from ledger.domain.state.step import in_slot
from ledger.domain.values.text import fold_text

__all__ = ["REPORTS", "STEPS"]


class Verification(Struct, frozen=True, gc=False):
    """The `ReportVerified` at `index`."""

    index: int
    effective_on: date
    issuer: str


class Invalidation(Struct, frozen=True, gc=False):
    """The `ReportInvalidated` at `index`."""

    index: int
    effective_on: date
    fault: Fault
    fact_id: str | None


class Report(Struct, frozen=True, gc=False):
    """The `ReportSubmitted` at `index`, with what was said of it since, in log order. `key`: its numbers."""

    index: int
    effective_on: date
    issuer: str
    cma: str
    key: str
    verifications: tuple[Verification, ...] = ()
    invalidations: tuple[Invalidation, ...] = ()

    def verified(self, gone: Container[int]) -> Verification | None:
        """The verification that stands, unless it is in `gone`."""
        return next((one for one in self.verifications if one.index not in gone), None)

    def invalidated(self, gone: Container[int], annulled: Container[int]) -> Invalidation | None:
        """The finding that it is invalid, unless that was repudiated or annulled."""
        standing = (one for one in self.invalidations if one.index not in gone and one.index not in annulled)
        return next(standing, None)


class Reports(Struct, frozen=True):
    """Reports by the entry that submitted each; `found` leads from the entry of a finding, sealed, to its report."""

    by_entry: Map[int, Report] = Map()
    found: Map[int, int] = Map()


def report_key(event: ReportSubmitted) -> str:
    """What is unique of a report: the laboratory, and its number as it is typed in any way."""
    return f"{event.cma}/{fold_text(event.number)}"


def submitted(reports: Reports, at: Recorded, event: ReportSubmitted) -> Reports:
    report = Report(at.index, event.effective_on, at.issuer, event.cma, report_key(event))
    return replace(reports, by_entry=reports.by_entry.set(at.index, report))


def verified(reports: Reports, at: Recorded, event: ReportVerified) -> Reports:
    report = reports.by_entry.get(event.report)
    if report is None:  # the rules see to it that there is one
        return reports
    verification = Verification(at.index, event.effective_on, at.issuer)
    report = replace(report, verifications=(*report.verifications, verification))
    return replace(reports, by_entry=reports.by_entry.set(event.report, report))


def invalidated(reports: Reports, at: Recorded, event: ReportInvalidated) -> Reports:
    report = reports.by_entry.get(event.report)
    if report is None:  # the rules see to it that there is one
        return reports
    invalidation = Invalidation(at.index, event.effective_on, event.fault, event.fact_id)
    report = replace(report, invalidations=(*report.invalidations, invalidation))
    return Reports(reports.by_entry.set(event.report, report), reports.found.set(at.index, event.report))


def forget(reports: Reports, index: int) -> Reports:
    """As if the finding at `index` had always been closed."""
    entry = reports.found.get(index)
    if entry is None:
        return reports
    report = reports.by_entry[entry]
    left = tuple(one for one in report.invalidations if one.index != index)
    return Reports(reports.by_entry.set(entry, replace(report, invalidations=left)), reports.found.delete(index))


def _said_of(reports: Reports, entry: int) -> tuple[int, ...]:
    report = reports.by_entry.get(entry)
    return () if report is None else tuple(one.index for one in report.invalidations)


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """Reports found invalid by the enterprise's fault: a laboratory's costs nothing, nor does one that was disowned.

    The entries are those of the findings; of several about one report the first that stands counts.
    """
    reports, gone = REPORTS.of(record), record.repudiated
    findings: list[Finding] = []
    disowned: list[DatedEntry] = []
    for index in sorted(entry for entry in entries if entry in reports.found):
        report = reports.by_entry[reports.found[index]]
        void = [one.index for one in report.invalidations if is_annulled(record, one.index)]
        found = report.invalidated(gone, void)
        if found is None or found.index != index or found.fault != "enterprise":
            continue
        disowning = gone.get(report.index)
        if disowning is None:
            findings.append(Finding(index, found.effective_on, "report.invalidated", found.fact_id))
        else:  # which ended what the finding cost
            disowned.append(DatedEntry(disowning.effective_on, disowning.index))
    marks = tuple(DatedEntry(one.on, one.entry) for one in findings)
    return Bearing(findings=tuple(findings), conduct=marks, bearing=(*marks, *disowned))


def bearing(record: EnterpriseRecord) -> Bearing:
    """What all findings about reports bring."""
    return bearing_of(record, REPORTS.of(record).found)


REPORTS: Final[Slot[Reports]] = Slot(
    "reports",
    Reports(),
    forget=forget,
    bearing=bearing,
    bearing_of=bearing_of,
    about=lambda reports, entry: reports.found.get(entry),
    said_of=_said_of,
)

STEPS: Final = (
    in_slot(REPORTS, ReportSubmitted, submitted, textual=True),
    in_slot(REPORTS, ReportVerified, verified),
    in_slot(REPORTS, ReportInvalidated, invalidated, bears=True),
)
