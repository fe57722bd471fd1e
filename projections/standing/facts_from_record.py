"""From an enterprise's record to the public facts that may count: the only reader of the record for a standing.

Each noun says by its `bearing` what of it counts. Left out: what is sealed and not public, what was repudiated, what a
correction made void.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec.structs import replace

from ledger.domain.state.complaint import OUTCOMES, outcome_root
from ledger.domain.state.fold import SLOT_OF, SLOTS, STEPS
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Annotation, Bearing, Finding, Hold, Relief
from projections.standing.facts import (
    CountedReply,
    DatedEntry,
    DeclarationFact,
    Facts,
    KeptPledge,
    PointItem,
    Revocation,
    Size,
    Term,
)

__all__ = ["BEARING", "facts_about", "facts_at_large", "facts_of", "with_outcomes"]

# Once repudiated, an entry of these types is in no bearing any more, and may have been in one.
BEARING: Final = frozenset(
    kind.__name__ for kind, step in STEPS.items() if step.bears and step.slot is not None and not step.slot.names_all
)


def facts_of(record: EnterpriseRecord | None, subject: str) -> Facts:
    """The public facts of the enterprise `subject`; none where it has no record."""
    if record is None:
        return Facts(subject)
    reading = _Reading(record)
    for key in record.nouns:
        noun = SLOTS[key]
        if noun.bearing is not None:
            reading.take(noun.bearing(record), names_all=noun.names_all)
    reading.on_record()
    reading.repudiations()
    return reading.facts()


def with_outcomes(facts: Facts, record: EnterpriseRecord, entries: Iterable[int]) -> Facts:
    """`facts`, once the outcomes at `entries`, and nothing else, came to the record."""
    assert OUTCOMES.bearing_of is not None  # an enterprise may have very many
    brings = OUTCOMES.bearing_of(record, entries)
    return replace(
        facts,
        items=(*facts.items, *map(_item, brings.findings)) if brings.findings else facts.items,
        replies=(*facts.replies, *brings.replies),
        conduct=(*facts.conduct, *brings.conduct),
        bearing=(*facts.bearing, *brings.bearing),
    )


def facts_about(record: EnterpriseRecord, entries: Iterable[int]) -> Facts:
    """What these entries bring, of nouns that are read by their entries; sizes are no part of it."""
    of_slot: defaultdict[str, list[int]] = defaultdict(list)
    for entry in entries:
        ref = record.entries[entry]
        slot = None if ref.type is None else SLOT_OF[ref.type]
        if slot is not None and slot.bearing_of is not None:
            of_slot[slot.key].append(entry)
    reading = _Reading(record)
    for key, some in of_slot.items():
        slot = SLOTS[key]
        assert slot.bearing_of is not None  # or it would not be among them
        reading.take(slot.bearing_of(record, some), names_all=slot.names_all)
    return reading.facts()


def facts_at_large(record: EnterpriseRecord) -> Facts:
    """What all other nouns bring, and what stays known of erased entries; without marks of repudiations."""
    reading = _Reading(record)
    for key in record.nouns:
        noun = SLOTS[key]
        if noun.bearing is not None and noun.bearing_of is None:
            reading.take(noun.bearing(record), names_all=noun.names_all)
    reading.on_record()
    return reading.facts()


class _Reading:
    """Of one record, noun by noun. A mark may be named several times until all are taken."""

    def __init__(self, record: EnterpriseRecord) -> None:
        self._record = record
        self._terms: list[Term] = []
        self._revocations: list[Revocation] = []
        self._kept: list[KeptPledge] = []
        self._sizes: list[Size] = []
        self._holds: list[Hold] = []
        self._reliefs: list[Relief] = []
        self._annotations: list[Annotation] = []
        self._declared: list[DeclarationFact] = []
        self.items: list[PointItem] = []
        self.replies: list[CountedReply] = []
        self.conduct: list[DatedEntry] = []
        self.bearing: list[DatedEntry] = []

    def take(self, brings: Bearing, *, names_all: bool) -> None:
        """With what a noun brings (`Slot.names_all`)."""
        self.items.extend(map(_item, brings.findings))
        self._terms.extend(brings.terms)
        self._revocations.extend(brings.revocations)
        self._kept.extend(brings.kept)
        self._sizes.extend(brings.sizes)
        self._declared.extend(brings.declared)
        self.replies.extend(brings.replies)
        self._holds.extend(brings.holds)
        self._reliefs.extend([one._replace(entry=self._root(one.entry)) for one in brings.reliefs])
        self._annotations.extend([one._replace(entry=self._root(one.entry)) for one in brings.annotations])
        self.conduct.extend(brings.conduct)
        self.bearing.extend(brings.bearing)
        if names_all:
            return
        # What counts is on record and bears, whether the noun says so or not.
        counting = [DatedEntry(one.on, one.entry) for one in brings.findings]
        counting += [DatedEntry(one.on, one.entry) for one in brings.holds]
        said = {mark.entry for mark in brings.conduct}
        self.conduct.extend([mark for mark in counting if mark.entry not in said])
        self.bearing.extend(counting)
        self.bearing.extend(brings.conduct)
        self.bearing.extend([DatedEntry(one.on, one.by) for one in brings.reliefs])
        self.bearing.extend([DatedEntry(one.on, one.by) for one in brings.annotations])

    def on_record(self) -> None:
        """With what stays known of erased entries."""
        kept = [DatedEntry(day, entry) for entry, day in self._record.on_record.items()]
        self.conduct.extend(kept)
        self.bearing.extend(kept)

    def repudiations(self) -> None:
        """With what was repudiated of all that was looked at."""
        gone, entries = self._record.repudiated, self._record.entries
        if gone:
            bearing = {mark.entry for mark in self.bearing}
            for entry, by in gone.items():
                ref = entries.get(entry)
                if entry in bearing or (ref is not None and ref.type in BEARING):
                    self.bearing.append(DatedEntry(by.effective_on, by.index))

    def facts(self) -> Facts:
        """In one order, however the record was folded."""
        return Facts(
            subject=self._record.subject,
            terms=tuple(sorted(self._terms)),
            revocations=tuple(sorted(self._revocations)),
            kept=tuple(sorted(self._kept)),
            items=tuple(sorted(self.items)),
            replies=tuple(sorted(self.replies)),
            sizes=tuple(sorted(self._sizes)),
            conduct=tuple(sorted(set(self.conduct))),
            bearing=tuple(sorted(set(self.bearing))),
            holds=tuple(sorted(self._holds, key=_place)),
            reliefs=tuple(sorted(self._reliefs, key=_place)),
            annotations=tuple(sorted(self._annotations, key=_place)),
            declared=tuple(sorted(self._declared)),
        )

    def _root(self, entry: int) -> int:
        """A correction of an outcome stands for the outcome."""
        root = outcome_root(self._record, entry)
        return entry if root is None else root


def _item(one: Finding) -> PointItem:
    return PointItem(one.entry, one.on, one.item, one.matter, one.clauses, one.until or date.max)


def _place(one: Hold | Relief | Annotation) -> tuple[int, date, str, date]:
    return one.entry, one.on, str(one[2]), one.until or date.max
