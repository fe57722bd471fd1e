"""Campaigns as canonical JSON: window, scopes, clauses, notices, as corrected. Whether one is open follows from its
dates; `corrections` are the entries that corrected its terms, where there are any."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.state.campaign import CampaignState
from ledger.domain.state.governance import Governance
from projections.db.dated_document import etag

__all__ = ["CampaignRow", "campaign_rows"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class CampaignRow(NamedTuple):
    campaign: str
    opens_on: date
    body: bytes
    etag: str


def campaign_rows(governance: Governance) -> list[CampaignRow]:
    """All campaigns, by id."""
    return [_row(state) for _, state in sorted(governance.campaigns.items())]


def _row(state: CampaignState) -> CampaignRow:
    terms = state.terms
    body: dict[str, Any] = {
        "campaign": state.subject,
        "entry": state.index,
        "name_zh": terms.name_zh,
        "name_en": terms.name_en,
        "theme": terms.theme,
        "notice_number": terms.notice_number,
        "opens_on": terms.opens_on,
        "closes_on": state.closes_on,
        "closed_on": state.closed_on,
        "last_day": state.last_day,
        "pledge_valid_until": terms.pledge_valid_until,
        "scopes": terms.scopes,
        "clauses": [{"id": clause.id, "zh": clause.zh, "en": clause.en} for clause in terms.clauses],
        "overlap": terms.overlap,
        "notices": state.notices,
    }
    if terms.certificate_title is not None:
        body["certificate"] = {"title": terms.certificate_title, "basis": terms.certificate_basis}
    if state.corrections:
        body["corrections"] = state.corrections
    if state.cancelled_on is not None:
        body["cancelled_on"] = state.cancelled_on
    encoded = _ENCODE(body)
    return CampaignRow(state.subject, terms.opens_on, encoded, etag(encoded))
