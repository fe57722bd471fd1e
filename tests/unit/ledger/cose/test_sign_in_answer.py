"""Answers to sign-in challenges: for one site, one log, one key; and nothing else passes for one."""

from __future__ import annotations

import pytest

from ledger.cose.access_token import AccessRequest, parse_access, sign_access
from ledger.cose.sign_in_answer import NONCE_BYTES, parse_sign_in, sign_sign_in
from ledger.errors import LedgerError, Malformed, Refuted
from ledger.keys.proof_of_possession import check_possession, prove_possession
from ledger.limits import SIGN_IN_BYTES_MAX
from tests.support.keys import signer_for

UNTIL = 1_800_000_000
LOG, SITE = "example.org/log", "https://ledger.example.org"
SIGNER = signer_for("officer", "p256")
NONCE = bytes(range(NONCE_BYTES))


def made(nonce: bytes = NONCE, party: str = "party:organizer") -> bytes:
    return sign_sign_in(party=party, log=LOG, web_origin=SITE, expires_at=UNTIL, nonce=nonce, signer=SIGNER)


def test_an_answer_says_who_signs_in_where_and_until_when() -> None:
    answer = parse_sign_in(made())
    assert (answer.party, answer.log, answer.web_origin) == ("party:organizer", LOG, SITE)
    assert (answer.expires_at, answer.nonce, answer.kid) == (UNTIL, NONCE, SIGNER.kid)
    answer.verify(SIGNER.public, log=LOG, web_origin=SITE)


@pytest.mark.parametrize(
    ("log", "site"), [("example.org/other", SITE), (LOG, "http://ledger.example.org"), (LOG, f"{SITE}:8443")]
)
def test_an_answer_is_for_one_log_and_one_site(log: str, site: str) -> None:
    with pytest.raises(Refuted, match="is meant for"):
        parse_sign_in(made()).verify(SIGNER.public, log=log, web_origin=site)


def test_an_answer_is_by_one_key() -> None:
    with pytest.raises(Refuted):
        parse_sign_in(made()).verify(signer_for("another", "p256").public, log=LOG, web_origin=SITE)


def test_no_flipped_bit_passes() -> None:
    data = made()
    for at in range(len(data)):
        for mask in (1, 128):
            flipped = data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]
            with pytest.raises(LedgerError):
                parse_sign_in(flipped).verify(SIGNER.public, log=LOG, web_origin=SITE)


@pytest.mark.parametrize("nonce", [b"", NONCE[:-1], NONCE + b"x"])
def test_a_challenge_of_another_length_is_none(nonce: bytes) -> None:
    with pytest.raises(Malformed, match="32 bytes"):
        parse_sign_in(made(nonce))


def test_what_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(Malformed, match="at most"):
        parse_sign_in(bytes(SIGN_IN_BYTES_MAX + 1))


def test_what_was_signed_for_another_use_signs_nobody_in_and_the_other_way_round() -> None:
    asked = AccessRequest(content=None, purpose="核查", resource="/entries/1/body")
    access = sign_access(asked, party="party:organizer", origin=LOG, issued_at=UNTIL, cti=NONCE, signer=SIGNER)
    for other in (access, prove_possession(SIGNER, "party:organizer", LOG)):
        with pytest.raises(Malformed, match="typ is"):
            parse_sign_in(other)
    with pytest.raises(Malformed, match="typ is"):
        parse_access(made())
    with pytest.raises(Malformed, match="typ is"):
        check_possession(made(), SIGNER.public.cose_key, "party:organizer", LOG)
