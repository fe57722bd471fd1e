"""What is known of an enterprise's course: its record, the levels that time will bring, and how its level changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from immutables import Map
from msgspec import Struct

from ledger.domain.events.base import Event
from ledger.domain.state.record import EnterpriseRecord
from projections.standing.evaluate import Case
from projections.standing.levels import Level

__all__ = ["Change", "Ease", "HistoryStep", "LevelHistory", "by_time"]


class Change(NamedTuple):
    """On `changed_on` the level of `subject` became `after`.

    `position` is the entry that made the change or, where time alone made it, the last one that counted.
    """

    changed_on: date
    position: int
    subject: str
    before: Level
    after: Level


class Ease(NamedTuple):
    """Whether anything was on record or pledged, whether a period was kept in full, and at most how many points."""

    known: bool
    kept: bool
    points: int


class LevelHistory(Struct, frozen=True):
    """`began_on`: the day on which the last entry that counted was recorded; `decided_by`: that entry (-1: none).
    `seen`: the newest entry taken in, of the stream or a policy's approval.

    `levels`: the level on that day (or an earlier one), then every later day on which time alone changes it;
    `ease`: what tells at little cost that an outcome cannot change them. `texts`: the events that
    hold the words that are shown, by leaf index. `told_on`: when an event that shows was last recorded.
    """

    record: EnterpriseRecord
    began_on: date
    decided_by: int
    seen: int
    levels: Sequence[tuple[date, Level]]
    ease: Ease
    texts: Map[int, Event]
    told_on: date

    def level_on(self, day: date) -> Level:
        """The level on a day not before `began_on`."""
        level = self.levels[0][1]
        for on, changed in self.levels:
            if on > day:
                break
            level = changed
        return level


class HistoryStep(NamedTuple):
    """A course after some events. `changes` replace all that were foreseen for days after `since` (None: for none).

    `case`: the record's facts under all policies, where following had to read them; `portray` can use it.
    """

    course: LevelHistory
    since: date | None
    changes: list[Change]
    case: Case | None


def by_time(course: LevelHistory, after: date, until: date) -> Iterator[Change]:
    """What time alone does after the one day and until the other, as far as is known."""
    for (_, before), (day, level) in pairwise(course.levels):
        if after < day <= until:
            yield Change(day, course.decided_by, course.record.subject, before, level)
