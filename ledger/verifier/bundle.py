"""A completeness bundle: everything that a standing rests on, in one file. Its form only; `complete.py` verifies it.

Deterministic CBOR (RFC 8949 §4.2); `docs/completeness.md` describes it for others:

    {"typ": "application/vnd.credit-ledger.bundle+cbor", "v": 1,
     "checkpoint": bstr,              the newest checkpoint, a C2SP signed note, with cosignatures if there are any
     "root": bstr,                    transparent statement of the MapRootPublished that the proofs are under
     "consistency": [* [* bstr]],     between the trees of all receipts, by size, up to the checkpoint's
     "streams": [+ {"subject": tstr, "proof": {"path": [* bstr], "found": null / [key, entries, root]},
                    "entries": [* [bstr, bstr / null]]}]}

An entry is a transparent statement, and the body of a sealed one where it is public. The first stream is the one that
the bundle is about; the others are those that it takes to believe it: root, policy, issuers, campaigns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.cbor import decode, encode
from ledger.domain.subject import is_enterprise, kind, parse
from ledger.errors import LedgerError, Malformed
from ledger.limits import BUNDLE_BYTES_MAX, BUNDLE_ENTRIES_MAX, BUNDLE_STREAMS_MAX
from ledger.tlog.prefix import MapLeaf, MapProof, MapValue

__all__ = ["Bundle", "BundleTooLarge", "Shown", "StreamShown", "encode_bundle", "is_bundle", "parse_bundle"]

_VERSION: Final = 1
_BEGINNING: Final = b"\xa6" + encode("v") + encode(_VERSION) + encode("typ") + encode(headers.BUNDLE)
_OTHERS: Final = ("party", "policy", "campaign")


class BundleTooLarge(LedgerError):
    """An enterprise whose bundle would be larger than `limits.BUNDLE_…_MAX`: an audit covers it, a bundle does not."""


class Shown(Struct, frozen=True):
    """One entry: its transparent statement and, where it is sealed and public, its body. Nothing of it is verified."""

    transparent: bytes
    body: bytes | None


class StreamShown(Struct, frozen=True):
    """A whole stream, as the service shows it, and the map's proof about it."""

    subject: str
    proof: MapProof
    entries: tuple[Shown, ...]


class Bundle(Struct, frozen=True):
    """See the module. Nothing of it is verified."""

    checkpoint: bytes
    root: bytes
    consistency: tuple[tuple[bytes, ...], ...]
    streams: tuple[StreamShown, ...]


def encode_bundle(bundle: Bundle) -> bytes:
    """The file. Raises `BundleTooLarge`."""
    entries = sum(len(stream.entries) for stream in bundle.streams)
    if entries > BUNDLE_ENTRIES_MAX or len(bundle.streams) > BUNDLE_STREAMS_MAX:
        raise BundleTooLarge(f"{entries} entries of {len(bundle.streams)} streams: at most {BUNDLE_ENTRIES_MAX}")
    data = encode(
        {
            "typ": headers.BUNDLE,
            "v": _VERSION,
            "checkpoint": bundle.checkpoint,
            "root": bundle.root,
            "consistency": bundle.consistency,
            "streams": [
                {
                    "subject": stream.subject,
                    "proof": _encode_proof(stream.proof),
                    "entries": [(entry.transparent, entry.body) for entry in stream.entries],
                }
                for stream in bundle.streams
            ],
        }
    )
    if len(data) > BUNDLE_BYTES_MAX:
        raise BundleTooLarge(f"{len(data)} bytes: at most {BUNDLE_BYTES_MAX}")
    return data


def is_bundle(data: bytes) -> bool:
    """Whether it says that it is one: in the deterministic order, version and type come first."""
    return data.startswith(_BEGINNING)


def parse_bundle(data: bytes) -> Bundle:
    """The inverse of `encode_bundle`: one file for one bundle. Raises `Malformed`."""
    if len(data) > BUNDLE_BYTES_MAX:
        raise Malformed(f"a bundle has at most {BUNDLE_BYTES_MAX} bytes")
    match decode(data):
        case {
            "typ": headers.BUNDLE,
            "v": 1,
            "checkpoint": bytes() as checkpoint,
            "root": bytes() as root,
            "consistency": [*proofs],
            "streams": [*streams],
            **others,
        } if not others and 0 < len(streams) <= BUNDLE_STREAMS_MAX:
            bundle = Bundle(
                checkpoint,
                root,
                tuple([_hashes(proof) for proof in proofs]),
                tuple([_stream(stream) for stream in streams]),
            )
        case _:
            raise Malformed(f"not a completeness bundle of version {_VERSION}")
    first, *rest = [stream.subject for stream in bundle.streams]
    if not is_enterprise(first) or any(kind(subject) not in _OTHERS for subject in rest):
        raise Malformed("a bundle is about an enterprise, and shows the governing streams that it takes to believe it")
    if len(set(rest)) != len(rest) or sum(len(stream.entries) for stream in bundle.streams) > BUNDLE_ENTRIES_MAX:
        raise Malformed(f"a bundle shows each stream once, and at most {BUNDLE_ENTRIES_MAX} entries")
    return bundle


def _encode_proof(proof: MapProof) -> dict[str, object]:
    found = None if proof.found is None else [proof.found.key, proof.found.value.entries, proof.found.value.root]
    return {"path": proof.siblings, "found": found}


def _stream(item: object) -> StreamShown:
    match item:
        case {"subject": str() as subject, "proof": proof, "entries": [*entries], **others} if not others:
            return StreamShown(parse(subject), _proof(proof), tuple([_entry(entry) for entry in entries]))
    raise Malformed("a stream of a bundle is a subject, a proof and entries")


def _proof(item: object) -> MapProof:
    match item:
        case {"path": [*path], "found": None, **others} if not others:
            return MapProof(_hashes(path), None)
        case {"path": [*path], "found": [bytes() as key, int() as count, bytes() as root], **others} if not others:
            return MapProof(_hashes(path), MapLeaf(key, MapValue(count, root)))
    raise Malformed("a map proof of a bundle is a path, and what was found at its end")


def _entry(item: object) -> Shown:
    match item:
        case [bytes() as transparent, bytes() | None as body]:
            return Shown(transparent, body)
    raise Malformed("an entry of a bundle is a transparent statement, and a body or null")


def _hashes(item: object) -> tuple[bytes, ...]:
    if isinstance(item, Sequence) and not isinstance(item, str | bytes):
        hashes = tuple(one for one in item if isinstance(one, bytes))
        if len(hashes) == len(item):
            return hashes
    raise Malformed("a proof of a bundle is a list of hashes")
