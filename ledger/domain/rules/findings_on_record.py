"""All findings and holds of a record, over every noun: what a repair or objection is about.

Of a standing this is the part that an entry can be held against the enterprise for; weighing it is not done here.
"""

from __future__ import annotations

from ledger.domain.state.fold import SLOT_OF, SLOTS
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, Finding, Hold

__all__ = ["findings_at", "findings_of", "holds_at"]


def findings_of(record: EnterpriseRecord) -> tuple[Finding, ...]:
    """Every finding that stands, in the order of entries; what was repudiated, annulled or made void is left out."""
    readers = [noun.bearing for noun in SLOTS.values() if noun.bearing is not None and noun.key in record.nouns]
    found = [one for read in readers for one in read(record).findings]
    return tuple(sorted(found, key=lambda one: (one.entry, one.item)))


def findings_at(record: EnterpriseRecord, entry: int) -> tuple[Finding, ...]:
    """The findings that the entry recorded. An outcome's or a breach's correction leaves them at the first entry."""
    return tuple(one for one in _bearing_at(record, entry).findings if one.entry == entry)


def holds_at(record: EnterpriseRecord, entry: int) -> tuple[Hold, ...]:
    """The holds that the entry recorded, whether they last still or not."""
    return tuple(one for one in _bearing_at(record, entry).holds if one.entry == entry)


def _bearing_at(record: EnterpriseRecord, entry: int) -> Bearing:
    """What the entry brings; of nouns that are never read entry by entry, all that the noun does."""
    ref = record.entries.get(entry)
    noun = None if ref is None or ref.type is None else SLOT_OF[ref.type]
    if noun is None or noun.bearing is None:
        return Bearing()
    return noun.bearing(record) if noun.bearing_of is None else noun.bearing_of(record, (entry,))
