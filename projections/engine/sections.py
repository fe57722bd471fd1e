"""The parts of the read models that nouns other than pledges bring: a line for each."""

from __future__ import annotations

from typing import Final

from projections.declarations.listing_section import LISTINGS_PART
from projections.declarations.mark_section import MARKS_PART
from projections.declarations.outcome_section import OUTCOMES_PART
from projections.declarations.report_section import REPORTS_PART
from projections.declarations.section import Section
from projections.declarations.standard_section import STANDARDS_PART

__all__ = ["PARTS"]

PARTS: Final[tuple[Section, ...]] = (
    MARKS_PART,
    LISTINGS_PART,
    REPORTS_PART,
    STANDARDS_PART,
    OUTCOMES_PART,
)
