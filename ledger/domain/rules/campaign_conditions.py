"""What rules about campaigns, and about the pledges in them, ask of a campaign."""

from __future__ import annotations

from ledger.domain.state.campaign import CampaignState
from ledger.errors import Refused

__all__ = ["require_not_cancelled"]


def require_not_cancelled(campaign: CampaignState) -> None:
    """Raise `Refused` where the campaign was cancelled: whatever the day from which that counts, from its entry on."""
    if campaign.cancelled_on is not None:
        raise Refused(
            "campaign.cancelled",
            f"活动已取消, 自 {campaign.cancelled_on} 起生效",
            f"the campaign was cancelled, with effect from {campaign.cancelled_on}",
            campaign.subject,
        )
