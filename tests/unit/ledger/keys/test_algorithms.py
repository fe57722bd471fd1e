"""The closed table: which signatures and keys are taken, and how a key is named."""

from __future__ import annotations

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.errors import Malformed, Refuted
from ledger.keys.algorithms import (
    ALGORITHMS,
    P256_ORDER,
    algorithm,
    decode_key,
    encode_key,
    load_pem,
    thumbprint,
    wrap,
)
from ledger.keys.signer import Signer, new_key

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


@pytest.fixture(scope="module", params=["ed25519", "p256"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return new_key(request.param)


def test_the_thumbprint_is_that_of_the_rfc() -> None:
    """RFC 9679 §6."""
    key = decode_key(
        cbor2.dumps(
            {
                1: 2,
                -1: 1,
                -2: bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"),
                -3: bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"),
            },
            canonical=True,
        )
    )
    assert thumbprint(key).hex() == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"


def test_keys_come_back_from_their_cose_and_pem_forms(signer: Signer) -> None:
    assert decode_key(encode_key(signer.public)).kid == signer.kid
    assert load_pem(signer.public.pem).cose_key == signer.public.cose_key


def test_the_table_is_closed() -> None:
    assert {row.name for row in ALGORITHMS.values()} == {"EdDSA", "Ed25519", "ES256", "ESP256"}
    with pytest.raises(Malformed, match="ES384"):
        algorithm(-35)


@pytest.mark.parametrize(("kind", "numbers"), [("ed25519", (-8, -19)), ("p256", (-7, -9))])
def test_a_key_verifies_under_its_own_algorithms_only(kind: str, numbers: tuple[int, ...]) -> None:
    signer = new_key(kind)
    signature = signer.sign(b"data")
    for number in ALGORITHMS:
        assert signer.public.alg_ok(number) == (number in numbers)
        if number in numbers:
            signer.public.verify(number, signature, b"data")
        else:
            with pytest.raises(Refuted, match="does not go with"):
                signer.public.verify(number, signature, b"data")


def test_of_two_ecdsa_signatures_that_would_verify_one_is_refused() -> None:
    signer = new_key("p256")
    signature = signer.sign(b"data")
    twin = signature[:32] + (P256_ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    signer.public.verify(-7, signature, b"data")
    with pytest.raises(Refuted, match="low-S"):
        signer.public.verify(-7, twin, b"data")


def test_an_ed25519_signature_with_its_scalar_raised_by_the_order_is_refused() -> None:
    signer = new_key("ed25519")
    signature = signer.sign(b"data")
    order = 2**252 + 27742317777372353535851937790883648493
    raised = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    with pytest.raises(Refuted):
        signer.public.verify(-8, raised, b"data")


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_a_signature_that_is_none_is_refused(signature: bytes, signer: Signer) -> None:
    with pytest.raises(Refuted):
        signer.public.verify(signer.alg, signature, b"data")


def test_keys_outside_the_table_are_refused() -> None:
    for private in (ec.generate_private_key(ec.SECP384R1()), ed448.Ed448PrivateKey.generate()):
        with pytest.raises(Malformed, match="not supported"):
            wrap(private.public_key())
    weak = rsa.generate_private_key(65537, 2048).public_key()
    with pytest.raises(Malformed, match="not supported"):
        wrap(weak)


def _small_order_points() -> set[bytes]:
    """All points of order 1, 2, 4, 8 by arithmetic alone (RFC 8032 §5.1.4): 8 · point is the identity."""

    def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        (x1, y1), (x2, y2) = a, b
        k = _D * x1 * x2 * y1 * y2 % _P
        x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, _P) % _P
        return x, (y1 * y2 + x1 * x2) * pow(1 - k, -1, _P) % _P

    def lift(y: int) -> tuple[int, int] | None:
        xx = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
        x = pow(xx, (_P + 3) // 8, _P)
        if (x * x - xx) % _P:
            x = x * pow(2, (_P - 1) // 4, _P) % _P
        return (x, y) if (x * x - xx) % _P == 0 else None

    def times(point: tuple[int, int], n: int) -> tuple[int, int]:
        sum_ = (0, 1)
        while n:
            if n & 1:
                sum_ = add(sum_, point)
            point, n = add(point, point), n >> 1
        return sum_

    order = 2**252 + 27742317777372353535851937790883648493
    torsion = next(t for y in range(2, 200) if (p := lift(y)) and (t := times(p, order)) and times(t, 4) != (0, 1))
    points = [times(torsion, n) for n in range(8)]
    assert times(torsion, 8) == (0, 1)
    return {(y | (x & 1) << 255).to_bytes(32, "little") for x, y in points}


def test_ed25519_keys_under_which_anything_verifies_are_refused() -> None:
    points = _small_order_points()
    assert len(points) == 8
    for point in points:
        with pytest.raises(Malformed, match="small order"):
            wrap(Ed25519PublicKey.from_public_bytes(point))


@pytest.mark.parametrize("above", [3, 18])
def test_an_ed25519_key_written_in_a_second_way_is_refused(above: int) -> None:
    """y and y - p would be one key under two thumbprints (RFC 8032 §5.1.3 takes y < p only)."""
    with pytest.raises(Malformed, match="canonical"):
        wrap(Ed25519PublicKey.from_public_bytes((_P + above).to_bytes(32, "little")))


@pytest.mark.parametrize(
    "members",
    [
        {},
        {1: 1, -1: 6},
        {1: 1, -1: 6, -2: b"short"},
        {1: 1, -1: 6, -2: bytes(range(32)), 3: -8},
        {1: 1, -1: 6, -2: bytes(range(32)), -4: bytes(32)},
        {1: 1, -1: 7, -2: bytes(range(32))},
        {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)},
        {1: 2, -1: 1, -2: bytes(31) + b"\x01", -3: True},
        {1: 3, -1: b"n", -2: b"e"},
        [1, 2],
    ],
)
def test_other_cose_keys_are_refused(members: object) -> None:
    with pytest.raises(Malformed):
        decode_key(cbor2.dumps(members, canonical=True))


def test_a_pem_that_is_no_public_key_is_refused() -> None:
    with pytest.raises(Malformed):
        load_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
