"""A completeness bundle (`ledger.verifier.formats.bundle`): what a standing rests on, and that it is all.

Under the newest published root of the map; what came since is added, and is not shown to be all. Bodies are those that
are public now. A first pass over the enterprise's entries finds what they rest on; a second makes them while they are
sent, so many at a time: what is in memory does not grow with them but for a number each. Nothing of it can change
meanwhile: entries, receipts and proofs below the checkpoint are for ever, and an erased body is simply not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, NamedTuple

from api.cosigning.cosigned_checkpoints import CosignedCheckpoint, Published
from api.service.body_disclosure import Publicity
from ledger.cose import headers
from ledger.cose.receipt import attach
from ledger.cose.statement import parse_statement
from ledger.domain.events.base import Closed
from ledger.domain.state.completeness_map import MapRoot
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.values.subject import POLICY, kind
from ledger.errors import NotFound
from ledger.limits import BUNDLE_BYTES_MAX, BUNDLE_ENTRIES_MAX, PROOFS_READ_MAX
from ledger.reading.feed import to_recorded
from ledger.reading.log_reader import Log
from ledger.store.contract import EntryRow, Store
from ledger.verifier.formats.bundle import Bundle, BundleTooLarge, Shown, StreamShown, bundle_pieces
from projections.completeness.map_view import MapView

__all__ = ["MEDIA_TYPE", "Bundles"]

MEDIA_TYPE: Final = headers.BUNDLE

_CAMPAIGN: Final = b'"campaign":'  # as it stands in canonical JSON
_HASH_BYTES: Final = 34  # with its head in CBOR
_FRAME_BYTES: Final = 1_500  # of an entry beside its proofs: the receipt's headers and signature, CBOR


@dataclass(frozen=True, slots=True)
class Bundles:
    """What bundles are made from; `roots`: the published ones, oldest first. Thread-safe."""

    store: Store
    log: Log
    map: MapView
    publicity: Publicity
    published: Published
    roots: Callable[[], Sequence[MapRoot]]

    def of(self, subject: str) -> Iterator[bytes]:
        """The bundle about an enterprise, known or not, piece by piece; a piece may raise `Unavailable`.

        Raises `NotFound` (no root published yet), `BundleTooLarge` before the first piece.
        """
        roots = self.roots()
        if not roots:
            raise NotFound("no root of the completeness map was published yet")
        head = self._head(roots[0])
        published = [root for root in roots if root.index < head.tree_size]
        chosen, _ = self.map.proofs([], published)
        root_row = self.store.entries(chosen.index, 1)[0]
        plan = _plan(subject, root_row, head.tree_size, self.store)
        root, proofs = self.map.proofs([subject, *plan.others], published)
        if root != chosen:  # a newer one came meanwhile: its publisher may be another
            return self.of(subject)

        sizes = {head.tree_size}
        (root_shown,) = _shown([root_row], self.log, self.publicity, sizes)
        rows = chain(_pages(subject, head.tree_size, self.store), *plan.others.values())
        shown = _shown(rows, self.log, self.publicity, sizes)
        counts = {subject: plan.entries, **{name: len(stream) for name, stream in plan.others.items()}}
        streams = tuple(StreamShown(name, proofs[name], _Next(count, shown)) for name, count in counts.items())
        return bundle_pieces(Bundle(head.note, root_shown.transparent, _Steps(self.log, sizes), streams))

    def _head(self, oldest: MapRoot) -> CosignedCheckpoint:
        """The newest checkpoint with its quorum of witnesses; the newest of all where none is demanded, or reached."""
        try:
            witnessed = self.published.witnessed()
        except NotFound:
            return self.published.newest()
        return witnessed if witnessed.tree_size > oldest.index else self.published.newest()


class _Plan(NamedTuple):
    """How many entries the enterprise has, and the streams that they rest on, by subject in order."""

    entries: int
    others: Mapping[str, Sequence[EntryRow]]


def _plan(subject: str, root: EntryRow, size: int, store: Store) -> _Plan:
    """Whoever signed anything, and what is referred to, by asking for all that is known to be needed at once."""
    needed = {parse_statement(root.statement).issuer, POLICY, ROOT_PARTY}
    entries = content = 0
    for row in _pages(subject, size, store):
        entries, content = entries + 1, content + _bytes(row)
        _check(subject, entries, content, size)
        needed |= _rests_on(row)
    found: dict[str, Sequence[EntryRow]] = {}
    count = entries
    while left := sorted(needed - found.keys()):
        read = store.streams(left)
        for name in left:
            rows = found[name] = [row for row in read.get(name, ()) if row.index < size]
            count, content = count + len(rows), content + sum(map(_bytes, rows))
            needed = needed.union(*map(_rests_on, rows))
        _check(subject, count, content, size)
    return _Plan(entries, dict(sorted(found.items())))


def _pages(subject: str, size: int, store: Store) -> Iterator[EntryRow]:
    """The stream below a tree size, a part in memory at a time."""
    version = 0
    while rows := store.stream(subject, after_version=version, tree_size=size, limit=PROOFS_READ_MAX):
        yield from rows
        version = rows[-1].version


def _bytes(row: EntryRow) -> int:
    return len(row.statement) + len(row.body or b"")


def _check(subject: str, entries: int, content: int, size: int) -> None:
    """Refuse before anything is sent. The bytes are the most that the proofs can add to the content."""
    most = content + entries * (_FRAME_BYTES + _HASH_BYTES * (2 * size.bit_length() + 1))
    if entries > BUNDLE_ENTRIES_MAX or most > BUNDLE_BYTES_MAX:
        raise BundleTooLarge(
            f"{entries} entries and more of {subject} and what it rests on, up to {most:,} bytes: "
            f"at most {BUNDLE_ENTRIES_MAX:,} in {BUNDLE_BYTES_MAX:,}"
        )


def _rests_on(row: EntryRow) -> set[str]:
    if _CAMPAIGN not in row.statement and _CAMPAIGN not in (row.body or b""):
        return {parse_statement(row.statement).issuer}  # most entries: their content need not be decoded
    at = to_recorded(row)
    campaign = None if isinstance(at.event, Closed) else getattr(at.event, "campaign", None)
    return {at.issuer, campaign} if isinstance(campaign, str) and kind(campaign) == "campaign" else {at.issuer}


class _Next:
    """The next so many entries of those that are being made."""

    def __init__(self, count: int, shown: Iterator[Shown]) -> None:
        self._count = count
        self._shown = shown

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Shown]:
        return islice(self._shown, self._count)


def _shown(rows: Iterable[EntryRow], log: Log, publicity: Publicity, sizes: set[int]) -> Iterator[Shown]:
    """Makes entries, a part of them at a time; `sizes` takes those of the trees that their receipts show."""
    left = iter(rows)
    while part := list(islice(left, PROOFS_READ_MAX)):
        receipts = log.receipts([row.index for row in part])
        sizes.update(checkpoint.tree_size for _, checkpoint in receipts.values())
        for row, public in zip(part, publicity.shows_each(part), strict=True):
            body = row.body if row.topic == "sealed" and public else None
            yield Shown(attach(row.statement, [receipts[row.index][0]]), body)


class _Steps:
    """From each tree to the next: to be asked for once all entries were made."""

    def __init__(self, log: Log, sizes: Set[int]) -> None:
        self._log = log
        self._sizes = sizes

    def __len__(self) -> int:
        return len(self._sizes) - 1

    def __iter__(self) -> Iterator[tuple[bytes, ...]]:
        sizes = sorted(self._sizes)
        for start in range(0, len(self), PROOFS_READ_MAX):
            for proof in self._log.consistencies(sizes[start : start + PROOFS_READ_MAX + 1]):
                yield tuple(proof)
