"""The process that draws enterprises' pages before anybody asks: beside the one that serves, and after all others.

It rests longer than it works, draws nothing while statements come in by the dozen, and writes to one table alone. The
service does without it as well, only slower: it begins some time after the service, and nobody waits for it.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Final

from api.pages.page_drawer import PageBook, PageDrawer
from ledger.errors import LedgerError
from ledger.limits import (
    PAGES_AHEAD_AFTER_SECONDS,
    PAGES_AHEAD_BUSY_FACTOR,
    PAGES_AHEAD_ENTRIES_PER_SECOND_MAX,
    PAGES_AHEAD_PAUSE_SECONDS,
    PAGES_AHEAD_REST_FACTOR,
    STOP_PAGES_AHEAD_SECONDS_MAX,
)
from ledger.parallel.watched_process import WatchedProcess, begin_as_child

__all__ = ["DrawingProcess"]

_LOG = logging.getLogger(__name__)
_NICENESS: Final = 19
_AGAIN_SECONDS: Final = 5.0


class DrawingProcess(WatchedProcess):
    """Runs a `PageDrawer` on a database. What it is killed in the middle of is lost, and drawn when it is asked for."""

    def __init__(self, conninfo: str, *, demo: bool, after_seconds: float = PAGES_AHEAD_AFTER_SECONDS) -> None:
        super().__init__(
            "drawing",
            _main,
            (conninfo, logging.getLogger().getEffectiveLevel(), demo),
            stop_seconds_max=STOP_PAGES_AHEAD_SECONDS_MAX,
            after_seconds=after_seconds,
        )


def _main(conninfo: str, level: int, demo: bool) -> None:
    """The child: draw until told to stop, or until the parent is gone."""
    ended = begin_as_child(level, _NICENESS)
    while True:
        try:
            book = PageBook.open(conninfo, demo=demo)
            try:
                draw_until(ended, book)
                return
            finally:
                book.close()
        except LedgerError as error:
            _LOG.warning("pages are not drawn ahead: %s", error)
        if ended(_AGAIN_SECONDS):
            return


def draw_until(ended: Callable[[float], bool], book: PageBook) -> None:
    """Draw, rest, and look for what is new, until `ended`, which waits. Raises `Unavailable`."""
    drawer = PageDrawer(book)
    size, at = book.progress.size, time.monotonic()
    rest = 0.0
    while not ended(rest):
        before, size = size, book.progress.size
        since, at = at, time.monotonic()
        if size - before > PAGES_AHEAD_ENTRIES_PER_SECOND_MAX * max(at - since, PAGES_AHEAD_PAUSE_SECONDS):
            rest = PAGES_AHEAD_PAUSE_SECONDS
            continue
        worked = drawer.step()
        rest = _rest_factor() * (time.monotonic() - at) if worked else PAGES_AHEAD_PAUSE_SECONDS


def _rest_factor() -> float:
    """How often the time that drawing took it rests afterwards.

    The lowest priority yields a core, but not the caches that cores share: where others have much to do, it does less.
    """
    return max(PAGES_AHEAD_REST_FACTOR, PAGES_AHEAD_BUSY_FACTOR * os.getloadavg()[0] / (os.cpu_count() or 1))
