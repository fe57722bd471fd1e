"""Every row that the read models hold about one enterprise, from its course and the policies. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final

from projections.db.dated_document import DatedDocument, etag
from projections.declarations.declaration_record import SectionRow, section_rows
from projections.declarations.outcome_section import OUTCOMES_PART
from projections.declarations.pledge_documents import PledgePage, pledge_pages
from projections.engine.sections import PARTS
from projections.search.enterprise_row import EnterpriseRow, enterprise_row
from projections.standing import Case, Level, facts_of, render
from projections.standing.evaluate import SEGMENTS_MAX
from projections.standing.level_history import LevelHistory
from projections.standing.policy_timeline import Rules

__all__ = ["EnterpriseRows", "portray", "standing_steps"]

_SEGMENT_BYTES_MAX: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class EnterpriseRows:
    """`standing`: a level for each step. `enterprise` is None where it is not to be found by name or code.

    `further`: rows by table, of nouns with tables of their own.
    """

    subject: str
    enterprise: EnterpriseRow | None
    standing: Sequence[tuple[Level, DatedDocument]]
    pledges: Sequence[PledgePage]
    sections: Sequence[SectionRow]
    further: Sequence[Mapping[str, Sequence[tuple[Any, ...]]]]


def portray(
    course: LevelHistory, rules: Rules, case: Case | None = None, *, named: bool = True, declared: bool = True
) -> EnterpriseRows:
    """The rows of one enterprise under all policies that are known; `case` are its facts under them, if at hand.

    Not `named`: without the row by which it is found, which stays as it is. Not `declared`: without its pledges and
    what other nouns bring than outcomes of complaints.
    """
    if case is None:
        case = Case(rules.policies, facts_of(course.record, course.record.subject))
    pages = pledge_pages(course, case) if declared else []
    subject, nouns = course.record.subject, course.record.nouns
    parts = [part for part in (PARTS if declared else (OUTCOMES_PART,)) if part.noun in nouns] if nouns else []
    return EnterpriseRows(
        subject,
        enterprise_row(course.record) if named else None,
        standing_steps(case, course.began_on),
        pages,
        [row for part in parts for row in section_rows(subject, part.section, part.pieces(course, case))],
        [part.rows(course, case) for part in parts],
    )


def standing_steps(case: Case, start: date) -> list[tuple[Level, DatedDocument]]:
    """The standing from `start` on as bytes, as far ahead as time alone changes it.

    After `SEGMENTS_MAX` steps, or `_SEGMENT_BYTES_MAX` in all, the last has an `until_on`: more are written then.
    """
    steps: list[tuple[Level, DatedDocument]] = []
    total = 0
    for segment in islice(case.coming(start), SEGMENTS_MAX):
        body = render(segment.standing, segment.next_change_on)
        total += len(body)
        if steps and total > _SEGMENT_BYTES_MAX:
            break
        steps.append((segment.standing.level, DatedDocument(segment.from_on, segment.until_on, body, etag(body))))
    return steps
