"""Rows into tables: what a batch changes, in place; or what a rebuild makes, by COPY.

Nothing is read back: the rows of an enterprise are replaced whole, from its portrait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final, LiteralString, NamedTuple

from psycopg import Connection, Cursor
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from ledger.domain.events.base import Recorded
from ledger.store.array_parameters import Texts
from projections.db.dated_document import DatedDocument
from projections.declarations.campaign_rows import CampaignRow
from projections.declarations.outcome_section import OUTCOMES_PART
from projections.engine import event_index
from projections.engine.enterprise_rows import EnterpriseRows
from projections.engine.sections import PARTS
from projections.standing import Level
from projections.standing.level_history import Change

__all__ = [
    "Forget",
    "Replaced",
    "Rows",
    "due_subjects",
    "extend_rows",
    "index_events",
    "replace_rows",
    "write_campaigns",
    "write_progress",
]

Forget = tuple[str, date | None]  # changes of a subject after this day are void; None: all of them

_COLUMNS: Final[dict[str, Sequence[str]]] = {
    "enterprises": ("text", "text", "text", "text", "text", "text", "int4[]", "bytea", "text"),
    "standing_segments": ("text", "date", "date", "text", "bytea", "text"),
    "standing_changes": ("date", "int8", "text", "text", "text"),
    "standing_due": ("text", "date"),
    "pledges": ("text", "text", "text", "int8", "int8", "date", "date"),
    "pledge_pages": ("text", "text", "date", "date", "bytea", "text"),
    "sections": ("text", "text", "date", "date", "bytea"),
    event_index.TABLE: event_index.COLUMNS,
    **{table: columns for part in PARTS for table, columns in part.tables.items()},
}
_GROWING: Final = ("standing_changes", event_index.TABLE)  # not replaced with the rest of an enterprise's rows
_EVENT_BYTES: Final = 100  # of a row, about
_OF_SUBJECT: Final = [table for table in _COLUMNS if table not in _GROWING]
# What most events leave alone: all that an enterprise declared, and what others say of that.
_DECLARED: Final = frozenset(
    (
        "pledges",
        "pledge_pages",
        "sections",
        *(table for part in PARTS if part is not OUTCOMES_PART for table in part.tables),
    )
)


class Rows:
    """Rows for all tables of enterprises, gathered until they are written."""

    def __init__(self) -> None:
        self.tables: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
        self.bytes = 0  # of the documents gathered, about

    def add(self, portrait: EnterpriseRows, changes: Iterable[Change]) -> None:
        subject, tables = portrait.subject, self.tables
        if portrait.enterprise is not None:
            tables["enterprises"].append(portrait.enterprise)
        self.add_standing(subject, portrait.standing)
        for change in changes:
            tables["standing_changes"].append((*change[:3], change.before.value, change.after.value))
        for page in portrait.pledges:
            tables["pledges"].append(
                (
                    page.code,
                    subject,
                    page.campaign,
                    page.made_entry,
                    page.published_entry,
                    page.from_on,
                    page.last_day,
                )
            )
            for step in page.steps:
                tables["pledge_pages"].append((page.code, subject, *step))
        tables["sections"].extend(portrait.sections)
        for further in portrait.further:
            for table, rows in further.items():
                tables[table].extend(rows)
        self.bytes += sum(len(step.body) for page in portrait.pledges for step in page.steps)
        self.bytes += sum(len(row.value) for row in portrait.sections)

    def add_events(self, events: Sequence[Recorded]) -> None:
        """The index of some entries, whatever they are about."""
        self.tables[event_index.TABLE].extend(event_index.event_rows(events))
        self.bytes += _EVENT_BYTES * len(events)

    def add_standing(self, subject: str, steps: Sequence[tuple[Level, DatedDocument]]) -> None:
        """Steps of a standing that follow one another; if the last one has an end, more are due on that day."""
        segments = self.tables["standing_segments"]
        for level, (from_on, until_on, body, etag) in steps:
            segments.append((subject, from_on, until_on, level.value, body, etag))
            self.bytes += len(body)
        due_on = steps[-1][1].until_on
        if due_on is not None:
            self.tables["standing_due"].append((subject, due_on))

    def copy(self, cursor: Cursor[Any], suffix: str) -> None:
        """Write everything gathered, and begin anew."""
        for table, rows in self.tables.items():
            if rows:
                with cursor.copy(_sql("COPY projections.{} FROM STDIN (FORMAT BINARY)", table + suffix)) as copy:
                    copy.set_types(_COLUMNS[table])
                    for row in rows:
                        copy.write_row(row)
                rows.clear()
        self.bytes = 0


class Replaced(NamedTuple):
    """Whose rows give way to new ones. `named`: those by which an enterprise is found, too; `declared`: those that
    `portray` leaves out if it is not asked for them.

    Changes of level stay, except those that were foreseen for days after the one that `forget` names, and those by
    entries from tree size `size` on, which only an attempt that came to nothing can have left.
    """

    subjects: Sequence[str]
    named: Sequence[str]
    declared: Sequence[str]
    forget: Sequence[Forget]
    size: int


def replace_rows(connection: Connection[Any], suffix: str, rows: Rows, replaced: Replaced) -> None:
    """In the connection's transaction, put `rows` in the place of all that is there about the subjects replaced."""
    subjects, named, declared, forget, size = replaced
    with connection.cursor(row_factory=tuple_row) as cursor:
        changed = set(named) - _leave_unchanged(cursor, suffix, rows) if named else set()
        for table in _OF_SUBJECT:
            gone = changed if table == "enterprises" else declared if table in _DECLARED else subjects
            if gone:
                cursor.execute(
                    _sql("DELETE FROM projections.{} WHERE subject = ANY (%b)", table + suffix), (Texts(gone),)
                )
        if forget:
            names = Texts(subject for subject, _ in forget)
            days = [date.min if day is None else day for _, day in forget]
            cursor.execute(
                _sql(
                    "DELETE FROM projections.{} c USING unnest(%b, %b::date[]) AS f (subject, day) "
                    "WHERE c.subject = f.subject AND (c.changed_on > f.day OR c.position >= %b)",
                    "standing_changes" + suffix,
                ),
                (names, days, size),
            )
        rows.copy(cursor, suffix)


