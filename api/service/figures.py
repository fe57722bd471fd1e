"""Counts over all current standings, each with what it is counted among: from the very lines of the open data.

Nothing is counted that the dump does not hold (`projections/standing/standing_dump.py`), so that whoever has it counts
the same; `api/pages/figures_page.py` shows with which queries.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Final

import msgspec
from msgspec import Struct

from api.service.service import Service
from ledger.errors import Busy
from ledger.limits import FIGURES_WAIT_SECONDS_MAX, FIGURES_WORK_PER_MILLE_MAX
from projections.standing.standing_dump import StandingDump

__all__ = ["BookFigures", "Count", "CountedBook"]


@dataclass(frozen=True, slots=True)
class Count:
    """So many `cases` among `among`."""

    cases: int
    among: int


@dataclass(frozen=True, slots=True)
class CountedBook:
    """The counts of a day at a size of the log, by the name of the figure and of its row."""

    as_of: date
    tree_size: int
    counts: Mapping[tuple[str, str], Count]


class _Needs(Struct, frozen=True):
    live_public_pledge: bool
    period_kept_in_full: bool
    replies_in_time: bool | None


class _Counting(Struct, frozen=True):
    item: str


class _Line(Struct, frozen=True):
    """What is counted of a line; the first and the last of the dump have no subject."""

    subject: str | None = None
    level: str = ""
    reasons: tuple[_Counting, ...] = ()
    good_needs: _Needs = _Needs(False, False, None)
    closed_entries: int = 0
    repaired_entries: int = 0


_LINE: Final = msgspec.json.Decoder(_Line).decode


class BookFigures:
    """Thread-safe. Counted when asked for, and again no sooner than its own cost allows."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = Lock()
        self._counted: CountedBook | None = None
        self._again_at = 0.0

    def counted(self) -> CountedBook:
        """The newest counts. Blocks on the database. Raises `Busy` where others have been counting for long,
        `Behind`, `Unavailable`.
        """
        if not self._lock.acquire(timeout=FIGURES_WAIT_SECONDS_MAX):
            raise Busy("the count of all standings", int(FIGURES_WAIT_SECONDS_MAX))
        try:
            kept = self._counted
            if kept is not None and self._holds(kept):
                return kept
            self._service.require_current()
            began = time.monotonic()
            self._counted = counted = self._count()
            ended = time.monotonic()
            self._again_at = ended + (ended - began) * 1000 / FIGURES_WORK_PER_MILLE_MAX
            return counted
        finally:
            self._lock.release()

    def _holds(self, kept: CountedBook) -> bool:
        """Whether it is of today, and the book has not grown since, or another count would come too soon."""
        unchanged = kept.tree_size == self._service.progress.size
        return kept.as_of == self._service.today() and (unchanged or time.monotonic() < self._again_at)

    def _count(self) -> CountedBook:
        service, today = self._service, self._service.today()
        found: Counter[str] = Counter()
        kinds: Counter[str] = Counter()  # of the reasons, by item
        with StandingDump(service.conninfo, service.views.standings, service.progress.rules(), today) as dump:
            for piece in dump.lines():
                for line in piece.splitlines():
                    one = _LINE(line)
                    if one.subject is not None:
                        found.update(_counted_in(one))
                        kinds.update([reason.item for reason in one.reasons])
                        found["closed"] += one.closed_entries
                        found["repaired"] += one.repaired_entries
            size = dump.tree_size
        every = found["every"]
        counts = {("levels", key.removeprefix("level ")): Count(n, every) for key, n in found.items() if " " in key}
        counts["pledges", "live"] = Count(found["live"], every)
        counts["kept", "kept"] = Count(found["kept"], found["live"])
        counts["replies", "in_time"] = Count(found["in_time"], found["replied"])
        counts["findings", "counting"] = Count(found["counting"], every)
        counts |= {("kinds", item): Count(n, kinds.total()) for item, n in kinds.items()}
        counts["repairs", "repaired"] = Count(found["repaired"], found["closed"])
        return CountedBook(today, size, counts)


def _counted_in(one: _Line) -> list[str]:
    """Where an enterprise is counted."""
    needs = one.good_needs
    places = ["every", f"level {one.level}"]
    if needs.live_public_pledge:
        places += ["live", "kept"] if needs.period_kept_in_full else ["live"]
    if needs.replies_in_time is not None:
        places += ["replied", "in_time"] if needs.replies_in_time else ["replied"]
    if one.reasons:
        places.append("counting")
    return places
