"""The section `reports`: inspection reports, verified or not, and whether they hold.

That a report was found invalid is shown for as long as it counts. After that only this is left, that the report has
ended: what is no longer public is not told, but nobody is shown an invalid report as one that holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from ledger.domain.events.inspection_report import ReportSubmitted
from ledger.domain.state.finding import annulled
from ledger.domain.state.inspection_report import REPORTS, Invalidation, Report
from projections.declarations.section import DatedValue, Section, pieces_of
from projections.standing import Case
from projections.standing.disclosure import DisclosureWindows
from projections.standing.level_history import LevelHistory

__all__ = ["REPORTS_PART"]


def _pieces(course: LevelHistory, case: Case) -> Sequence[DatedValue]:
    """In log order, without those that were repudiated."""
    gone, void, start = course.record.repudiated, annulled(course.record), course.told_on
    reports = [one for one in REPORTS.of(course.record).by_entry.values() if one.index not in gone]
    reports.sort(key=lambda one: one.index)
    documents = [(one, _document(course, one)) for one in reports]
    ends = {one.index: one.invalidated(gone, void) for one in reports}
    closing = DisclosureWindows(course.record, case) if any(ends.values()) else None
    shown = {  # a laboratory's fault is never shown
        end.index: closing.stretches(end.index, end.effective_on)
        for end in ends.values()
        if end is not None and closing is not None and end.fault == "enterprise"
    }

    def value_on(day: date) -> list[dict[str, Any]]:
        return [{**document, **_ended(ends[one.index], shown, day)} for one, document in documents]

    return pieces_of(start, {day for stretches in shown.values() for one in stretches for day in one}, value_on)


def _ended(end: Invalidation | None, shown: Mapping[int, Sequence[tuple[date, date]]], day: date) -> dict[str, Any]:
    if end is None:
        return {"state": "submitted"}
    if any(start <= day < stop for start, stop in shown.get(end.index, ())):
        return {"state": "invalidated", "invalidated": {"entry": end.index, "on": end.effective_on}}
    return {"state": "ended"}


def _document(course: LevelHistory, report: Report) -> dict[str, Any]:
    said = course.texts[report.index]
    assert isinstance(said, ReportSubmitted)  # kept when it was taken in
    verified = report.verified(course.record.repudiated)
    return {
        "entry": report.index,
        "on": report.effective_on,
        "submitted_by": report.issuer,
        "number": said.number,
        "cma": said.cma,
        "laboratory": said.laboratory,
        "standards": said.standards,
        "conclusion": said.conclusion,
        "product": said.product,
        "issued_on": said.issued_on,
        "sha256": said.sha256,
        "verified": None
        if verified is None
        else {"entry": verified.index, "on": verified.effective_on, "by": verified.issuer},
    }


REPORTS_PART: Final = Section(noun=REPORTS.key, section="reports", pieces=_pieces)
