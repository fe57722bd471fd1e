"""When a body may be erased: an erasure changes no standing, from the day of its recording on.

Decided by what the entry is read together with (`entry_roots.py`): however long the history, the rest is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from ledger.domain.events.repudiation import BodyErased
from ledger.domain.rules.counting import FOREVER, conduct, counts_until
from ledger.domain.rules.spec import Context
from ledger.domain.state.entry_roots import kin_of
from ledger.domain.state.fold import SLOT_OF, SLOTS, without
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing
from ledger.errors import Refused

__all__ = ["require_no_weight"]

_AT_LARGE: Final = [noun for noun in SLOTS.values() if noun.bearing is not None and noun.bearing_of is None]
_BY_ENTRY: Final = [noun for noun in SLOTS.values() if noun.bearing_of is not None]
_ENTRIES_AT_ONCE: Final = 64


def require_no_weight(record: EnterpriseRecord, event: BodyErased, ctx: Context) -> None:
    """Raise `Refused` while the entry counts toward any standing that is still to come."""
    gone = without(record, event.entry)
    bearings = _bearings(record, gone, event.entry)
    until = counts_until(record, gone, bearings, ctx.governance.policies.standing, ctx.today)
    if until == FOREVER:
        raise Refused(
            "erasure.still_counts",
            "该条记录仍在影响践诺状况，在另一条记录终止其效力之前不能删除正文",
            "this entry counts toward the standing until another entry ends that: its body cannot be erased before",
            str(event.entry),
        )
    if until > ctx.today:
        raise Refused(
            "erasure.still_counts",
            f"该条记录仍计入践诺状况，自 {until} 起方可删除正文",
            f"this entry still counts toward the standing: its body may be erased from {until}",
            str(until),
        )
    if event.on_record and event.entry not in conduct(bearings[0]):
        raise Refused(
            "erasure.not_about_conduct",
            "该条记录不涉及企业行为：不应写明它是最后一条行为记录",
            "this entry is not about the enterprise's conduct: leave out on_record",
            str(event.entry),
        )
    if not event.on_record and conduct(bearings[0]) and not _on_record(gone):
        raise Refused(
            "erasure.last_on_record",
            "这是该企业最后一条行为记录：请写明“是最后一条行为记录”，以免其状况由“正常”变为“无记录”",
            "this is the last entry about the enterprise's conduct: say on_record true, so that its standing does not "
            "turn from NORMAL to no record",
            str(event.entry),
        )


def _bearings(
    record: EnterpriseRecord, gone: EnterpriseRecord, entry: int
) -> tuple[Sequence[Bearing], Sequence[Bearing]]:
    """What the nouns of both records bring, as far as the entry can make a difference."""
    ref = record.entries[entry]
    noun = None if ref.type is None else SLOT_OF[ref.type]
    if noun is None or noun.bearing is None:  # nothing of it counts
        return (), ()
    if noun.bearing_of is not None:
        kin = kin_of(record, entry)
        readers = [one.bearing_of for one in _BY_ENTRY if one.bearing_of is not None and one.key in record.nouns]
        return [read(record, kin) for read in readers], [read(gone, kin) for read in readers]
    # A pledge, say: it may bear on what any other brings.
    every = [one.bearing for one in SLOTS.values() if one.bearing is not None]
    return [read(record) for read in every], [read(gone) for read in every]


def _on_record(record: EnterpriseRecord) -> bool:
    """Whether anything is on record, conduct or a public pledge. Most enterprises have some at the first look."""
    if record.on_record:
        return True
    at_large = [noun.bearing(record) for noun in _AT_LARGE if noun.bearing is not None]
    if any(one.conduct or one.terms for one in at_large):
        return True
    entries = iter(record.entries)
    while some := list(islice(entries, _ENTRIES_AT_ONCE)):
        if any(noun.bearing_of(record, some).conduct for noun in _BY_ENTRY if noun.bearing_of is not None):
            return True
    return False
