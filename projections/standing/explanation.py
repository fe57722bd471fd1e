"""What a standing says of its reasons: each amount, each hold, what is noted beside them, and which need is not met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from ledger.domain.events.policy import StandingPolicy
from projections.standing.facts import Annotation
from projections.standing.levels import Level
from projections.standing.point_windows import HoldSpan, PointWindow, add_months
from projections.standing.standing_model import Conditions, LevelHold, Reason, StandingNote, Unmet

__all__ = ["NOTES", "Explaining", "unmet"]

_PLEDGE: Final = Unmet("live_public_pledge", "没有在有效期内的公开承诺", "No public pledge is live.")
_KEPT: Final = Unmet(
    "period_kept_in_full", "尚无已结束并评估为全部履行的期间", "No completed period was assessed as kept in full."
)
_REPLIES: Final = Unmet("replies_in_time", "按期答复投诉的比例不足", "Too few complaints were answered in time.")
_LEVEL: Final = Unmet(
    "nothing_at_watch_or_below", "状况为关注或更低，原因见所列记录", "The level is WATCH or below, by what is listed."
)
NOTES: Final = {
    "objection.open": ("异议处理中", "An objection is being looked into."),
    "objection.upheld": ("异议成立，更正前照旧计入", "An objection was upheld; the record has not been put right yet."),
    "repair.applied": ("已申请信用修复", "A credit repair was applied for."),
    "standard.below_recommended": ("指标低于推荐性标准", "An indicator is below the recommended standard."),
    "agreement.performed": ("协议后已履行", "The agreement was performed afterwards."),
}
_BELOW: Final = frozenset((Level.WATCH, Level.ALERT, Level.REVOKED, Level.LISTED))


class Explaining:
    """Under one policy, beside one enterprise's annotations. Holds derived values only."""

    def __init__(self, policy: StandingPolicy, annotations: Sequence[Annotation]) -> None:
        self._policy = policy
        self._annotated: dict[int, list[Annotation]] = {}
        for one in sorted(annotations, key=lambda one: (one.on, one.by)) if annotations else ():
            self._annotated.setdefault(one.entry, []).append(one)

    def reason(self, span: PointWindow, day: date) -> Reason:
        """What contributes on the day, as amount and as rule."""
        one = span.weighed
        return Reason(
            entry=one.item.entry,
            item=one.item.item,
            tier=one.rule.tier,
            points=one.rule.points,
            factor=span.factor,
            weight=one.weight,
            clause=one.clause,
            counted=span.counted,
            clauses=one.item.clauses,
            rule_zh=one.rule.zh,
            rule_en=one.rule.en,
            effective_on=one.item.on,
            changes_on=span.stop,
            repair_from=add_months(one.item.on, self._policy.repair_after_months[one.rule.tier]),
            repaired_from=min(
                [relief.on for relief in one.reliefs if day < relief.on < (relief.until or date.max)], default=None
            ),
            notes=self._notes(one.item.entry, day) if self._annotated else (),
            same_matter=span.same_matter,
        )

    def held(self, span: HoldSpan, day: date) -> LevelHold:
        """What holds the level on the day."""
        rule, hold = span.rule, span.hold
        return LevelHold(
            entry=hold.entry,
            item=hold.item,
            level=rule.level,
            rule_zh=rule.zh,
            rule_en=rule.en,
            effective_on=hold.on,
            changes_on=None if span.stop == date.max else span.stop,
            repair_from=add_months(hold.on, rule.repair_after_months),
            notes=self._notes(hold.entry, day),
        )

    def _notes(self, entry: int, day: date) -> tuple[StandingNote, ...]:
        holding = [
            one for one in self._annotated.get(entry, ()) if one.on <= day and (one.until is None or day < one.until)
        ]
        return tuple([StandingNote(one.kind, *NOTES[one.kind], one.by, one.on) for one in holding])


def unmet(
    level: Level, conditions: Conditions, held: Sequence[PointWindow], ends: Mapping[int, date], stale: Sequence[int]
) -> tuple[Unmet, ...]:
    """Every need of GOOD that is not met, of a level that is not GOOD.

    `held`: what counts; `ends`: by entry, until when; `stale`: the entries that declared a standard too long ago.
    """
    found: list[Unmet] = []
    if not conditions.live_public_pledge:
        found.append(_PLEDGE)
    elif not conditions.period_kept_in_full:
        found.append(_KEPT)
    if not conditions.nothing_general_or_severe:
        zh, en = "有一般或严重事项仍在计入", "A general or severe item still counts."
        entries = _entries(span for span in held if span.vetoes)
        found.append(Unmet("nothing_general_or_severe", zh, en, entries, max(ends[entry] for entry in entries)))
    if not conditions.no_pledged_clause_broken:
        zh, en = "违反了承诺的条款", "A clause that was pledged was broken."
        entries = _entries(span for span in held if span.breaks)
        found.append(Unmet("no_pledged_clause_broken", zh, en, entries, max(ends[entry] for entry in entries)))
    if conditions.replies_in_time is False:
        found.append(_REPLIES)
    if not conditions.declarations_current:
        zh, en = "自我声明的标准逾期未更新", "A declared standard was not renewed in time."
        found.append(Unmet("declarations_current", zh, en, tuple(sorted(set(stale)))))
    if level in _BELOW:
        found.append(_LEVEL)
    return tuple(found)


def _entries(spans: Iterable[PointWindow]) -> tuple[int, ...]:
    """The entries of the matters, each once."""
    return tuple(sorted({entry for span in spans for entry in (span.weighed.item.entry, *span.same_matter)}))
