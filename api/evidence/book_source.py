"""The source that is the database of a book. It signs nothing: the log's keys are with the service.

Whoever reads a database sees all of it; what is handed out by this way is still what the party of the key may see, and
each look is logged, as by the service. The keys of attachments are not in the database.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import TracebackType
from typing import Any, Final, Self

from api.cosigning.cosigned_checkpoints import Published
from api.evidence.evidence_source import Asking, KeptAttachment, StandingOf
from api.service.body_disclosure import Publicity
from api.service.signed_requests import Reader
from ledger.cose.receipt import attach
from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.state.access_log import Access
from ledger.domain.state.governance import Governance
from ledger.domain.values.dates import shanghai_date
from ledger.errors import NotFound
from ledger.limits import ACCESSES_PAGE_MAX, STREAM_PAGE_MAX
from ledger.reading.feed import Feed, to_recorded
from ledger.reading.log_reader import Log
from ledger.store.connect import Database
from ledger.store.contract import EntryRow
from ledger.store.postgres import PostgresStore
from ledger.tlog.witness_policy import Policy
from ledger.verifier import TrustFile
from ledger.verifier.formats.manifest import Why
from projections.db.reads import Reading
from projections.standing.policy_timeline import Rules
from projections.standing.render import with_in_book
from projections.standing.standing_view import StandingView

__all__ = ["BookSource"]

_RANDOM_BYTES: Final = 16


class BookSource:
    """A migrated book, read as the service's role; use it as a context manager. `policy`: whose cosignatures count."""

    def __init__(
        self, conninfo: str, *, policy: Policy | None = None, clock: Callable[[], int] = lambda: int(time.time())
    ) -> None:
        self._store = PostgresStore.open(conninfo)
        self._reading = Database(conninfo, connections_max=1)
        self._clock = clock
        self._log = Log(self._store)
        self._feed = Feed(self._store)
        rules = Rules.none().after(self._feed.governing())
        self._governance: Governance = rules.governance
        self._published = Published(self._store, self._log, policy)
        self._publicity = Publicity(self._feed, lambda: rules, self._today)
        self._standings = StandingView(Reading(self._reading), self._feed, lambda: rules)
        self._asking: Asking | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._reading.close()
        self._store.close()

    def ask_as(self, asking: Asking) -> None:
        """From now on, ask for what is not public, too. Raises `Refused` for a key that is not valid today."""
        usable_key(self._governance, asking.signer.kid, asking.party, self._today())
        self._asking = asking

    def party_of(self, kid: bytes) -> str:
        """Whose a key is, by its thumbprint. Raises `NotFound`."""
        key = self._governance.keys.get(kid)
        if key is None:
            raise NotFound(f"no key {kid.hex()} was ever enrolled")
        return key.party

    def trust(self) -> bytes:
        """From the charter, which names the log's keys; witness policy and certificate key are with the service."""
        anchors, charter = self._governance.anchors, self._store.checkpoint_covering(0)
        if anchors is None or charter is None:
            raise NotFound("the log is empty")
        return TrustFile.of_log(anchors, self._governance.successions, charter.root).format()

    def checkpoints(self) -> tuple[bytes, bytes | None]:
        newest = self._published.newest().note
        try:
            return newest, self._published.witnessed().note
        except NotFound:
            return newest, None

    def stream(self, subject: str) -> list[int]:
        found: list[int] = []
        after = -1
        while page := self._store.stream_indices(subject, after_index=after, limit=STREAM_PAGE_MAX):
            found += page
            after = page[-1]
        return found

    def statements(self, indices: Sequence[int]) -> list[bytes]:
        statements, receipts = self._store.statements(indices), self._log.receipts(indices)
        return [attach(statements[index], [receipts[index][0]]) for index in indices]

    def inclusions(self, indices: Sequence[int], size: int) -> Mapping[int, Sequence[bytes]]:
        return self._log.inclusions(indices, size)

    def bodies(self, indices: Sequence[int]) -> Mapping[int, bytes | Why]:
        rows = list(self._store.entries_at(indices).values())
        shown, stubs = self._publicity.shows_each(rows), self._publicity.stubs(rows)
        return {
            row.index: row.body if public and row.body is not None else self._closed(row, stub or {})
            for row, public, stub in zip(rows, shown, stubs, strict=True)
        }

    def _closed(self, row: EntryRow, stub: Mapping[str, Any]) -> bytes | Why:
        """A body that is not public, for whoever may read it, or why it is left out."""
        if stub.get("erased"):
            return "erased"
        if self._asking is not None:
            reader = self._reader(self._asking, f"/entries/{row.index}/body")
            if not reader.may_read(row.subject, to_recorded(row).issuer):
                return "not_for_this_party"
            self._look(reader, row.subject, row.index)
            return row.body or "erased"
        return "closed" if "since" in stub else "not_public"

    def attachment(self, index: int, id_: str) -> KeptAttachment | Why:
        return "no_key" if self._asking is None else "not_served"

    def annex(self, sha256: str) -> bytes:
        found = self._store.annexes.get(bytes.fromhex(sha256))
        if found is None:
            raise NotFound(f"no annex {sha256}")
        return found[0]

    def accesses(self, subject: str) -> Sequence[Access] | Why:
        if self._asking is None:
            return "no_key"
        reader = self._reader(self._asking, f"/v1/accesses?subject={subject}")
        if not reader.may_read(subject):
            return "not_for_this_party"
        self._look(reader, subject)
        found: list[Access] = []
        while True:
            after = found[-1].number if found else 0
            page = self._store.accesses.about(subject, after=after, limit=ACCESSES_PAGE_MAX)
            found += page
            if len(page) < ACCESSES_PAGE_MAX:
                return [row for row in found if row.cti != reader.cti.hex()]

    def standing(self, subject: str, as_of: date, tree_size: int) -> StandingOf:
        served = self._standings.replay(subject, as_of, tree_size=tree_size, pinned=True, today=self._today())
        return StandingOf(with_in_book(served.body, served.in_book), None, served.in_book)

    def completeness(self, subject: str) -> bytes | None:
        return None  # made by the service, which keeps the map

    def _today(self) -> date:
        return shanghai_date(self._clock())

    def _reader(self, asking: Asking, resource: str) -> Reader:
        kid = asking.signer.kid
        officer, roles = self._governance.officer(kid) or "", self._governance.roles(asking.party)
        cti = secrets.token_bytes(_RANDOM_BYTES)
        return Reader(asking.party, officer, roles, kid, cti, asking.purpose, resource, None)

    def _look(self, reader: Reader, subject: str, entry: int | None = None) -> None:
        """Write the look down, before it is taken."""
        self._store.accesses.log(reader.access(self._clock(), "served", subject, entry))
