"""The section `marks`: an enterprise's licences, and the rows by which a scanned serial is looked up.

A row per range of serials, however many those are. It holds the licence's whole course of states, so that one read
answers for today and for the date of production alike, and nothing has to be written when time changes the state. The
seed is not in it: read models are rebuilt, dumped and read widely, and a secret has one place, the vault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from ledger.domain.events.mark import MarkLicensed, MarkRevoked, MarkSuspended
from ledger.domain.state.enterprise import name_on, registration_of
from ledger.domain.state.licence_periods import last_day, spans, standing_turns, state_on
from ledger.domain.state.mark import MARKS, Licence, counting_misuses
from projections.declarations.section import DatedValue, Section, pieces_of
from projections.standing import Case
from projections.standing.level_history import LevelHistory

__all__ = ["MARKS_PART"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def _licences(course: LevelHistory) -> list[Licence]:
    return sorted(MARKS.of(course.record).licences.values(), key=lambda one: one.index)


def _pieces(course: LevelHistory, case: Case) -> Sequence[DatedValue]:
    """Licences in log order with their state, and misuse by the licensee for as long as it counts."""
    record, start = course.record, course.told_on
    licences = [(_document(course, one), spans(record, one)) for one in _licences(course)]
    misuses = [
        ({"entry": one.index, "on": one.effective_on, "range": one.range}, closes)
        for one in counting_misuses(record)
        for closes in [case.closes_on(one.index, max(start, one.effective_on)) or date.max]
    ]
    days = {span.from_on for _, states in licences for span in states} | {closes for _, closes in misuses}

    def value_on(day: date) -> dict[str, Any]:
        return {
            "licences": [{**document, "state": state_on(states, day).state} for document, states in licences],
            "misuses": [document for document, closes in misuses if day < closes],
        }

    return pieces_of(start, days, value_on)


def _document(course: LevelHistory, licence: Licence) -> dict[str, Any]:
    """What holds on any day."""
    record = course.record
    said = course.texts[licence.index]
    assert isinstance(said, MarkLicensed)  # kept when it was taken in
    return {
        "entry": licence.index,
        "on": licence.effective_on,
        "pledge": licence.pledge,
        "range": licence.range,
        "count": licence.count,
        "serials_root": said.serials_root,
        "products": said.products,
        "valid_from": licence.valid_from,
        "valid_until": licence.valid_until,
        "last_day": last_day(record, licence),
        "turns": [
            {"entry": turn.index, "on": turn.effective_on, "state": turn.state, "ground": _ground(course, turn.index)}
            for turn in standing_turns(record, licence)
        ],
    }


def _ground(course: LevelHistory, entry: int) -> str | None:
    said = course.texts.get(entry)
    return said.ground if isinstance(said, MarkSuspended | MarkRevoked) else None


def _rows(course: LevelHistory, case: Case) -> Mapping[str, Sequence[tuple[Any, ...]]]:
    record = course.record
    name = None if registration_of(record) is None else name_on(record, date.max)
    return {
        "marks": [
            (
                one.range,
                record.subject,
                one.index,
                one.count,
                one.index in record.erased,
                _ENCODE(
                    {
                        **_document(course, one),
                        "name": name,
                        "spans": spans(record, one),
                    }
                ),
            )
            for one in _licences(course)
        ]
    }


MARKS_PART: Final = Section(
    noun=MARKS.key,
    section="marks",
    pieces=_pieces,
    tables={"marks": ("text", "text", "int8", "int4", "bool", "bytea")},
    rows=_rows,
)
