"""Pledges: made, published, replaced, withdrawn, revoked, assessed (信用承诺 in the national template)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.domain.events.base import Digest, Event, Line, NamedText, PaperEvidence, Text
from ledger.domain.events.campaign import Scope

PledgeCode = Annotated[str, Meta(pattern="^[0-9]{20}\\Z")]  # division(6) YYYYMMDD serial(6)
CampaignId = Annotated[str, Meta(pattern="^campaign:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\\Z")]
ClauseId = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}\\Z")]


class PledgeMade(Event, frozen=True, kw_only=True, tag="PledgeMade"):
    """By the enterprise itself (then it waits for its publication), or by an organizer with `evidence`.

    `valid_until` is absent where the campaign's default holds. Sealed unless `disclosure` is `public`.
    """

    campaign: CampaignId
    scope: Scope
    reason: Line
    content: Text
    liability: Text | None = None
    made_on: date
    valid_until: date | None = None
    accepting_body: Line
    accepting_code: Line
    disclosure: Literal["public", "limited", "none"]
    clauses: Annotated[tuple[ClauseId, ...], Meta(max_length=64)] = ()
    remark: Line | None = None
    evidence: PaperEvidence | None = None


class PledgePublished(Event, frozen=True, kw_only=True, tag="PledgePublished"):
    """The organizer publishes (or, for a sealed one, accepts) the pledge whose statement has this SHA-256."""

    pledge: Digest
    code: PledgeCode
    valid_from: date
    valid_until: date


class PledgeReplaced(Event, frozen=True, kw_only=True, tag="PledgeReplaced"):
    """Corrects a clerical slip (更正): the fields given stand in place of the old ones."""

    code: PledgeCode
    slip: Line
    reason: Line | None = None
    content: Text | None = None
    liability: Text | None = None
    valid_until: date | None = None


class PledgeWithdrawn(Event, frozen=True, kw_only=True, tag="PledgeWithdrawn"):
    """By the enterprise (撤回). `ends_on` is the pledge's last day, not before the day of recording."""

    code: PledgeCode
    ends_on: date
    evidence: PaperEvidence | None = None


class GroundText(NamedText, frozen=True, kw_only=True, tag="GroundText"):
    """The body behind `PledgeRevoked.ground_text`."""

    text: Text


class PledgeRevoked(Event, frozen=True, kw_only=True, tag="PledgeRevoked"):
    """By the organizer (撤销). The text of the ground is a sealed body of its own, named by `ground_text`."""

    text_type: ClassVar[type[NamedText] | None] = GroundText

    code: PledgeCode
    ends_on: date
    ground: Literal["fraud", "breach", "ineligible", "other"]
    ground_text: Digest | None = None

    @property
    def named_text(self) -> str | None:
        return self.ground_text


class FulfilmentAssessed(Event, frozen=True, kw_only=True, tag="FulfilmentAssessed"):
    """Sealed. Whether the pledge was kept in a period; what was not and what follows, unless it was in full."""

    code: PledgeCode
    period_from: date
    period_until: date
    result: Literal["full", "partial", "none"]
    unmet: Text | None = None
    accountability: Text | None = None
    assessor: Line
    assessor_code: Line
    fact_id: Line | None = None
