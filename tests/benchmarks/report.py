"""`docs/benchmarks.md`: what one full run measured, as ratios."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.comparing import Ratio

__all__ = ["REPORT", "line", "render"]

REPORT: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_HEAD: Final = """\
# Benchmarks

Written by `make bench`; do not edit. Machines differ, and one machine from minute to minute: only ratios to a floor
that was measured in the same run count. Floor and ours take turns; the ratio is that of their medians, the range that
of the single rounds. The service is one process (and what it starts itself), the floor one process on the same server
software; the same load generator in a process of its own; PostgreSQL runs in both cases and writes to disk
(`fsync`, `synchronous_commit`). Payloads are about 1 kB. A wrong answer, a missing entry or a receipt that does not
verify fails the run.

| ours | floor | ours | floor | ratio | rounds | promised |
|---|---|---:|---:|---:|---:|---|
"""


def line(ratio: Ratio) -> str:
    """One ratio for people to read in a terminal."""
    return (
        f"{ratio.title}: {_number(ratio.ours)} against {_number(ratio.floor)} {ratio.unit}: {ratio.ratio:.2f} "
        f"({_range(ratio)}; {_promise(ratio)}){'' if ratio.holds else ' NOT KEPT'} {ratio.note}".rstrip()
    )


def render(ratios: Sequence[Ratio], day: date) -> str:
    """The whole report."""
    rows = [
        f"| {one.title} | {one.floor_title} | {_number(one.ours)} {one.unit} | {_number(one.floor)} {one.unit} "
        f"| **{one.ratio:.2f}** | {_range(one)} | {_promise(one)}{'' if one.holds else ', **not kept**'} |\n"
        for one in ratios
    ]
    notes = [f"- {one.title}: {one.note}.\n" for one in ratios if one.note]
    memory = psutil.virtual_memory().total / 2**30
    where = (
        f"\nMeasured on {day}: {psutil.cpu_count()} processors ({platform.machine()}), {memory:.0f} GiB, "
        f"{platform.system()}, {platform.python_implementation()} {platform.python_version()}; "
        f"{max(len(one.rounds) for one in ratios)} rounds at most.\n"
    )
    return _HEAD + "".join(rows) + ("\n" + "".join(notes) if notes else "") + where


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _range(ratio: Ratio) -> str:
    return f"{min(ratio.rounds):.2f} to {max(ratio.rounds):.2f}"


def _promise(ratio: Ratio) -> str:
    return f"{ratio.bound} {ratio.target:g}"
