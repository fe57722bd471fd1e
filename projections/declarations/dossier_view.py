"""All that the read models hold of several enterprises on a day, in one round trip: what their pages are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

from ledger.limits import HISTORY_CHANGES_MAX
from ledger.store.array_parameters import Texts
from projections.db.reads import Reading
from projections.declarations.declaration_record import compose
from projections.standing import Level
from projections.standing.level_history import Change
from projections.standing.standing_view import Served

__all__ = ["Coming", "Dossier", "DossierView"]

_COMING_ROWS: Final = 8


class Coming(NamedTuple):
    """A subject's standings from a day on: (first day, standing), by day; `other` asks for those that are not there."""

    rows: Sequence[tuple[date, Served]]
    other: Callable[[date], Served]

    def on(self, day: date) -> Served:
        """The standing on a day, if nothing is recorded meanwhile. Raises `Unavailable`."""
        for from_on, served in self.rows:
            if from_on <= day and (served.until_on is None or served.until_on > day):
                return served
        return self.other(day)


class Dossier(NamedTuple):
    """Of one enterprise: its standings from the day on, the first `HISTORY_CHANGES_MAX` changes of its level up to it,
    its row as canonical JSON (None where the book cannot name it), its declarations as canonical JSON."""

    coming: Coming
    changes: Sequence[Change]
    about: bytes | None
    declarations: bytes


class DossierView:
    """Reads through the read models; `current` gives the standing of a subject on a day where no row holds it."""

    def __init__(self, reading: Reading, current: Callable[[str, date], Served]) -> None:
        self._reading = reading
        self._current = current

    def dossiers(self, subjects: Sequence[str], today: date) -> dict[str, Dossier]:
        """Of each of these subjects, also of those that the book does not know. Raises `Unavailable`."""
        params = {
            "subjects": Texts(subjects),
            "today": today,
            "coming": _COMING_ROWS,
            "changes": HISTORY_CHANGES_MAX,
        }
        found: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for row in self._reading.rows("dossiers", params):
            found[row[0]].append(row[1:])
        return {subject: self._dossier(subject, found[subject]) for subject in subjects}

    def _dossier(self, subject: str, rows: Sequence[tuple[Any, ...]]) -> Dossier:
        coming: list[tuple[date, Served]] = []
        changes: list[Change] = []
        about: bytes | None = None
        pledges: list[bytes] = []
        sections: dict[str, bytes] = {}
        for part, from_on, until_on, place, said, other, body in rows:
            if part == "standing":
                coming.append((from_on, Served(subject, Level(said), until_on, body, other, True)))
            elif part == "change":
                changes.append(Change(from_on, place, subject, Level(said), Level(other)))
            elif part == "pledge":
                pledges.append(body)
            elif part == "section":
                sections[said] = body
            else:
                about = body
        standings = Coming(coming, partial(self._current, subject))
        return Dossier(standings, changes, about, compose(subject, pledges, sections))
