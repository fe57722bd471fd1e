"""Admission: what a statement must be by itself, wherever it will stand."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from ledger.charter.default_policies import default_registration_policy
from ledger.cose import headers
from ledger.cose.sign1 import sign1
from ledger.domain.events.pledge import GroundText
from ledger.domain.payload import encode_body
from ledger.errors import Malformed, Refused, Refuted
from ledger.limits import IAT_AHEAD_SECONDS_MAX
from ledger.registration import MissingBody
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import HANDLING_BODY, ORGANIZER, Speaker
from tests.support.keys import signer_for
from tests.support.refusals import refused
from tests.support.statements import ENTERPRISE, campaign_opened, key_enrolled, outcome, registered, salt, sign

CAMPAIGN = "campaign:2026"
AGE_MAX = default_registration_policy().statement_age_max_seconds


@pytest.fixture
def book() -> Book:
    return Book()


def test_a_statement_meant_for_another_log_is_refused(book: Book) -> None:
    data, _ = sign(campaign_opened(), subject=CAMPAIGN, by=ORGANIZER, iat=book.clock(), origin="another.example/log")
    with refused("statement.other_log"):
        book.admit(data)


def test_a_statement_is_neither_from_the_future_nor_too_old(book: Book) -> None:
    now = book.clock()
    for iat in (now + IAT_AHEAD_SECONDS_MAX, now - AGE_MAX):
        book.admit(sign(campaign_opened(), subject=CAMPAIGN, by=ORGANIZER, iat=iat)[0])
    with refused("statement.from_the_future"):
        book.admit(sign(campaign_opened(), subject=CAMPAIGN, by=ORGANIZER, iat=now + IAT_AHEAD_SECONDS_MAX + 1)[0])
    with refused("statement.too_old"):
        book.admit(sign(campaign_opened(), subject=CAMPAIGN, by=ORGANIZER, iat=now - AGE_MAX - 1)[0])


def test_a_changed_statement_is_refuted(book: Book) -> None:
    data, _ = sign(campaign_opened(theme="提振消费"), subject=CAMPAIGN, by=ORGANIZER, iat=book.clock())
    changed = data.replace("提振消费".encode(), "提升消费".encode())
    assert changed != data
    with pytest.raises(Refuted):
        book.admit(changed)


def test_a_key_that_nobody_enrolled_is_refused(book: Book) -> None:
    stranger = Speaker(ORGANIZER.party, signer_for("stranger"), "stranger")
    with refused("key.unknown"):
        book.admit(sign(campaign_opened(), subject=CAMPAIGN, by=stranger, iat=book.clock())[0])


def test_a_p256_key_signs_as_well(book: Book) -> None:
    key = signer_for("organizer, P-256", "p256")
    book.say(key_enrolled(key, ORGANIZER.party), subject=ORGANIZER.party, by=ORGANIZER)
    book.say(campaign_opened(), subject=CAMPAIGN, by=Speaker(ORGANIZER.party, key, "owner"))


def test_a_sealed_statement_asks_for_its_body_by_commitment(book: Book) -> None:
    data, body = sign(outcome(), by=HANDLING_BODY, iat=book.clock())
    with pytest.raises(MissingBody) as missing:
        book.admit(data)
    candidate = book.admit(data, body)
    assert missing.value.commitment == candidate.commitment
    assert candidate.topic == "sealed"
    assert candidate.body == body


def test_another_body_is_refuted(book: Book) -> None:
    data, _ = sign(outcome(), by=HANDLING_BODY, iat=book.clock())
    _, other = sign(outcome(), by=HANDLING_BODY, iat=book.clock())
    with pytest.raises(Refuted):
        book.admit(data, other)


def test_a_body_that_is_no_event_is_malformed(book: Book) -> None:
    text = encode_body(GroundText(v=1, salt=salt(1).hex(), text="文字"), salt(1))
    payload = b'{"commitment":"' + sha256(text).hexdigest().encode() + b'","type":"sealed"}'
    claims = {
        headers.ISS: HANDLING_BODY.party,
        headers.SUB: ENTERPRISE,
        headers.AUD: "test.credit-ledger.example/book",
        headers.IAT: book.clock(),
        headers.CTI: b"12345678",
    }
    protected = {
        headers.CONTENT_TYPE: headers.PAYLOAD_JSON,
        headers.CWT_CLAIMS: claims,
        headers.TYP: headers.STATEMENT,
    }
    with pytest.raises(Malformed):
        book.admit(sign1(protected, payload, HANDLING_BODY.signer), text)


def test_an_open_statement_comes_without_a_body(book: Book) -> None:
    data, _ = sign(registered(), by=ORGANIZER, iat=book.clock())
    with pytest.raises(Malformed):
        book.admit(data, b"{}")


def test_identity_is_issuer_and_cti(book: Book) -> None:
    data, _ = sign(registered(), by=ORGANIZER, iat=book.clock(), cti=b"\x01" * 8)
    candidate = book.admit(data)
    assert candidate.identity == Fact("cti", "party:organizer/" + "01" * 8)
    assert candidate.topic == "EnterpriseRegistered"


def test_without_a_policy_in_force_nothing_but_the_charter_is_recorded() -> None:
    book = Book()
    book.clock.go_to(date(2025, 12, 31))
    with pytest.raises(Refused):
        book.say(registered())
