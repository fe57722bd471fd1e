"""COSE_Sign1 (RFC 9052 §4.2): make, take apart, verify. Tagged, canonical, 64-byte signatures, no external data.

What the fields mean is the business of `statement`, `receipt` and the other users; who holds a key, that of
`ledger.keys`, which stands above: here a key is whatever signs or verifies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.cbor import byte_string, decode, encode, item_end, read_byte_string
from ledger.errors import Malformed, Refuted
from ledger.limits import PROTECTED_BYTES_MAX, UNPROTECTED_ITEMS_MAX

__all__ = ["Sign1", "SigningKey", "VerifyingKey", "parse_sign1", "sign1", "split", "verify_sign1"]

_START: Final = b"\xd2\x84"  # tag 18, array of 4
_NIL: Final = 0xF6
_SIGNATURE_HEAD: Final = b"\x58\x40"
_SIGNATURE_BYTES: Final = 64  # of every algorithm in the closed list
_TO_BE_SIGNED: Final = b"\x84\x6aSignature1"


class SigningKey(Protocol):
    """What signs: `kid` of 32 bytes, `alg` a COSE number, `sign` gives 64 bytes."""

    @property
    def kid(self) -> bytes: ...

    @property
    def alg(self) -> int: ...

    def sign(self, data: bytes) -> bytes: ...


class VerifyingKey(Protocol):
    """What verifies: `verify` returns, or raises `Refuted` (`Malformed` for an unknown algorithm)."""

    @property
    def kid(self) -> bytes: ...

    def verify(self, alg: int, signature: bytes, data: bytes) -> None: ...


class Sign1(Struct, frozen=True):
    """A parsed, not yet verified COSE_Sign1. `payload` is None where it is detached."""

    protected_bytes: bytes
    protected: dict[int | str, object]
    unprotected: dict[int | str, object]
    payload: bytes | None
    signature: bytes

    @property
    def alg(self) -> int:
        """The signature algorithm, of the closed list."""
        number = self.protected[headers.ALG]
        assert isinstance(number, int)  # parse_sign1 saw to it
        return number

    @property
    def kid(self) -> bytes:
        """Thumbprint of the signing key, 32 bytes."""
        kid = self.protected[headers.KID]
        assert isinstance(kid, bytes)  # parse_sign1 saw to it
        return kid


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure over encoded protected header and payload, external_aad empty (RFC 9052 §4.4)."""
    return b"".join((_TO_BE_SIGNED, byte_string(protected), b"\x40", byte_string(payload)))


def assemble(protected: bytes, unprotected: bytes, payload: bytes | None, signature: bytes) -> bytes:
    """The tagged message, from encoded protected header, encoded unprotected map, payload (None: detached)."""
    body = b"\xf6" if payload is None else byte_string(payload)
    return b"".join((_START, byte_string(protected), unprotected, body, _SIGNATURE_HEAD, signature))


def sign1(protected: Mapping[int, object], payload: bytes, signer: SigningKey, *, detached: bool = False) -> bytes:
    """Sign `payload`; `alg` and `kid` are put into the protected header here. Returns the tagged message."""
    encoded = encode({**protected, headers.ALG: signer.alg, headers.KID: signer.kid})
    signature = signer.sign(to_be_signed(encoded, payload))
    return assemble(encoded, b"\xa0", None if detached else payload, signature)


def split(data: bytes) -> tuple[bytes, bytes, bytes | None, bytes]:
    """Slice a message into protected header, encoded unprotected map, payload (None: detached), signature.

    Nothing is re-encoded; everything but the inside of the protected header is checked to be canonical.
    Raises `Malformed`.
    """
    if data[:2] != _START:
        raise Malformed("not a COSE_Sign1 with tag 18")
    protected, at = read_byte_string(data, 2)
    if len(protected) > PROTECTED_BYTES_MAX:
        raise Malformed(f"a protected header of more than {PROTECTED_BYTES_MAX:,} bytes")
    payload: bytes | None
    if data[at : at + 1] == b"\xa0":
        end = at + 1
    else:
        if data[at : at + 1] == b"" or data[at] >> 5 != 5:
            raise Malformed("the unprotected header is not a map")
        end = item_end(data, at, items_max=UNPROTECTED_ITEMS_MAX)
    unprotected = data[at:end]
    if data[end : end + 1] == b"\xf6":
        payload, end = None, end + 1
    else:
        payload, end = read_byte_string(data, end)
    if data[end : end + 2] != _SIGNATURE_HEAD or len(data) != end + 2 + _SIGNATURE_BYTES:
        raise Malformed("the message does not end in a signature of 64 bytes")
    return protected, unprotected, payload, data[end + 2 :]


def parse_sign1(data: bytes, *, typ: str, labels: frozenset[int]) -> Sign1:
    """Take apart a message whose protected `typ` is `typ` and whose protected labels are exactly `labels`.

    `alg` must be in the closed list and `kid` a thumbprint. The signature is not verified. Raises `Malformed`.
    """
    protected_bytes, unprotected, payload, signature = split(data)
    protected = decode(protected_bytes)
    if not isinstance(protected, dict):
        raise Malformed("the protected header is not a map")
    if protected.get(headers.TYP) != typ:
        raise Malformed(f"typ is {protected.get(headers.TYP)!r:.80}, not {typ!r}")
    if protected.keys() != labels:
        raise Malformed(f"protected header labels are {list(protected)!r:.80}, not {sorted(labels)}")
    headers.algorithm_name(protected[headers.ALG])
    kid = protected[headers.KID]
    if not isinstance(kid, bytes) or len(kid) != 32:
        raise Malformed("kid is not a thumbprint of 32 bytes (RFC 9679)")
    loose = decode(unprotected)
    assert isinstance(loose, dict)  # split saw to it
    return Sign1(protected_bytes, protected, loose, payload, signature)


def claims(message: Sign1, types: Mapping[int, type]) -> dict[int, object]:
    """The CWT claims of `message`: exactly those in `types`, each of its type (RFC 9597). Raises `Malformed`."""
    found = message.protected.get(headers.CWT_CLAIMS)
    if not isinstance(found, dict) or found.keys() != types.keys():
        raise Malformed(f"CWT claims must be exactly {sorted(types)}")
    for label, wanted in types.items():
        if type(found[label]) is not wanted:
            raise Malformed(f"CWT claim {label} is not of type {wanted.__name__}")
    return found


def verify_sign1(message: Sign1, key: VerifyingKey, *, detached_payload: bytes | None = None) -> bytes:
    """Check the signature under `key`; return the payload that it covers.

    Raises `Refuted` where the message names another key or the signature does not hold, `Malformed` where
    the payload is neither embedded nor given, or both.
    """
    if (message.payload is None) == (detached_payload is None):
        raise Malformed("a payload is either embedded or given, not both and not neither")
    payload = message.payload if detached_payload is None else detached_payload
    assert payload is not None
    if message.kid != key.kid:
        raise Refuted("the message names another key")
    key.verify(message.alg, message.signature, to_be_signed(message.protected_bytes, payload))
    return payload
