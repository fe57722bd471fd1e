"""Signed statements: one encoding, one purpose, bound to key, subject, issuer and log."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import date

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.cose import headers
from ledger.cose.sign1 import sign1
from ledger.cose.statement import (
    Claims,
    VerifiedStatement,
    decode_event,
    decode_trusted,
    make_sealed,
    make_statement,
    parse_statement,
    seal,
    verify_statement,
)
from ledger.domain.events.base import Closed, Event
from ledger.domain.events.party import RoleGranted
from ledger.domain.events.pledge import FulfilmentAssessed
from ledger.errors import Malformed, Refuted
from ledger.keys.signer import Signer, new_key
from ledger.limits import STATEMENT_BYTES_MAX

ORIGIN = "ledger.example/2026"
SUBJECT = "uscc:91350100M0001TGQXM"
CTI = b"0123456789abcdef"
IAT = 1_773_500_000
KEY = new_key("ed25519")
OPEN = RoleGranted(v=1, effective_on=date(2026, 3, 15), role="organizer")
SECRET = FulfilmentAssessed(
    v=1,
    effective_on=date(2026, 3, 15),
    code="51010020260315000001",
    period_from=date(2025, 3, 15),
    period_until=date(2026, 3, 14),
    result="full",
    assessor="市场监督管理局",
    assessor_code="11510000",
)


def _open(signer: Signer = KEY, event: Event = OPEN, **changes: object) -> bytes:
    claims = Claims(SUBJECT, "party:organizer", ORIGIN, IAT, CTI)
    return make_statement(event, claims._replace(**changes), signer)  # type: ignore[arg-type]


def _sealed(salt: bytes = bytes(16)) -> tuple[bytes, bytes]:
    return make_sealed(SECRET, Claims(SUBJECT, "party:organizer", ORIGIN, IAT, CTI), KEY, salt)


def _protected(**changes: object) -> dict[int, object]:
    """The protected header of a good statement, but for `changes`: claims by name, or whole labels."""
    claims: dict[int, object] = {1: "party:organizer", 2: SUBJECT, 3: ORIGIN, 6: IAT, 7: CTI}
    protected: dict[int, object] = {3: headers.PAYLOAD_JSON, 15: claims, 16: headers.STATEMENT}
    for name, value in changes.items():
        scope, label = name.split("_")
        target = claims if scope == "claim" else protected
        if value is None:
            del target[int(label)]
        else:
            target[int(label)] = value
    return protected


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_what_an_issuer_signs_comes_back_verified(kind: str) -> None:
    signer = new_key(kind)
    data = _open(signer)
    statement = verify_statement(parse_statement(data), signer.public)
    assert isinstance(statement, VerifiedStatement)
    assert statement.raw == data
    assert statement.statement_id == hashlib.sha256(data).digest()
    assert (statement.issuer, statement.subject, statement.audience) == ("party:organizer", SUBJECT, ORIGIN)
    assert (statement.iat, statement.cti, statement.kid, statement.alg) == (IAT, CTI, signer.kid, signer.alg)
    assert not statement.sealed
    assert decode_event(statement) == OPEN


def test_a_statement_that_is_only_parsed_is_of_another_type() -> None:
    assert not isinstance(parse_statement(_open()), VerifiedStatement)
    with pytest.raises(Refuted):
        verify_statement(parse_statement(_open()), new_key("ed25519").public)


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_no_flipped_bit_anywhere_goes_unnoticed(kind: str) -> None:
    signer = new_key(kind)
    data = _open(signer)
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            with pytest.raises((Malformed, Refuted)):
                verify_statement(parse_statement(bytes(changed)), signer.public)


@given(st.binary(max_size=200))
def test_bytes_from_outside_raise_nothing_but_malformed(data: bytes) -> None:
    for candidate in (data, b"\xd2\x84" + data, _open()[: len(data)] + data):
        with contextlib.suppress(Malformed):
            parse_statement(candidate)


@given(st.data())
@settings(max_examples=200)
def test_a_foreign_encoder_that_reorders_or_pads_is_refused(data: st.DataObject) -> None:
    """Every item of the message, encoded in a longer form in one place."""
    good = _open()
    position = data.draw(st.integers(0, len(good) - 1))
    head = good[position]
    if head & 31 < 24 and head >> 5 in (0, 2, 3, 4, 5):
        longer = bytes((head & 0xE0 | 24, head & 31))
        with pytest.raises((Malformed, Refuted)):
            verify_statement(parse_statement(good[:position] + longer + good[position + 1 :]), KEY.public)


def test_keys_of_the_protected_map_in_another_order_are_refused() -> None:
    protected = {headers.ALG: KEY.alg, headers.KID: KEY.kid, **_protected()}
    shuffled = cbor2.dumps(dict(sorted(protected.items(), reverse=True)))
    data = cbor2.dumps(cbor2.CBORTag(18, [shuffled, {}, b"{}", b"s" * 64]))
    with pytest.raises(Malformed, match="out of order"):
        parse_statement(data)


@pytest.mark.parametrize(
    "change",
    [
        {"label_3": None},
        {"label_3": "application/json"},
        {"label_16": None},
        {"label_16": headers.STANDING},
        {"label_16": headers.RECEIPT},
        {"label_15": None},
        {"label_15": {}},
        {"label_2": [1]},
        {"label_5": b"iv"},
        {"claim_1": None},
        {"claim_1": "organizer"},
        {"claim_1": SUBJECT},
        {"claim_1": 7},
        {"claim_2": None},
        {"claim_2": "uscc:short"},
        {"claim_2": b"policy"},
        {"claim_3": None},
        {"claim_3": ""},
        {"claim_3": "x" * 201},
        {"claim_4": IAT + 60},
        {"claim_6": None},
        {"claim_6": -1},
        {"claim_6": 2**63},
        {"claim_6": "2026"},
        {"claim_7": None},
        {"claim_7": b"short"},
        {"claim_7": bytes(33)},
        {"claim_7": "0123456789abcdef"},
    ],
)
def test_a_header_that_is_not_ours_to_the_letter_is_refused_though_signed(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        parse_statement(sign1(_protected(**change), b"{}", KEY))


def test_the_header_that_those_are_changed_from_is_taken() -> None:
    parse_statement(sign1(_protected(), b"{}", KEY))


def test_a_transparent_or_detached_statement_is_no_entry() -> None:
    with pytest.raises(Malformed, match="detached"):
        parse_statement(sign1(_protected(), b"{}", KEY, detached=True))
    outer = cbor2.loads(_open())
    with_receipts = cbor2.dumps(cbor2.CBORTag(18, [outer.value[0], {394: [b"r"]}, *outer.value[2:]]))
    with pytest.raises(Malformed, match="unprotected"):
        parse_statement(with_receipts)


def test_a_statement_that_no_tile_bundle_could_hold_is_refused() -> None:
    room = STATEMENT_BYTES_MAX - len(sign1(_protected(), b"", KEY)) - 2  # two more bytes of length
    parse_statement(sign1(_protected(), bytes(room), KEY))
    with pytest.raises(Malformed, match="65535"):
        parse_statement(sign1(_protected(), bytes(room + 1), KEY))


def test_nobody_is_handed_a_statement_that_no_log_would_take() -> None:
    with pytest.raises(Malformed):
        _open(cti=b"short")
    with pytest.raises(Malformed):
        _open(issuer="somebody")


def test_a_sealed_statement_shows_its_commitment_and_nothing_else() -> None:
    data, body = _sealed()
    statement = parse_statement(data)
    assert statement.sealed
    assert statement.commitment == hashlib.sha256(body).digest()
    assert b"Fulfilment" not in data
    assert "市场监督管理局".encode() not in data


def test_a_sealed_event_is_in_the_body_that_was_committed_to_and_in_no_other() -> None:
    data, body = _sealed()
    assert decode_event(parse_statement(data), body) == SECRET
    assert decode_event(parse_statement(data), None) == Closed(hashlib.sha256(body).digest())
    with pytest.raises(Refuted):
        decode_event(parse_statement(data), _sealed(b"another salt 16b")[1])
    for position in range(len(body)):
        changed = bytearray(body)
        changed[position] ^= 1
        with pytest.raises(Refuted):
            decode_event(parse_statement(data), bytes(changed))


def test_the_same_content_twice_gives_commitments_that_cannot_be_compared() -> None:
    assert _sealed(b"salt number one.")[1] != _sealed(b"salt number two.")[1]


def test_a_salt_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(Malformed, match="salt"):
        seal(SECRET, bytes(15))


@pytest.mark.parametrize(
    "payload",
    [
        b'{"commitment":"' + b"0" * 63 + b'","type":"sealed"}',
        b'{"commitment":"' + b"A" * 64 + b'","type":"sealed"}',
        b'{"type":"sealed","commitment":"' + b"0" * 64 + b'"}',
        b'{"commitment":"' + b"0" * 64 + b'","type":"sealed","v":1}',
        b'{"effective_on":"2026-03-15","role":"organizer","type":"RoleGranted","v":1} ',
        b'{"role":"organizer","effective_on":"2026-03-15","type":"RoleGranted","v":1}',
        b'{"effective_on":"2026-03-15","role":"emperor","type":"RoleGranted","v":1}',
        b'{"effective_on":"2026-03-15","type":"Invented","v":1}',
        b"[]",
        b"",
        b"\xff",
    ],
)
def test_a_payload_that_is_no_event_in_canonical_form_is_refused(payload: bytes) -> None:
    statement = parse_statement(sign1(_protected(), payload, KEY))
    with pytest.raises(Malformed):
        decode_event(statement)


def test_an_entry_of_our_own_store_is_decoded_in_one_step() -> None:
    data, body = _sealed()
    statement, event = decode_trusted(data, body)
    assert (statement.subject, event) == (SUBJECT, SECRET)
    assert decode_trusted(_open())[1] == OPEN
