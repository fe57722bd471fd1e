"""Folding long streams beside the sequencer, so that a subject with 100,000 events does not make the others wait.

A cold stream is one whose record is not in memory and that is longer than `COLD_EVENTS_MAX`. Its submissions are
set aside while a thread folds it; everybody else's go on. What was appended to the stream meanwhile is taken in
when the record is adopted.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from ledger.domain.state.fold import fold
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import LedgerError
from ledger.store.contract import Store
from ledger.store.statement_mapper import to_recorded

__all__ = ["Warming"]

_LOG = logging.getLogger(__name__)

Warmed = tuple[str, EnterpriseRecord | None, int, LedgerError | None]  # subject, record, version, what went wrong


class Warming:
    """One thread, started when it is first needed. `ready` is called from it after each subject, with the result."""

    def __init__(self, store: Store, ready: Callable[[Warmed], None]) -> None:
        self._store = store
        self._ready = ready
        self._subjects: deque[str] = deque()
        self._wakeup = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def begin(self, subject: str) -> None:
        """Fold this subject's stream; the caller does not ask twice before it was answered."""
        with self._wakeup:
            self._subjects.append(subject)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="warming", daemon=True)
                self._thread.start()
            self._wakeup.notify()

    def stop(self) -> None:
        """Finish the stream under way and what is asked for, then end."""
        with self._wakeup:
            self._stopping = True
            self._wakeup.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wakeup:
                while not self._subjects and not self._stopping:
                    self._wakeup.wait()
                if not self._subjects:
                    return
                subject = self._subjects.popleft()
            try:
                rows = self._store.stream(subject)
                record = fold(None, (to_recorded(row) for row in rows))
                warmed: Warmed = (subject, record, len(rows), None)
            except LedgerError as error:
                _LOG.warning("the stream of %s could not be read: %s", subject, error)
                warmed = (subject, None, 0, error)
            self._ready(warmed)
