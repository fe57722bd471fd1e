"""The mirror: one round copies what the log has grown by. Nothing is written that was not verified before.

1. the checkpoint, as `follow` checks it, against what the copy has already
2. bundle by bundle: the entries against their leaf hashes, the annexes that they name against their digests; what an
   entry takes down goes
3. the tiles, which were checked for that, and those above them
4. the receipts of all checkpoints (`mirror_receipts.py`)
5. the checkpoint, unless another mirror of the same copy was faster: then theirs is checked against this one, too
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from hashlib import sha256

from api.mirror.entry_annexes import annexes_of, taken_down_by
from api.mirror.mirror_copy import MirrorCopy, Receipted, edge_paths
from api.mirror.mirror_receipts import Receipts
from api.mirror.target_writer import Damaged
from api.monitor.checkpoint_growth import Inconsistent, KnownCheckpoint, advance, false_files, open_head
from api.monitor.log_source import LogSource, annex_path
from api.monitor.proven_tree import ProvenTree, check_charter
from api.monitor.renewal import look_renewed, with_evidence
from ledger.errors import Busy, LedgerError, Malformed, Misconfigured, NotFound, Refuted, Uncheckable
from ledger.limits import CHARTER_ENTRIES_MAX, MIRROR_SWAPS_MAX, TILE_HEIGHT, TILE_WIDTH
from ledger.reading.prefetch import ahead
from ledger.tlog.tiles import bundle_path, decode_bundle, encode_bundle, tile_path, tile_width
from ledger.verifier import Trust

__all__ = ["Mirror"]


class Mirror:
    """One log and one copy of it, used from one thread while the copy is held (`MirrorCopy.alone`)."""

    def __init__(
        self,
        source: LogSource,
        trust: Trust,
        copy: MirrorCopy,
        progress: Callable[[int, int], object] = lambda done, size: None,
    ) -> None:
        """Go on from what the copy has. Raises `Misconfigured` if that is not of this log."""
        evidence = copy.succession()
        if evidence is not None:
            trust = _renewed(trust, evidence, copy)
        self._source = source
        self._trust = trust
        self._copy = copy
        self._progress = progress
        self._receipts = Receipts(source, trust, copy)
        self._whole = self._head(copy.checkpoint())
        pending = self._head(copy.pending())
        self._known = max(filter(None, (self._whole, pending)), key=lambda head: head.size, default=None)
        copy.tidy()

    @property
    def size(self) -> int:
        """How many entries are whole in the copy."""
        return 0 if self._whole is None else self._whole.size

    @property
    def timed(self) -> bool:
        """Whether it has the receipts of all checkpoints, so that an audit of it can judge times."""
        return self._receipts.size >= self.size

    def round(self) -> int:
        """Copy what is new; how many entries the copy has.

        Raises `Inconsistent` (the log contradicts what is here), `Damaged` (a file here), `Unavailable`,
        `Uncheckable`, `OSError`. The copy then holds what it held, and perhaps files that are still to come.
        """
        shown, self._trust, evidence = look_renewed(self._source, self._trust, self._known)
        if evidence is not None:
            self._copy.keep_evidence(evidence)
            self._receipts.believe(self._trust)
        if self._whole is not None and shown.note == self._whole.note and not self._receipts.wanting(shown):
            return self.size
        tree = advance(self._known, shown, self._source)
        if self._whole != self._known:  # what is pending may be another mirror's, who saw another log
            advance(self._whole, shown, self._source)
        before = self.size
        if self._known is None:
            with _from(shown):
                check_charter(tree, self._trust.charter, CHARTER_ENTRIES_MAX)
        if shown.size > before:
            self._copy.begin(shown.note)
            self._known = shown
            self._copy_entries(tree, shown, before)
            self._copy_tiles(tree, shown, before)
        with _from(shown):
            receipted = self._receipts.copy(tree, shown)
        self._whole = self._known = self._show(shown, receipted)  # of the same tree, too: with more cosignatures
        self._copy.drop_partial(edge_paths(before))
        return self.size

    def _show(self, shown: KnownCheckpoint, receipted: Receipted) -> KnownCheckpoint:
        """The checkpoint that the copy has now: this one, or a later one that another mirror has brought.

        Raises `Inconsistent` where that one's tree and this one's are not one log.
        """
        for _ in range(MIRROR_SWAPS_MAX):
            if self._copy.commit(shown.note, receipted):
                return shown
            other = self._head(self._copy.checkpoint())
            if other is None or other.note == shown.note:
                continue
            older, newer = sorted((other, shown), key=lambda head: head.size)
            advance(older, newer, self._source)
            if other.size > shown.size:
                self._copy.end()
                return other
        raise Busy(f"the checkpoint of {self._copy.address}")

    def _copy_entries(self, tree: ProvenTree, head: KnownCheckpoint, before: int) -> None:
        numbers = range(before // TILE_WIDTH, -(-head.size // TILE_WIDTH))
        missing: set[bytes] = set()  # annexes that are not there any more: an entry to come has to say so
        with contextlib.closing(ahead(lambda number: self._bundle(number, head.size), numbers)) as found:
            while True:
                with _from(head):
                    at = next(found, None)
                if at is None:
                    break
                number, (entries, here) = at
                with _from(head):
                    tree.tile(0, number)
                with _damaged(self._copy, number) if here else _from(head):
                    tree.check_bundle(number, entries)
                for entry in entries:
                    missing |= self._copy_annexes(entry, head)
                    if (gone := taken_down_by(entry)) is not None:
                        missing.discard(gone)
                        self._copy.take_down(annex_path(gone))
                width = len(entries)
                self._copy.put(bundle_path(number, width), encode_bundle(entries))
                self._copy.put(tile_path(0, number, width), tree.tile(0, number))
                self._progress(number * TILE_WIDTH + width, head.size)
        if missing:
            with _from(head):
                raise NotFound(f"annex {min(missing).hex()} is not served, and no entry took it down")

    def _bundle(self, number: int, size: int) -> tuple[list[bytes], bool]:
        """The entries, and whether they were here already, from a round that was cut short."""
        width = tile_width(0, number, size)
        if width == TILE_WIDTH and (here := self._copy.bundle(number)) is not None:
            with _damaged(self._copy, number):
                return decode_bundle(here), True
        return self._source.bundle(number, width), False

    def _copy_annexes(self, entry: bytes, head: KnownCheckpoint) -> set[bytes]:
        """Copy what the entry names; the digests of those that are not there."""
        missing: set[bytes] = set()
        for annex in annexes_of(entry):
            digest = bytes.fromhex(annex.sha256)
            relative = annex_path(digest)
            if self._copy.has_annex(relative) or self._copy.is_taken_down(relative):
                continue
            with _from(head):
                try:
                    content = self._source.annex(digest)
                except NotFound:
                    missing.add(digest)
                    continue
                if sha256(content).digest() != digest or len(content) != annex.bytes:
                    raise Refuted(f"annex {annex.sha256} is not the file that its entry names")
            self._copy.put(relative, content)
        return missing

    def _copy_tiles(self, tree: ProvenTree, head: KnownCheckpoint, before: int) -> None:
        """The tiles above level 0, which are put with their bundles."""
        level, was, width = 1, before >> TILE_HEIGHT, head.size >> TILE_HEIGHT
        while width > was:  # those above a level that has not grown have not either
            for number in range(was // TILE_WIDTH, -(-width // TILE_WIDTH)):
                with _from(head):
                    tile = tree.tile(level, number)
                self._copy.put(tile_path(level, number, tile_width(level, number, head.size)), tile)
            level, was, width = level + 1, was >> TILE_HEIGHT, width >> TILE_HEIGHT

    def _head(self, note: bytes | None) -> KnownCheckpoint | None:
        if note is None:
            return None
        try:
            return open_head(note, self._trust)
        except LedgerError as error:
            raise Misconfigured(
                f"the checkpoint in {self._copy.address} does not hold under the trust file: {error}"
            ) from error


def _renewed(trust: Trust, evidence: bytes, copy: MirrorCopy) -> Trust:
    try:
        return with_evidence(trust, evidence)
    except LedgerError as error:
        raise Misconfigured(
            f"the evidence in {copy.address} does not show how the log's keys were succeeded: {error}"
        ) from error


@contextlib.contextmanager
def _from(head: KnownCheckpoint) -> Iterator[None]:
    """Around what the log gives: files that are not those of its tree, or that are not there."""
    try:
        yield
    except (Damaged, Inconsistent):
        raise
    except (Refuted, Malformed) as error:
        raise false_files(error, None, head) from error
    except NotFound as error:
        raise Uncheckable(f"the tree of {head.size} entries lacks a file: {error}") from error


@contextlib.contextmanager
def _damaged(copy: MirrorCopy, number: int) -> Iterator[None]:
    """Around what lies here already."""
    try:
        yield
    except (Refuted, Malformed) as error:
        raise copy.damaged(bundle_path(number), error) from error
