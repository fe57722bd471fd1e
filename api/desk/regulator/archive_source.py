"""The source of an evidence archive that is the running service itself, asked at a desk by somebody who is signed in.

Like a service over HTTP it signs the standings and adds the completeness bundle. A body that is not public goes in only
where the officer said why: then each is logged before it is read. The archive is not signed by an exporter: the
officer's key is in the browser, and signs nothing that it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from api.evidence.evidence_source import KeptAttachment, StandingOf
from api.service.own_trust import trust_file
from api.service.service import Service
from ledger.cose.receipt import attach
from ledger.cose.standing_token import sign_standing
from ledger.domain.state.access_log import Access
from ledger.errors import NotFound
from ledger.limits import ACCESSES_PAGE_MAX, STREAM_PAGE_MAX
from ledger.store.contract import EntryRow
from ledger.verifier.formats.bundle import BundleTooLarge
from ledger.verifier.formats.manifest import Why
from projections.standing.render import with_in_book

__all__ = ["DeskSource", "Look"]

#: Writes down a look at an entry's body (None: at the access log) about an enterprise; the row's number.
Look = Callable[[str, int | None], int]


class DeskSource:
    """The running service as the source of an evidence archive.

    An `EvidenceSource`. `look`: how a look at what is closed is logged, None: no look.
    """

    def __init__(self, service: Service, look: Look | None) -> None:
        self._service = service
        self._look = look
        self._own_looks: set[int] = set()

    def trust(self) -> bytes:
        return trust_file(self._service).format()

    def checkpoints(self) -> tuple[bytes, bytes | None]:
        published = self._service.witnessing.published
        newest = published.newest().note
        try:
            return newest, published.witnessed().note
        except NotFound:
            return newest, None

    def stream(self, subject: str) -> list[int]:
        found: list[int] = []
        after = -1
        while page := self._service.store.stream_indices(subject, after_index=after, limit=STREAM_PAGE_MAX):
            found += page
            after = page[-1]
        return found

    def statements(self, indices: Sequence[int]) -> list[bytes]:
        statements, receipts = self._service.store.statements(indices), self._service.log.receipts(indices)
        return [attach(statements[index], [receipts[index][0]]) for index in indices]

    def inclusions(self, indices: Sequence[int], size: int) -> Mapping[int, Sequence[bytes]]:
        return self._service.log.inclusions(indices, size)

    def bodies(self, indices: Sequence[int]) -> Mapping[int, bytes | Why]:
        rows = list(self._service.store.entries_at(indices).values())
        publicity = self._service.publicity
        return {
            row.index: row.body if public and row.body is not None else self._closed(row, stub or {})
            for row, public, stub in zip(rows, publicity.shows_each(rows), publicity.stubs(rows), strict=True)
        }

    def _closed(self, row: EntryRow, stub: Mapping[str, Any]) -> bytes | Why:
        if stub.get("erased"):
            return "erased"
        if self._look is None:
            return "closed" if "since" in stub else "not_public"
        self._own_looks.add(self._look(row.subject, row.index))
        return row.body or "erased"

    def attachment(self, index: int, id_: str) -> KeptAttachment | Why:
        return "no_key" if self._look is None else "not_served"

    def annex(self, sha256: str) -> bytes:
        found = self._service.store.annexes.get(bytes.fromhex(sha256))
        if found is None:
            raise NotFound(f"no annex {sha256}")
        return found[0]

    def accesses(self, subject: str) -> Sequence[Access] | Why:
        if self._look is None:
            return "no_key"
        self._own_looks.add(self._look(subject, None))
        found: list[Access] = []
        while True:
            after = found[-1].number if found else 0
            page = self._service.store.accesses.about(subject, after=after, limit=ACCESSES_PAGE_MAX)
            found += page
            if len(page) < ACCESSES_PAGE_MAX:
                return [row for row in found if row.number not in self._own_looks]

    def standing(self, subject: str, as_of: date, tree_size: int) -> StandingOf:
        service = self._service
        served = service.views.standings.replay(subject, as_of, tree_size=tree_size, pinned=True, today=service.today())
        document = with_in_book(served.body, served.in_book)
        signed = sign_standing(
            document,
            subject=subject,
            origin=service.origin,
            issued_at=service.clock(),
            signer=service.keys_in_force.standing,
        )
        return StandingOf(document, signed, served.in_book)

    def completeness(self, subject: str) -> bytes | None:
        try:
            return b"".join(self._service.bundles.of(subject))
        except (NotFound, BundleTooLarge):
            return None  # no root was published yet, or there are more entries than a bundle may have
