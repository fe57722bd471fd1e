"""What an enterprise's pledges add up to, from the events that make, publish, correct, end and assess them.

What may be said about pledges is in `ledger/domain/rules/pledge.py`, what is said in `ledger/domain/events/pledge.py`.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.pledge import (
    FulfilmentAssessed,
    PledgeMade,
    PledgePublished,
    PledgeReplaced,
    PledgeRevoked,
    PledgeWithdrawn,
)
from ledger.domain.state.pledge_state import (
    Assessment,
    PledgeEnd,
    Pledges,
    PledgeState,
    Publication,
    Replacement,
    Terms,
)
from ledger.domain.state.public_pledges import bearing_of
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, Slot
from ledger.domain.state.step import in_slot

__all__ = ["PLEDGES", "STEPS", "assessed", "ended", "forget", "made", "published", "replaced"]


def made(pledges: Pledges, at: Recorded, event: PledgeMade) -> Pledges:
    terms = Terms(
        at.index,
        event.effective_on,
        at.issuer,
        event.campaign,
        event.scope,
        event.made_on,
        event.valid_until,
        event.disclosure,
        event.clauses,
        event.liability is not None,
    )
    siblings = pledges.by_campaign.get(event.campaign, ())
    return replace(
        pledges,
        by_id=pledges.by_id.set(at.statement_id, PledgeState(at.statement_id, terms)),
        by_campaign=pledges.by_campaign.set(event.campaign, (*siblings, at.statement_id)),
    )


def published(pledges: Pledges, at: Recorded, event: PledgePublished) -> Pledges:
    statement_id = bytes.fromhex(event.pledge)
    publication = Publication(at.index, event.effective_on, event.code, event.valid_from, event.valid_until)
    # of a pledge whose sealed body is gone only this is known
    pledge = pledges.by_id.get(statement_id) or PledgeState(statement_id)
    return replace(
        pledges,
        by_id=pledges.by_id.set(statement_id, replace(pledge, publication=publication)),
        by_code=pledges.by_code.set(event.code, statement_id),
    )


def replaced(pledges: Pledges, at: Recorded, event: PledgeReplaced) -> Pledges:
    pledge = pledges.by_id[pledges.by_code[event.code]]
    replacement = Replacement(at.index, event.effective_on, event.valid_until)
    return pledges.put(replace(pledge, replacements=(*pledge.replacements, replacement)))


def ended(pledges: Pledges, at: Recorded, event: PledgeWithdrawn | PledgeRevoked) -> Pledges:
    pledge = pledges.by_id[pledges.by_code[event.code]]
    if isinstance(event, PledgeRevoked):
        end = PledgeEnd(at.index, event.effective_on, event.ends_on, "revoked", event.ground)
    else:
        end = PledgeEnd(at.index, event.effective_on, event.ends_on, "withdrawn", None)
    return pledges.put(replace(pledge, end=end))


def assessed(pledges: Pledges, at: Recorded, event: FulfilmentAssessed) -> Pledges:
    pledge = pledges.by_id[pledges.by_code[event.code]]
    assessment = Assessment(
        at.index,
        event.effective_on,
        event.period_from,
        event.period_until,
        event.result,
        event.fact_id,
        event.assessor_code,
    )
    return pledges.put(replace(pledge, assessments=(*pledge.assessments, assessment)))


def forget(pledges: Pledges, index: int) -> Pledges:
    """As if the sealed entry at `index` had always been closed. Codes and dates are never erased: they hold no text."""
    pledge = pledges.of_entry(index)
    if pledge is None:
        return pledges
    statement_id = pledge.statement_id
    if pledge.terms is not None and pledge.terms.index == index:
        campaign = pledge.terms.campaign
        siblings = tuple(one for one in pledges.by_campaign[campaign] if one != statement_id)
        by_campaign = pledges.by_campaign
        by_campaign = by_campaign.set(campaign, siblings) if siblings else by_campaign.delete(campaign)
        if pledge.publication is None:
            return replace(pledges, by_id=pledges.by_id.delete(statement_id), by_campaign=by_campaign)
        return replace(pledges, by_campaign=by_campaign).put(replace(pledge, terms=None))
    return pledges.put(
        replace(
            pledge,
            replacements=tuple(one for one in pledge.replacements if one.index != index),
            assessments=tuple(one for one in pledge.assessments if one.index != index),
        )
    )


def bearing(record: EnterpriseRecord) -> Bearing:
    """What its public pledges bring (`public_pledges.py`); of others nothing counts."""
    return bearing_of(record, PLEDGES.of(record))


PLEDGES: Final[Slot[Pledges]] = Slot("pledges", Pledges(), forget=forget, bearing=bearing, names_all=True)

STEPS: Final = (
    in_slot(PLEDGES, PledgeMade, made, textual=True, shows=False),
    in_slot(PLEDGES, PledgePublished, published, bears=True),
    in_slot(PLEDGES, PledgeReplaced, replaced, bears=True, textual=True),
    in_slot(PLEDGES, PledgeWithdrawn, ended, bears=True),
    in_slot(PLEDGES, PledgeRevoked, ended, bears=True),
    in_slot(PLEDGES, FulfilmentAssessed, assessed, bears=True),
)
