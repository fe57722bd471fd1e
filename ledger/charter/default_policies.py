"""What a new log begins with unless its charter says otherwise: both policies, and the calendar of 2026.

Data, not rules: all of it becomes signed statements of the charter and is replaced by later ones. The standing
policy is the design's default (`docs/`): structure and points are ours, windows and tiers follow the rules on
credit information in force in 2026.
"""

from __future__ import annotations

from datetime import date

from ledger.domain.events.policy import (
    GoodRule,
    HoldRule,
    PointRule,
    RegistrationPolicyAdopted,
    StandingPolicy,
    TierName,
    TierWindow,
    WorkCalendarPublished,
)

__all__ = ["calendar_2026", "default_registration_policy", "default_standing_policy"]


def default_registration_policy(effective_on: date = date(2026, 1, 1)) -> RegistrationPolicyAdopted:
    """What may be recorded how late, how long keys wait and pledges last; in force from `effective_on`."""
    return RegistrationPolicyAdopted(
        v=1,
        effective_on=effective_on,
        statement_age_max_seconds=7 * 86_400,
        recording_days_max_default=30,
        recording_days_max={
            "EnterpriseRenamed": 365,
            "EnterpriseSized": 365,
            "NoticePublished": 90,
            "PledgeMade": 60,
        },
        key_recovery_days=7,
        complaint_notice_working_days=5,
        pledge_months_max=60,
        citation_recheck_days_max=366,
        certificate_words_forbidden=(
            "示范",
            "最佳",
            "国家级",
            "最高级",
            "第一",
            "推荐",
            "免检",
            "驰名",
            "名牌",
            "特供",
            "专供",
            "信得过",
        ),
    )


def default_standing_policy() -> StandingPolicy:
    """The default policy: a rule for every item of `ledger/domain/rules/policy_items.py`."""
    return StandingPolicy(
        title_zh="默认践诺状况规则（2026）",
        title_en="Default standing policy (2026)",
        rules=(*_complaint_rules(), *_authority_rules(), *_pledge_rules()),
        tiers={
            "minor": TierWindow(full_months=3, end_months=3),
            "general": TierWindow(full_months=3, end_months=12),
            "severe": TierWindow(full_months=12, end_months=36),
        },
        late_per_mille=500,
        size_per_mille={"micro": 1000, "small": 700, "medium": 400, "large": 150},
        size_unknown_per_mille=1000,
        clause_multiplier_per_mille=1000,
        watch_from=1000,
        alert_from=3000,
        revoked_months=36,
        repair_after_months={"minor": 1, "general": 3, "severe": 12},
        good=GoodRule(
            replies_timely_per_mille=950, replies_months=24, replies_min=20, declarations_months=60, period_months=6
        ),
        holds=_hold_rules(),
    )


def calendar_2026(effective_on: date = date(2025, 11, 4)) -> WorkCalendarPublished:
    """Working days of 2026: notice of the General Office of the State Council of 4 November 2025."""
    return WorkCalendarPublished(
        v=1,
        effective_on=effective_on,
        legal_basis="国务院办公厅关于2026年部分节假日安排的通知（2025年11月4日）",
        year=2026,
        holidays=tuple(
            date(2026, month, day)
            for month, days in (
                (1, (1, 2)),  # 元旦
                (2, (16, 17, 18, 19, 20, 23)),  # 春节
                (4, (6,)),  # 清明节
                (5, (1, 4, 5)),  # 劳动节
                (6, (19,)),  # 端午节
                (9, (25,)),  # 中秋节
                (10, (1, 2, 5, 6, 7)),  # 国庆节
            )
            for day in days
        ),
        workdays=(
            date(2026, 1, 4),
            date(2026, 2, 14),
            date(2026, 2, 28),
            date(2026, 5, 9),
            date(2026, 9, 20),
            date(2026, 10, 10),
        ),
    )


def _complaint_rules() -> tuple[PointRule, ...]:
    """Weighed by size: who sells more hears more complaints."""
    return (
        _rule(
            "complaint.late_reply",
            200,
            "minor",
            "投诉逾期才答复",
            "A complaint was answered after its time.",
            sized=True,
        ),
        _rule("complaint.no_reply", 1000, "general", "投诉不答复", "A complaint was not answered.", sized=True),
        _rule(
            "complaint.refused_without_reply",
            1000,
            "general",
            "拒绝调解且没有实质性答复",
            "Mediation was refused, and the complaint not answered in substance.",
            sized=True,
        ),
        _rule(
            "agreement.defaulted",
            2000,
            "general",
            "达成调解协议后不履行",
            "An agreement reached in mediation was not performed.",
            sized=True,
        ),
    )


def _authority_rules() -> tuple[PointRule, ...]:
    """What others found: failed checks, penalties, standards too low, test reports that do not hold."""
    return (
        _rule("spot_check.failed_general", 1500, "general", "监督抽查不合格（一般）", "A spot check was failed."),
        _rule(
            "spot_check.failed_severe",
            3000,
            "severe",
            "监督抽查不合格（严重）",
            "A spot check was failed, with severe findings.",
        ),
        _rule(
            "penalty.cited_general",
            1500,
            "general",
            "受到行政处罚（一般）",
            "An authority imposed a penalty.",
        ),
        _rule(
            "penalty.cited_severe",
            3000,
            "severe",
            "受到行政处罚（严重）",
            "An authority imposed a penalty for a severe violation.",
        ),
        _rule(
            "declaration.below_mandatory",
            3000,
            "severe",
            "自我声明的标准低于强制性标准",
            "A standard that the enterprise declared is below the mandatory one.",
        ),
        _rule(
            "report.invalidated",
            1500,
            "general",
            "提交的检验检测报告被认定无效",
            "A test report that the enterprise submitted was found invalid.",
        ),
    )


def _pledge_rules() -> tuple[PointRule, ...]:
    """The pledge itself: breaches of it, and how it was kept."""
    return (
        _rule("breach.found_general", 1500, "general", "被认定违诺（一般）", "A breach of the pledge was found."),
        _rule(
            "breach.found_severe",
            3000,
            "severe",
            "被认定违诺（严重）",
            "A severe breach of the pledge was found.",
        ),
        _rule(
            "pledge.partly_fulfilled",
            1500,
            "general",
            "承诺部分未履行",
            "The pledge was kept only in part.",
        ),
        _rule("pledge.not_fulfilled", 4000, "severe", "承诺全部未履行", "The pledge was not kept."),
    )


def _hold_rules() -> tuple[HoldRule, ...]:
    """Lists last as long as the authority keeps them; misuse of the mark as long as a general item."""
    return (
        HoldRule(
            item="listing.serious",
            level="LISTED",
            zh="现被列入严重违法失信名单",
            en="On the statutory list of seriously dishonest entities.",
            repair_after_months=12,
        ),
        HoldRule(
            item="listing.abnormal",
            level="WATCH",
            zh="现被列入经营异常名录",
            en="On the list of entities with abnormal operations.",
        ),
        HoldRule(
            item="mark.misused",
            level="WATCH",
            months=12,
            zh="被许可人使用专用标识不当",
            en="The licensee misused the mark.",
            repair_after_months=3,
        ),
    )


def _rule(item: str, points: int, tier: TierName, zh: str, en: str, *, sized: bool = False) -> PointRule:
    return PointRule(item=item, points=points, tier=tier, sized=sized, zh=zh, en=en)
