"""The parts of the read models that nouns other than pledges bring: a line for each."""

from __future__ import annotations

from typing import Final

from projections.declarations.listings import LISTINGS_PART
from projections.declarations.marks import MARKS_PART
from projections.declarations.reports import REPORTS_PART
from projections.declarations.standards import STANDARDS_PART
from projections.part import Part

__all__ = ["PARTS"]

PARTS: Final[tuple[Part, ...]] = (
    MARKS_PART,
    LISTINGS_PART,
    REPORTS_PART,
    STANDARDS_PART,
)
