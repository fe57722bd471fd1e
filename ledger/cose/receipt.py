"""Receipts (RFC 9942): a COSE_Sign1 over the tree's root, detached, with the inclusion proof of one entry.

    protected    alg, kid, typ, vds = RFC9162_SHA256, CWT claims iss sub (the log's origin) iat (the checkpoint's
                 time), and our private labels: tree size, origin
    unprotected  vdp = {-1: [bstr .cbor [tree_size, leaf_index, [+ bstr]]]}
    payload      detached: the root, which the verifier computes from the statement and the proof

All receipts of a checkpoint share its protected header and signature. RFC 9942 signs neither size nor index:
we sign the size, and refuse a receipt whose proof says another; the index is bound by the shape of the path.
A **transparent statement** (RFC 9943) is the statement with receipts in its unprotected header.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.cbor import byte_string, decode, encode, head
from ledger.cose.sign1 import (
    Sign1,
    SigningKey,
    VerifyingKey,
    assemble,
    claims,
    parse_sign1,
    split,
    to_be_signed,
    verify_sign1,
)
from ledger.errors import Malformed, Refuted
from ledger.limits import PROOF_HASHES_MAX, RECEIPT_BYTES_MAX, RECEIPTS_MAX, STATEMENT_BYTES_MAX, TREE_SIZE_MAX
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.proof import root_from_inclusion

__all__ = [
    "Receipt",
    "VerifiedReceipt",
    "attach",
    "detach",
    "encode_receipt",
    "parse_receipt",
    "receipt_protected",
    "sign_root",
    "verify_receipt",
]

_TRANSPARENT_BYTES_MAX: Final = STATEMENT_BYTES_MAX + RECEIPTS_MAX * (RECEIPT_BYTES_MAX + 3) + 8

_LABELS: Final = frozenset(
    {
        headers.ALG,
        headers.KID,
        headers.CWT_CLAIMS,
        headers.TYP,
        headers.VDS,
        headers.TREE_SIZE,
        headers.ORIGIN,
    }
)
_CLAIMS: Final = {headers.ISS: str, headers.SUB: str, headers.IAT: int}
# {396: {-1: [ … ]}}, up to the one proof
_VDP_HEAD: Final = head(5, 1) + encode(headers.VDP) + head(5, 1) + encode(headers.VDP_INCLUSION) + head(4, 1)
_RECEIPTS_HEAD: Final = head(5, 1) + encode(headers.RECEIPTS)
_HASH_HEAD: Final = head(2, 32)


class Receipt(Struct, frozen=True):
    """A well-formed receipt, not verified. `index` from 0; `path` from leaf to root, 32 bytes each."""

    message: Sign1
    origin: str
    tree_size: int
    iat: int
    index: int
    path: tuple[bytes, ...]


class VerifiedReceipt(Struct, frozen=True):
    """What a receipt that holds has shown: the statement is leaf `index` of the tree of this size and root.

    `iat`: Unix seconds of the checkpoint that the root was signed with.
    """

    tree_size: int
    index: int
    root: bytes
    iat: int


def receipt_protected(alg: int, kid: bytes, origin: str, tree_size: int, iat: int) -> bytes:
    """The encoded protected header that all receipts of one checkpoint share."""
    return encode(
        {
            headers.ALG: alg,
            headers.KID: kid,
            headers.CWT_CLAIMS: {headers.ISS: origin, headers.SUB: origin, headers.IAT: iat},
            headers.TYP: headers.RECEIPT,
            headers.VDS: headers.VDS_RFC9162_SHA256,
            headers.TREE_SIZE: tree_size,
            headers.ORIGIN: origin,
        }
    )


def sign_root(protected: bytes, root: bytes, signer: SigningKey) -> bytes:
    """The signature (64 bytes) that all receipts of one checkpoint share; `root` is 32 bytes."""
    return signer.sign(to_be_signed(protected, root))


def encode_receipt(protected: bytes, signature: bytes, tree_size: int, index: int, path: Sequence[bytes]) -> bytes:
    """The receipt of leaf `index`, by concatenation. Raises `Malformed` for an empty path (RFC 9942: [+ bstr])."""
    if not path:
        raise Malformed("there is no receipt with an empty path: the tree has one leaf only")
    proof = b"".join(
        (b"\x83", head(0, tree_size), head(0, index), head(4, len(path)), _HASH_HEAD, _HASH_HEAD.join(path))
    )
    return assemble(protected, _VDP_HEAD + byte_string(proof), None, signature)


def parse_receipt(data: bytes) -> Receipt:
    """Take apart a receipt in the one form that `encode_receipt` writes. Raises `Malformed`."""
    if len(data) > RECEIPT_BYTES_MAX:
        raise Malformed(f"a receipt has at most {RECEIPT_BYTES_MAX} bytes")
    message = parse_sign1(data, typ=headers.RECEIPT, labels=_LABELS)
    if message.payload is not None:
        raise Malformed("a receipt's payload is detached")
    if message.protected[headers.VDS] != headers.VDS_RFC9162_SHA256:
        raise Malformed("the verifiable data structure is not RFC9162_SHA256")
    named = claims(message, _CLAIMS)
    origin, tree_size = message.protected[headers.ORIGIN], message.protected[headers.TREE_SIZE]
    iat = named[headers.IAT]
    assert isinstance(iat, int)  # claims saw to it
    if not isinstance(origin, str) or named[headers.ISS] != origin or named[headers.SUB] != origin:
        raise Malformed("a receipt's iss, sub and origin are the log's origin, all three")
    size, index, path = _proof(message.unprotected)
    if tree_size != size:
        raise Malformed("the proof is for another tree size than the one that was signed")
    return Receipt(message, origin, size, iat, index, path)


def _proof(unprotected: dict[int | str, object]) -> tuple[int, int, tuple[bytes, ...]]:
    match unprotected:
        case {headers.VDP: {headers.VDP_INCLUSION: [bytes(data)], **others}, **more} if not (others or more):
            pass
        case _:
            raise Malformed("a receipt's unprotected header is one inclusion proof and nothing else")
    match decode(data):
        case [int(size), int(index), [*path]] if 0 <= index < size <= TREE_SIZE_MAX:
            hashes = tuple(item for item in path if isinstance(item, bytes) and len(item) == 32)
            if 0 < len(hashes) == len(path) <= PROOF_HASHES_MAX:
                return size, index, hashes
    raise Malformed("the inclusion proof is not [tree_size, leaf_index, [+ hash]]")


def verify_receipt(
    receipt: bytes | Receipt, statement: bytes, public_key: VerifyingKey, origin: str
) -> VerifiedReceipt:
    """Check that the log `origin`, whose receipt key is `public_key`, signed a tree that holds `statement`.

    `statement` are the bytes of the signed statement (without receipts). Raises `Refuted`, `Malformed`.
    """
    parsed = parse_receipt(receipt) if isinstance(receipt, bytes) else receipt
    if parsed.origin != origin:
        raise Refuted(f"the receipt is of the log {parsed.origin!r:.80}, not of {origin!r:.80}")
    root = root_from_inclusion(parsed.index, parsed.tree_size, leaf_hash(statement), list(parsed.path))
    verify_sign1(parsed.message, public_key, detached_payload=root)
    return VerifiedReceipt(parsed.tree_size, parsed.index, root, parsed.iat)


def attach(statement: bytes, receipts: Sequence[bytes]) -> bytes:
    """The transparent statement: `statement` with `receipts` (one at least). Raises `Malformed`."""
    protected, unprotected, payload, signature = split(statement)
    if unprotected != b"\xa0" or not 0 < len(receipts) <= RECEIPTS_MAX:
        raise Malformed(f"a statement without receipts, and 1 to {RECEIPTS_MAX} receipts, make a transparent one")
    loose = b"".join((_RECEIPTS_HEAD, head(4, len(receipts)), *map(byte_string, receipts)))
    return assemble(protected, loose, payload, signature)


def detach(transparent: bytes) -> tuple[bytes, list[bytes]]:
    """The signed statement's bytes, and the receipts (one at least). Raises `Malformed`; verifies nothing."""
    if len(transparent) > _TRANSPARENT_BYTES_MAX:
        raise Malformed(f"a transparent statement has at most {_TRANSPARENT_BYTES_MAX} bytes")
    protected, unprotected, payload, signature = split(transparent)
    match decode(unprotected):
        case {headers.RECEIPTS: [*receipts], **others} if not others and 0 < len(receipts) <= RECEIPTS_MAX:
            found = [item for item in receipts if isinstance(item, bytes)]
            if len(found) == len(receipts):
                return assemble(protected, b"\xa0", payload, signature), found
    raise Malformed("not a transparent statement: its unprotected header is not a list of receipts")
