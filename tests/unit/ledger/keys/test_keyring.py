"""Which key may sign, at one position of the log, on one day."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.events.party import KeyRevoked
from ledger.domain.state.governance import Governance, evolve_governance
from ledger.errors import Refused
from ledger.keys.keyring import Keyring
from ledger.keys.signer import Signer, new_key
from tests.support.paper_log import DAY, PaperLog, enrolment

PARTY = "party:organizer"


@pytest.fixture
def signer() -> Signer:
    return new_key("p256")


def _keyring(log: PaperLog) -> Keyring:
    governance = Governance.empty()
    for at in log.recorded:
        governance = evolve_governance(governance, at)
    return Keyring(governance)


@pytest.fixture
def log(signer: Signer) -> PaperLog:
    log = PaperLog()
    log.establish()
    log.enrol(PARTY, signer, "organizer")
    log.commit()
    return log


def test_an_enrolled_key_signs_for_its_party(log: PaperLog, signer: Signer) -> None:
    keyring = _keyring(log)
    key = keyring.signing_key(signer.kid, PARTY, DAY)
    key.verify(signer.alg, signer.sign(b"data"), b"data")
    enrolled = keyring.key(signer.kid)
    assert enrolled is not None
    assert enrolled.party == PARTY
    assert keyring.public(enrolled) is key  # decoded once


def test_it_signs_for_no_other_party_and_an_unknown_key_for_nobody(log: PaperLog, signer: Signer) -> None:
    with pytest.raises(Refused, match="not_the_issuers"):
        _keyring(log).signing_key(signer.kid, "party:root", DAY)
    with pytest.raises(Refused, match=r"key\.unknown"):
        _keyring(log).signing_key(new_key("p256").kid, PARTY, DAY)
    assert _keyring(log).key(b"\0" * 32) is None


def test_it_signs_on_the_days_that_it_was_given_both_ends_included(log: PaperLog) -> None:
    short, first, last = new_key("ed25519"), date(2026, 3, 16), date(2026, 3, 18)
    log.add(enrolment(short, PARTY, valid_from=first, valid_until=last), PARTY, "party:root", log.root)
    log.commit()
    keyring = _keyring(log)
    for day in (first, last):
        keyring.signing_key(short.kid, PARTY, day)
    for day in (date(2026, 3, 15), date(2026, 3, 19)):
        with pytest.raises(Refused, match="not_valid_today"):
            keyring.signing_key(short.kid, PARTY, day)


def test_it_signs_nothing_after_its_end_but_the_keyring_before_still_knows_it(log: PaperLog, signer: Signer) -> None:
    before = _keyring(log)
    ended = KeyRevoked(v=1, effective_on=DAY, kid=signer.kid.hex(), reason="lost")
    log.add(ended, PARTY, "party:root", log.root)
    log.commit()
    with pytest.raises(Refused, match=r"key\.ended"):
        _keyring(log).signing_key(signer.kid, PARTY, DAY)
    before.signing_key(signer.kid, PARTY, DAY)
