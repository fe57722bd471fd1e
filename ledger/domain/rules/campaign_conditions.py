"""What rules about campaigns, and about the pledges in them, ask of a campaign."""

from __future__ import annotations

from typing import Final

from ledger.domain.rules.spec import Context
from ledger.domain.state.campaign import CampaignState
from ledger.domain.state.pledge_state import Terms
from ledger.errors import Refused

__all__ = ["PLEDGE_PUBLISHED_IN", "require_not_cancelled", "require_recorded_since", "require_signed_since"]

PLEDGE_PUBLISHED_IN: Final = "published_in"
"""The fact that a pledge was published in a campaign, by the campaign: from then on its terms are fixed."""


def require_not_cancelled(campaign: CampaignState) -> None:
    """Raise `Refused` where the campaign was cancelled: whatever the day from which that counts, from its entry on."""
    if campaign.cancelled_on is not None:
        raise Refused(
            "campaign.cancelled",
            f"活动已取消，自 {campaign.cancelled_on} 起生效",
            f"the campaign was cancelled, with effect from {campaign.cancelled_on}",
            campaign.subject,
        )


def require_signed_since(campaign: CampaignState, ctx: Context) -> None:
    """Raise `Refused` where an enterprise signed its pledge under terms that were corrected since: nobody may hold it
    to others."""
    if campaign.corrected_at is not None and ctx.iat < campaign.corrected_at:
        raise Refused(
            "pledge.before_correction",
            f"承诺签署于活动更正（第 {campaign.terms_entry} 条记录）之前：请按更正后的条件重新签署",
            f"the pledge was signed before entry {campaign.terms_entry} corrected the campaign's terms: it is to be "
            "signed again",
            campaign.subject,
        )


def require_recorded_since(campaign: CampaignState, terms: Terms) -> None:
    """Raise `Refused` where a pledge was recorded under terms that were corrected since."""
    if terms.index < campaign.terms_entry:
        raise Refused(
            "pledge.before_correction",
            f"承诺登记于活动更正（第 {campaign.terms_entry} 条记录）之前：请否认该记录，并按更正后的条件重新登记",
            f"the pledge was recorded before entry {campaign.terms_entry} corrected the campaign's terms: repudiate "
            "it, and record it again",
            campaign.subject,
        )
