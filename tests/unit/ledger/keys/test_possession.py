"""A proof of possession is for one key, one party, one log."""

from __future__ import annotations

import pytest

from ledger.cose import headers
from ledger.cose.cbor import encode
from ledger.cose.sign1 import assemble, sign1, split
from ledger.errors import Malformed, Refuted
from ledger.keys.proof_of_possession import check_possession, prove_possession
from ledger.keys.signer import Signer, new_key

PARTY = "party:organizer"
ORIGIN = "ledger.example/2026"


@pytest.fixture(scope="module", params=["ed25519", "p256"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return new_key(request.param)


def test_the_holder_of_a_key_can_prove_it(signer: Signer) -> None:
    proof = prove_possession(signer, PARTY, ORIGIN)
    assert check_possession(proof, signer.public.cose_key, PARTY, ORIGIN).kid == signer.kid


def test_the_proof_serves_no_other_key_party_or_log(signer: Signer) -> None:
    proof = prove_possession(signer, PARTY, ORIGIN)
    key = signer.public.cose_key
    with pytest.raises(Refuted):
        check_possession(proof, new_key(signer.public.kind).public.cose_key, PARTY, ORIGIN)
    with pytest.raises(Refuted):
        check_possession(proof, key, "party:other", ORIGIN)
    with pytest.raises(Refuted):
        check_possession(proof, key, PARTY, "other.example")


def test_no_flipped_bit_anywhere_goes_unnoticed(signer: Signer) -> None:
    proof = prove_possession(signer, PARTY, ORIGIN)
    for position in range(len(proof)):
        for bit in range(8):
            changed = bytearray(proof)
            changed[position] ^= 1 << bit
            with pytest.raises((Malformed, Refuted)):
                check_possession(bytes(changed), signer.public.cose_key, PARTY, ORIGIN)


def test_nothing_signed_for_another_use_passes_for_it(signer: Signer) -> None:
    claims = {headers.ISS: PARTY, headers.AUD: ORIGIN}
    statement = sign1({headers.TYP: headers.STATEMENT, headers.CWT_CLAIMS: claims}, signer.kid, signer)
    with pytest.raises(Malformed, match="typ"):
        check_possession(statement, signer.public.cose_key, PARTY, ORIGIN)


def test_nothing_can_be_slipped_into_its_unprotected_header(signer: Signer) -> None:
    protected, _, payload, signature = split(prove_possession(signer, PARTY, ORIGIN))
    padded = assemble(protected, encode({4: b"kid"}), payload, signature)
    with pytest.raises(Malformed, match="unprotected"):
        check_possession(padded, signer.public.cose_key, PARTY, ORIGIN)


def test_it_says_which_key_it_is_about(signer: Signer) -> None:
    claims = {headers.ISS: PARTY, headers.AUD: ORIGIN}
    other = sign1({headers.TYP: headers.POSSESSION, headers.CWT_CLAIMS: claims}, b"another payload", signer)
    with pytest.raises(Refuted, match="not for"):
        check_possession(other, signer.public.cose_key, PARTY, ORIGIN)
