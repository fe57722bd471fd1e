"""Coverage-guided fuzzing of one parser: `python -m tests.fuzz.atheris_run NAME --seconds N`.

Needs `pip install atheris` (wheels on PyPI for CPython 3.11 on Linux), which is no dependency of the project. Starts
from the valid examples; stops at the first thing that is not a `LedgerError`, and leaves the input beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ledger", "api", "projections"]):
    from ledger.errors import LedgerError
    from tests.fuzz.parsers import PARSERS


def main() -> None:
    """Fuzz until the time is over (exit code 0) or something is found (libFuzzer's 77)."""
    parsers = {parser.name: parser for parser in PARSERS}
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("name", choices=parsers)
    options.add_argument("--seconds", type=int, default=60)
    chosen = options.parse_args()
    parser = parsers[chosen.name]

    def one_input(data: bytes) -> None:
        with suppress(LedgerError):
            parser.parse(data)

    with tempfile.TemporaryDirectory() as corpus:
        for number, example in enumerate(parser.examples):
            (Path(corpus) / f"{number}").write_bytes(example)
        limits = [f"-max_total_time={chosen.seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=70000"]
        atheris.Setup([sys.argv[0], *limits, corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
