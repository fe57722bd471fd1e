"""The catalogue: every type has its rules and its fold; payloads and bodies have one form only."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.domain.events.base import Event
from ledger.domain.events.party import TrustAnchorsSucceeded
from ledger.domain.events.pledge import GroundText
from ledger.domain.events.policy import StandingPolicyProposed
from ledger.domain.events.types import ALL
from ledger.domain.payload import decode_body, decode_payload, encode_body, encode_payload
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.state import party as party_state
from ledger.domain.state.fold import STEPS
from ledger.errors import LedgerError, Malformed
from tests.support.statements import (
    EVIDENCE,
    TODAY,
    assessed,
    campaign_opened,
    corrected,
    outcome,
    pledge_made,
    pledge_revoked,
    registered,
    replied,
    salt,
)

EXAMPLES: tuple[Event, ...] = (
    registered(),
    pledge_made(evidence=EVIDENCE, content='引号"、反斜杠\\、控制符\u0001\x7f、行分隔\u2028、表情🧾'),
    pledge_revoked(),
    assessed(),
    outcome(),
    replied(3),
    corrected(3),
    campaign_opened(),
    calendar_2026(),
    default_registration_policy(),
    StandingPolicyProposed(v=1, effective_on=TODAY, policy=default_standing_policy()),
)


def test_types_are_named_after_their_classes() -> None:
    assert {kind.__struct_config__.tag for kind in ALL} == {kind.__name__ for kind in ALL} == set(SPECS)


def test_every_enterprise_type_has_a_fold_and_no_other_has() -> None:
    assert STEPS.keys() == {spec.event for spec in SPECS.values() if spec.streams == {"enterprise"}}


def test_every_party_type_has_a_fold_and_no_other_has() -> None:
    of_governance = {TrustAnchorsSucceeded}  # says nothing of parties: `ledger.domain.state.governance` folds it
    party = {kind for kind in ALL if SPECS[kind.__name__].streams == {"party"}}
    assert set(party_state._EVOLVE) == party - of_governance


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_payloads_are_canonical_json_and_come_back(event: Event) -> None:
    payload = encode_payload(event)
    assert payload == rfc8785.dumps(json.loads(payload))
    assert decode_payload(payload) == event


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_bodies_are_canonical_json_and_come_back(event: Event) -> None:
    body = encode_body(event, salt(1))
    assert body == rfc8785.dumps(json.loads(body))
    assert decode_body(body) == (salt(1), event)


def test_the_text_of_a_ground_comes_back() -> None:
    text = GroundText(v=1, salt=salt(2).hex(), text='伪造报告 "salt":"00"')
    assert decode_body(encode_body(text, salt(2))) == (salt(2), text)


@pytest.mark.parametrize(
    ("field", "payload"),
    [
        ("effective_on", b'{"effective_on":"2026-02-30","name_zh":"a","type":"PartyEnrolled","v":1}'),
        ("name_zh", b'{"effective_on":"2026-02-01","name_zh":"","type":"PartyEnrolled","v":1}'),
        ("v", b'{"effective_on":"2026-02-01","name_zh":"a","type":"PartyEnrolled","v":2}'),
        ("other", b'{"effective_on":"2026-02-01","name_zh":"a","other":1,"type":"PartyEnrolled","v":1}'),
        ("type", b'{"effective_on":"2026-02-01","name_zh":"a","type":"PartyForgotten","v":1}'),
    ],
)
def test_a_malformed_payload_is_refused_by_its_field(field: str, payload: bytes) -> None:
    with pytest.raises(Malformed, match=field):
        decode_payload(payload)


GOOD = b'{"effective_on":"2026-02-01","name_zh":"a","type":"PartyEnrolled","v":1}'


@pytest.mark.parametrize(
    "payload",
    [
        GOOD + b" ",
        GOOD.replace(b":", b": ", 1),
        GOOD.replace(b'"v":1', b'"v":1.0'),
        GOOD.replace(b'"v":1', b'"v":1e0'),
        GOOD.replace(b'"v":1', b'"v":1,"v":1'),
        GOOD.replace(b'"a"', b'"\\u0061"'),
        GOOD.replace(b'"name_zh"', b'"name_en":null,"name_zh"'),
        GOOD.replace(b'"a"', b'"\\ud800"'),
        GOOD.replace(b'"a"', b'"\xff"'),
        b'{"v":1,"effective_on":"2026-02-01","name_zh":"a","type":"PartyEnrolled"}',
        b"[]",
        b"",
        b"[" * 100_000,
    ],
)
def test_only_one_encoding_of_a_payload_is_accepted(payload: bytes) -> None:
    assert decode_payload(GOOD)
    with pytest.raises(Malformed):
        decode_payload(payload)


BODY = encode_body(outcome(source=EVIDENCE), salt(1))
SALT_FIELD = b'"salt":"' + salt(1).hex().encode() + b'",'


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace(SALT_FIELD, b""),
        BODY.replace(SALT_FIELD, b'"salt":"00",'),
        BODY.replace(SALT_FIELD, SALT_FIELD.upper().replace(b"SALT", b"salt")),
        BODY.replace(SALT_FIELD, SALT_FIELD + SALT_FIELD),
        b"{" + SALT_FIELD + BODY.replace(SALT_FIELD, b"")[1:],
        BODY.replace(SALT_FIELD, b"").replace(b'"row":1', b'"row":1,' + SALT_FIELD[:-1]),
        BODY + b" ",
        b"",
        b'{"salt":"' + b"0" * 32 + b'","text":"","type":"GroundText","v":1}',
        b'{"salt":"' + b"0" * 32 + b'","text":"a","type":"GroundText","v":2}',
    ],
)
def test_only_one_encoding_of_a_body_is_accepted(body: bytes) -> None:
    assert decode_body(BODY)
    with pytest.raises(Malformed):
        decode_body(body)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_bytes_from_outside_raise_nothing_but_our_errors(data: bytes) -> None:
    for decode in (decode_payload, decode_body):
        with pytest.raises(LedgerError):
            decode(data)
