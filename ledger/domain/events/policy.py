"""The two policies and the calendar: what may be registered, and what a standing counts.

All limits that are law or custom are data here, dated and signed, never constants in code. First what is
said, then what it adds up to; what may be said is in `ledger/domain/rules/policy.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.domain.events.base import EntryIndex, Event, Line
from ledger.domain.events.enterprise import SizeBand

Days = Annotated[int, Meta(ge=0, le=36_500)]
Months = Annotated[int, Meta(ge=0, le=1_200)]
PerMille = Annotated[int, Meta(ge=0, le=1_000_000)]
Points = Annotated[int, Meta(ge=0, le=1_000_000)]  # hundredths of a point
TierName = Literal["minor", "general", "severe"]
ItemName = Annotated[
    str, Meta(pattern="^[a-z_]+\\.[a-z_]+\\Z", max_length=64)
]  # one of `ledger/domain/rules/policy_items.py`
TypeName = Annotated[str, Meta(pattern="^[A-Z][A-Za-z]{0,63}\\Z")]  # of an event type


class RegistrationPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What may be registered: limits and waiting times.

    `recording_days_max`: per event type, how many days `effective_on` may precede recording without a
    `late_ground`; `recording_days_max_default` for types not named. `citation_recheck_days_max`: for how long a
    public record that was looked up may count before it is looked up again (None: no limit).
    """

    statement_age_max_seconds: Annotated[int, Meta(ge=60, le=31_536_000)]
    recording_days_max_default: Days
    recording_days_max: dict[TypeName, Days]
    key_recovery_days: Days
    complaint_notice_working_days: Days
    pledge_months_max: Months
    certificate_words_forbidden: Annotated[tuple[Line, ...], Meta(max_length=256)]
    citation_recheck_days_max: Days | None = None


class RegistrationPolicyAdopted(Event, frozen=True, kw_only=True, tag="RegistrationPolicyAdopted"):
    """The `RegistrationPolicy` with which a log begins, in force from `effective_on`; part of the charter only."""

    statement_age_max_seconds: Annotated[int, Meta(ge=60, le=31_536_000)]
    recording_days_max_default: Days
    recording_days_max: dict[TypeName, Days]
    key_recovery_days: Days
    complaint_notice_working_days: Days
    pledge_months_max: Months
    certificate_words_forbidden: Annotated[tuple[Line, ...], Meta(max_length=256)]
    citation_recheck_days_max: Days | None = None

    @property
    def policy(self) -> RegistrationPolicy:
        """The document that it adopts."""
        return RegistrationPolicy(**{name: getattr(self, name) for name in RegistrationPolicy.__struct_fields__})


class RegistrationPolicyProposed(Event, frozen=True, kw_only=True, tag="RegistrationPolicyProposed"):
    """A registration policy as a document, for another party to approve; nothing follows from it before."""

    policy: RegistrationPolicy


class RegistrationPolicyApproved(Event, frozen=True, kw_only=True, tag="RegistrationPolicyApproved"):
    """By another party than the proposer. In force from `effective_on`, never retroactive."""

    proposal: EntryIndex


class PointRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an item of this kind costs. `item` is `<noun>.<finding>`, such as `complaint.late_reply`."""

    item: ItemName
    points: Points
    tier: TierName
    sized: bool = False  # weighed by the enterprise's size band
    zh: Line
    en: Line


class TierWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts in full for `full_months`, then `late_per_mille` up to `end_months`, then not at all."""

    full_months: Months
    end_months: Months


class HoldRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """While a hold of this kind lasts, the level is `level` at best; LISTED goes before everything else.

    `months`: from its date, and no longer (None: until it ends by itself). `repair_after_months`: as of points.
    """

    item: ItemName
    level: Literal["WATCH", "ALERT", "LISTED"]
    months: Months | None = None
    repair_after_months: Months = 0
    zh: Line
    en: Line


class GoodRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What GOOD needs besides a live public pledge and a completed period kept in full.

    The period has at least `period_months`, within the pledge's term (None: any length; no longer proposed).
    In time at least `replies_timely_per_mille` of the replies of `replies_months`, once there are `replies_min`. No
    counting item of `veto_tiers` or of `veto_items`; with `veto_broken_clauses`, none that broke a pledged clause.
    Every standard declared or revised within `declarations_months` (None: does not matter).
    """

    replies_timely_per_mille: PerMille
    replies_months: Months
    replies_min: Annotated[int, Meta(ge=1, le=1_000_000)]
    veto_tiers: Annotated[tuple[TierName, ...], Meta(max_length=3)] = ("general", "severe")
    veto_items: Annotated[tuple[ItemName, ...], Meta(max_length=256)] = ()
    veto_broken_clauses: bool = True
    declarations_months: Months | None = None
    period_months: Months | None = None


class StandingPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The document that `evaluate` takes. Integers only: points in hundredths, factors per mille.

    What a field with a default did not say when it was signed, it does not say now: such fields are left out of the
    bytes, and mean nothing by their default.
    """

    title_zh: Line
    title_en: Line
    rules: Annotated[tuple[PointRule, ...], Meta(min_length=1, max_length=256)]
    tiers: dict[TierName, TierWindow]
    late_per_mille: PerMille
    size_per_mille: dict[SizeBand, PerMille]
    size_unknown_per_mille: PerMille
    clause_multiplier_per_mille: PerMille
    watch_from: Points
    alert_from: Points
    revoked_months: Months
    repair_after_months: dict[TierName, Months]
    good: GoodRule
    holds: Annotated[tuple[HoldRule, ...], Meta(max_length=64)] = ()


class StandingPolicyProposed(Event, frozen=True, kw_only=True, tag="StandingPolicyProposed"):
    """A standing policy as a document, for another party to approve; nothing follows from it before."""

    policy: StandingPolicy


class StandingPolicyApproved(Event, frozen=True, kw_only=True, tag="StandingPolicyApproved"):
    """By another party than the proposer. In force from `effective_on`."""

    proposal: EntryIndex


class WorkCalendarPublished(Event, frozen=True, kw_only=True, tag="WorkCalendarPublished"):
    """Holidays on weekdays and working days on weekends of one year, as the State Council publishes them."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    holidays: Annotated[tuple[date, ...], Meta(max_length=120)]
    workdays: Annotated[tuple[date, ...], Meta(max_length=60)]
