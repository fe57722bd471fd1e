"""When a body may be erased: an erasure changes no standing, from the day of its recording on."""

from __future__ import annotations

from ledger.domain.events.repudiation import BodyErased
from ledger.domain.rules.counting import FOREVER, conduct, counts_until, leaves_nothing_on_record
from ledger.domain.rules.spec import Context
from ledger.domain.state.fold import SLOTS, without
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused

__all__ = ["require_no_weight"]


def require_no_weight(record: EnterpriseRecord, event: BodyErased, ctx: Context) -> None:
    """Raise `Refused` while the entry counts toward any standing that is still to come."""
    gone = without(record, event.entry)
    readers = [noun.bearing for noun in SLOTS.values() if noun.bearing is not None]
    bearings = [read(record) for read in readers], [read(gone) for read in readers]
    until = counts_until(record, gone, bearings, ctx.governance.policies.standing, ctx.today)
    if until == FOREVER:
        raise Refused(
            "erasure.still_counts",
            "该条记录仍在影响践诺状况, 在另一条记录终止其效力之前不能删除正文",
            "this entry counts toward the standing until another entry ends that: its body cannot be erased before",
            str(event.entry),
        )
    if until > ctx.today:
        raise Refused(
            "erasure.still_counts",
            f"该条记录仍计入践诺状况, 自 {until} 起方可删除正文",
            f"this entry still counts toward the standing: its body may be erased from {until}",
            str(until),
        )
    if event.on_record and event.entry not in conduct(bearings[0]):
        raise Refused(
            "erasure.not_about_conduct",
            "该条记录不涉及企业行为: 不应写明 on_record",
            "this entry is not about the enterprise's conduct: leave out on_record",
            str(event.entry),
        )
    if not event.on_record and leaves_nothing_on_record(gone, bearings):
        raise Refused(
            "erasure.last_on_record",
            "这是该企业最后一条行为记录: 请写明 on_record 为 true, 以免其状况由“正常”变为“无记录”",
            "this is the last entry about the enterprise's conduct: say on_record true, so that its standing does not "
            "turn from NORMAL to no record",
            str(event.entry),
        )
