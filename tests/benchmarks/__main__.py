"""`make bench`: run the benchmarks, all or by name, and write `docs/benchmarks.md` where all of them ran in full."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """The exit status: 0 where every promise is kept."""
    from tests.benchmarks import suite  # noqa: PLC0415  (a spawned worker imports this module again, not all that)

    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(suite.ALL)}; default: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work; nothing is written")
    parser.add_argument("--folder", type=Path, help="where books lie while they are measured: on a disk")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in suite.ALL]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]}")
    return suite.run(given.names, quick=given.quick, folder=given.folder)


if __name__ == "__main__":
    sys.exit(main())
