"""What may be said about pledges, from their making to the assessment of how they were kept."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.pledge import (
    FulfilmentAssessed,
    PledgeMade,
    PledgePublished,
    PledgeReplaced,
    PledgeRevoked,
    PledgeWithdrawn,
)
from ledger.domain.rules.campaign_conditions import (
    PLEDGE_PUBLISHED_IN,
    require_not_cancelled,
    require_recorded_since,
    require_signed_since,
)
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.entry_conditions import another_officer
from ledger.domain.rules.pledge_conditions import (
    check_code,
    check_end,
    check_validity,
    not_ended,
    one_live,
    published,
    require_liability,
    same_form,
    still_there,
    within_window,
)
from ledger.domain.rules.spec import Context, UniqueFact, never, spec
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import PLEDGE_REPLACEMENTS_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def make(record: _Record, event: PledgeMade, ctx: Context) -> _Facts:
    """In the campaign's window, of its scopes and clauses, beside no live one."""
    record = require_registered(record, ctx)
    campaign = ctx.governance.campaigns.get(event.campaign)
    if campaign is None:
        raise Refused("campaign.unknown", "没有这个活动", "there is no such campaign", event.campaign)
    if not ctx.by_itself and event.evidence is None:
        raise Refused(
            "pledge.evidence_missing",
            "组织方代为录入的承诺须注明名册文件和行号",
            "a pledge that the organizer records for an enterprise names the roster file and row",
        )
    require_not_cancelled(campaign)
    if ctx.by_itself:
        require_signed_since(campaign, ctx)
    within_window(event.made_on, campaign, ctx)
    still_there(record, event.made_on)
    if event.scope not in campaign.terms.scopes:
        raise Refused(
            "pledge.scope_not_offered",
            "本次活动不设此类承诺",
            "the campaign does not offer pledges of this scope",
            event.scope,
        )
    unknown = [clause for clause in event.clauses if clause not in campaign.clause_ids]
    if unknown:
        raise Refused(
            "pledge.clause_unknown",
            "承诺书模板中没有此条款",
            "the campaign's template has no such clause",
            unknown[0],
        )
    if len(set(event.clauses)) != len(event.clauses):
        raise Refused("pledge.clause_twice", "同一条款重复", "a clause is named twice")
    if (event.disclosure == "public") == ctx.sealed:
        raise Refused(
            "pledge.disclosure_form",
            "可向社会公开的承诺以公开声明登记，其余须密封",
            "a public pledge is an open statement, any other a sealed one",
            event.disclosure,
        )
    require_liability(event)
    if event.valid_until is not None:
        check_validity(event.valid_until, event.made_on, ctx)
    one_live(record, event, campaign)
    return ()


def publish(record: _Record, event: PledgePublished, ctx: Context) -> _Facts:
    """Of a pledge of this stream, once, with liability, for as long as it was made."""
    record = require_registered(record, ctx)
    pledge = PLEDGES.of(record).by_id.get(bytes.fromhex(event.pledge))
    if pledge is None or pledge.terms is None or pledge.terms.index in record.repudiated:
        raise Refused(
            "pledge.not_in_stream",
            "该企业没有这份承诺",
            "this enterprise made no such pledge",
            event.pledge,
        )
    if pledge.publication is not None and pledge.publication.index not in record.repudiated:
        raise Refused(
            "pledge.published_once",
            f"该承诺已以编码 {pledge.publication.code} 公布",
            f"the pledge was published already, as {pledge.publication.code}",
            event.pledge,
        )
    terms = pledge.terms
    same_form(terms, ctx)
    if not terms.has_liability:
        raise Refused(
            "pledge.liability_missing",
            "没有写明违诺责任的承诺不得公布",
            "a pledge that names no liability for its breach is not published",
            event.pledge,
        )
    campaign = ctx.governance.campaigns[terms.campaign]
    require_not_cancelled(campaign)
    require_recorded_since(campaign, terms)
    agreed = terms.valid_until or campaign.terms.pledge_valid_until
    if event.valid_until != agreed:
        raise Refused(
            "pledge.validity_as_made",
            f"公布的有效期止须与承诺一致：{agreed}",
            f"the published validity ends as pledged, on {agreed}",
            str(event.valid_until),
        )
    if not terms.made_on <= event.valid_from <= event.valid_until:
        raise Refused(
            "pledge.validity_order",
            "有效期须始于承诺作出之日或其后，且不晚于有效期止",
            "the validity begins on the day of the pledge or later, and not after its end",
            str(event.valid_from),
        )
    check_code(event.code, terms, ctx)
    return (
        UniqueFact("pledge_code", event.code),
        UniqueFact(PLEDGE_PUBLISHED_IN, terms.campaign, "from_here"),
    )


