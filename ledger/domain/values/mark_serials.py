"""Serials of marks (专用标识): unguessable, short, derived from one secret for a whole range.

Serial number i (from 0) is range (5 bytes) ‖ i (3 bytes) ‖ the first 8 bytes of HMAC-SHA-256(seed, range ‖ i), as 26
characters of Crockford's base 32: upper case and digits only, so that a QR code takes them in its short form, and
none that look alike. Who does not have the seed guesses one in 2^64; who has it checks a serial without a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Final, NamedTuple

from ledger.errors import Malformed, Refuted
from ledger.limits import MARK_SERIALS_MAX

__all__ = ["RANGE_BYTES", "SEED_BYTES", "SERIAL_CHARS", "Serial", "check", "fold", "make", "parse", "serials"]

RANGE_BYTES: Final = 5
SEED_BYTES: Final = 32
SERIAL_CHARS: Final = 26
_NUMBER_BYTES: Final = 3
_TAG_BYTES: Final = 8
_SPARE_BITS: Final = 2  # 26 characters hold 130 bits, a serial has 128: the last two are zero
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SERIAL: Final = re.compile(f"[{_ALPHABET}]{{{SERIAL_CHARS}}}")
_VALUE: Final = {character: value for value, character in enumerate(_ALPHABET)}
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_RANGE_CHARS: Final = RANGE_BYTES * 8 // 5
_REST_SHIFTS: Final = range(80, -1, -10)  # of the 90 bits after the range, ten at a time
_AS_TYPED: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_BLOCK_BYTES: Final = 64  # of SHA-256


class Serial(NamedTuple):
    """A serial taken apart; nothing says yet that it is genuine. `range`: 10 hexadecimal digits."""

    range: str
    number: int
    tag: bytes


def make(seed: bytes, range_: str, number: int) -> str:
    """Serial `number` (from 0) of a range (10 hexadecimal digits). Raises `Malformed`."""
    prefix, number_max = _prefix(seed, range_), 1 << 8 * _NUMBER_BYTES
    if not 0 <= number < number_max:
        raise Malformed(f"not the number of a serial: {number}")
    message = prefix + number.to_bytes(_NUMBER_BYTES, "big")
    return _encode(message + digest(seed, message, "sha256")[:_TAG_BYTES])


def serials(seed: bytes, range_: str, count: int) -> Iterator[str]:
    """The first `count` serials of a range, in order: one after the other, whatever the count. Raises `Malformed`."""
    if not 1 <= count <= MARK_SERIALS_MAX:
        raise Malformed(f"a range has 1 to {MARK_SERIALS_MAX} serials, not {count}")
    prefix = _prefix(seed, range_)
    head = _encode(prefix.ljust(RANGE_BYTES + _NUMBER_BYTES + _TAG_BYTES, b"\0"))[:_RANGE_CHARS]
    # HMAC (RFC 2104) from the two hashes that every serial of the range begins with: half the time of `digest`.
    key = seed.ljust(_BLOCK_BYTES, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in key) + prefix)
    outer = sha256(bytes(byte ^ 0x5C for byte in key))
    pairs, shifts = _PAIRS, _REST_SHIFTS
    for number in range(count):
        place = number.to_bytes(_NUMBER_BYTES, "big")
        hashed, tag = inner.copy(), outer.copy()
        hashed.update(place)
        tag.update(hashed.digest())
        rest = int.from_bytes(place + tag.digest()[:_TAG_BYTES], "big") << _SPARE_BITS
        yield head + "".join([pairs[rest >> shift & 1023] for shift in shifts])


def fold(text: str) -> str:
    """A serial as people type it: any case, with hyphens and spaces, O for 0, I or L for 1."""
    return text.upper().translate(_AS_TYPED)


def parse(text: str) -> Serial:
    """A serial in its one form: 26 characters, the two spare bits zero. Raises `Malformed`."""
    if _SERIAL.fullmatch(text) is None:
        raise Malformed(f"a serial has {SERIAL_CHARS} characters of {_ALPHABET}")
    value = 0
    for character in text:
        value = value << 5 | _VALUE[character]
    if value & (1 << _SPARE_BITS) - 1:
        raise Malformed("the last character of the serial is none that ends one")
    content = (value >> _SPARE_BITS).to_bytes(RANGE_BYTES + _NUMBER_BYTES + _TAG_BYTES, "big")
    number = int.from_bytes(content[RANGE_BYTES:-_TAG_BYTES], "big")
    return Serial(content[:RANGE_BYTES].hex(), number, content[-_TAG_BYTES:])


def check(serial: Serial, seed: bytes, count: int) -> Serial:
    """The serial, if it is one of the `count` serials of its range under this seed. Raises `Refuted`.

    The comparison takes the same time wherever the tags differ.
    """
    message = bytes.fromhex(serial.range) + serial.number.to_bytes(_NUMBER_BYTES, "big")
    genuine = compare_digest(serial.tag, digest(seed, message, "sha256")[:_TAG_BYTES])
    if not genuine or serial.number >= count:
        raise Refuted("no such serial was issued")
    return serial


def _prefix(seed: bytes, range_: str) -> bytes:
    if len(seed) != SEED_BYTES:
        raise Malformed(f"a seed has {SEED_BYTES} bytes")
    if re.fullmatch(f"[0-9a-f]{{{2 * RANGE_BYTES}}}", range_) is None:
        raise Malformed(f"a range is {2 * RANGE_BYTES} lower-case hexadecimal digits")
    return bytes.fromhex(range_)


def _encode(content: bytes) -> str:
    value = int.from_bytes(content, "big") << _SPARE_BITS
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])
