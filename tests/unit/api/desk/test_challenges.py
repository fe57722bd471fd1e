"""Challenges: known again by whoever has the secret, for two minutes, for one log."""

from __future__ import annotations

import pytest

from api.desk.challenges import Challenge, Challenges
from ledger.errors import Refuted
from ledger.limits import CHALLENGE_SECONDS_MAX

NOW = 1_800_000_000
OURS = Challenges(bytes(32), "example.org/log")


def test_a_challenge_is_known_again_until_its_time_is_over() -> None:
    made = OURS.make(NOW)
    assert (len(made.nonce), made.expires_at) == (32, NOW + CHALLENGE_SECONDS_MAX)
    Challenges(bytes(32), "example.org/log").check(made, NOW + CHALLENGE_SECONDS_MAX)
    with pytest.raises(Refuted, match="good for"):
        OURS.check(made, NOW + CHALLENGE_SECONDS_MAX + 1)


def test_no_two_are_alike() -> None:
    assert len({OURS.make(NOW).nonce for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("other", [Challenges(b"\1" * 32, "example.org/log"), Challenges(bytes(32), "example.org/lo")])
def test_anothers_challenge_is_not_ours(other: Challenges) -> None:
    with pytest.raises(Refuted, match="not of this service"):
        OURS.check(other.make(NOW), NOW)


def test_nothing_of_a_challenge_can_be_changed() -> None:
    made = OURS.make(NOW)
    for at in range(32):
        changed = bytearray(made.nonce)
        changed[at] ^= 1
        with pytest.raises(Refuted, match="not of this service"):
            OURS.check(Challenge(bytes(changed), made.expires_at), NOW)
    for expires_at in (made.expires_at + 1, made.expires_at - 1, -1, 2**63, 2**64):
        with pytest.raises(Refuted, match="not of this service"):
            OURS.check(Challenge(made.nonce, expires_at), NOW)
