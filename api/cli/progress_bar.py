"""The bar that long commands draw, on standard error. Apart, so that others start without what draws it."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["progress_bar"]


def progress_bar(*, transient: bool = False) -> Progress:
    """Description, bar, how many of how many, time left; a `transient` one is wiped out at its end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=transient)
