"""Acknowledgements: what the log says that it had, and when."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger.cose.acknowledgement import Acknowledgement, sign_acknowledgement, verify_acknowledgement
from ledger.cose.standing_token import sign_standing
from ledger.errors import Malformed, Refuted
from tests.support.charter import ORIGIN
from tests.support.keys import log_keys, signer_for
from tests.support.statements import ENTERPRISE

RECEIPT = log_keys(ORIGIN).receipt
SAID = Acknowledgement(ORIGIN, ENTERPRISE, 1_770_000_000, sha256(b"a statement").digest())


def test_an_acknowledgement_says_what_came_when_and_under_whose_key() -> None:
    token = sign_acknowledgement(SAID, RECEIPT)
    assert verify_acknowledgement(token, RECEIPT.public, ORIGIN) == SAID


def test_what_another_key_or_log_signed_or_was_signed_for_another_use_acknowledges_nothing() -> None:
    token = sign_acknowledgement(SAID, RECEIPT)
    with pytest.raises(Refuted):
        verify_acknowledgement(token, signer_for("another", RECEIPT.public.kind).public, ORIGIN)
    with pytest.raises(Refuted, match="of the log"):
        verify_acknowledgement(token, RECEIPT.public, "another.example/2026")
    standing = sign_standing(SAID.statement_id, subject=ENTERPRISE, origin=ORIGIN, issued_at=1, signer=RECEIPT)
    with pytest.raises(Malformed):
        verify_acknowledgement(standing, RECEIPT.public, ORIGIN)


def test_every_bit_of_an_acknowledgement_counts() -> None:
    token = sign_acknowledgement(SAID, RECEIPT)
    for place in range(len(token)):
        flipped = bytes(one ^ (at == place) for at, one in enumerate(token))
        with pytest.raises((Refuted, Malformed)):
            verify_acknowledgement(flipped, RECEIPT.public, ORIGIN)
