"""The signed standing: the log's word, for a day."""

from __future__ import annotations

import pytest

from ledger.cose import headers
from ledger.cose.cbor import encode
from ledger.cose.sign1 import assemble, sign1, split
from ledger.cose.standing_token import sign_standing, standing_kid, verify_standing
from ledger.errors import Malformed, Refuted
from ledger.keys.signer import new_key
from ledger.limits import SIGNED_STANDING_VALID_SECONDS

ORIGIN = "ledger.example/2026"
SUBJECT = "uscc:91350100M0001TGQXM"
NOW = 1_773_500_000
KEY = new_key("p256")
TOKEN = sign_standing(b'{"level":"GOOD"}', subject=SUBJECT, origin=ORIGIN, issued_at=NOW, signer=KEY)


def test_it_gives_back_what_was_signed() -> None:
    standing = verify_standing(TOKEN, KEY.public, ORIGIN, NOW + 5)
    assert (standing.subject, standing.payload) == (SUBJECT, b'{"level":"GOOD"}')
    assert standing.expires_at == NOW + SIGNED_STANDING_VALID_SECONDS
    assert standing_kid(TOKEN) == KEY.kid


def test_no_flipped_bit_anywhere_goes_unnoticed() -> None:
    for position in range(len(TOKEN)):
        for bit in range(8):
            changed = bytearray(TOKEN)
            changed[position] ^= 1 << bit
            with pytest.raises((Malformed, Refuted)):
                verify_standing(bytes(changed), KEY.public, ORIGIN, NOW)


def test_after_a_day_it_says_nothing_any_more() -> None:
    verify_standing(TOKEN, KEY.public, ORIGIN, NOW + SIGNED_STANDING_VALID_SECONDS - 1)
    with pytest.raises(Refuted, match="expired"):
        verify_standing(TOKEN, KEY.public, ORIGIN, NOW + SIGNED_STANDING_VALID_SECONDS)


def test_it_is_not_valid_long_before_it_was_issued() -> None:
    with pytest.raises(Refuted, match="future"):
        verify_standing(TOKEN, KEY.public, ORIGIN, NOW - 3_600)


def test_it_is_of_one_log_and_one_key() -> None:
    with pytest.raises(Refuted, match="of the log"):
        verify_standing(TOKEN, KEY.public, "other.example", NOW)
    with pytest.raises(Refuted, match="another key"):
        verify_standing(TOKEN, new_key("p256").public, ORIGIN, NOW)


def test_a_longer_life_than_a_day_is_refused_though_signed() -> None:
    claims = {headers.ISS: ORIGIN, headers.SUB: SUBJECT, headers.EXP: NOW + 10**6, headers.IAT: NOW}
    protected = {
        headers.CONTENT_TYPE: headers.STANDING_JSON,
        headers.CWT_CLAIMS: claims,
        headers.TYP: headers.STANDING,
    }
    with pytest.raises(Refuted, match="longer"):
        verify_standing(sign1(protected, b"{}", KEY), KEY.public, ORIGIN, NOW)


def test_nothing_signed_for_another_use_passes_for_a_standing() -> None:
    claims = {headers.ISS: ORIGIN, headers.SUB: SUBJECT, headers.EXP: NOW + 60, headers.IAT: NOW}
    protected = {
        headers.CONTENT_TYPE: headers.STANDING_JSON,
        headers.CWT_CLAIMS: claims,
        headers.TYP: headers.STATEMENT,
    }
    with pytest.raises(Malformed, match="typ"):
        verify_standing(sign1(protected, b"{}", KEY), KEY.public, ORIGIN, NOW)


def _with_unprotected(message: bytes) -> bytes:
    protected, _, payload, signature = split(message)
    return assemble(protected, encode({4: b"kid"}), payload, signature)


def test_nothing_can_be_slipped_into_its_unprotected_header() -> None:
    with pytest.raises(Malformed, match="unprotected"):
        verify_standing(_with_unprotected(TOKEN), KEY.public, ORIGIN, NOW)


def test_it_is_about_an_enterprise() -> None:
    token = sign_standing(b"{}", subject="party:organizer", origin=ORIGIN, issued_at=NOW, signer=KEY)
    with pytest.raises(Malformed, match="enterprise"):
        verify_standing(token, KEY.public, ORIGIN, NOW)
