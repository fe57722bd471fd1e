"""One function reads Ed25519 keys: what it refuses is refused for issuers, logs and witnesses alike."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.cose.cbor import encode
from ledger.errors import Malformed
from ledger.keys.algorithms import decode_key, wrap
from ledger.tlog.ed25519 import read_ed25519
from ledger.tlog.vkey import COSIGNATURE_ED25519, ED25519, VerifierKey, encode_base64
from ledger.tlog.witness_policy import parse_policy

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def _on_curve(y: int) -> bool:
    """Whether x² = (y² - 1) / (d·y² + 1) has a root, by taking it (RFC 8032 §5.1.3)."""
    xx = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(xx, (_P + 3) // 8, _P)
    return xx in (x * x % _P, -x * x % _P)


def _small_order_ys() -> set[int]:
    """Of the points of order 1, 2 and 4: y = 1, -1, 0. Of order 8: x² = y², so that d·y⁴ + 2·y² - 1 = 0 … by search."""
    found = {0, 1, _P - 1}
    # -x² + y² = 1 + d·x²·y² with doubling giving a point of order 4 (y = 0): x² = -y², hence 2·y² = 1 - d·y⁴.
    root_of = pow(1 + _D, (_P + 3) // 8, _P)
    if root_of * root_of % _P != (1 + _D) % _P:
        root_of = root_of * pow(2, (_P - 1) // 4, _P) % _P
    assert root_of * root_of % _P == (1 + _D) % _P
    for sign in (1, -1):
        yy = (-1 + sign * root_of) * pow(_D, -1, _P) % _P
        y = pow(yy, (_P + 3) // 8, _P)
        if y * y % _P != yy:
            y = y * pow(2, (_P - 1) // 4, _P) % _P
        if y * y % _P == yy:
            found |= {y, _P - y}
    assert len(found) == 5
    return found


_SMALL = [(y | sign << 255).to_bytes(32, "little") for y in sorted(_small_order_ys()) for sign in (0, 1)]
_SECOND_FORMS = [(_P + above | sign << 255).to_bytes(32, "little") for above in range(19) for sign in (0, 1)]
_NO_POINTS = [y.to_bytes(32, "little") for y in range(2, 40) if not _on_curve(y)]
_REFUSED = [*_SMALL, *_SECOND_FORMS, *_NO_POINTS, b"", bytes(31), bytes(33)]


@pytest.mark.parametrize("data", _REFUSED, ids=lambda data: data.hex()[:12] or "empty")
def test_a_key_that_no_honest_generator_makes_is_refused_wherever_keys_come_in(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_ed25519(data)
    with pytest.raises(Malformed):
        decode_key(encode({1: 1, -1: 6, -2: data}))
    for kind in (ED25519, COSIGNATURE_ED25519):
        with pytest.raises(Malformed):
            VerifierKey("example.org", kind, data)
    if len(data) == 32:
        with pytest.raises(Malformed):
            wrap(Ed25519PublicKey.from_public_bytes(data))


def test_a_witness_policy_with_such_a_key_is_refused() -> None:
    good = VerifierKey(
        "witness.example", COSIGNATURE_ED25519, Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    )
    log = VerifierKey("log.example", ED25519, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    text = f"log {log.format()}\nwitness w {good.format()}\nquorum w\n"
    assert parse_policy(text.encode()).witnesses
    head, _, _ = good.format().rpartition("+")
    bad = text.replace(good.format(), f"{head}+{encode_base64(bytes([COSIGNATURE_ED25519]) + _SMALL[0])}")
    with pytest.raises(Malformed):
        parse_policy(bad.encode())


def test_generated_keys_are_read_and_are_points_by_the_other_reckoning_too() -> None:
    for _ in range(50):
        data = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        assert read_ed25519(data).public_bytes_raw() == data
        assert _on_curve(int.from_bytes(data, "little") & (1 << 255) - 1)
