"""Campaigns: a yearly call for pledges, with its window, clause template and default validity.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/campaign.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.domain.events.base import Digest, EntryIndex, Event, Line, Text

Scope = Literal["comprehensive", "product", "service", "product_and_service"]


class Clause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One clause of the template; pledges name the clauses they take up by `id`."""

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}\\Z")]
    zh: Line
    en: Line | None = None


class _CampaignTerms(Event, frozen=True, kw_only=True):
    """What a campaign calls for: said at its opening, and said again as a whole where it is corrected."""

    name_zh: Line
    name_en: Line
    theme: Line
    notice_number: Line
    opens_on: date
    closes_on: date
    pledge_valid_until: date
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=4)]
    clauses: Annotated[tuple[Clause, ...], Meta(max_length=64)]
    overlap: Literal["one_per_scope", "one_per_enterprise"]
    certificate_title: Line | None = None
    certificate_basis: Line | None = None


class CampaignOpened(_CampaignTerms, frozen=True, kw_only=True, tag="CampaignOpened"):
    """Pledges made from `opens_on` to `closes_on` (24:00 Asia/Shanghai) belong to it.

    `pledge_valid_until` is the default last day of a pledge; `overlap` says what may live side by side.
    `certificate_title` is what the organizer calls who pledged, on certificates; it answers for it, and states the
    basis for it in `certificate_basis`: neither without the other.
    """


class CampaignCorrected(_CampaignTerms, frozen=True, kw_only=True, tag="CampaignCorrected"):
    """A slip in a campaign's terms is mended (更正): all terms as they are to be, until its first pledge is published.

    `corrects` is the entry that holds the terms so far: the opening, or the correction before this one. `correction`
    says what was wrong.
    """

    corrects: EntryIndex
    correction: Line


CampaignTerms = CampaignOpened | CampaignCorrected


class CampaignExtended(Event, frozen=True, kw_only=True, tag="CampaignExtended"):
    """The campaign closes later than was said at its opening."""

    closes_on: date
    reason: Line


class CampaignClosed(Event, frozen=True, kw_only=True, tag="CampaignClosed"):
    """No pledge made after `effective_on` belongs to the campaign; late recording of earlier ones goes on."""


class CampaignCancelled(Event, frozen=True, kw_only=True, tag="CampaignCancelled"):
    """The campaign does not take place (取消): no pledge is recorded or published in it from here on.

    What was published in it before stays, and binds who pledged.
    """

    reason: Line


class NoticePublished(Event, frozen=True, kw_only=True, tag="NoticePublished"):
    """A notice of the campaign, in words or as a file by SHA-256."""

    number: Line
    title: Line
    text: Text | None = None
    file: Digest | None = None
