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

Entries and proofs may be many. Whoever writes a bundle makes them one after the other, as they are sent; whoever reads
one (`bundle_reading.py`) has the file in memory, and takes out of it what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final, Protocol, TypeVar

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.cbor import byte_string, encode, head
from ledger.errors import LedgerError
from ledger.limits import BUNDLE_ENTRIES_MAX, BUNDLE_STREAMS_MAX
from ledger.tlog.prefix import MapProof

__all__ = ["VERSION", "Bundle", "BundleTooLarge", "Series", "Shown", "StreamShown", "bundle_pieces", "is_bundle"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

VERSION: Final = 1
# What stands between the parts of a file; in the deterministic order the keys are these, in this one.
BEGINNING: Final = b"\xa6" + encode("v") + encode(VERSION) + encode("typ") + encode(headers.BUNDLE)
ROOT, STREAMS, CHECKPOINT, CONSISTENCY = map(encode, ("root", "streams", "checkpoint", "consistency"))
PROOF, ENTRIES, SUBJECT = map(encode, ("proof", "entries", "subject"))
STREAM: Final = b"\xa3" + PROOF
ENTRY: Final = b"\x82"  # an array of two
NULL: Final = encode(None)


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
        (BEGINNING, ROOT, byte_string(bundle.root), STREAMS, head(4, len(bundle.streams))),
        chain.from_iterable(_stream_pieces(stream) for stream in bundle.streams),
        (CHECKPOINT, byte_string(bundle.checkpoint), CONSISTENCY),
        _counted(bundle.consistency, encode),
    )


def is_bundle(data: bytes) -> bool:
    """Whether a file that begins so says that it is one: in the deterministic order, version and type come first."""
    return data.startswith(BEGINNING)


def _stream_pieces(stream: StreamShown) -> Iterator[bytes]:
    proof = stream.proof
    found = None if proof.found is None else [proof.found.key, proof.found.value.entries, proof.found.value.root]
    yield STREAM + encode({"path": proof.siblings, "found": found}) + ENTRIES
    yield from _counted(stream.entries, _entry_bytes)
    yield SUBJECT + encode(stream.subject)


def _entry_bytes(entry: Shown) -> bytes:
    return ENTRY + byte_string(entry.transparent) + (NULL if entry.body is None else byte_string(entry.body))


def _counted(series: Series[T], written: Callable[[T], bytes]) -> Iterator[bytes]:
    """An array, whose length is said before its items."""
    count = len(series)
    yield head(4, count)
    for item in series:
        yield written(item)
        count -= 1
    if count:
        raise AssertionError(f"a series of a bundle is {count} items shorter than it said")
