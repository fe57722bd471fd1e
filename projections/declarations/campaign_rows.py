"""Campaigns as canonical JSON: window, scopes, clauses, notices. Whether one is open follows from its dates."""

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
    opened = state.opened
    body: dict[str, Any] = {
        "campaign": state.subject,
        "entry": state.index,
        "name_zh": opened.name_zh,
        "name_en": opened.name_en,
        "theme": opened.theme,
        "notice_number": opened.notice_number,
        "opens_on": opened.opens_on,
        "closes_on": state.closes_on,
        "closed_on": state.closed_on,
        "last_day": state.last_day,
        "pledge_valid_until": opened.pledge_valid_until,
        "scopes": opened.scopes,
        "clauses": [{"id": clause.id, "zh": clause.zh, "en": clause.en} for clause in opened.clauses],
        "overlap": opened.overlap,
        "notices": state.notices,
    }
    if opened.certificate_title is not None:
        body["certificate"] = {"title": opened.certificate_title, "basis": opened.certificate_basis}
    if state.cancelled_on is not None:
        body["cancelled_on"] = state.cancelled_on
    encoded = _ENCODE(body)
    return CampaignRow(state.subject, opened.opens_on, encoded, etag(encoded))
