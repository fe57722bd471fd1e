"""The single conditions that the rules on pledges are made of. Each raises `Refused`, naming its rule."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.domain.events.pledge import PledgeMade
from ledger.domain.rules.spec import Context
from ledger.domain.state.campaign import CampaignState
from ledger.domain.state.enterprise import ceased_by
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.pledge_state import PledgeState, Terms
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import add_months
from ledger.errors import Refused
from ledger.limits import PLEDGES_PER_CAMPAIGN_MAX

__all__ = [
    "check_code",
    "check_end",
    "check_validity",
    "not_ended",
    "one_live",
    "published",
    "require_liability",
    "same_form",
    "still_there",
    "within_window",
]

# GB/T 2260: the first two digits of every province-level division; 10 stands for the central authorities
_PROVINCES: Final = frozenset(
    str(number)
    for region in ((10, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
    for number in range(region[0], region[1] + 1)
)


def require_liability(event: PledgeMade) -> None:
    """A public pledge names the liability for its breach: asked where it is signed and where it arrives."""
    if event.disclosure == "public" and event.liability is None:
        raise Refused(
            "pledge.liability_missing",
            "可向社会公开的承诺须写明违诺责任",
            "a public pledge names the liability for its breach",
        )


def within_window(made_on: date, campaign: CampaignState, ctx: Context) -> None:
    """Made between opening and closing, not after the campaign was closed, not in the future."""
    if made_on > ctx.today:
        raise Refused("pledge.made_in_future", "承诺日期晚于今日", "a pledge cannot be made later", str(made_on))
    if not campaign.terms.opens_on <= made_on <= campaign.closes_on:
        raise Refused(
            "pledge.outside_window",
            f"承诺须在活动期间作出：{campaign.terms.opens_on} 至 {campaign.closes_on} 24:00（北京时间）",
            f"pledges are made from {campaign.terms.opens_on} to {campaign.closes_on}, 24:00 in Beijing",
            str(made_on),
        )
    if made_on > campaign.last_day:
        raise Refused(
            "pledge.campaign_closed",
            f"活动已于 {campaign.last_day} 结束",
            f"the campaign was closed on {campaign.last_day}",
            str(made_on),
        )


def still_there(record: EnterpriseRecord, made_on: date) -> None:
    """Made before the enterprise merged or was deregistered."""
    ceased = ceased_by(record, made_on)
    if ceased is not None:
        raise Refused(
            "pledge.enterprise_gone",
            f"该企业已于 {ceased.effective_on} 合并或注销，不再接受新的承诺",
            f"the enterprise was merged or deregistered on {ceased.effective_on} and makes no new pledges",
            str(made_on),
        )


def check_validity(valid_until: date, made_on: date, ctx: Context) -> None:
    """Not before the pledge was made, not longer than the policy allows."""
    if valid_until < made_on:
        raise Refused(
            "pledge.validity_order",
            "有效期止早于承诺作出之日",
            "the validity ends before the pledge was made",
            str(valid_until),
        )
    if valid_until > add_months(made_on, ctx.policy.pledge_months_max):
        raise Refused(
            "pledge.too_long",
            f"承诺有效期最长 {ctx.policy.pledge_months_max} 个月",
            f"a pledge is valid for at most {ctx.policy.pledge_months_max} months",
            str(valid_until),
        )


def one_live(record: EnterpriseRecord, event: PledgeMade, campaign: CampaignState) -> None:
    """No two pledges of a campaign bind on the same day, by scope or altogether, as the campaign says.

    On the last day of one that ended early the next one may be made.
    """
    by_scope = campaign.terms.overlap == "one_per_scope"
    default = campaign.terms.pledge_valid_until
    siblings = PLEDGES.of(record).by_campaign.get(event.campaign, ())
    if len(siblings) >= PLEDGES_PER_CAMPAIGN_MAX:
        raise Refused(
            "pledge.per_campaign_max",
            f"一家企业在一次活动中最多登记 {PLEDGES_PER_CAMPAIGN_MAX} 份承诺",
            f"an enterprise makes {PLEDGES_PER_CAMPAIGN_MAX} pledges in a campaign at most",
        )
    for statement_id in siblings:
        pledge = PLEDGES.of(record).by_id[statement_id]
        terms = pledge.terms
        if terms is None or terms.index in record.repudiated or (by_scope and terms.scope != event.scope):
            continue
        begun_before = terms.made_on <= (event.valid_until or default)
        end = pledge.ended_by(record.repudiated)
        if end is not None:
            live = end.ends_on > event.made_on
        else:
            live = (pledge.valid_until(record.repudiated) or default) >= event.made_on
        if begun_before and live:
            raise Refused(
                "pledge.one_live_per_scope" if by_scope else "pledge.one_live_per_enterprise",
                "同一活动中，同类承诺只能有一份有效" if by_scope else "同一活动中，一家企业只能有一份有效承诺",
                "one pledge may be live per campaign and scope"
                if by_scope
                else "one pledge may be live per campaign and enterprise",
                pledge.publication.code if pledge.publication is not None else statement_id.hex(),
            )


def published(record: EnterpriseRecord, code: str) -> tuple[PledgeState, Terms]:
    """The pledge that stands published under `code`, and its terms."""
    pledge = PLEDGES.of(record).coded(code)
    if (
        pledge is None
        or pledge.terms is None
        or pledge.publication is None
        or pledge.publication.code != code
        or pledge.terms.index in record.repudiated
        or pledge.publication.index in record.repudiated
    ):
        raise Refused(
            "pledge.not_published",
            "该企业没有以此编码公布的承诺",
            "this enterprise has no pledge that was published under this code",
            code,
        )
    return pledge, pledge.terms


def same_form(terms: Terms, ctx: Context) -> None:
    """What is said of a pledge is open or sealed as the pledge is: nothing of a sealed one shows anywhere."""
    if (terms.disclosure == "public") == ctx.sealed:
        raise Refused(
            "pledge.disclosure_form",
            "公布、更正、撤回和撤销与原承诺的公开方式须一致",
            "publication, replacement and end of a pledge are open or sealed as the pledge is",
            terms.disclosure,
        )


def not_ended(pledge: PledgeState, record: EnterpriseRecord) -> None:
    """Neither withdrawn nor revoked."""
    end = pledge.ended_by(record.repudiated)
    if end is not None:
        raise Refused(
            "pledge.ends_once",
            f"该承诺已由第 {end.index} 条记录终止，截至 {end.ends_on}",
            f"the pledge was ended by entry {end.index}, on {end.ends_on}",
        )


def check_end(record: EnterpriseRecord, code: str, ends_on: date, ctx: Context) -> None:
    """Published, not ended yet; from today to the end of its validity."""
    pledge, terms = published(record, code)
    same_form(terms, ctx)
    not_ended(pledge, record)
    if ends_on < ctx.today:
        raise Refused(
            "pledge.ends_not_before_recording",
            f"终止日期不能早于登记当日 {ctx.today}",
            f"a pledge ends on the day of recording, {ctx.today}, or later: the days before stay promised",
            str(ends_on),
        )
    until = pledge.valid_until(record.repudiated)
    if until is not None and ends_on > until:
        raise Refused(
            "pledge.expired_before",
            f"该承诺有效期至 {until}",
            f"the pledge is valid until {until} anyway",
            str(ends_on),
        )


def check_code(code: str, terms: Terms, ctx: Context) -> None:
    """National template: division (GB/T 2260, 6 digits), date of assignment (YYYYMMDD), serial (6 digits)."""
    if code[:2] not in _PROVINCES:
        raise Refused(
            "pledge.code_division",
            "承诺编码前 6 位须为行政区划代码",
            "a pledge code begins with a division code (GB/T 2260)",
            code[:6],
        )
    try:
        day = date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        day = None
    if day is None or not terms.made_on <= day <= ctx.today:
        raise Refused(
            "pledge.code_date",
            f"承诺编码第 7 至 14 位须为编码日期，介于承诺作出之日 {terms.made_on} 与今日之间",
            f"digits 7 to 14 of a pledge code are the date of its assignment, from {terms.made_on} to today",
            code[6:14],
        )
