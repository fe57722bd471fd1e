"""A completeness bundle (`ledger.verifier.bundle`): gathers what a standing rests on, with the proofs that it is all.

Under the newest published root of the map; what came since is added, and is not shown to be all. Bodies are those that
are public now. Bounded: beyond `BUNDLE_ENTRIES_MAX` entries an audit covers an enterprise, a bundle does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from api.service import Service
from api.witnessing.published import Cosigned
from ledger.cose import headers
from ledger.cose.receipt import attach
from ledger.cose.statement import parse_statement
from ledger.domain.event import Closed
from ledger.domain.map import MapRoot
from ledger.domain.party_state import ROOT_PARTY
from ledger.domain.subject import POLICY, kind
from ledger.errors import NotFound
from ledger.feed import to_recorded
from ledger.limits import BUNDLE_ENTRIES_MAX
from ledger.store.port import EntryRow
from ledger.tlog.prefix import MapProof
from ledger.verifier.bundle import Bundle, BundleTooLarge, Shown, StreamShown, encode_bundle

__all__ = ["MEDIA_TYPE", "bundle_of"]

MEDIA_TYPE: Final = headers.BUNDLE


def bundle_of(subject: str, service: Service) -> bytes:
    """The bundle about an enterprise, known or not. Raises `NotFound` (no root published yet), `BundleTooLarge`."""
    roots = service.governance.map_roots
    if not roots:
        raise NotFound("no root of the completeness map was published yet")
    head = _head(service, roots[0])
    published = [root for root in roots if root.index < head.tree_size]
    chosen, _ = service.views.map.proofs([], published)
    root_row = service.store.entries(chosen.index, 1)[0]
    streams = _streams(subject, root_row, head.tree_size, service)
    root, proofs = service.views.map.proofs(list(streams), published)
    if root != chosen:  # a newer one came meanwhile: its publisher may be another
        return bundle_of(subject, service)
    sizes = {head.tree_size}
    shown = tuple(_shown(name, proofs[name], rows, service, sizes) for name, rows in streams.items())
    root_shown, size = _transparent(root_row, service)
    sizes.add(size)
    consistency = tuple(tuple(service.log.consistency(old, new)) for old, new in pairwise(sorted(sizes)))
    return encode_bundle(Bundle(head.note, root_shown, consistency, shown))


def _head(service: Service, oldest: MapRoot) -> Cosigned:
    """The newest checkpoint that has its quorum of witnesses; the newest of all where none is demanded, or reached."""
    published = service.witnessing.published
    try:
        witnessed = published.witnessed()
    except NotFound:
        return published.newest()
    return witnessed if witnessed.tree_size > oldest.index else published.newest()


def _streams(subject: str, root: EntryRow, size: int, service: Service) -> dict[str, Sequence[EntryRow]]:
    """The streams that the bundle is made of, the subject's first: whoever signed anything, and what is referred to."""
    found: dict[str, Sequence[EntryRow]] = {}
    left = [parse_statement(root.statement).issuer, POLICY, ROOT_PARTY, subject]
    entries = 0
    while left:
        name = left.pop()
        if name in found:
            continue
        rows = found[name] = service.store.stream(name, tree_size=size)
        entries += len(rows)
        if entries > BUNDLE_ENTRIES_MAX:
            raise BundleTooLarge(f"more than {BUNDLE_ENTRIES_MAX} entries of {subject} and what it rests on")
        for row in rows:
            left += _rests_on(row)
    first = found.pop(subject)
    return {subject: first, **dict(sorted(found.items()))}


def _rests_on(row: EntryRow) -> Iterator[str]:
    at = to_recorded(row)
    yield at.issuer
    if not isinstance(at.event, Closed):
        campaign = getattr(at.event, "campaign", None)
        if isinstance(campaign, str) and kind(campaign) == "campaign":
            yield campaign


def _shown(subject: str, proof: MapProof, rows: Sequence[EntryRow], service: Service, sizes: set[int]) -> StreamShown:
    entries: list[Shown] = []
    for row in rows:
        transparent, size = _transparent(row, service)
        sizes.add(size)
        entries.append(Shown(transparent, row.body if row.topic == "sealed" and service.publicity.shows(row) else None))
    return StreamShown(subject, proof, tuple(entries))


def _transparent(row: EntryRow, service: Service) -> tuple[bytes, int]:
    """The transparent statement, and the size of the tree that its receipt shows."""
    receipt, checkpoint = service.log.receipt(row.index)
    return attach(row.statement, [receipt]), checkpoint.tree_size
