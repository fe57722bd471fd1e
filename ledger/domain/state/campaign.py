"""Campaigns: a yearly call for pledges, with its window, clause template and default validity.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/campaign.py`.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.campaign import (
    CampaignCancelled,
    CampaignClosed,
    CampaignCorrected,
    CampaignExtended,
    CampaignOpened,
    CampaignTerms,
    NoticePublished,
)


class CampaignState(Struct, frozen=True):
    """A campaign: its terms (opened at entry `index`), its window as it stands, when it was closed or cancelled.

    `terms` are those of the opening, or of the newest of `corrections` (indices of CampaignCorrected, in log order),
    which was recorded at `corrected_at` (Unix seconds).
    """

    subject: str
    index: int
    terms: CampaignTerms
    closes_on: date
    closed_on: date | None = None
    notices: tuple[int, ...] = ()  # indices of NoticePublished
    cancelled_on: date | None = None
    corrections: tuple[int, ...] = ()
    corrected_at: int | None = None

    @property
    def terms_entry(self) -> int:
        """The entry that holds the terms."""
        return self.corrections[-1] if self.corrections else self.index

    @property
    def clause_ids(self) -> frozenset[str]:
        return frozenset(clause.id for clause in self.terms.clauses)

    @property
    def last_day(self) -> date:
        """The last day on which a pledge that belongs to the campaign can have been made."""
        return self.closes_on if self.closed_on is None else min(self.closes_on, self.closed_on)


def evolve_campaign(campaign: CampaignState | None, at: Recorded) -> CampaignState | None:
    """The campaign after one more event of its stream."""
    event = at.event
    if isinstance(event, CampaignOpened):
        return CampaignState(at.subject, at.index, event, event.closes_on)
    if campaign is None:
        return None
    if isinstance(event, CampaignCorrected):
        return replace(
            campaign,
            terms=event,
            closes_on=event.closes_on,
            corrections=(*campaign.corrections, at.index),
            corrected_at=at.recorded_at,
        )
    if isinstance(event, CampaignExtended):
        return replace(campaign, closes_on=event.closes_on)
    if isinstance(event, CampaignClosed):
        return replace(campaign, closed_on=event.effective_on)
    if isinstance(event, CampaignCancelled):
        return replace(campaign, cancelled_on=event.effective_on)
    if isinstance(event, NoticePublished):
        return replace(campaign, notices=(*campaign.notices, at.index))
    return campaign
