"""Inspection reports (检验检测报告): submitted, verified by another party, invalidated.

First what is said, then what it adds up to; what may be said is in `report_rules.py`. That a report was submitted
and verified is open; that it was found invalid is sealed.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Annotated, Literal

from immutables import Map
from msgspec import Meta, Struct
from msgspec.structs import replace

from ledger.domain.declaration import Product
from ledger.domain.event import Digest, EntryIndex, Event, Line, Recorded, Text
from ledger.domain.text import fold_text

ReportNumber = Annotated[str, Meta(min_length=1, max_length=64)]
CmaNumber = Annotated[str, Meta(pattern="^[0-9A-Z]{6,20}\\Z")]  # of the laboratory's accreditation (资质认定)
Fault = Literal["enterprise", "laboratory"]


class ReportSubmitted(Event, frozen=True, kw_only=True, tag="ReportSubmitted"):
    """A report on a product, by its number and the laboratory's CMA number. `sha256`: of its file, if there is one."""

    number: ReportNumber
    cma: CmaNumber
    laboratory: Line
    standards: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=64)]
    conclusion: Literal["qualified", "unqualified", "values_only"]  # 合格, 不合格, 仅出具检测数据
    product: Product
    issued_on: date
    sha256: Digest | None = None


class ReportVerified(Event, frozen=True, kw_only=True, tag="ReportVerified"):
    """Another party than the submitter looked it up: the laboratory issued the report at entry `report` as it is."""

    report: EntryIndex


class ReportInvalidated(Event, frozen=True, kw_only=True, tag="ReportInvalidated"):
    """Sealed. The report at entry `report` was found invalid. By the laboratory's fault it costs nobody's standing."""

    report: EntryIndex
    fault: Fault
    text: Text
    fact_id: Line | None = None


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
    """The `ReportSubmitted` at `index`, with what was said of it since, in log order."""

    index: int
    effective_on: date
    issuer: str
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
    report = Report(at.index, event.effective_on, at.issuer)
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
