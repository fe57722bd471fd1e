"""All event types: who may say each, where, in which form, and by which rules; and payloads as bytes.

To add one: the struct and what it adds up to in its noun's file, `decide` in the noun's rules, a line here,
and a line in the fold of its stream (`enterprise.py`, `party_state.py`, `policy.py` or `campaign.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Union

import msgspec

from ledger.domain import (
    campaign_rules,
    complaint_rules,
    enterprise_rules,
    party_rules,
    pledge_rules,
    policy_rules,
    repudiation_rules,
)
from ledger.domain.campaign import CampaignClosed, CampaignExtended, CampaignOpened, NoticePublished
from ledger.domain.complaint import ComplaintOutcomeCorrected, ComplaintOutcomeRecorded, ComplaintReplied
from ledger.domain.context import Decide, EventSpec, Form, Who, always, never
from ledger.domain.enterprise import (
    EnterpriseDeregistered,
    EnterpriseMerged,
    EnterpriseRegistered,
    EnterpriseRenamed,
    EnterpriseSized,
    IdentifierOverridden,
)
from ledger.domain.event import Event
from ledger.domain.party import (
    KeyEnrolled,
    KeyRecovered,
    KeyRevoked,
    KeyRotated,
    PartyEnrolled,
    RoleGranted,
    RoleRevoked,
    TrustAnchorsEstablished,
)
from ledger.domain.pledge import (
    FulfilmentAssessed,
    GroundText,
    PledgeMade,
    PledgePublished,
    PledgeReplaced,
    PledgeRevoked,
    PledgeWithdrawn,
)
from ledger.domain.policy import (
    RegistrationPolicyAdopted,
    StandingPolicyApproved,
    StandingPolicyProposed,
    WorkCalendarPublished,
)
from ledger.domain.repudiation import BodyErased, StatementRepudiated
from ledger.errors import Malformed

__all__ = ["ALL", "SPECS", "decode_body", "decode_payload", "encode_body", "encode_payload"]


def _spec(
    stream: str,
    event: type[Event],
    signers: tuple[Who, ...],
    decide: Decide,
    form: Form = "open",
    *,
    begins_later: bool = False,
    body_public: Callable[[Any, Any], bool] = always,
) -> EventSpec:
    return EventSpec(event, frozenset((stream,)), frozenset(signers), form, decide, begins_later, body_public)


_SPECS: Final = (
    _spec("party", TrustAnchorsEstablished, ("root",), party_rules.establish),
    _spec("party", PartyEnrolled, ("root", "registrar"), party_rules.enrol_party),
    _spec("party", KeyEnrolled, ("root", "registrar"), party_rules.enrol_key),
    _spec("party", KeyRotated, ("old_key",), party_rules.rotate_key),
    _spec("party", KeyRecovered, ("root", "registrar"), party_rules.recover_key),
    _spec("party", KeyRevoked, ("root", "registrar"), party_rules.revoke_key),
    _spec("party", RoleGranted, ("root", "registrar"), party_rules.grant_role),
    _spec("party", RoleRevoked, ("root", "registrar"), party_rules.revoke_role),
    _spec(
        "policy", RegistrationPolicyAdopted, ("organizer",), policy_rules.adopt_registration_policy, begins_later=True
    ),
    _spec("policy", StandingPolicyProposed, ("organizer",), policy_rules.propose_standing_policy),
    _spec(
        "policy",
        StandingPolicyApproved,
        ("approver", "regulator"),
        policy_rules.approve_standing_policy,
        begins_later=True,
    ),
    _spec("policy", WorkCalendarPublished, ("organizer",), policy_rules.publish_calendar, begins_later=True),
    _spec("campaign", CampaignOpened, ("organizer",), campaign_rules.open_campaign),
    _spec("campaign", CampaignExtended, ("organizer",), campaign_rules.extend_campaign),
    _spec("campaign", CampaignClosed, ("organizer",), campaign_rules.close_campaign),
    _spec("campaign", NoticePublished, ("organizer",), campaign_rules.publish_notice),
    _spec("enterprise", EnterpriseRegistered, ("organizer",), enterprise_rules.register, "either", body_public=never),
    _spec("enterprise", EnterpriseRenamed, ("organizer",), enterprise_rules.rename, "either", body_public=never),
    _spec("enterprise", EnterpriseSized, ("organizer",), enterprise_rules.resize),
    _spec("enterprise", IdentifierOverridden, ("organizer",), enterprise_rules.override, "either", body_public=never),
    _spec("enterprise", EnterpriseMerged, ("organizer",), enterprise_rules.merge),
    _spec("enterprise", EnterpriseDeregistered, ("organizer",), enterprise_rules.deregister),
    _spec("enterprise", PledgeMade, ("self", "organizer"), pledge_rules.make, "either", body_public=never),
    _spec("enterprise", PledgePublished, ("organizer",), pledge_rules.publish, "either", body_public=never),
    _spec("enterprise", PledgeReplaced, ("organizer",), pledge_rules.replace_slip, "either", body_public=never),
    _spec("enterprise", PledgeWithdrawn, ("self", "organizer"), pledge_rules.withdraw, "either", body_public=never),
    _spec(
        "enterprise", PledgeRevoked, ("organizer",), pledge_rules.revoke, "either", body_public=pledge_rules.is_public
    ),
    _spec(
        "enterprise",
        FulfilmentAssessed,
        ("organizer",),
        pledge_rules.assess,
        "sealed",
        body_public=pledge_rules.is_public,
    ),
    _spec("enterprise", ComplaintOutcomeRecorded, ("handling_body",), complaint_rules.record_outcome, "sealed"),
    _spec("enterprise", ComplaintReplied, ("self",), complaint_rules.reply_to_outcome, "sealed"),
    _spec("enterprise", ComplaintOutcomeCorrected, ("handling_body",), complaint_rules.correct_outcome, "sealed"),
    _spec("enterprise", StatementRepudiated, ("organizer",), repudiation_rules.repudiate),
    _spec("enterprise", BodyErased, ("data_officer",), repudiation_rules.erase),
)

ALL: Final[tuple[type[Event], ...]] = tuple(spec.event for spec in _SPECS)
SPECS: Final[Mapping[str, EventSpec]] = {spec.name: spec for spec in _SPECS}

_SCHEMA_VERSION: Final = 1
_SALT: Final = re.compile(rb'"salt":"((?:[0-9a-f]{2}){16,64})",')
_GROUND: Final = b'"type":"GroundText"'
_encoder = msgspec.json.Encoder(order="sorted")
_decoder: Final = msgspec.json.Decoder(Union[ALL])  # noqa: UP007  (built from the table)
_ground_decoder: Final = msgspec.json.Decoder(GroundText)


def encode_payload(event: Event) -> bytes:
    """The payload of an open statement: canonical JSON (RFC 8785)."""
    return _encoder.encode(event)


def decode_payload(payload: bytes) -> Event:
    """The event of an open statement's payload. Raises `Malformed`, naming the field that is wrong."""
    try:
        event: Event = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a payload: {error}") from None
    if event.v != _SCHEMA_VERSION:
        raise Malformed(f"schema version {event.v} is not known - at `$.v`")
    if _encoder.encode(event) != payload:
        raise Malformed("the payload is not in its canonical form (RFC 8785)")
    return event


def encode_body(event: Event | GroundText, salt: bytes) -> bytes:
    """The body behind a commitment: the content and its salt in one canonical JSON object (RFC 8785)."""
    content = msgspec.to_builtins(event)
    content["salt"] = salt.hex()
    return _encoder.encode(content)


def decode_body(body: bytes) -> tuple[bytes, Event | GroundText]:
    """Salt and content of a body. Raises `Malformed`, naming the field that is wrong."""
    # No text can hold these bytes: inside a JSON string a quotation mark has a backslash before it.
    found = _SALT.search(body)
    if found is None:
        raise Malformed("the salt is not 16 to 64 bytes in lower-case hexadecimal - at `$.salt`")
    salt = bytes.fromhex(found[1].decode())
    held: Event | GroundText
    if _GROUND in body:
        try:
            held = _ground_decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"not a body: {error}") from None
        if held.v != _SCHEMA_VERSION:
            raise Malformed(f"schema version {held.v} is not known - at `$.v`")
    else:
        held = decode_payload(body[: found.start()] + body[found.end() :])
    if encode_body(held, salt) != body:
        raise Malformed("the body is not in its canonical form (RFC 8785)")
    return salt, held
