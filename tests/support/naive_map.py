"""The completeness map, straight from its definition in `docs/completeness.md`, as slowly as it is written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from ledger.tlog.prefix import MapLeaf, MapProof, MapValue

__all__ = ["naive_proof", "naive_root", "naive_value"]

Streams = Mapping[str, Sequence[tuple[int, bytes]]]  # by subject: leaf index and leaf hash of each entry


def naive_root(streams: Streams) -> bytes:
    return _trie(_leaves(streams), "")


def naive_value(entries: Sequence[tuple[int, bytes]]) -> MapValue:
    return MapValue(len(entries), _mth([index.to_bytes(8, "big") + leaf for index, leaf in entries]))


def naive_proof(streams: Streams, subject: str) -> MapProof:
    leaves = _leaves(streams)
    bits = _bits(sha256(subject.encode()).digest())
    siblings: list[bytes] = []
    prefix = ""
    while len(below := {key: leaf for key, leaf in leaves.items() if key.startswith(prefix)}) > 1:
        here = bits[len(prefix)]
        beside = {key: leaf for key, leaf in below.items() if key[len(prefix)] != here}
        siblings.append(_trie(beside, prefix + ("1" if here == "0" else "0")) if beside else b"")
        prefix += here
    if not below:
        return MapProof(tuple(siblings), None)
    ((key, _),) = below.items()
    (name,) = [name for name in streams if _bits(sha256(name.encode()).digest()) == key]
    return MapProof(tuple(siblings), MapLeaf(sha256(name.encode()).digest(), naive_value(streams[name])))


def _leaves(streams: Streams) -> dict[str, bytes]:
    found = {}
    for subject, entries in streams.items():
        if entries:
            key, value = sha256(subject.encode()).digest(), naive_value(entries)
            found[_bits(key)] = sha256(b"\x02" + key + value.entries.to_bytes(8, "big") + value.root).digest()
    return found


def _trie(leaves: Mapping[str, bytes], prefix: str) -> bytes:
    below = {key: leaf for key, leaf in leaves.items() if key.startswith(prefix)}
    if not below:
        return bytes(32)
    if len(below) == 1:
        return next(iter(below.values()))
    return sha256(b"\x03" + _trie(below, prefix + "0") + _trie(below, prefix + "1")).digest()


def _bits(key: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in key)


def _mth(entries: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + _mth(entries[:k]) + _mth(entries[k:])).digest()
