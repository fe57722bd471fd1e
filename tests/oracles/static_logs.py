"""A reader of static copies that shares nothing with ours: C2SP tlog-tiles over `requests`, the tree by `pymerkle`, the
checkpoint's signature by `cryptography`, receipts by `scitt-cose`."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

import requests
import scitt_cose
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree

from tests.oracles.lines import answer

WIDTH = 256


def verify(url: str, vkey: str, receipt_key: str) -> Mapping[str, object]:
    """Size, root and number of receipts of the log that is shown at an address. Raises where anything does not hold."""
    origin, size, root = _checkpoint(_get(url, "checkpoint"), vkey)
    tree, receipts = InmemoryTree(algorithm="sha256"), 0
    entries: list[bytes] = []
    for number in range(-(-size // WIDTH)):
        name = f"{(number // 1000 and f'x{number // 1000:03}/') or ''}{number % 1000:03}"
        width = min(WIDTH, size - number * WIDTH)
        name += "" if width == WIDTH else f".p/{width}"
        bundle = list(_prefixed(_get(url, f"tile/entries/{name}")))
        entries += bundle
        tree.append_entries(bundle)
        hashes = b"".join(tree.hash_buff(entry) for entry in bundle)
        if hashes != _get(url, f"tile/0/{name}"):
            raise ValueError(f"tile {name} is not over its bundle")
        for receipt in _prefixed(_get(url, f"receipts/{name}")):
            index = _index(receipt, receipt_key)
            found = scitt_cose.verify_receipt(
                receipt, leaf_entry_hex=entries[index].hex(), log_public_key_pem=receipt_key
            )
            if not found.ok or found.subject != origin:
                raise ValueError(f"the receipt of entry {index}: {found.errors}")
            receipts += 1
    if tree.get_size() != size or tree.get_root() != root:
        raise ValueError("the entries do not give the root of the checkpoint")
    return {"size": size, "root": root, "receipts": receipts}


def _get(url: str, path: str) -> bytes:
    answer = requests.get(f"{url}/{path}", timeout=10)
    answer.raise_for_status()
    return answer.content


def _checkpoint(note: bytes, vkey: str) -> tuple[str, int, bytes]:
    name, _, key = vkey.split("+", 2)
    text, signatures = note.decode().split("\n\n", 1)
    for line in signatures.splitlines():
        _, by, signature = line.split(" ")
        if by == name:
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
            public.verify(base64.b64decode(signature)[4:], (text + "\n").encode())
            origin, size, root = text.split("\n")[:3]
            return origin, int(size), base64.b64decode(root)
    raise ValueError(f"no signature by {name}")


def _prefixed(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + length]
        at += 2 + length


def _index(receipt: bytes, receipt_key: str) -> int:
    """Of which entry it says that it is: told before it is verified, to find the entry."""
    found = scitt_cose.verify_receipt(receipt, leaf_entry_hex="00", log_public_key_pem=receipt_key)
    index: int = found.leaf_index
    return index


if __name__ == "__main__":
    answer({"verify": verify})
