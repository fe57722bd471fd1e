"""A completeness bundle: everything that a standing rests on, in one file. Its form only:

`ledger/verifier/completeness_bundle.py` verifies it.

Deterministic CBOR (RFC 8949 §4.2), in this order; `docs/completeness.md` describes it for others:

    {"v": 1, "typ": "application/vnd.credit-ledger.bundle+cbor",
     "root": bstr,                    transparent statement of the MapRootPublished that the proofs are under
     "streams": [+ {"proof": {"path": [* bstr], "found": null / [key, entries, root]},
                    "entries": [* [bstr, bstr / null]], "subject": tstr}],
     "checkpoint": bstr,              the newest checkpoint, a C2SP signed note, with cosignatures if there are any
     "consistency": [* [* bstr]]}     between the trees of all receipts, by size, up to the checkpoint's

An entry is a transparent statement, and the body of a sealed one where it is public. The first stream is the one that
the bundle is about; the others are those that it takes to believe it: root, policy, issuers, campaigns.

Entries and proofs may be many. Whoever writes a bundle makes them one after the other, as they are sent. Whoever reads
one has the file in memory: all of its form is checked, what is kept beside its bytes is where each entry and each proof
begins, and they are taken out when they are asked for.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, Protocol, TypeVar, overload

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.cbor import byte_string, decode, encode, head, item_end, read_array, read_byte_string
from ledger.domain.values.subject import is_enterprise, kind, parse
from ledger.errors import LedgerError, Malformed
from ledger.limits import BUNDLE_BYTES_MAX, BUNDLE_ENTRIES_MAX, BUNDLE_STREAMS_MAX
from ledger.tlog.prefix import MapLeaf, MapProof, MapValue

__all__ = [
    "VERSION",
    "Bundle",
    "BundleTooLarge",
    "Series",
    "Shown",
    "StreamShown",
    "bundle_pieces",
    "is_bundle",
    "parse_bundle",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

VERSION: Final = 1
# What stands between the parts of a file; in the deterministic order the keys are these, in this one.
_BEGINNING: Final = b"\xa6" + encode("v") + encode(VERSION) + encode("typ") + encode(headers.BUNDLE)
_ROOT, _STREAMS, _CHECKPOINT, _CONSISTENCY = map(encode, ("root", "streams", "checkpoint", "consistency"))
_PROOF, _ENTRIES, _SUBJECT = map(encode, ("proof", "entries", "subject"))
_STREAM: Final = b"\xa3" + _PROOF
_ENTRY: Final = b"\x82"  # an array of two
_NULL: Final = encode(None)
_OTHERS: Final = ("party", "policy", "campaign")  # streams beside the first


class BundleTooLarge(LedgerError):
    """An enterprise whose bundle would be larger than `limits.BUNDLE_…_MAX`: an audit covers it, a bundle does not."""


class Series(Protocol[T_co]):
    """So many, one after the other: a tuple, what lies in a file, or what is made while it is sent."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T_co]: ...


class Shown(Struct, frozen=True):
    """One entry: its transparent statement and, where it is sealed and public, its body. Nothing of it is verified."""

    transparent: bytes
    body: bytes | None


class StreamShown(Struct, frozen=True):
    """A whole stream, as the service shows it, and the map's proof about it."""

    subject: str
    proof: MapProof
    entries: Series[Shown]


class Bundle(Struct, frozen=True):
    """See the module. Nothing of it is verified."""

    checkpoint: bytes
    root: bytes
    consistency: Series[tuple[bytes, ...]]
    streams: tuple[StreamShown, ...]


def bundle_pieces(bundle: Bundle) -> Iterator[bytes]:
    """The file, piece by piece, in one pass over the series, each asked for its length when its turn comes.

    Raises `BundleTooLarge` before the first piece; its bytes are for whoever knows them beforehand to bound.
    """
    entries = sum(len(stream.entries) for stream in bundle.streams)
    if entries > BUNDLE_ENTRIES_MAX or len(bundle.streams) > BUNDLE_STREAMS_MAX:
        raise BundleTooLarge(
            f"{entries} entries of {len(bundle.streams)} streams: at most {BUNDLE_ENTRIES_MAX} of {BUNDLE_STREAMS_MAX}"
        )
    return chain(
        (_BEGINNING, _ROOT, byte_string(bundle.root), _STREAMS, head(4, len(bundle.streams))),
        chain.from_iterable(_stream_pieces(stream) for stream in bundle.streams),
        (_CHECKPOINT, byte_string(bundle.checkpoint), _CONSISTENCY),
        _counted(bundle.consistency, encode),
    )


def is_bundle(data: bytes) -> bool:
    """Whether a file that begins so says that it is one: in the deterministic order, version and type come first."""
    return data.startswith(_BEGINNING)


def _stream_pieces(stream: StreamShown) -> Iterator[bytes]:
    proof = stream.proof
    found = None if proof.found is None else [proof.found.key, proof.found.value.entries, proof.found.value.root]
    yield _STREAM + encode({"path": proof.siblings, "found": found}) + _ENTRIES
    yield from _counted(stream.entries, _entry_bytes)
    yield _SUBJECT + encode(stream.subject)


def _entry_bytes(entry: Shown) -> bytes:
    return _ENTRY + byte_string(entry.transparent) + (_NULL if entry.body is None else byte_string(entry.body))


def _counted(series: Series[T], written: Callable[[T], bytes]) -> Iterator[bytes]:
    """An array, whose length is said before its items."""
    count = len(series)
    yield head(4, count)
    for item in series:
        yield written(item)
        count -= 1
    if count:
        raise AssertionError(f"a series of a bundle is {count} items shorter than it said")


def parse_bundle(data: bytes) -> Bundle:
    """The inverse of `bundle_pieces`: one file for one bundle. Raises `Malformed`.

    All of its form is checked; entries and consistency proofs stay in `data`, a few bytes each beside it.
    """
    if len(data) > BUNDLE_BYTES_MAX:
        raise Malformed(f"a bundle has at most {BUNDLE_BYTES_MAX} bytes")
    if not is_bundle(data):
        raise Malformed(f"not a completeness bundle of version {VERSION}")
    root, at = read_byte_string(data, _after(data, len(_BEGINNING), _ROOT))
    count, at = read_array(data, _after(data, at, _STREAMS))
    if not 0 < count <= BUNDLE_STREAMS_MAX:
        raise Malformed(f"a bundle shows 1 to {BUNDLE_STREAMS_MAX} streams")
    streams: list[StreamShown] = []
    for _ in range(count):
        stream, at = _stream(data, at, BUNDLE_ENTRIES_MAX - sum(len(stream.entries) for stream in streams))
        streams.append(stream)
    checkpoint, at = read_byte_string(data, _after(data, at, _CHECKPOINT))
    # Each entry shows a tree, and so does the root.
    consistency, at = _items(data, _after(data, at, _CONSISTENCY), BUNDLE_ENTRIES_MAX + 1, _hashes_at)
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
    at = _after(data, start, _STREAM)
    end = item_end(data, at)
    proof = _map_proof(decode(data[at:end]))
    entries, at = _items(data, _after(data, end, _ENTRIES), most, _entry_at)
    at = _after(data, at, _SUBJECT)
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
    transparent, at = read_byte_string(data, _after(data, start, _ENTRY))
    if data[at : at + 1] == _NULL:
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
