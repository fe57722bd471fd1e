"""Public pledges, declarations and campaigns as they are served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from ledger.limits import SEARCH_PAGE_MAX
from ledger.store.array_parameters import Texts
from projections.db.dated_document import etag
from projections.db.reads import Reading
from projections.declarations.declaration_record import compose

__all__ = ["CampaignPledge", "DeclarationView", "Document", "MarkRow", "PledgeDocument", "StandardRow"]


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


class MarkRow(NamedTuple):
    """A range of serials, and its licence as canonical JSON. `erased`: the seed is gone for good."""

    subject: str
    entry: int
    serials: int
    erased: bool
    body: bytes


class StandardRow(NamedTuple):
    """A version of a standard that an enterprise declared, by its entry. `declaration`: the one that began it."""

    entry: int
    declaration: int
    subject: str
    name: str  # empty where the enterprise is not to be found by name
    number: str
    title: str
    state: str
    from_on: date


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
        """All public pledges of an enterprise and what else it declared; None where there is nothing."""
        rows = self._reading.rows("declarations", {"subject": subject, "today": today})
        if not rows:
            return None
        pledges = [value for section, _, _, value in rows if not section]
        body = compose(subject, pledges, {section: value for section, _, _, value in rows if section})
        return Document(body, etag(body), min((until for _, _, until, _ in rows if until is not None), default=None))

    def marks(self, ranges: Sequence[str]) -> dict[str, MarkRow]:
        """Ranges by name (10 hexadecimal digits), in one round trip; those that were never licensed are left out."""
        rows = self._reading.rows("marks", {"ranges": Texts(ranges)})
        return {row[0]: MarkRow(*row[1:]) for row in rows}

    def standards(self, number_key: str, after: int, limit: int) -> list[StandardRow]:
        """Public declarations of the number over all enterprises, by entry, from the one after the entry `after`."""
        params = {"key": number_key, "after": after, "limit": max(1, min(limit, SEARCH_PAGE_MAX))}
        return [StandardRow(*row) for row in self._reading.rows("standards", params)]

    def standard(self, subject: str, entry: int) -> Document | None:
        """Any version of a declared standard, by its entry."""
        row = self._reading.row("standard", {"subject": subject, "entry": entry})
        return None if row is None else Document(*row)

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
