"""Counts over all current standings and all public outcomes of complaints, each with what it is counted among: from the
very lines of the open data.

Nothing is counted that the dumps do not hold (`standing_dump.py`, `outcome_dump.py` of the projections), so that
whoever has them counts the same; `api/pages/figures_page.py` shows with which queries.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Final

import msgspec
from msgspec import Struct

from api.service.service import Service
from ledger.errors import Busy
from ledger.limits import FIGURES_WAIT_SECONDS_MAX, FIGURES_WORK_PER_MILLE_MAX
from projections.db.read_snapshot import ReadSnapshot
from projections.declarations.outcome_dump import OutcomeDump
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


class _OutcomeLine(Struct, frozen=True):
    """As `_Line`: the first and the last have no outcome."""

    outcome: str | None = None


_LINE: Final = msgspec.json.Decoder(_Line).decode
_OUTCOME_LINE: Final = msgspec.json.Decoder(_OutcomeLine).decode


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
        outcomes: Counter[str] = Counter()  # of complaints, by how they ended
        with ReadSnapshot(service.conninfo) as snapshot:
            for line in _lines(StandingDump(snapshot, service.views.standings, service.progress.rules(), today)):
                one = _LINE(line)
                if one.subject is not None:
                    found.update(_counted_in(one))
                    kinds.update([reason.item for reason in one.reasons])
                    found["closed"] += one.closed_entries
                    found["repaired"] += one.repaired_entries
            for line in _lines(OutcomeDump(snapshot, today)):
                if (outcome := _OUTCOME_LINE(line).outcome) is not None:
                    outcomes[outcome] += 1
            size = snapshot.tree_size
        every = found["every"]
        counts = {("levels", key.removeprefix("level ")): Count(n, every) for key, n in found.items() if " " in key}
        counts["pledges", "live"] = Count(found["live"], every)
        counts["kept", "kept"] = Count(found["kept"], found["live"])
        counts["replies", "in_time"] = Count(found["in_time"], found["replied"])
        counts["findings", "counting"] = Count(found["counting"], every)
        counts |= {("kinds", item): Count(n, kinds.total()) for item, n in kinds.items()}
        counts |= {("outcomes", outcome): Count(n, outcomes.total()) for outcome, n in outcomes.items()}
        counts["repairs", "repaired"] = Count(found["repaired"], found["closed"])
        return CountedBook(today, size, counts)


def _lines(dump: StandingDump | OutcomeDump) -> Iterator[bytes]:
    return (line for piece in dump.lines() for line in piece.splitlines())


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
