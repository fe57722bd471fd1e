"""Reading a completeness bundle (`bundle.py`): all of its form is checked, and nothing of it is taken out before use.

A bundle of many entries is a large file. What is kept of it beside its bytes is where each entry and each proof begins.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Final, TypeVar, overload

from ledger.cose.cbor import decode, item_end, read_array, read_byte_string
from ledger.domain.values.subject import is_enterprise, kind, parse
from ledger.errors import Malformed
from ledger.limits import BUNDLE_BYTES_MAX, BUNDLE_ENTRIES_MAX, BUNDLE_STREAMS_MAX
from ledger.tlog.prefix import MapLeaf, MapProof, MapValue
from ledger.verifier.formats.bundle import (
    BEGINNING,
    CHECKPOINT,
    CONSISTENCY,
    ENTRIES,
    ENTRY,
    NULL,
    ROOT,
    STREAM,
    STREAMS,
    SUBJECT,
    VERSION,
    Bundle,
    Shown,
    StreamShown,
    is_bundle,
)

__all__ = ["parse_bundle"]

T = TypeVar("T")

_OTHERS: Final = ("party", "policy", "campaign")


def parse_bundle(data: bytes) -> Bundle:
    """The inverse of `bundle_pieces`: one file for one bundle. Raises `Malformed`.

    All of its form is checked; entries and consistency proofs stay in `data`, a few bytes each beside it.
    """
    if len(data) > BUNDLE_BYTES_MAX:
        raise Malformed(f"a bundle has at most {BUNDLE_BYTES_MAX} bytes")
    if not is_bundle(data):
        raise Malformed(f"not a completeness bundle of version {VERSION}")
    root, at = read_byte_string(data, _after(data, len(BEGINNING), ROOT))
    count, at = read_array(data, _after(data, at, STREAMS))
    if not 0 < count <= BUNDLE_STREAMS_MAX:
        raise Malformed(f"a bundle shows 1 to {BUNDLE_STREAMS_MAX} streams")
    streams: list[StreamShown] = []
    for _ in range(count):
        stream, at = _stream(data, at, BUNDLE_ENTRIES_MAX - sum(len(stream.entries) for stream in streams))
        streams.append(stream)
    checkpoint, at = read_byte_string(data, _after(data, at, CHECKPOINT))
    # Each entry shows a tree, and so does the root.
    consistency, at = _items(data, _after(data, at, CONSISTENCY), BUNDLE_ENTRIES_MAX + 1, _hashes_at)
    if at != len(data):
        raise Malformed("bytes after the bundle")
    first, *rest = [stream.subject for stream in streams]
    if not is_enterprise(first) or any(kind(subject) not in _OTHERS for subject in rest):
        raise Malformed("a bundle is about an enterprise, and shows the governing streams that it takes to believe it")
    if len(set(rest)) != len(rest):
        raise Malformed("a bundle shows each stream once")
    return Bundle(checkpoint, root, consistency, tuple(streams))


class _Items(Sequence[T]):
    """The items of an array in a file, each read when it is asked for."""

    __slots__ = ("_data", "_offsets", "_read")

    def __init__(self, data: bytes, offsets: array[int], read: Callable[[bytes, int], tuple[T, int]]) -> None:
        self._data = data
        self._offsets = offsets
        self._read = read

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...

    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        if isinstance(place, slice):
            return tuple([self._read(self._data, at)[0] for at in self._offsets[place]])
        return self._read(self._data, self._offsets[place])[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_same, self, other))

    __hash__ = None  # type: ignore[assignment]


def _same(one: object, other: object) -> bool:
    return one == other


def _items(data: bytes, start: int, most: int, read: Callable[[bytes, int], tuple[T, int]]) -> tuple[_Items[T], int]:
    """The array at `start`, every item of which is read once, and the offset just past it."""
    count, at = read_array(data, start)
    if count > most:
        raise Malformed(f"a bundle shows at most {BUNDLE_ENTRIES_MAX} entries, and the proofs that belong to them")
    offsets = array("Q")
    for _ in range(count):
        offsets.append(at)
        _, at = read(data, at)
    return _Items(data, offsets, read), at


def _stream(data: bytes, start: int, most: int) -> tuple[StreamShown, int]:
    at = _after(data, start, STREAM)
    end = item_end(data, at)
    proof = _map_proof(decode(data[at:end]))
    entries, at = _items(data, _after(data, end, ENTRIES), most, _entry_at)
    at = _after(data, at, SUBJECT)
    end = item_end(data, at)
    subject = decode(data[at:end])
    if not isinstance(subject, str):
        raise Malformed("the subject of a stream is text")
    return StreamShown(parse(subject), proof, entries), end


def _map_proof(item: object) -> MapProof:
    match item:
        case {"path": [*path], "found": None, **others} if not others:
            return MapProof(_hashes(path), None)
        case {"path": [*path], "found": [bytes() as key, int() as count, bytes() as root], **others} if not others:
            return MapProof(_hashes(path), MapLeaf(key, MapValue(count, root)))
    raise Malformed("a map proof of a bundle is a path, and what was found at its end")


def _entry_at(data: bytes, start: int) -> tuple[Shown, int]:
    transparent, at = read_byte_string(data, _after(data, start, ENTRY))
    if data[at : at + 1] == NULL:
        return Shown(transparent, None), at + 1
    body, at = read_byte_string(data, at)
    return Shown(transparent, body), at


def _hashes_at(data: bytes, start: int) -> tuple[tuple[bytes, ...], int]:
    end = item_end(data, start)
    return _hashes(decode(data[start:end])), end


def _hashes(item: object) -> tuple[bytes, ...]:
    if isinstance(item, Sequence) and not isinstance(item, str | bytes):
        hashes = tuple(one for one in item if isinstance(one, bytes))
        if len(hashes) == len(item):
            return hashes
    raise Malformed("a proof of a bundle is a list of hashes")


def _after(data: bytes, start: int, due: bytes) -> int:
    """The offset just past bytes that must stand at `start`."""
    end = start + len(due)
    if data[start:end] != due:
        raise Malformed(f"not a completeness bundle of version {VERSION}: another field at byte {start}")
    return end
