"""The whole history of an enterprise's standings: the days on which its level changed, and why.

Told as the book told it: by what was on record on each day, under the policies approved by then. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.state.fold import fold
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import shanghai_date
from projections.standing.evaluate import Case
from projections.standing.facts_from_record import facts_of
from projections.standing.level_history import Change, follow, without_erased
from projections.standing.levels import Level
from projections.standing.policy_timeline import Rules
from projections.standing.standing_model import LevelHold, Reason, Standing

__all__ = ["ChangeReason", "LevelChange", "changes_of", "differences", "hide", "history", "page_of", "render_history"]

_ALL: Final = 2**63
_ONE_DAY: Final = timedelta(days=1)
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode

Which = Literal[
    "reason_began",
    "reason_ended",
    "reason_changed",
    "hold_began",
    "hold_ended",
    "revocation_began",
    "revocation_ended",
    "pledge_began",
    "pledge_ended",
    "need_met",
    "need_unmet",
    "record_began",
    "record_ended",
]


class ChangeReason(Struct, frozen=True, omit_defaults=True):
    """One thing that differs between the standing before and after. Points in hundredths.

    `entry` is what recorded the reason, hold, revocation or pledge, `on` the date from which it counts; `zh` and `en`
    are the rule's or the need's words.
    `closed`: its content is no longer public, only that there was something.
    """

    what: Which
    entry: int | None = None
    item: str | None = None
    on: date | None = None
    counted_before: int | None = None
    counted_after: int | None = None
    zh: str | None = None
    en: str | None = None
    closed: bool = False


class LevelChange(Struct, frozen=True):
    """On `changed_on` the level became `after`: by an entry, by a policy that took effect, or by time alone.

    `entry` is the entry that did it, or that approved the policy; for time alone, the last one that counted.
    """

    changed_on: date
    before: Level
    after: Level
    cause: Literal["entry", "policy", "time"]
    entry: int
    because: tuple[ChangeReason, ...]


class _Known(NamedTuple):
    """What was on record, and which policies were known."""

    record: EnterpriseRecord | None
    size: int


def changes_of(stream: Sequence[Recorded], rules: Rules, size: int, today: date) -> list[Change]:
    """Every change of level up to `today`, in order."""
    followed = follow(None, without_erased(stream), rules, size)
    return [] if followed is None else [change for change in followed.changes if change.changed_on <= today]


def history(stream: Sequence[Recorded], rules: Rules, changes: Sequence[Change]) -> list[LevelChange]:
    """Each of the changes with its reasons."""
    events = without_erased(stream)
    recorded_on = {at.index: shanghai_date(at.recorded_at) for at in events}
    records = _records(events, {change.position for change in changes})
    return [_turn(change, rules, recorded_on, records) for change in changes]


def _records(events: Sequence[Recorded], positions: set[int]) -> Mapping[int, tuple[_Known, _Known]]:
    """By position, what was known just before the entry there, and with it."""
    found: dict[int, tuple[_Known, _Known]] = {}
    record: EnterpriseRecord | None = None
    following = iter(events)
    at = next(following, None)
    for position in sorted(positions):
        while at is not None and at.index < position:
            record = fold(record, (at,))
            at = next(following, None)
        before = _Known(record, position)
        if at is not None and at.index == position:
            record = fold(record, (at,))
            at = next(following, None)
        found[position] = before, _Known(record, position + 1)
    return found


def _turn(
    change: Change,
    rules: Rules,
    recorded_on: Mapping[int, date],
    records: Mapping[int, tuple[_Known, _Known]],
) -> LevelChange:
    day, position = change.changed_on, change.position
    before, after = records[position]
    approved_on = {approval.entry: approval.recorded_on for approval in rules.approvals}
    if recorded_on.get(position) == day or approved_on.get(position) == day:
        cause: Literal["entry", "policy", "time"] = "policy" if position in approved_on else "entry"
        one = _case(before, rules, change.subject).on(day)
        other = _case(after, rules, change.subject).on(day)
        return _told(change, cause, position, one, other)
    # Time alone, under the policies that were known when the day began.
    size = next((approval.entry for approval in rules.approvals if approval.recorded_on >= day), _ALL)
    case = _case(_Known(after.record, size), rules, change.subject)
    one, other = case.on(day - _ONE_DAY), case.on(day)
    turned = other.policy is not None and (one.policy is None or one.policy.entry != other.policy.entry)
    if turned and other.policy is not None:
        return _told(change, "policy", other.policy.entry, one, other)
    return _told(change, "time", position, one, other)


def _case(known: _Known, rules: Rules, subject: str) -> Case:
    return Case(rules.known_at(known.size), facts_of(known.record, subject))


def _told(
    change: Change,
    cause: Literal["entry", "policy", "time"],
    entry: int,
    one: Standing,
    other: Standing,
) -> LevelChange:
    because = tuple(differences(one, other))
    return LevelChange(change.changed_on, one.level, other.level, cause, entry, because)


def differences(one: Standing, other: Standing) -> Iterator[ChangeReason]:
    """What changed from the one standing to the other, the gravest kinds first."""
    yield from _held(one, other)
    if one.revoked != other.revoked:
        if one.revoked is not None:
            yield ChangeReason("revocation_ended", one.revoked.entry)
        if other.revoked is not None:
            yield ChangeReason("revocation_began", other.revoked.entry)
    yield from _reasons(one, other)
    live, then = {term.entry for term in one.pledges}, {term.entry for term in other.pledges}
    yield from (ChangeReason("pledge_ended", entry) for entry in sorted(live - then))
    yield from (ChangeReason("pledge_began", entry) for entry in sorted(then - live))
    lacked, lacks = {need.need: need for need in one.unmet}, {need.need: need for need in other.unmet}
    yield from (
        ChangeReason("need_unmet", item=name, zh=lacks[name].zh, en=lacks[name].en)
        for name in sorted(lacks.keys() - lacked)
    )
    yield from (ChangeReason("need_met", item=name) for name in sorted(lacked.keys() - lacks))
    if (one.level == Level.UNRATED) != (other.level == Level.UNRATED):
        yield ChangeReason("record_began" if one.level == Level.UNRATED else "record_ended")


def _held(one: Standing, other: Standing) -> Iterator[ChangeReason]:
    def by_place(holds: Sequence[LevelHold]) -> dict[tuple[int, str], LevelHold]:
        return {(held.entry, held.item): held for held in holds}

    before, after = by_place(one.holds), by_place(other.holds)
    for place in sorted(before.keys() ^ after.keys()):
        held = after.get(place) or before[place]
        what: Which = "hold_began" if place in after else "hold_ended"
        yield ChangeReason(what, held.entry, held.item, held.effective_on, zh=held.rule_zh, en=held.rule_en)


def _reasons(one: Standing, other: Standing) -> Iterator[ChangeReason]:
    def by_place(reasons: Sequence[Reason]) -> dict[tuple[int, str], Reason]:
        return {(reason.entry, reason.item): reason for reason in reasons}

    before, after = by_place(one.reasons), by_place(other.reasons)
    for place in sorted(before.keys() | after.keys()):
        was, now = before.get(place), after.get(place)
        said = now or was
        if said is None or (was is not None and now is not None and was.counted == now.counted):
            continue
        what: Which = "reason_began" if was is None else "reason_ended" if now is None else "reason_changed"
        yield ChangeReason(
            what,
            said.entry,
            said.item,
            said.effective_on,
            None if was is None else was.counted,
            None if now is None else now.counted,
            said.rule_zh,
            said.rule_en,
        )


def hide(turns: Sequence[LevelChange], closed: Callable[[int, date], bool]) -> list[LevelChange]:
    """The turns without what is no longer public: `closed(entry, on)` says so of reasons and holds."""

    def shown(why: ChangeReason) -> ChangeReason:
        if why.entry is None or why.on is None or not closed(why.entry, why.on):
            return why
        return ChangeReason(why.what, why.entry, closed=True)

    return [replace(turn, because=tuple([shown(why) for why in turn.because])) for turn in turns]


def render_history(
    subject: str, turns: Sequence[LevelChange], *, size: int, today: date, following: str | None
) -> bytes:
    """As canonical JSON (RFC 8785): the changes in order, and where to go on if there are more (`after`)."""
    body: dict[str, Any] = {
        "subject": subject,
        "tree_size": size,
        "until": today,
        "changes": turns,
        "after": following,
    }
    return _ENCODE(body)


def page_of(changes: Sequence[Change], after: tuple[date, int] | None, limit: int) -> list[Change]:
    """Up to `limit` changes that come after a place."""
    later = (change for change in changes if after is None or (change.changed_on, change.position) > after)
    return list(islice(later, limit))
