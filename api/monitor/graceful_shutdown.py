"""Being told to stop (SIGTERM, SIGINT): at once where that harms nothing, else as soon as it does not."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["GracefulShutdown"]


class GracefulShutdown:
    """Used from the main thread."""

    def __init__(self) -> None:
        self._asked = False
        self._depth = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While in here, being told to stop ends the process with exit code 0."""
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number in before:
            signal.signal(number, lambda *_: self._ask())
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def not_now(self) -> Iterator[None]:
        """What is in here is carried through to its end: a delivery and the state that says so."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if self._asked and self._depth == 0:
            sys.exit(0)

    def _ask(self) -> None:
        self._asked = True
        if self._depth == 0:
            sys.exit(0)
