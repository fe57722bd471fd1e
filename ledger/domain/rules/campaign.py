"""What may be said about campaigns. Their terms are fixed once they are open; the window may only grow."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.campaign import (
    CampaignCancelled,
    CampaignClosed,
    CampaignExtended,
    CampaignOpened,
    NoticePublished,
)
from ledger.domain.rules.campaign_conditions import require_not_cancelled
from ledger.domain.rules.context import Context, UniqueFact
from ledger.domain.rules.spec import spec
from ledger.domain.state.campaign import CampaignState
from ledger.domain.state.governance import Governance
from ledger.domain.values.dates import add_months
from ledger.errors import Refused

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]


def open_campaign(governance: Governance, event: CampaignOpened, ctx: Context) -> _Facts:
    """Once; its terms are consistent and within the policy's limits."""
    if ctx.subject in governance.campaigns:
        raise Refused(
            "campaign.fixed_once_open",
            "活动已开启, 其承诺书模板和条件不可更改",
            "the campaign is open: its template and terms cannot be changed",
            ctx.subject,
        )
    if not event.opens_on <= event.closes_on <= event.pledge_valid_until:
        raise Refused(
            "campaign.date_order",
            "日期顺序应为: 开始、截止、承诺有效期止",
            "dates must be in order: opening, closing, default end of pledges",
        )
    longest = add_months(event.opens_on, ctx.policy.pledge_months_max)
    if event.pledge_valid_until > longest:
        raise Refused(
            "pledge.too_long",
            f"承诺有效期最长 {ctx.policy.pledge_months_max} 个月",
            f"a pledge is valid for at most {ctx.policy.pledge_months_max} months",
            str(event.pledge_valid_until),
        )
    if len(set(event.scopes)) != len(event.scopes):
        raise Refused("campaign.scope_twice", "承诺类别重复", "a scope is named twice")
    if len({clause.id for clause in event.clauses}) != len(event.clauses):
        raise Refused("campaign.clause_twice", "条款编号重复", "a clause id is used twice")
    if (event.certificate_title is None) != (event.certificate_basis is None):
        raise Refused(
            "campaign.title_needs_basis",
            "承诺公告上的名称须同时写明依据, 没有名称时也不写依据",
            "a title on certificates comes with its basis, and a basis with its title",
            event.certificate_title or event.certificate_basis or "",
        )
    return ()


def extend_campaign(governance: Governance, event: CampaignExtended, ctx: Context) -> _Facts:
    """To a later day, while the campaign was not closed."""
    campaign = _open(governance, ctx)
    if event.closes_on <= campaign.closes_on:
        raise Refused(
            "campaign.extension_only_later",
            f"延期只能晚于原截止日期 {campaign.closes_on}",
            f"an extension moves the closing date, {campaign.closes_on}, to a later day only",
            str(event.closes_on),
        )
    if event.closes_on > campaign.opened.pledge_valid_until:
        raise Refused(
            "campaign.extension_past_validity",
            "截止日期不能晚于承诺有效期",
            "the campaign cannot close after its pledges' default end",
            str(event.closes_on),
        )
    return ()


def close_campaign(governance: Governance, event: CampaignClosed, ctx: Context) -> _Facts:
    """Once."""
    _open(governance, ctx)
    return ()


def cancel_campaign(governance: Governance, event: CampaignCancelled, ctx: Context) -> _Facts:
    """Once, while it was not closed; what was published in it stays."""
    _open(governance, ctx)
    return ()


def publish_notice(governance: Governance, event: NoticePublished, ctx: Context) -> _Facts:
    """At any time after the opening."""
    _known(governance, ctx)
    return ()


def _known(governance: Governance, ctx: Context) -> CampaignState:
    campaign = governance.campaigns.get(ctx.subject)
    if campaign is None:
        raise Refused("campaign.unknown", "活动尚未开启", "this campaign was not opened", ctx.subject)
    return campaign


def _open(governance: Governance, ctx: Context) -> CampaignState:
    campaign = _known(governance, ctx)
    if campaign.closed_on is not None:
        raise Refused(
            "campaign.closed",
            f"活动已于 {campaign.closed_on} 结束",
            f"the campaign was closed on {campaign.closed_on}",
            ctx.subject,
        )
    require_not_cancelled(campaign)
    return campaign


EVENTS: Final = (
    spec("campaign", CampaignOpened, ("organizer",), open_campaign),
    spec("campaign", CampaignExtended, ("organizer",), extend_campaign),
    spec("campaign", CampaignClosed, ("organizer",), close_campaign),
    spec("campaign", CampaignCancelled, ("organizer",), cancel_campaign),
    spec("campaign", NoticePublished, ("organizer",), publish_notice),
)
