"""Enterprises with many complaint outcomes, a few in each commit."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final

from tests.support.charter import HANDLING_BODY
from tests.support.live_book import LiveBook
from tests.support.statements import outcome, registered

__all__ = ["PER_COMMIT", "complain"]

PER_COMMIT: Final = 4


def complain(book: LiveBook, counts: Mapping[str, int]) -> None:
    """Register these enterprises, each with so many outcomes: a multiple of `PER_COMMIT`."""
    cases = itertools.count()
    for subject, count in counts.items():
        book.say(registered(), subject)
        for _ in range(0, count, PER_COMMIT):
            book.clock.advance(seconds=7)
            said = [outcome(next(cases)) for _ in range(PER_COMMIT)]
            book.together(*(book.candidate(one, subject, HANDLING_BODY) for one in said))