def due_subjects(connection: Connection[Any], suffix: str, today: date, limit: int) -> list[tuple[str, date]]:
    """Up to `limit` enterprises of whose standing more must be written by `today`, and from which day on."""
    query = _sql(
        "SELECT subject, due_on FROM projections.{} WHERE due_on <= %s ORDER BY due_on, subject LIMIT %s",
        ("standing_due" + suffix),
    )
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [(subject, due_on) for subject, due_on in cursor.execute(query, (today, limit)).fetchall()]


def extend_rows(connection: Connection[Any], suffix: str, rows: Rows, subjects: Sequence[str]) -> None:
    """In the connection's transaction, add the further steps in `rows` to those that are there of `subjects`."""
    with connection.cursor() as cursor:
        cursor.execute(
            _sql("DELETE FROM projections.{} WHERE subject = ANY (%b)", "standing_due" + suffix), (Texts(subjects),)
        )
        rows.copy(cursor, suffix)


def index_events(connection: Connection[Any], suffix: str, events: Sequence[Recorded], size: int) -> None:
    """In the connection's transaction, add the entries from tree size `size` on to the index of events, in the place of
    what an attempt that came to nothing left; and close what they erase."""
    if events:
        rows = Rows()
        rows.add_events(events)
        with connection.cursor() as cursor:
            cursor.execute(_sql("DELETE FROM projections.{} WHERE entry >= %s", event_index.TABLE + suffix), (size,))
            rows.copy(cursor, suffix)
        event_index.close_erased(connection, suffix, events)


def _leave_unchanged(cursor: Cursor[Any], suffix: str, rows: Rows) -> set[str]:
    """Take out of `rows` the enterprises whose row is there already: most events change none, and search is indexed."""
    new = {row[0]: row for row in rows.tables["enterprises"]}
    cursor.execute(
        _sql("SELECT subject, etag FROM projections.{} WHERE subject = ANY (%b)", "enterprises" + suffix),
        (Texts(new),),
    )
    same = {subject for subject, etag in cursor.fetchall() if new[subject][-1] == etag}
    rows.tables["enterprises"] = [row for subject, row in new.items() if subject not in same]
    return same


def write_campaigns(connection: Connection[Any], suffix: str, campaigns: Sequence[CampaignRow]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_sql("DELETE FROM projections.{}", "campaigns" + suffix))
        cursor.executemany(_sql("INSERT INTO projections.{} VALUES (%s, %s, %s, %s)", "campaigns" + suffix), campaigns)


def write_progress(connection: Connection[Any], suffix: str, recorded_on: date) -> None:
    connection.execute(_sql("UPDATE projections.{} SET recorded_on = %s", "progress" + suffix), (recorded_on,))


def _sql(text: LiteralString, table: str) -> Any:
    return SQL(text).format(Identifier(table))
