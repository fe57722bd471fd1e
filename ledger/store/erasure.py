"""Erasures carried through: from the entry in the log to the journal, the keys and the ciphertexts.

The body behind a `BodyErased`, and an annex that is taken down, is destroyed in the transaction that writes the entry.
What lies outside of the database follows here, in this order, and the same path is run at every start, so that a crash
anywhere is made good:

1. the journal names what is gone. A crash before: the entry is in the log, the next settling finds it there.
2. the keys of attachments are destroyed. A crash before: the journal names them, the next settling destroys them.
3. the ciphertexts are dropped. A crash before: nobody can read them any more, the next settling drops them.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from ledger.cose.statement import parse_statement
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.base import Closed
from ledger.domain.events.repudiation import BodyErased
from ledger.errors import LedgerError
from ledger.store.contract import EntryRow, Store
from ledger.store.erasure_journal import Erased, journal_of
from ledger.store.key_folder import KeyFolder
from ledger.store.statement_mapper import to_recorded

__all__ = ["Erasures"]

_LOG: Final = logging.getLogger(__name__)
_WAIT_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.2  # while statements come in, one look for all that came meanwhile


class Erasures:
    """Settles erasures at start (`settle`), then whenever the log has grown (`start`, `stop`)."""

    def __init__(self, store: Store, keys: KeyFolder) -> None:
        self._store = store
        self._keys = keys
        self._journal = journal_of(keys.folder)
        self._settled = -1  # the index of the last erasure that was carried through
        self._began = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="erasures", daemon=True)

    def settle(self) -> int:
        """Carry through what the log and the journal say was erased; how many entries of the log were looked at.

        Raises `Unavailable`, `Misconfigured`, `OSError`: then nothing is forgotten, and the same may be tried again.
        """
        known = self._journal.read()
        rows = self._store.erasures(self._settled)
        if not rows and self._began:
            return 0
        asked = {erased for row in rows for erased in self._asked(row)}
        self._journal.add(asked - known)
        self._destroy(asked if self._began else asked | known)
        self._began = True
        if rows:
            self._settled = rows[-1].index
        return len(rows)

    def _destroy(self, erased: set[Erased]) -> None:
        attachments = sorted(one.name for one in erased if one.kind == "attachment")
        for id_ in attachments:
            self._keys.destroy(id_)
        if attachments:
            self._store.attachments.erase([bytes.fromhex(id_) for id_ in attachments])
        annexes = [bytes.fromhex(one.name) for one in sorted(erased) if one.kind == "annex"]
        if annexes:
            count = self._store.annexes.take_down(annexes)
            if count:
                _LOG.warning("%d annexes that were taken down had come back and are taken down again", count)
        bodies = [bytes.fromhex(one.name) for one in sorted(erased) if one.kind == "body"]
        if bodies:
            count = self._store.erase_commitments(bodies)
            if count:
                _LOG.warning("%d bodies that were erased had come back (from a backup?) and are erased again", count)

    def _asked(self, row: EntryRow) -> list[Erased]:
        """What an entry destroys: a body and all that is attached to its entry, one attachment, or one annex."""
        event = to_recorded(row).event
        if isinstance(event, AttachmentErased):
            return [Erased("attachment", event.attachment)]
        if isinstance(event, AnnexTakenDown):
            return [Erased("annex", event.annex)]
        assert isinstance(event, BodyErased)  # the store gives no others
        found = [Erased("body", commitment.hex()) for commitment in self._commitment(event.entry)]
        for added in self._store.attachments_added(row.subject):
            attached = to_recorded(added).event
            if isinstance(attached, AttachmentAdded) and attached.entry == event.entry:
                found.append(Erased("attachment", attached.attachment))
        return found

    def _commitment(self, index: int) -> list[bytes]:
        """Of the body behind an entry: of a sealed statement, or of the text that an open one names."""
        (row,) = self._store.entries(index, 1)
        sealed = parse_statement(row.statement).commitment
        if sealed is not None:
            return [sealed]
        event = to_recorded(row).event
        digest = None if isinstance(event, Closed) else event.named_text
        return [] if digest is None else [bytes.fromhex(digest)]

    def start(self) -> None:
        """Follow the log from now on, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following; what was not carried through is found at the next start."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        size = 0
        while not self._ending.is_set():
            try:
                grown = self._store.wait_for(size + 1, _WAIT_SECONDS)
                if grown > size:
                    self.settle()
                    size = grown
                self._ending.wait(_PAUSE_SECONDS)
            except (LedgerError, OSError) as error:
                _LOG.error("an erasure was not carried through yet: %s", error)
                self._ending.wait(_WAIT_SECONDS)
