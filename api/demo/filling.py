"""How a demonstration comes to its sample campaign: in a thread beside the service, over the service's own HTTP.

It begins once the port is bound, is patient with a service that has no time or is not reached, and gives up at once
when the service is told to stop: the next start goes on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final, Protocol

from ledger.errors import Busy, LedgerError, Unavailable

__all__ = ["Fill", "Filling"]

_LOG = logging.getLogger(__name__)

_AGAIN_SECONDS: Final = 2.0
_JOIN_SECONDS_MAX: Final = 2.0


class Fill(Protocol):
    """Fill the service at an address; whether it was filled before."""

    @property
    def done(self) -> bool: ...

    def __call__(self, url: str, *, sleep: Callable[[float], None], progress: Callable[[int, int], None]) -> None:
        """`sleep` raises `Unavailable` when there is to be no more waiting; `progress`: rows done, rows.

        Carried out again, it goes on from where it was. Raises a `LedgerError`.
        """


class Filling:
    """Carries a `Fill` out, and says how far it is."""

    def __init__(self, fill: Fill) -> None:
        self._fill = fill
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.done = fill.done
        self.said = "the sample campaign has not begun to go in"

    def start(self, url: str) -> None:
        """Fill the service that listens at `url`, unless that was finished before."""
        if not self.done:
            self._thread = threading.Thread(target=self._run, args=(url,), name="filling", daemon=True)
            self._thread.start()

    def tell_to_stop(self) -> None:
        """Nothing more is sent or waited for."""
        self._stopping.set()

    def stop(self) -> None:
        """Wait for a request under way, as long as a service that is going may still answer it."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS_MAX)

    def _run(self, url: str) -> None:
        while not self._stopping.is_set():
            try:
                self._fill(url, sleep=self._sleep, progress=self._progress)
                self.done = True
                _LOG.info("ready: the sample campaign is in, at %s", url)
                return
            except (Busy, Unavailable) as error:
                if not self._stopping.is_set():
                    self.said = f"the sample campaign goes on in a moment: {error}"
                    _LOG.warning("%s", self.said)
                    self._stopping.wait(_AGAIN_SECONDS)
            except LedgerError as error:
                self.said = f"the sample campaign was not finished: {error}; start again to go on"
                _LOG.error("%s", self.said)
                return
        _LOG.info("stopped while the sample campaign went in; the next start goes on")

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Unavailable("the service is being stopped")

    def _progress(self, done: int, total: int) -> None:
        self.said = f"the sample campaign goes in: {done} of {total} enterprises"
        if self._stopping.is_set():
            raise Unavailable("the service is being stopped")
        if done == total or done % 500 == 0:
            _LOG.info("sample campaign: %d of %d enterprises", done, total)
