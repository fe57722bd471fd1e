"""The public self-declaration record of an enterprise: pledges and the sections of all other nouns in one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from projections.course import Course
from projections.declarations.pages import PledgePage
from projections.part import Piece
from projections.steps import Step, etag

__all__ = ["declarations"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def declarations(course: Course, pages: Sequence[PledgePage], sections: Mapping[str, Sequence[Piece]]) -> list[Step]:
    """Canonical JSON with a key for the pledges and for every section: a step wherever one of them has one."""
    days = {course.told_on, *(step.from_on for page in pages for step in page.steps)}
    days.update(piece.from_on for pieces in sections.values() for piece in pieces)
    starts = sorted(days)
    subject = _ENCODE(course.record.subject)
    steps = []
    for start, until in zip(starts, [*starts[1:], None], strict=True):
        held = [step.body for page in pages for step in page.steps if _holds(step, start)]
        values = {b"pledges": b"[%b]" % b",".join(held), b"subject": subject}
        for section, pieces in sections.items():
            values[section.encode()] = [piece.value for piece in pieces if piece.from_on <= start][-1]
        body = b"{%b}" % b",".join(b'"%b":%b' % item for item in sorted(values.items()))
        steps.append(Step(start, until, body, etag(body)))
    return steps


def _holds(step: Step, day: date) -> bool:
    return step.from_on <= day and (step.until_on is None or day < step.until_on)
