"""All benchmarks by name, run one after the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from api.service.service import unix_now
from ledger.domain.values.dates import shanghai_date
from tests.benchmarks import (
    attacking,
    auditing,
    certifying,
    dating,
    drawing,
    engines,
    event_indexing,
    growing,
    log_files,
    mapping,
    mirroring,
    newcomers,
    population,
    posting,
    reading,
    rebuilding,
    restarting,
    rushing,
    scanning,
    searching,
    sellers,
    viewing,
    ways,
)
from tests.benchmarks.books import Bench
from tests.benchmarks.comparing import Ratio
from tests.benchmarks.report import REPORT, line, render

__all__ = ["ALL", "run"]

ALL: Final[Mapping[str, Callable[[Bench], Iterator[Ratio]]]] = {
    "entries": posting.entries,
    "library": posting.library,
    "batches": posting.batches,
    "standings": reading.standings,
    "files": log_files.files,
    "mirror": mirroring.mirroring,
    "pages": viewing.pages,
    "drawing": drawing.drawing,
    "marks": scanning.marks,
    "rush": rushing.rush,
    "certificates": certifying.certificates,
    "rebuild": rebuilding.rebuilding,
    "index": event_indexing.event_indexing,
    "comparison": population.comparison,
    "audit": auditing.auditing,
    "dates": dating.dates,
    "map": mapping.mapping,
    "search": searching.searching,
    "stream": growing.stream_length,
    "sellers": sellers.sellers,
    "book": growing.book_length,
    "engine": engines.engines,
    "restart": restarting.restarting,
    "newcomers": newcomers.newcomers,
    "ways": ways.ways,
    "attack": attacking.attack,
}


def run(names: Sequence[str], *, quick: bool, folder: Path | None) -> int:
    """Run them and say what came out; 0 where every promise is kept. All of them in full: the report is written."""
    ratios: list[Ratio] = []
    with Bench.open(folder, quick=quick) as bench:
        for name in names or ALL:
            began = time.monotonic()
            for ratio in ALL[name](bench):
                ratios.append(ratio)
                sys.stdout.write(f"{name}: {line(ratio)}\n")
                sys.stdout.flush()
            sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    if not names and not quick:
        REPORT.write_text(render(ratios, shanghai_date(unix_now())))
    return 0 if all(ratio.holds for ratio in ratios) else 1
