"""Everything that the book says about one enterprise, for a page: standing and what follows, history, entries, proof.

Read from the read models and the log; what is closed is counted, and never shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import Struct

from api.service.body_disclosure import Records
from api.service.event_json import events_json
from api.service.page_sources import PageSources
from api.service.service import Service
from ledger.domain.state.fold import fold
from ledger.errors import NotFound
from ledger.limits import PAGE_ENTRIES_MAX, PAGE_STEPS_MAX, PAGE_STREAM_MAX
from ledger.reading.feed import to_recorded
from ledger.store.contract import EntryRow
from projections.db.entry_content import content
from projections.declarations.dossier_view import Coming, Dossier
from projections.standing.change_reasons import LevelChange
from projections.standing.standing_model import LevelHold, Reason, Revoked, Unmet

__all__ = [
    "ClosedFinding",
    "Completeness",
    "Gathered",
    "Overview",
    "OverviewStanding",
    "StandingStep",
    "completeness",
    "gathered",
    "overview",
    "overview_of",
]


class ClosedFinding(Struct, frozen=True):
    """What counted, and is no longer public: only its number is given."""

    entry: int


class OverviewStanding(Struct, frozen=True):
    """What pages read of a rendered standing (`projections/standing/render.py`)."""

    level: str
    level_zh: str
    level_en: str
    sentence_zh: str
    sentence_en: str
    points: int
    reasons: tuple[dict[str, Any], ...]
    reasons_not_shown: int
    holds: tuple[dict[str, Any], ...]
    revoked: Revoked | None
    good_unmet: tuple[Unmet, ...]
    closed_entries: int
    repaired_entries: int
    unweighed_entries: int
    next_change_on: date | None
    policy: dict[str, Any] | None

    @property
    def open_reasons(self) -> list[Reason]:
        """Those whose entries are public."""
        return [msgspec.convert(one, Reason) for one in self.reasons if "closed" not in one]

    @property
    def open_holds(self) -> list[LevelHold]:
        return [msgspec.convert(one, LevelHold) for one in self.holds if "closed" not in one]


@dataclass(frozen=True, slots=True)
class StandingStep:
    """What the standing becomes on a day by time alone, if nothing is recorded meanwhile. Points in hundredths."""

    on: date
    level_zh: str
    level_en: str
    level: str
    points: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """`root_entry` published the map's root over the first `covered_size` entries; None: none was published yet.

    `witnesses` cosigned the newest checkpoint, of `checkpoint_size` entries.
    """

    root_entry: int | None
    covered_size: int
    checkpoint_size: int
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """`about` is the enterprise's row (names, size, category), None where the book cannot name it.

    `indices` are the entries about it, oldest first, at most `PAGE_STREAM_MAX`, `version` that of the last of them (0:
    there is none); `events` the newest `PAGE_ENTRIES_MAX` of them as `event_json` gives them, oldest first; `declared`
    its pledges, marks, listings, standards.
    """

    subject: str
    in_book: bool
    about: Mapping[str, Any] | None
    standing: OverviewStanding
    steps: Sequence[StandingStep]
    changes: Sequence[LevelChange]
    indices: Sequence[int]
    version: int
    events: Sequence[Mapping[str, Any]]
    declared: Mapping[str, Any]


_STANDING: Final = msgspec.json.Decoder(OverviewStanding).decode


@dataclass(frozen=True, slots=True)
class Gathered:
    """What an overview is made of, as it was read; `rows` are the first of the stream."""

    subject: str
    dossier: Dossier
    rows: Sequence[EntryRow]

    @property
    def whole(self) -> bool:
        """Whether `rows` are all of the stream."""
        return len(self.rows) < PAGE_ENTRIES_MAX


def gathered(service: PageSources, subjects: Sequence[str], today: date) -> list[Gathered]:
    """Of each of several enterprises, in two round trips for all. Blocks on the database. Raises `Unavailable`."""
    dossiers = service.views.dossiers.dossiers(subjects, today)  # before the log, which is never behind them
    streams = service.store.streams(subjects, version_max=PAGE_ENTRIES_MAX)
    return [Gathered(subject, dossiers[subject], streams.get(subject, ())) for subject in subjects]


def overview(service: PageSources, subject: str, today: date) -> Overview:
    """Blocks on the database. Raises `Behind` where nothing is known and read models lag, `Unavailable`."""
    (found,) = gathered(service, [subject], today)
    if not found.whole:
        found = Gathered(subject, found.dossier, service.store.stream(subject, limit=PAGE_STREAM_MAX))
    return overview_of(service, found, today)


def overview_of(service: PageSources, found: Gathered, today: date) -> Overview:
    """From what was read: every entry is decoded once, for all that is told of it.

    Asks the database only for what a standing's rows do not hold. Raises as `overview` does.
    """
    subject, rows, dossier = found.subject, found.rows, found.dossier
    served = dossier.coming.on(today)
    if dossier.about is None or not served.in_book:
        service.require_current()
    standing = _STANDING(served.body)
    shown = slice(-PAGE_ENTRIES_MAX, None)
    # Of what is not shown no more is needed than standings are made of, which is read many times faster.
    stream = [*map(content, rows[:-PAGE_ENTRIES_MAX]), *map(to_recorded, rows[shown])]
    record = fold(None, stream)
    changes: Sequence[LevelChange] = ()
    public: Records = {}
    if record is not None:
        public = service.publicity.known(record)
        changes = service.views.standings.turns(stream, public[subject], dossier.changes, today)
    return Overview(
        subject,
        served.in_book,
        None if dossier.about is None else msgspec.json.decode(dossier.about),
        standing,
        _steps(dossier.coming, standing),
        changes,
        [row.index for row in rows],
        rows[-1].version if rows else 0,
        events_json(service, rows[shown], public, stream[shown]),
        msgspec.json.decode(dossier.declarations),
    )


def _steps(coming: Coming, standing: OverviewStanding) -> list[StandingStep]:
    found: list[StandingStep] = []
    on = standing.next_change_on
    while on is not None and len(found) < PAGE_STEPS_MAX:
        then = _STANDING(coming.on(on).body)
        found.append(StandingStep(on, then.level_zh, then.level_en, then.level, then.points))
        on = then.next_change_on
    return found


def completeness(service: Service) -> Completeness:
    """What the newest published root of the map speaks for. Blocks on the database. Raises `Unavailable`."""
    published = service.witnessing.published
    try:
        head = published.witnessed()
    except NotFound:
        head = published.newest()
    roots = service.governance.map_roots
    if not roots:
        return Completeness(None, 0, head.tree_size, head.witnesses)
    return Completeness(roots[-1].index, roots[-1].tree_size, head.tree_size, head.witnesses)
