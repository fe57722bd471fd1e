"""Public pledges, declarations and campaigns as they are served."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from ledger.limits import SEARCH_PAGE_MAX
from projections.reading import Reading

__all__ = ["CampaignPledge", "DeclarationView", "Document", "PledgeDocument"]


class Document(NamedTuple):
    """Canonical JSON and its entity tag; `until_on`: the day on which time alone will change it."""

    body: bytes
    etag: str
    until_on: date | None = None


class PledgeDocument(NamedTuple):
    subject: str
    campaign: str
    made_entry: int
    published_entry: int
    document: Document


class CampaignPledge(NamedTuple):
    code: str
    subject: str
    name: str  # empty where the enterprise is not to be found any more
    published_entry: int
    from_on: date
    last_day: date


class DeclarationView:
    """Reads through the read models; `today` is a calendar date in Asia/Shanghai."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def pledge(self, code: str, today: date) -> PledgeDocument | None:
        """A public pledge by its code; None for any other, also one that is not for publication."""
        row = self._reading.row("pledge", {"code": code, "today": today})
        if row is None:
            return None
        subject, campaign, made, published, until_on, body, tag = row
        return PledgeDocument(subject, campaign, made, published, Document(body, tag, until_on))

    def declarations(self, subject: str, today: date) -> Document | None:
        """All public pledges of an enterprise; None where it has none."""
        row = self._reading.row("declarations", {"subject": subject, "today": today})
        return None if row is None else Document(row[1], row[2], row[0])

    def campaigns(self) -> list[tuple[str, Document]]:
        """All campaigns (at most 1,000), newest first, with their ids."""
        return [(campaign, Document(body, tag)) for campaign, body, tag in self._reading.rows("campaigns", {})]

    def campaign(self, campaign: str) -> Document | None:
        row = self._reading.row("campaign", {"campaign": campaign})
        return None if row is None else Document(row[1], row[2])

    def campaign_pledges(self, campaign: str, after: str, limit: int) -> list[CampaignPledge]:
        """Public pledges of a campaign by code, from the one after the code `after` (empty: the first)."""
        params = {"campaign": campaign, "after": after, "limit": max(1, min(limit, SEARCH_PAGE_MAX))}
        return [CampaignPledge(*row) for row in self._reading.rows("campaign_pledges", params)]

    def campaign_pledges_count(self, campaign: str) -> int:
        """How many public pledges a campaign has."""
        count: int = self._reading.rows("campaign_pledges_count", {"campaign": campaign})[0][0]
        return count
