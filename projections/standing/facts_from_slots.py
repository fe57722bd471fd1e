"""What the nouns of the catalogue bring to a standing: each says by its `bearing` what of it counts.

Declared standards bring nothing that costs or holds; whether they are current matters to GOOD.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec.structs import replace

from ledger.domain.state.complaint import outcome_root
from ledger.domain.state.declaration import STANDARDS, declared_spans
from ledger.domain.state.fold import SLOTS, STEPS
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Annotation, Bearing, Hold, Relief
from projections.standing.facts import DatedEntry, DeclarationFact, Facts, PointItem

__all__ = ["NounFacts", "of_a_noun"]

_BEARING: Final = frozenset(
    kind.__name__ for kind, step in STEPS.items() if step.bears and step.slot is not None and step.slot.bearing
)


class NounFacts:
    """Of one record. `conduct` and `bearing` are added to in place, each mark once."""

    def __init__(self, record: EnterpriseRecord, conduct: list[DatedEntry], bearing: list[DatedEntry]) -> None:
        self._record = record
        self.items: list[PointItem] = []
        self._holds: list[Hold] = []
        self._reliefs: list[Relief] = []
        self._annotations: list[Annotation] = []
        self._declared: list[DeclarationFact] = []
        self._conduct, self._bearing = dict.fromkeys(conduct), dict.fromkeys(bearing)
        for key in record.nouns:
            noun = SLOTS[key]
            if noun.bearing is not None:
                self._take(noun.bearing(record))
        if STANDARDS.key in record.nouns:
            self._standards()
        conduct[:], bearing[:] = self._conduct, self._bearing

    def beside(self, facts: Facts) -> Facts:
        """The facts with what is not among items and marks, in one order however the record was folded."""
        return replace(
            facts,
            holds=tuple(sorted(self._holds, key=_place)),
            reliefs=tuple(sorted(self._reliefs, key=_place)),
            annotations=tuple(sorted(self._annotations, key=_place)),
            declared=tuple(sorted(self._declared)),
        )

    def _take(self, brings: Bearing) -> None:
        for one in brings.findings:
            self.items.append(PointItem(one.entry, one.on, one.item, one.matter, one.clauses, one.until or date.max))
        self._holds.extend(brings.holds)
        self._reliefs.extend([one._replace(entry=self._root(one.entry)) for one in brings.reliefs])
        self._annotations.extend([one._replace(entry=self._root(one.entry)) for one in brings.annotations])
        # What counts is on record and bears, whether the noun says so or not.
        counting = [DatedEntry(one.on, one.entry) for one in brings.findings]
        counting += [DatedEntry(one.on, one.entry) for one in brings.holds]
        by = [DatedEntry(one.on, one.by) for one in brings.reliefs]
        by += [DatedEntry(one.on, one.by) for one in brings.annotations]
        said = {mark.entry for mark in brings.conduct}
        _add(self._conduct, brings.conduct)
        _add(self._conduct, [mark for mark in counting if mark.entry not in said])
        for marks in (counting, by, brings.conduct, brings.bearing):
            _add(self._bearing, marks)

    def _standards(self) -> None:
        for version in declared_spans(self._record):
            self._declared.append(DeclarationFact(version.entry, version.renewed_on, version.abolished_on or date.max))
        for declaration in STANDARDS.of(self._record).declared.values():
            _add(self._bearing, [DatedEntry(one.effective_on, one.index) for one in declaration.versions])
            _add(self._bearing, [DatedEntry(one.on, one.index) for one in declaration.abolitions])

    def _root(self, entry: int) -> int:
        """A correction of an outcome stands for the outcome."""
        root = outcome_root(self._record, entry)
        return entry if root is None else root


def of_a_noun(record: EnterpriseRecord, entry: int) -> bool:
    """Whether a noun's state may depend on the entry: once repudiated, it is in no bearing any more."""
    ref = record.entries.get(entry)
    if ref is None or ref.type is None:
        return False
    return ref.type in _BEARING


def _add(marks: dict[DatedEntry, None], more: Iterable[DatedEntry]) -> None:
    marks.update(dict.fromkeys(more))


def _place(one: Hold | Relief | Annotation) -> tuple[int, date, str, date]:
    return one.entry, one.on, str(one[2]), one.until or date.max
