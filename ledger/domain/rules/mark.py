"""What may be said about marks: licensed to a live public pledge, then suspended, reinstated and revoked in order."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.domain.events.mark import (
    MarkLicensed,
    MarkMisuseFound,
    MarkReinstated,
    MarkRevoked,
    MarkSuspended,
)
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.pledge_conditions import published
from ledger.domain.rules.spec import Context, UniqueFact, never, spec
from ledger.domain.state.enterprise import ceased_by
from ledger.domain.state.licence_periods import last_day, pledge_days, standing_turns
from ledger.domain.state.mark import MARKS, Licence
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import MARK_LICENCES_MAX, MARK_MISUSES_MAX, MARK_TURNS_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def license_mark(record: _Record, event: MarkLicensed, ctx: Context) -> _Facts:
    """To a public pledge of this enterprise, for days on which it is live; each range once in the whole book."""
    record = require_registered(record, ctx)
    _still_there(record, event.valid_from)
    pledge, terms = published(record, event.pledge)
    if terms.disclosure != "public":
        raise Refused(
            "mark.pledge_not_public",
            "只有可向社会公开的承诺才能获得专用标识许可",
            "only a public pledge is licensed the mark",
            event.pledge,
        )
    days = pledge_days(pledge, record.repudiated)
    assert days is not None  # published saw to it
    if event.valid_from > event.valid_until or event.valid_from < event.effective_on:
        raise Refused(
            "mark.validity_order",
            "许可期限须始于许可生效之日或其后，且不晚于期限止",
            "a licence begins on the day on which it was given or later, and not after its end",
            f"{event.valid_from} – {event.valid_until}",
        )
    if not days[0] <= event.valid_from <= event.valid_until <= days[1]:
        raise Refused(
            "mark.pledge_not_live",
            f"标识许可须在承诺有效期内：{days[0]} 至 {days[1]}",
            f"a mark is licensed for days on which the pledge is live: {days[0]} to {days[1]}",
            f"{event.valid_from} – {event.valid_until}",
        )
    if len(MARKS.of(record).licences) >= MARK_LICENCES_MAX:
        raise Refused(
            "mark.licences_max",
            f"一家企业最多登记 {MARK_LICENCES_MAX} 项标识许可",
            f"an enterprise has {MARK_LICENCES_MAX} licences at most",
        )
    return (UniqueFact("mark_range", event.range),)


def suspend(record: _Record, event: MarkSuspended, ctx: Context) -> _Facts:
    """Of a licence that is neither suspended, revoked nor ended."""
    record, licence = _licence(record, event.range, event.effective_on, ctx)
    if _state(record, licence) == "suspended":
        raise Refused("mark.suspended_already", "该许可已暂停", "this licence is suspended already", event.range)
    return ()


def reinstate(record: _Record, event: MarkReinstated, ctx: Context) -> _Facts:
    """Of a licence that is suspended."""
    record, licence = _licence(record, event.range, event.effective_on, ctx)
    if _state(record, licence) != "suspended":
        raise Refused(
            "mark.not_suspended",
            "该许可没有暂停，无从恢复",
            "this licence is not suspended: there is nothing to reinstate",
            event.range,
        )
    return ()


def revoke(record: _Record, event: MarkRevoked, ctx: Context) -> _Facts:
    """Of a licence that was not revoked and has not ended; for good."""
    _licence(record, event.range, event.effective_on, ctx)
    return ()


def find_misuse(record: _Record, event: MarkMisuseFound, ctx: Context) -> _Facts:
    """Of the mark of an enterprise that has, or had, a licence."""
    record = require_registered(record, ctx)
    marks = MARKS.of(record)
    standing = {one.range for one in marks.licences.values() if one.index not in record.repudiated}
    if not standing:
        raise Refused(
            "mark.no_licence",
            "该企业从未获得标识许可：冒用标识不记在其名下",
            "this enterprise was never licensed the mark: its abuse is not recorded about it",
            ctx.subject,
        )
    if event.range is not None and event.range not in standing:
        raise _no_such(event.range)
    if len(marks.misuses) >= MARK_MISUSES_MAX:
        raise Refused(
            "mark.misuses_max",
            f"一家企业名下最多登记 {MARK_MISUSES_MAX} 次标识误用",
            f"{MARK_MISUSES_MAX} misuses are recorded about an enterprise at most",
        )
    return ()


def by_licensee(record: _Record, event: MarkMisuseFound) -> bool:
    """What counts is public; what a third party did never counts."""
    return event.by == "licensee"


def _state(record: EnterpriseRecord, licence: Licence) -> str:
    turns = standing_turns(record, licence)
    return turns[-1].state if turns else "valid"


def _licence(record: _Record, range_: str, day: date, ctx: Context) -> tuple[EnterpriseRecord, Licence]:
    """The licence of a range, of which something may still be said as of `day`."""
    record = require_registered(record, ctx)
    licence = MARKS.of(record).licences.get(range_)
    if licence is None or licence.index in record.repudiated:
        raise _no_such(range_)
    if _state(record, licence) == "revoked":
        raise Refused(
            "mark.revoked_already", "该许可已撤销", "this licence was revoked: nothing more is said of it", range_
        )
    last = last_day(record, licence)
    if last is None or day > last:
        raise Refused(
            "mark.ended",
            f"该许可已随期限或承诺终止{'' if last is None else f'，截至 {last}'}",
            f"this licence ended by its term or with its pledge{'' if last is None else f', on {last}'}",
            range_,
        )
    before = max((licence.effective_on, *(turn.effective_on for turn in standing_turns(record, licence))))
    if day < before:
        raise Refused(
            "mark.date_order",
            f"生效日期不能早于前一项决定（{before}）",
            f"what is said of a licence takes effect in order: not before {before}",
            str(day),
        )
    if len(licence.turns) >= MARK_TURNS_MAX:
        raise Refused(
            "mark.turns_max",
            f"一项许可最多变更 {MARK_TURNS_MAX} 次",
            f"a licence is changed {MARK_TURNS_MAX} times at most",
            range_,
        )
    return record, licence


def _no_such(range_: str) -> Refused:
    return Refused(
        "mark.no_such_licence",
        "该企业没有这个号段的标识许可（或已被否认）",
        "this enterprise has no licence of this range (or it was repudiated)",
        range_,
    )


def _still_there(record: EnterpriseRecord, day: date) -> None:
    ceased = ceased_by(record, day)
    if ceased is not None:
        raise Refused(
            "mark.enterprise_gone",
            f"该企业已于 {ceased.effective_on} 合并或注销，不再许可使用标识",
            f"the enterprise was merged or deregistered on {ceased.effective_on} and is licensed no mark",
            str(day),
        )


_ORGANIZER: Final = ("organizer",)
EVENTS: Final = (
    spec("enterprise", MarkLicensed, _ORGANIZER, license_mark, body_public=never),
    spec("enterprise", MarkSuspended, _ORGANIZER, suspend),
    spec("enterprise", MarkReinstated, _ORGANIZER, reinstate),
    spec("enterprise", MarkRevoked, _ORGANIZER, revoke),
    spec("enterprise", MarkMisuseFound, _ORGANIZER, find_misuse, "sealed", body_public=by_licensee),
)
