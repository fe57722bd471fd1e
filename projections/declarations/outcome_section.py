"""Complaint outcomes as they are counted: what each came to, and on which days it is public.

One row for an enterprise, however many it has: they are never asked for one by one. Nothing in it is anybody's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import Struct

from ledger.domain.state.complaint import OUTCOMES, OutcomeCorrection
from projections.declarations.section import DatedValue, Section
from projections.standing.disclosure import DisclosureWindows
from projections.standing.evaluate import Case
from projections.standing.level_history import LevelHistory

__all__ = ["OUTCOMES_PART", "CountedOutcome", "decode_outcomes"]


class CountedOutcome(Struct, frozen=True, array_like=True, gc=False):
    """The outcome recorded by `entry`, as its newest correction has it: `outcome` and `reply` by their closed lists.

    `case_closed` is a month. `shown`: the stretches of days on which it is public, in order: the first day, and the
    day after the last (`date.max`: until an event ends it).
    """

    entry: int
    effective_on: date
    case_closed: str
    outcome: str
    reply: str
    corrected: bool
    shown: tuple[tuple[date, date], ...]

    def shown_until(self, day: date) -> date | None:
        """The day after the last of the stretch in which it is public on `day`; None where it is not."""
        return next((stop for start, stop in self.shown if start <= day < stop), None)


_ENCODE: Final = msgspec.json.Encoder().encode
decode_outcomes: Final = msgspec.json.Decoder(tuple[CountedOutcome, ...]).decode


def _rows(course: LevelHistory, case: Case) -> Mapping[str, Sequence[tuple[Any, ...]]]:
    """In log order, without those that were repudiated or voided; no row where none is left."""
    record = course.record
    gone, closing = record.repudiated, DisclosureWindows(record, case)
    counted = []
    for index, outcome in sorted(OUTCOMES.of(record).by_entry.items()):
        stands = outcome.newest(gone)
        void = isinstance(stands, OutcomeCorrection) and stands.void
        if void or index in gone or index in record.erased:
            continue
        on = outcome.effective_on
        shown = _joined(closing.stretches(index, on))
        corrected = stands is not outcome
        counted.append(CountedOutcome(index, on, outcome.closed, stands.outcome, stands.reply, corrected, tuple(shown)))
    return {"outcomes": [(record.subject, _ENCODE(counted))]} if counted else {}


def _joined(stretches: Sequence[tuple[date, date]]) -> Iterable[tuple[date, date]]:
    if len(stretches) == 1:  # as nearly always
        return stretches
    joined: list[tuple[date, date]] = []
    for start, stop in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], stop)
        elif start < stop:
            joined.append((start, stop))
    return joined


def _no_pieces(course: LevelHistory, case: Case) -> Sequence[DatedValue]:
    """Declarations are what an enterprise says of itself."""
    return ()


OUTCOMES_PART: Final = Section(
    noun=OUTCOMES.key,
    section="outcomes",
    pieces=_no_pieces,
    tables={"outcomes": ("text", "bytea")},
    rows=_rows,
)
