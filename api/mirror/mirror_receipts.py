"""The receipts of a copy: one of each checkpoint, which is what says when its entries were recorded.

A service or another mirror has them by the file, an older service one by one; older mirrors and foreign logs have
none, which is no fault.
A file is kept when every receipt in it holds, for the very tree that is copied, and none is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from api.mirror.mirror_copy import MirrorCopy, Receipted
from api.monitor.checkpoint_growth import Inconsistent, KnownCheckpoint
from api.monitor.log_source import LogSource
from api.monitor.proven_tree import ProvenTree
from ledger.cose.receipt import parse_receipt
from ledger.cose.receipts import encode_receipts, gather_receipts, receipts_path
from ledger.cose.sign1 import verify_sign1
from ledger.errors import Malformed, NotFound, Refuted, Uncheckable
from ledger.limits import TILE_WIDTH
from ledger.reading.prefetch import ahead
from ledger.tlog.hashing import HASH_BYTES, split_hashes
from ledger.tlog.proof import root_from_inclusion
from ledger.tlog.tiles import tile_width
from ledger.tlog.tree import Edge
from ledger.verifier import Trust

__all__ = ["Receipts"]


class Receipts:
    """Goes on from what the copy has. Not thread-safe."""

    def __init__(self, source: LogSource, trust: Trust, copy: MirrorCopy) -> None:
        self._source = source
        self._trust = trust
        self._copy = copy
        self._kept = copy.receipted()
        self._lacking: bytes | None = None  # the note of the tree that the source had no more receipts for
        self._by_file: bool | None = None  # whether the source has them by the file
        self._held: tuple[int, Sequence[bytes]] = (-1, ())  # of the last bundle, those that were found to hold

    def believe(self, trust: Trust) -> None:
        """From now on under these keys: the log's were succeeded."""
        self._trust, self._held = trust, (-1, ())

    @property
    def size(self) -> int:
        """Up to which entry the copy has the receipts of all checkpoints."""
        return self._kept.size

    def wanting(self, head: KnownCheckpoint) -> bool:
        """Whether there are some to be had under `head`."""
        return self._kept.size < head.size and self._lacking != head.note

    def copy(self, tree: ProvenTree, head: KnownCheckpoint) -> Receipted:
        """Put all files up to `head`, as far as the source has them; how far that is. Nothing is durable yet.

        Raises `Refuted`, `Malformed` (a receipt that does not hold, or is not the one), `Inconsistent` (one of another
        tree), `Damaged` (a file here), `Unavailable`.
        """
        done, expected = self._kept, self._kept.next
        if done.size >= head.size:
            return done
        numbers = range(done.size // TILE_WIDTH, -(-head.size // TILE_WIDTH))
        prefix = _Prefix(tree, expected)
        if self._by_file is None:
            self._by_file = self._has_file(numbers[0], head.size)
        with contextlib.closing(ahead(lambda number: self._find(number, head.size), numbers)) as found:
            for number in numbers:
                begins = expected
                try:
                    _, (receipts, here) = next(found)
                except NotFound:
                    self._lacking, self._by_file = head.note, None
                    break
                with self._damaged(number) if here else contextlib.nullcontext():
                    expected = self._check(number, receipts, expected, tree, prefix, head)
                self._held = number, receipts
                width = tile_width(0, number, head.size)
                self._copy.put(receipts_path(number, width), encode_receipts(receipts))
                full = width == TILE_WIDTH
                done = Receipted(number * TILE_WIDTH + width, expected if full else begins)
        self._kept = done
        return done

    def _has_file(self, number: int, size: int) -> bool:
        try:
            self._source.receipts(number, tile_width(0, number, size))
        except NotFound:
            return False
        return True

    def _find(self, number: int, size: int) -> tuple[Sequence[bytes], bool]:
        """The receipts of a bundle, and whether they were here already, from a round that was cut short."""
        here = self._copy.receipts(number)
        if here is not None and tile_width(0, number, size) == TILE_WIDTH:
            return here, True
        if self._by_file:
            shown = self._source.receipts(number, tile_width(0, number, size))
            return [one for one in shown if parse_receipt(one).index < size], False
        known: Sequence[bytes] = ()
        if number == self._kept.size // TILE_WIDTH and (width := self._kept.size % TILE_WIDTH):
            known = self._copy.receipts(number, width) or ()
        return gather_receipts(number, size, self._source.receipt, known), False

    def _check(
        self,
        number: int,
        receipts: Sequence[bytes],
        expected: int,
        tree: ProvenTree,
        prefix: _Prefix,
        head: KnownCheckpoint,
    ) -> int:
        """Each must be of the entry at which the one before ends; where the last one ends. Raises `Refuted`."""
        leaves = split_hashes(tree.tile(0, number))
        # A log that grows shows the receipts of a bundle again with each checkpoint. Those that held in a tree that
        # this one contains hold in this one.
        held = self._held[1] if self._held[0] == number else ()
        for place, data in enumerate(receipts):
            receipt = parse_receipt(data)
            if place < len(held) and held[place] == data and receipt.index == expected:
                expected = receipt.tree_size
                continue
            if receipt.index != expected or not expected < receipt.tree_size <= head.size:
                raise Refuted(f"the receipt of entry {receipt.index} stands where that of {expected} belongs")
            try:
                key = self._trust.receipt_key(receipt.message.kid, receipt.tree_size)
            except Uncheckable as error:  # the trust file is as new as the log: nobody else's key is this log's
                raise Refuted(f"the receipt of entry {expected} is under a key that is none of this log's") from error
            if receipt.origin != self._trust.origin:
                raise Refuted(f"the receipt of entry {expected} is not of this log")
            root = root_from_inclusion(expected, receipt.tree_size, leaves[expected % TILE_WIDTH], list(receipt.path))
            verify_sign1(receipt.message, key, detached_payload=root)
            if root != prefix.root(receipt.tree_size):
                raise _of_another_tree(receipt.tree_size, data, head)
            expected = receipt.tree_size
        stop = min((number + 1) * TILE_WIDTH, head.size)
        if expected < stop:
            raise Refuted(f"the receipt of entry {expected} is left out")
        return expected

    @contextlib.contextmanager
    def _damaged(self, number: int) -> Iterator[None]:
        try:
            yield
        except Inconsistent:
            raise
        except (Refuted, Malformed) as error:
            raise self._copy.damaged(receipts_path(number), error) from error


class _Prefix:
    """The first entries of a proven tree, of one size after the other: what was hashed is not hashed again."""

    def __init__(self, tree: ProvenTree, size: int) -> None:
        self._tree = tree
        self._edge = Edge.load(size, lambda level, number, width: tree.tile(level, number)[: width * HASH_BYTES])

    def root(self, size: int) -> bytes:
        """The root of the first `size` entries, no fewer than were asked for before."""
        while self._edge.size < size:
            number, first = divmod(self._edge.size, TILE_WIDTH)
            last = min(size - number * TILE_WIDTH, TILE_WIDTH)
            leaves = split_hashes(self._tree.tile(0, number)[first * HASH_BYTES : last * HASH_BYTES])
            self._edge = self._edge.grow(leaves).edge
        return self._edge.root()


def _of_another_tree(size: int, receipt: bytes, head: KnownCheckpoint) -> Inconsistent:
    return Inconsistent(
        "two_trees",
        f"日志分叉：收据所签 {size} 条记录的树不在检查点的树中；收据 {receipt.hex()}",
        f"the log is forked: a receipt is signed over a tree of {size} entries that is not within that of the "
        f"checkpoint; the receipt: {receipt.hex()}",
        shown=head.note,
    )
