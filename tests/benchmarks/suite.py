"""All benchmarks by name, run one after the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks import growing, posting, reading, rebuilding
from tests.benchmarks.books import Bench
from tests.benchmarks.comparing import Ratio

__all__ = ["ALL", "run"]

ALL: Final[Mapping[str, Callable[[Bench], Iterator[Ratio]]]] = {
    "entries": posting.entries,
    "library": posting.library,
    "batches": posting.batches,
    "standings": reading.standings,
    "rebuild": rebuilding.rebuilding,
    "stream": growing.stream_length,
    "book": growing.book_length,
}


def run(names: Sequence[str], *, quick: bool, folder: Path | None) -> int:
    """Run them and say what came out; 0 where every promise is kept."""
    ratios: list[Ratio] = []
    with Bench.open(folder, quick=quick) as bench:
        for name in names or ALL:
            began = time.monotonic()
            for ratio in ALL[name](bench):
                ratios.append(ratio)
                sys.stdout.write(
                    f"{name}: {ratio.title}: {ratio.ours:,.4g} vs {ratio.floor:,.4g} {ratio.unit}: {ratio.ratio:.2f} "
                    f"(rounds {min(ratio.rounds):.2f} to {max(ratio.rounds):.2f}; {ratio.bound} {ratio.target}) "
                    f"{ratio.note}\n"
                )
                sys.stdout.flush()
            sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    return 0 if all(ratio.holds for ratio in ratios) else 1
