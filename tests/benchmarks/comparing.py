"""Ratios: floor and ours take turns, the medians are compared, and every round's own ratio tells the noise."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

__all__ = ["Ratio", "compare"]


@dataclass(frozen=True)
class Ratio:
    """Ours over the floor. `bound` says on which side of `target` it must lie."""

    title: str
    floor_title: str
    unit: str
    ours: float
    floor: float
    rounds: tuple[float, ...]
    bound: Literal["at least", "at most"]
    target: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return self.ours / self.floor

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.ratio >= self.target if self.bound == "at least" else self.ratio <= self.target


def compare(
    title: str,
    floor_title: str,
    unit: str,
    *,
    floor: Callable[[int], float],
    ours: Callable[[int], float],
    rounds: int,
    bound: Literal["at least", "at most"],
    target: float,
    note: Callable[[], str] = lambda: "",
) -> Ratio:
    """Call floor, ours, floor, ours, … with the number of the round; both return a quantity of `unit`.

    One round more goes before those that count: caches, plans and pages are warm on both sides, or on neither.
    """
    measured: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        least, own = floor(number), ours(number)
        sys.stderr.write(f"  {title}: {own:,.4g} / {least:,.4g} {unit} = {own / least:.3f}\n")
        if number:
            measured.append((least, own))
    return Ratio(
        title=title,
        floor_title=floor_title,
        unit=unit,
        ours=median(own for _, own in measured),
        floor=median(least for least, _ in measured),
        rounds=tuple(own / least for least, own in measured),
        bound=bound,
        target=target,
        note=note(),
    )
