"""The course of an enterprise's levels as a drawing: where bands, marks of the axis and words go. Pure.

Coordinates are those of an SVG `WIDTH` wide; colours and fonts are the style sheet's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.domain.values.dates import add_months
from projections.standing.change_reasons import LevelChange
from projections.standing.levels import WORDS, Level

__all__ = ["WIDTH", "Band", "LevelTimeline", "Tick", "timeline"]

WIDTH: Final = 760
_MONTHS: Final = 24
_TICKS: Final = 4
_LABEL_MIN: Final = 66  # below this a band is too narrow for its word


@dataclass(frozen=True, slots=True)
class Band:
    """A level from one day to another; `labelled` where its word fits in."""

    level: Level
    from_on: date
    x: int
    width: int

    @property
    def labelled(self) -> bool:
        return self.width >= _LABEL_MIN


@dataclass(frozen=True, slots=True)
class Tick:
    x: int
    month: str
    end: bool


@dataclass(frozen=True, slots=True)
class LevelTimeline:
    bands: Sequence[Band]
    ticks: Sequence[Tick]
    said_zh: str
    said_en: str


def timeline(changes: Sequence[LevelChange], today: date) -> LevelTimeline | None:
    """The last 24 months, or None where the level never changed."""
    if not changes:
        return None
    begin = add_months(today.replace(day=1), -_MONTHS)
    days = max(1, (today - begin).days)

    def at(day: date) -> int:
        return round(WIDTH * min(max((day - begin).days, 0), days) / days)

    bands: list[Band] = []
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        left, right = at(change.changed_on), WIDTH if following is None else at(following.changed_on)
        if following is None:
            left = min(left, WIDTH - 8)  # what began today is seen, too
        if right > left:
            bands.append(Band(change.after, change.changed_on, left, max(2, right - left - 2)))
    ticks = [
        Tick(min(at(month), WIDTH), f"{month:%Y-%m}", end=n == _TICKS)
        for n in range(_TICKS + 1)
        for month in [add_months(begin, n * _MONTHS // _TICKS)]
    ]
    said = [(f"{band.from_on}", WORDS[band.level]) for band in bands]
    return LevelTimeline(
        bands,
        ticks,
        "；".join(f"{on} 起{words.zh}" for on, words in said),
        "; ".join(f"{words.en} from {on}" for on, words in said),
    )
