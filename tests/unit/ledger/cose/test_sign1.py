"""COSE_Sign1: canonical, tagged, and of one `typ` only."""

from __future__ import annotations

import cbor2
import pytest

from ledger.cose import headers
from ledger.cose.sign1 import Sign1, parse_sign1, sign1, split, to_be_signed, verify_sign1
from ledger.errors import Malformed, Refuted
from ledger.keys.algorithms import decode_key
from ledger.keys.signer import Signer, new_key

TYP = "application/vnd.example+cose"
LABELS = frozenset({headers.ALG, headers.KID, headers.TYP})


@pytest.fixture(scope="module", params=["ed25519", "p256"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return new_key(request.param)


def _message(signer: Signer, *, detached: bool = False) -> bytes:
    return sign1({headers.TYP: TYP}, b"payload", signer, detached=detached)


def test_what_is_signed_verifies_and_gives_its_payload(signer: Signer) -> None:
    assert verify_sign1(parse_sign1(_message(signer), typ=TYP, labels=LABELS), signer.public) == b"payload"


def test_a_detached_payload_is_given_by_the_verifier(signer: Signer) -> None:
    message = parse_sign1(_message(signer, detached=True), typ=TYP, labels=LABELS)
    assert message.payload is None
    assert verify_sign1(message, signer.public, detached_payload=b"payload") == b"payload"
    with pytest.raises(Refuted):
        verify_sign1(message, signer.public, detached_payload=b"another")
    with pytest.raises(Malformed):
        verify_sign1(message, signer.public)


def test_an_embedded_payload_is_not_replaced_by_a_given_one(signer: Signer) -> None:
    message = parse_sign1(_message(signer), typ=TYP, labels=LABELS)
    with pytest.raises(Malformed):
        verify_sign1(message, signer.public, detached_payload=b"payload")


def test_another_key_does_not_verify(signer: Signer) -> None:
    message = parse_sign1(_message(signer), typ=TYP, labels=LABELS)
    with pytest.raises(Refuted, match="another key"):
        verify_sign1(message, new_key(signer.public.kind).public)


def test_no_flipped_bit_anywhere_goes_unnoticed(signer: Signer) -> None:
    data = _message(signer)
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            with pytest.raises((Malformed, Refuted)):
                verify_sign1(parse_sign1(bytes(changed), typ=TYP, labels=LABELS), signer.public)


def test_another_typ_is_refused_before_anything_else(signer: Signer) -> None:
    with pytest.raises(Malformed, match="typ"):
        parse_sign1(_message(signer), typ="application/vnd.example.other+cose", labels=LABELS)


def test_labels_that_nobody_asked_for_are_refused(signer: Signer) -> None:
    with_crit = sign1({headers.TYP: TYP, 2: [4]}, b"payload", signer)
    with pytest.raises(Malformed, match="labels"):
        parse_sign1(with_crit, typ=TYP, labels=LABELS)


@pytest.mark.parametrize(
    ("number", "name"), [(-35, "ES384"), (-257, "RS256"), (-47, "ES256K"), (-50, "ML-DSA-87"), (-12345, "-12345")]
)
def test_an_algorithm_outside_the_closed_list_is_refused_by_name(number: int, name: str) -> None:
    protected = cbor2.dumps({1: number, 4: b"k" * 32, 16: TYP}, canonical=True)
    data = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, b"payload", b"s" * 64]))
    with pytest.raises(Malformed, match=name):
        parse_sign1(data, typ=TYP, labels=LABELS)


@pytest.mark.parametrize("alg", ["ES256", None, True, -8.0])
def test_an_algorithm_that_is_no_number_of_the_list_is_refused(alg: object) -> None:
    protected = cbor2.dumps({1: alg, 4: b"k" * 32, 16: TYP}, canonical=True)
    with pytest.raises(Malformed):
        parse_sign1(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, b"p", b"s" * 64])), typ=TYP, labels=LABELS)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"\x00",
        lambda data: data[1:],  # untagged
        lambda data: b"\xd8\x12" + data[1:],  # the tag not in its shortest form
        lambda data: data[:-1],
        lambda data: data[:-65] + b"\x40",  # an empty signature
    ],
)
def test_other_forms_of_the_same_message_are_refused(change: object, signer: Signer) -> None:
    with pytest.raises(Malformed):
        split(change(_message(signer)))  # type: ignore[operator]


def test_the_example_of_the_rfc_verifies_under_the_key_of_the_rfc() -> None:
    """RFC 9052, appendix C.2.1: our Sig_structure is the standard's."""
    data = bytes.fromhex(
        "d28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23"
        "d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"
    )
    key = decode_key(
        cbor2.dumps(
            {
                1: 2,
                -1: 1,
                -2: bytes.fromhex("bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"),
                -3: bytes.fromhex("20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"),
            },
            canonical=True,
        )
    )
    protected, unprotected, payload, signature = split(data)
    assert (unprotected, payload) == (bytes.fromhex("a104423131"), b"This is the content.")
    key.verify(-7, signature, to_be_signed(protected, b"This is the content."))


def test_a_parsed_message_says_which_key_and_algorithm_it_names(signer: Signer) -> None:
    message: Sign1 = parse_sign1(_message(signer), typ=TYP, labels=LABELS)
    assert (message.kid, message.alg) == (signer.kid, signer.alg)
