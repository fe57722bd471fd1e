"""Enterprises' own pledges at the desk: how one gets there, and what ends its waiting other than its publication."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from api.service.service import Service
from ledger.domain.events.base import Line
from ledger.domain.events.free_text import refuse_personal_data
from ledger.domain.events.pledge import PledgeMade
from ledger.errors import Malformed, Refused
from ledger.registration import Candidate
from ledger.store.desk import Pending

__all__ = ["Refusal", "drop_ended", "lay", "read_refusal", "require_not_refused"]

_CLOSED: Final = (
    "pledge.campaign_closed",
    "活动已结束或取消，不再接受承诺",
    "the campaign has ended and takes no pledges",
)


def lay(service: Service, candidate: Candidate) -> Pending:
    """Lay a pledge that is in order on the desk. Raises `Refused` where the organizer refused this very one, a newer
    one is there, or its issuer has too many; `Busy`, `Unavailable`."""
    statement, event = candidate.statement, candidate.event
    assert isinstance(event, PledgeMade)  # nothing else awaits a release
    drop_ended(service)
    if _ended(service, event.campaign):
        raise Refused(*_CLOSED, event.campaign)
    pending = Pending(
        statement_id=statement.statement_id,
        statement=statement.raw,
        body=candidate.body,
        subject=statement.subject,
        campaign=event.campaign,
        received_at=service.clock(),
        scope=event.scope,
        issued_at=statement.iat,
    )
    there = service.desk.put(pending)
    require_not_refused(there)
    return there


def drop_ended(service: Service) -> None:
    """Drop what was meant for campaigns that were closed or cancelled.

    Asked before the desk is read or laid on, so that nobody ever sees what should be gone; a crash in between leaves
    it for the next who asks.
    """
    for campaign in service.desk.campaigns():
        if _ended(service, campaign):
            service.desk.drop_campaign(campaign)


class Refusal(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a pledge is refused, for its issuer to read."""

    reason: Line


def read_refusal(content: bytes) -> Refusal:
    """From JSON. Raises `Malformed`; `Refused` where the reason holds personal data."""
    try:
        refusal = msgspec.json.decode(content, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f'not a refusal, such as {{"reason": "…"}}: {error}') from None
    if not refusal.reason.isprintable() or not refusal.reason.strip():
        raise Malformed("a reason is one line of visible text")
    refuse_personal_data(refusal)
    return refusal


def require_not_refused(pending: Pending) -> None:
    """Raises `Refused` for a pledge that the organizer refused; the reason is for its issuer, by signed request."""
    if pending.refused_at is not None:
        raise Refused(
            "pledge.refused_at_desk",
            "组织方已退回该承诺；理由在工作台等候公布的承诺中，可另行提交新的承诺",
            "the organizer refused this pledge; its issuer reads why at /v1/pending/{id}, and may send a newer one",
        )


def _ended(service: Service, campaign: str) -> bool:
    state = service.governance.campaigns.get(campaign)
    return state is not None and (state.closed_on is not None or state.cancelled_on is not None)
