"""The root of an entry: what an approved repair, an annulment, a correction are in the end about.

Entries with one root are read together: what one of them brings to a standing depends on no others of nouns that are
read by their entries (`Slot.bearing_of`).
"""

from __future__ import annotations

from ledger.domain.state.fold import SLOT_OF, SLOTS
from ledger.domain.state.record import EnterpriseRecord

__all__ = ["kin_of", "root_of"]


def root_of(record: EnterpriseRecord, entry: int) -> int:
    """The first entry about which, over however many steps, the one at `entry` says something.

    An entry that is about none, is closed, or says something of a noun without `Slot.about`, is its own root.
    """
    while True:
        ref = record.entries.get(entry)
        slot = None if ref is None or ref.type is None else SLOT_OF[ref.type]
        about = None if slot is None or slot.about is None else slot.about(slot.of(record), entry)
        if about is None or about >= entry:  # nothing is said of what comes later
            return entry
        entry = about


def kin_of(record: EnterpriseRecord, entry: int) -> list[int]:
    """All entries with the root that the one at `entry` has, the root first. Costs as much as there are of them."""
    found = [root_of(record, entry)]
    slots = [SLOTS[key] for key in record.nouns]
    for one in found:  # which grows meanwhile
        found += [said for slot in slots for said in slot.said_of(slot.of(record), one) if said > one]
    return found
