"""What an enterprise's pledges add up to: terms, publication, corrections, end and assessments of each.

What may be said about pledges is in `ledger/domain/rules/pledge.py`, what is said in `ledger/domain/events/pledge.py`.
These values never refer to themselves, so the garbage collector need not look at the many of them (`gc=False`).
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Literal

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.campaign import Scope
from ledger.domain.events.pledge import (
    FulfilmentAssessed,
    PledgeMade,
    PledgePublished,
    PledgeReplaced,
    PledgeRevoked,
    PledgeWithdrawn,
)

__all__ = [
    "Assessment",
    "PledgeEnd",
    "PledgeState",
    "Pledges",
    "Publication",
    "Replacement",
    "Terms",
    "assessed",
    "ended",
    "forget",
    "made",
    "published",
    "replaced",
]


class Terms(Struct, frozen=True, gc=False):
    """What was pledged, by the `PledgeMade` at `index`. `valid_until`: None where the campaign's default holds."""

    index: int
    effective_on: date
    issuer: str
    campaign: str
    scope: Scope
    made_on: date
    valid_until: date | None
    disclosure: Literal["public", "limited", "none"]
    clauses: tuple[str, ...]
    has_liability: bool


class Publication(Struct, frozen=True, gc=False):
    """The `PledgePublished` at `index`."""

    index: int
    effective_on: date
    code: str
    valid_from: date
    valid_until: date


class Replacement(Struct, frozen=True, gc=False):
    """The `PledgeReplaced` at `index`; `valid_until` if it corrected that date."""

    index: int
    effective_on: date
    valid_until: date | None


class PledgeEnd(Struct, frozen=True, gc=False):
    """The withdrawal (`ground` None) or revocation at `index`; `ends_on` is the pledge's last day."""

    index: int
    effective_on: date
    ends_on: date
    how: Literal["withdrawn", "revoked"]
    ground: Literal["fraud", "breach", "ineligible", "other"] | None


class Assessment(Struct, frozen=True, gc=False):
    """The `FulfilmentAssessed` at `index`."""

    index: int
    effective_on: date
    period_from: date
    period_until: date
    result: Literal["full", "partial", "none"]
    fact_id: str | None
    assessor_code: str

    @property
    def item(self) -> str | None:
        """The name under which a policy may set points on it; None where the pledge was kept in full."""
        if self.result == "full":
            return None
        return "pledge.partly_fulfilled" if self.result == "partial" else "pledge.not_fulfilled"


class PledgeState(Struct, frozen=True, gc=False):
    """One pledge. `terms` is None where its sealed body is closed: then it can be named, but counts for nothing."""

    statement_id: bytes
    terms: Terms | None = None
    publication: Publication | None = None
    replacements: tuple[Replacement, ...] = ()
    end: PledgeEnd | None = None
    assessments: tuple[Assessment, ...] = ()

    def is_public(self, repudiated: Container[int]) -> bool:
        """Whether it was made for the public and published, and neither was repudiated."""
        terms, publication = self.terms, self.publication
        if terms is None or publication is None or terms.disclosure != "public":
            return False
        return terms.index not in repudiated and publication.index not in repudiated

    def ended_by(self, repudiated: Container[int]) -> PledgeEnd | None:
        """Its end, unless the entry that said so was repudiated."""
        return None if self.end is None or self.end.index in repudiated else self.end

    def valid_until(self, repudiated: Container[int]) -> date | None:
        """The last day as published and corrected; without a publication the pledge's own, None if it has none."""
        for replacement in reversed(self.replacements):
            if replacement.valid_until is not None and replacement.index not in repudiated:
                return replacement.valid_until
        if self.publication is not None:
            return self.publication.valid_until
        return None if self.terms is None else self.terms.valid_until

    def last_day(self, repudiated: Container[int]) -> date | None:
        """The last day on which the pledge binds: its end if that came first, else its validity's."""
        until, end = self.valid_until(repudiated), self.ended_by(repudiated)
        if end is None or until is None:
            return until if end is None else end.ends_on
        return min(until, end.ends_on)


class Pledges(Struct, frozen=True):
    """The pledges of one enterprise, by the SHA-256 of the statement that made each."""

    by_id: Map[bytes, PledgeState] = Map()
    by_code: Map[str, bytes] = Map()
    by_campaign: Map[str, tuple[bytes, ...]] = Map()

    def coded(self, code: str) -> PledgeState | None:
        """The pledge that was published under `code`."""
        statement_id = self.by_code.get(code)
        return None if statement_id is None else self.by_id[statement_id]

    def broken(self, code: str | None, clauses: tuple[str, ...], repudiated: Container[int]) -> tuple[str, ...]:
        """Which of the clauses concerned were publicly pledged: in the pledge published as `code`, else in any."""
        if not clauses:
            return ()
        named = self.by_id.values() if code is None else (self.coded(code),)
        public = [one.terms for one in named if one is not None and one.is_public(repudiated)]
        pledged = {clause for terms in public if terms is not None for clause in terms.clauses}
        return tuple(sorted(pledged.intersection(clauses)))

    def put(self, pledge: PledgeState) -> Pledges:
        return replace(self, by_id=self.by_id.set(pledge.statement_id, pledge))


def made(pledges: Pledges, at: Recorded, event: PledgeMade) -> tuple[Pledges, bytes]:
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
    changed = replace(
        pledges,
        by_id=pledges.by_id.set(at.statement_id, PledgeState(at.statement_id, terms)),
        by_campaign=pledges.by_campaign.set(event.campaign, (*siblings, at.statement_id)),
    )
    return changed, at.statement_id


def published(pledges: Pledges, at: Recorded, event: PledgePublished) -> tuple[Pledges, bytes]:
    statement_id = bytes.fromhex(event.pledge)
    publication = Publication(at.index, event.effective_on, event.code, event.valid_from, event.valid_until)
    # of a pledge whose sealed body is gone only this is known
    pledge = pledges.by_id.get(statement_id) or PledgeState(statement_id)
    changed = replace(
        pledges,
        by_id=pledges.by_id.set(statement_id, replace(pledge, publication=publication)),
        by_code=pledges.by_code.set(event.code, statement_id),
    )
    return changed, statement_id


def replaced(pledges: Pledges, at: Recorded, event: PledgeReplaced) -> tuple[Pledges, bytes]:
    pledge = pledges.by_id[pledges.by_code[event.code]]
    replacement = Replacement(at.index, event.effective_on, event.valid_until)
    return pledges.put(replace(pledge, replacements=(*pledge.replacements, replacement))), pledge.statement_id


def ended(pledges: Pledges, at: Recorded, event: PledgeWithdrawn | PledgeRevoked) -> tuple[Pledges, bytes]:
    pledge = pledges.by_id[pledges.by_code[event.code]]
    if isinstance(event, PledgeRevoked):
        end = PledgeEnd(at.index, event.effective_on, event.ends_on, "revoked", event.ground)
    else:
        end = PledgeEnd(at.index, event.effective_on, event.ends_on, "withdrawn", None)
    return pledges.put(replace(pledge, end=end)), pledge.statement_id


def assessed(pledges: Pledges, at: Recorded, event: FulfilmentAssessed) -> tuple[Pledges, bytes]:
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
    return pledges.put(replace(pledge, assessments=(*pledge.assessments, assessment))), pledge.statement_id


def forget(pledges: Pledges, statement_id: bytes, index: int) -> Pledges:
    """As if the sealed entry at `index`, about the pledge `statement_id`, had always been closed."""
    pledge = pledges.by_id.get(statement_id)
    if pledge is None:
        return pledges
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
