"""What may be said about campaigns. Their terms are fixed once a pledge is published; the window may only grow."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.campaign import (
    CampaignCancelled,
    CampaignClosed,
    CampaignCorrected,
    CampaignExtended,
    CampaignOpened,
    CampaignTerms,
    NoticePublished,
)
from ledger.domain.rules.campaign_conditions import PLEDGE_PUBLISHED_IN, require_not_cancelled
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.campaign import CampaignState
from ledger.domain.state.governance import Governance
from ledger.domain.values.dates import add_months
from ledger.errors import Refused
from ledger.limits import CAMPAIGN_CORRECTIONS_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]


def open_campaign(governance: Governance, event: CampaignOpened, ctx: Context) -> _Facts:
    """Once; its terms are consistent and within the policy's limits."""
    if ctx.subject in governance.campaigns:
        raise Refused(
            "campaign.fixed_once_open",
            "活动已开启，不能再次开启；首份承诺公布之前，笔误请更正活动",
            "the campaign is open: until its first pledge is published, a slip in its terms is corrected by "
            "CampaignCorrected",
            ctx.subject,
        )
    _check_terms(event, ctx)
    return ()


def correct_campaign(governance: Governance, event: CampaignCorrected, ctx: Context) -> _Facts:
    """While it is neither closed nor cancelled, and no pledge was ever published in it.

    It names the terms that it replaces, so that two corrections never undo one another unseen; what it says instead is
    what an opening could say. Pledges that were signed or recorded before are not published under terms that nobody
    saw: they are signed, or recorded, again.
    """
    campaign = _open(governance, ctx)
    if event.corrects != campaign.terms_entry:
        raise Refused(
            "campaign.corrects_another",
            f"活动的现行条件在第 {campaign.terms_entry} 条记录：更正须写明它",
            f"the campaign's terms stand in entry {campaign.terms_entry}: a correction names that one",
            str(event.corrects),
        )
    if len(campaign.corrections) >= CAMPAIGN_CORRECTIONS_MAX:
        raise Refused(
            "campaign.corrections_max",
            f"一次活动最多更正 {CAMPAIGN_CORRECTIONS_MAX} 次",
            f"a campaign is corrected {CAMPAIGN_CORRECTIONS_MAX} times at most",
            ctx.subject,
        )
    _check_terms(event, ctx)
    return (UniqueFact(PLEDGE_PUBLISHED_IN, ctx.subject, "not_yet"),)


def _check_terms(event: CampaignTerms, ctx: Context) -> None:
    """Consistent, and within the policy's limits."""
    if not event.opens_on <= event.closes_on <= event.pledge_valid_until:
        raise Refused(
            "campaign.date_order",
            "日期顺序应为：开始、截止、承诺有效期止",
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
            "承诺公告上的名称须同时写明依据，没有名称时也不写依据",
            "a title on certificates comes with its basis, and a basis with its title",
            event.certificate_title or event.certificate_basis or "",
        )


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
    if event.closes_on > campaign.terms.pledge_valid_until:
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
    spec("campaign", CampaignCorrected, ("organizer",), correct_campaign),
    spec("campaign", CampaignExtended, ("organizer",), extend_campaign),
    spec("campaign", CampaignClosed, ("organizer",), close_campaign),
    spec("campaign", CampaignCancelled, ("organizer",), cancel_campaign),
    spec("campaign", NoticePublished, ("organizer",), publish_notice),
)