def replace_slip(record: _Record, event: PledgeReplaced, ctx: Context) -> _Facts:
    """Of a published pledge that has not ended; within the same limits."""
    record = require_registered(record, ctx)
    pledge, terms = published(record, event.code)
    not_ended(pledge, record)
    if event.reason is None and event.content is None and event.liability is None and event.valid_until is None:
        raise Refused("pledge.replacement_empty", "更正没有内容", "the replacement replaces nothing", event.code)
    same_form(terms, ctx)
    if event.valid_until is not None:
        check_validity(event.valid_until, terms.made_on, ctx)
        if pledge.publication is not None and event.valid_until < pledge.publication.valid_from:
            raise Refused(
                "pledge.validity_order",
                "有效期止早于有效期起",
                "the validity would end before it begins",
                str(event.valid_until),
            )
    if len(pledge.replacements) >= PLEDGE_REPLACEMENTS_MAX:
        raise Refused(
            "pledge.replacements_max",
            f"一份承诺最多更正 {PLEDGE_REPLACEMENTS_MAX} 次",
            f"a pledge is replaced {PLEDGE_REPLACEMENTS_MAX} times at most",
            event.code,
        )
    return ()


def withdraw(record: _Record, event: PledgeWithdrawn, ctx: Context) -> _Facts:
    """By the enterprise, or by the organizer on paper; once, not before today."""
    record = require_registered(record, ctx)
    if not ctx.by_itself and event.evidence is None:
        raise Refused(
            "pledge.evidence_missing",
            "组织方代为录入的撤回须注明书面依据",
            "a withdrawal that the organizer records for an enterprise names its paper evidence",
        )
    check_end(record, event.code, event.ends_on, ctx)
    return ()


def revoke(record: _Record, event: PledgeRevoked, ctx: Context) -> _Facts:
    """By the organizer; once, not before today."""
    record = require_registered(record, ctx)
    check_end(record, event.code, event.ends_on, ctx)
    return ()


def assess(record: _Record, event: FulfilmentAssessed, ctx: Context) -> _Facts:
    """Of a period of a published pledge that is over and was not assessed before.

    Whoever published the pledge may say with the same key that it was kept in full: the record then shows by its keys
    that it was the same officer, and it earns nothing (`public_pledges`). With another key of his it is refused.
    """
    record = require_registered(record, ctx)
    pledge, _ = published(record, event.code)
    publication = pledge.publication
    last = pledge.last_day(record.repudiated)
    if publication is None or last is None:  # _published saw to the first, a publication to the second
        raise Refused("pledge.not_published", "承诺尚未公布", "the pledge is not published", event.code)
    if not publication.valid_from <= event.period_from <= event.period_until <= last:
        raise Refused(
            "assessment.outside_pledge",
            f"评估期间须在承诺有效期内：{publication.valid_from} 至 {last}",
            f"the period assessed lies within the pledge's: {publication.valid_from} to {last}",
            f"{event.period_from} – {event.period_until}",
        )
    if event.period_until > ctx.today:
        raise Refused(
            "assessment.period_not_over",
            "评估期间尚未结束",
            "the period assessed is not over",
            str(event.period_until),
        )
    for earlier in pledge.assessments:
        overlaps = event.period_from <= earlier.period_until and earlier.period_from <= event.period_until
        if overlaps and earlier.index not in record.repudiated:
            raise Refused(
                "assessment.period_assessed",
                f"该期间已由第 {earlier.index} 条记录评估",
                f"days of this period were assessed by entry {earlier.index}; repudiate that one first",
                event.code,
            )
    publisher = record.entries[publication.index].kid
    if event.result == "full" and ctx.kid != publisher:
        another_officer(publisher, ctx, "assessment.same_officer")
    explained = event.unmet is not None and event.accountability is not None
    silent = event.unmet is None and event.accountability is None
    if not (silent if event.result == "full" else explained):
        raise Refused(
            "assessment.explanation",
            "未全部履行的，须写明未履行的内容和违诺责任追究内容；全部履行的不写",
            "unless a pledge was kept in full, say what was not kept and what follows; otherwise say neither",
            event.result,
        )
    return ()


def is_public(record: _Record, event: FulfilmentAssessed | PledgeRevoked) -> bool:
    """Whether the pledge is one for the public: then so are its assessment and the ground of its revocation."""
    pledge = None if record is None else PLEDGES.of(record).coded(event.code)
    return pledge is not None and pledge.terms is not None and pledge.terms.disclosure == "public"


EVENTS: Final = (
    spec("enterprise", PledgeMade, ("self", "organizer"), make, "either", body_public=never),
    spec("enterprise", PledgePublished, ("organizer",), publish, "either", body_public=never),
    spec("enterprise", PledgeReplaced, ("organizer",), replace_slip, "either", body_public=never),
    spec("enterprise", PledgeWithdrawn, ("self", "organizer"), withdraw, "either", body_public=never),
    spec("enterprise", PledgeRevoked, ("organizer",), revoke, "either", body_public=is_public),
    spec("enterprise", FulfilmentAssessed, ("organizer",), assess, "sealed", body_public=is_public),
)
