"""Statements as no program of ours makes them: well signed, and wrong in one way."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import count

from ledger.cose import headers
from ledger.cose.cbor import byte_string, encode
from ledger.cose.sign1 import assemble, split, to_be_signed
from ledger.domain.events.base import Event
from ledger.domain.payload import encode_payload
from ledger.keys.algorithms import P256_ORDER
from ledger.keys.signer import Signer
from tests.support.charter import ORIGIN, Speaker

__all__ = ["OUTER", "forge", "high_s", "outer", "protected_of", "resign"]

_numbers = count(1)


def protected_of(subject: str, by: Speaker, **claims: object) -> dict[object, object]:
    """A protected header as it should be, by label."""
    cti = sha256(f"forged {next(_numbers)}".encode()).digest()[:16]
    return {
        headers.ALG: by.signer.alg,
        headers.CONTENT_TYPE: headers.PAYLOAD_JSON,
        headers.KID: by.signer.kid,
        headers.CWT_CLAIMS: {
            headers.ISS: by.party,
            headers.SUB: subject,
            headers.AUD: claims.get("aud", ORIGIN),
            headers.IAT: claims.get("iat", int(time.time())),
            headers.CTI: claims.get("cti", cti),
        },
        headers.TYP: headers.STATEMENT,
    }


def forge(
    said: Event | bytes,
    subject: str,
    by: Speaker,
    *,
    change: Mapping[object, object] | None = None,
    encoded: Callable[[dict[object, object]], bytes] = encode,
    drop: object = None,
) -> bytes:
    """A statement with any payload, any header and any encoding of it, under a signature that holds."""
    protected = {**protected_of(subject, by), **(change or {})}
    protected.pop(drop, None)
    return resign(encoded(protected), said if isinstance(said, bytes) else encode_payload(said), by.signer)


def resign(protected: bytes, payload: bytes, signer: Signer) -> bytes:
    return assemble(protected, b"\xa0", payload, signer.sign(to_be_signed(protected, payload)))


def high_s(statement: bytes) -> bytes:
    """The other signature of the same statement that ECDSA would verify."""
    s = int.from_bytes(statement[-32:], "big")
    return statement[:-32] + (P256_ORDER - s).to_bytes(32, "big")


def outer(statement: bytes, how: str) -> bytes:
    """The same content, under the same signature, in another encoding of the outer item."""
    protected, unprotected, payload, signature = split(statement)
    assert payload is not None
    parts = [byte_string(protected), unprotected, byte_string(payload), byte_string(signature)]
    if how == "untagged":
        return statement[1:]
    if how == "tagged as COSE_Mac0":
        return b"\xd1" + statement[1:]
    if how == "tagged as COSE_Sign":
        return b"\xd8\x62" + statement[1:]
    if how == "long tag":
        return b"\xd8\x12" + statement[1:]
    if how == "self-described CBOR":
        return b"\xd9\xd9\xf7" + statement
    if how == "tagged as CWT":
        return b"\xd8\x3d" + statement
    if how == "long array head":
        return b"\xd2\x98\x04" + b"".join(parts)
    if how == "indefinite array":
        return b"\xd2\x9f" + b"".join(parts) + b"\xff"
    if how == "long protected length":
        parts[0] = b"\x5a" + len(protected).to_bytes(4, "big") + protected
    elif how == "indefinite protected":
        parts[0] = b"\x5f" + byte_string(protected) + b"\xff"
    elif how == "long empty map":
        parts[1] = b"\xb8\x00"
    elif how == "indefinite empty map":
        parts[1] = b"\xbf\xff"
    elif how == "unprotected content":
        parts[1] = b"\xa1\x04\x41\x00"
    elif how == "long payload length":
        parts[2] = b"\x5b" + len(payload).to_bytes(8, "big") + payload
    elif how == "payload as text":
        parts[2] = bytes([byte_string(payload)[0] + 0x20]) + byte_string(payload)[1:]
    elif how == "detached payload":
        parts[2] = b"\xf6"
    elif how == "long signature length":
        parts[3] = b"\x59\x00\x40" + signature
    elif how == "DER signature":
        parts[3] = byte_string(b"\x30\x44\x02\x20" + signature[:32] + b"\x02\x20" + signature[32:])
    elif how == "five elements":
        return b"\xd2\x85" + b"".join(parts) + b"\xf6"
    elif how == "trailing byte":
        return statement + b"\x00"
    elif how == "leading byte":
        return b"\x00" + statement
    elif how == "twice":
        return statement * 2
    elif how == "cut short":
        return statement[:-1]
    elif how == "base64":
        return base64.b64encode(statement)
    else:
        raise ValueError(how)
    return b"\xd2\x84" + b"".join(parts)


OUTER = (
    "untagged", "tagged as COSE_Mac0", "tagged as COSE_Sign", "long tag", "self-described CBOR", "tagged as CWT",
    "long array head", "indefinite array", "long protected length", "indefinite protected", "long empty map",
    "indefinite empty map", "unprotected content", "long payload length", "payload as text", "detached payload",
    "long signature length", "DER signature", "five elements", "trailing byte", "leading byte", "twice", "cut short",
    "base64",
)  # fmt: skip
