"""Signed requests to read: for one log, one path, a few minutes; and nothing else passes for one."""

from __future__ import annotations

import pytest

from ledger.cose.access_token import AccessRequest, parse_access, sign_access
from ledger.cose.standing_token import sign_standing
from ledger.errors import LedgerError, Malformed, Refused, Refuted
from ledger.limits import ACCESS_TOKEN_SECONDS_MAX, IAT_AHEAD_SECONDS_MAX
from tests.support.keys import signer_for

NOW = 1_800_000_000
ORIGIN = "example.org/log"
SIGNER = signer_for("regulator")
ASKED = AccessRequest(content=None, purpose="核查", resource="/entries/1/body")


def made(asked: AccessRequest = ASKED, *, cti: bytes = bytes(16), issued_at: int = NOW) -> bytes:
    return sign_access(asked, party="party:regulator", origin=ORIGIN, issued_at=issued_at, cti=cti, signer=SIGNER)


def test_a_token_says_who_asks_for_what_and_why() -> None:
    token = parse_access(made())
    assert (token.party, token.kid, token.cti) == ("party:regulator", SIGNER.kid, bytes(16))
    assert token.verify(SIGNER.public, ORIGIN, NOW) == ASKED


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (-IAT_AHEAD_SECONDS_MAX - 1, "晚 5 分钟，最多 300 秒"),
        (ACCESS_TOKEN_SECONDS_MAX + 1, "早 5 分钟，最多 300 秒"),
        (7_200, "早 120 分钟"),
    ],
)
def test_a_token_is_good_for_a_few_minutes_and_whose_clock_is_wrong_is_told_by_how_much(age: int, said: str) -> None:
    token = parse_access(made(issued_at=NOW - age))
    with pytest.raises(Refused) as refused:
        token.verify(SIGNER.public, ORIGIN, NOW)
    assert refused.value.rule == "access.clock" and said in refused.value.zh


def test_a_token_is_for_one_log_and_one_key() -> None:
    token = parse_access(made())
    with pytest.raises(Refuted, match="is meant for"):
        token.verify(SIGNER.public, "example.org/other", NOW)
    with pytest.raises(Refuted):
        token.verify(signer_for("another").public, ORIGIN, NOW)


def test_no_flipped_bit_passes() -> None:
    data = made()
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(LedgerError):
            parse_access(flipped).verify(SIGNER.public, ORIGIN, NOW)


def test_what_was_signed_for_another_use_is_no_token() -> None:
    standing = sign_standing(b"{}", subject="uscc:91110000600037341L", origin=ORIGIN, issued_at=NOW, signer=SIGNER)
    with pytest.raises(Malformed, match="typ"):
        parse_access(standing)


@pytest.mark.parametrize("cti", [b"", bytes(7), bytes(33)])
def test_a_cti_is_random_enough(cti: bytes) -> None:
    with pytest.raises(Malformed, match="cti"):
        parse_access(made(cti=cti))


@pytest.mark.parametrize("purpose", ["", "x" * 513, "a\u202eb"])
def test_a_purpose_is_words_that_show(purpose: str) -> None:
    with pytest.raises(Malformed):
        parse_access(made(AccessRequest(content=None, purpose=purpose, resource="/")))
