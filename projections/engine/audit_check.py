"""The read models against the book: every row derived again by the code that made it, and compared. For the audit.

`RowsOfStreams` compares what derives from one enterprise's stream, in worker processes; `check_read_models` what
derives from governing streams, rows that nothing gives rise to, and the positions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from ledger.audit import AuditSource, Findings, Timeline
from ledger.audit.checkpoints import CheckpointChain
from ledger.audit.replay_rules import Stream
from ledger.domain.values.dates import shanghai_date
from ledger.store.contract import EntryRow
from ledger.store.statement_mapper import to_recorded
from projections.declarations.campaign_rows import campaign_rows
from projections.engine import event_index
from projections.engine.enterprise_rows import portray, standing_steps
from projections.engine.event_index import EventRow, event_rows
from projections.engine.schema import SHAPE, TABLES
from projections.engine.tables import Rows
from projections.standing import Case, facts_of
from projections.standing.level_history import follow, without_erased
from projections.standing.policy_timeline import Approval, Rules

__all__ = ["RowsOfStreams", "check_read_models", "rows_of_streams", "rules_at"]

_STREAMS_AT_ONCE: Final = 200
_ENTERPRISE: Final = SQL("({0} LIKE '%:%' AND NOT starts_with({0}, 'party:') AND NOT starts_with({0}, 'campaign:'))")
_ALONE: Final = ("campaigns", "progress")  # tables of the whole, not of one enterprise


def rules_at(timeline: Timeline, size: int) -> Rules:
    """The rules that readers go by at a tree size."""
    approvals = [Approval(entry, shanghai_date(at)) for entry, at in timeline.approvals if entry < size]
    return Rules(timeline.at(size), approvals)


def rows_of_streams(source: AuditSource, timeline: Timeline) -> RowsOfStreams:
    """See `RowsOfStreams`."""
    return RowsOfStreams(source.connection, timeline)


class RowsOfStreams:
    """Rows of enterprises, table by table, as of the size up to which the read models say that they hold everything."""

    def __init__(self, connection: Connection[Any], timeline: Timeline) -> None:
        self._connection = connection
        self._tables = [table for table in TABLES if table not in _ALONE] if _made(connection) else []
        self._size = position(connection) if self._tables else 0
        self._end = _entries(connection) if self._tables else 0
        if self._size == 0 < self._end:
            self._tables = []  # the position is gone, which is found elsewhere
        self._rules = rules_at(timeline, self._size)
        self._newest = rules_at(timeline, self._end)
        self._pending: list[Stream] = []

    def take(self, stream: Stream, findings: Findings) -> None:
        if not self._tables:
            return
        if not stream.sound:
            findings.note("not_compared", "rows of the read models", subject=stream.subject)
            return
        self._pending.append(stream)
        if len(self._pending) >= _STREAMS_AT_ONCE:
            self.finish(findings)

    def finish(self, findings: Findings) -> None:
        subjects = [stream.subject for stream in self._pending]
        if not subjects:
            return
        kept = {table: self._kept(table, subjects) for table in self._tables}
        for stream in self._pending:
            own = {table: rows.get(stream.subject, []) for table, rows in kept.items()}
            expected = self._derived(stream, own, self._rules, self._size)
            if all(_same(expected.get(table, ()), own[table]) for table in self._tables):
                continue
            ahead = self._derived(stream, own, self._newest, self._end)
            if self._size < self._end and all(_same(ahead.get(table, ()), own[table]) for table in self._tables):
                detail = f"rows of {stream.subject} hold more than the first {self._size} entries"
                findings.add("projection.position", detail, row="projections.tracking")
                continue
            for table in self._tables:
                _compare(table, stream.subject, expected.get(table, ()), own[table], findings)
        self._pending = []

    def _derived(
        self, stream: Stream, kept: Mapping[str, Sequence[tuple[Any, ...]]], rules: Rules, size: int
    ) -> Mapping[str, Sequence[tuple[Any, ...]]]:
        events = without_erased([at for at in stream.events if at.index < size])
        followed = follow(None, events, rules, size)
        if followed is None:
            return {}
        rows = Rows()
        rows.add_events(events)
        rows.add(portray(followed.course, rules, followed.case), followed.changes)
        # Steps beyond those that fit at first are written when their day has come.
        written = len(kept["standing_segments"])
        while rows.tables["standing_due"] and len(rows.tables["standing_segments"]) < written:
            ((_, due_on),) = rows.tables["standing_due"]
            rows.tables["standing_due"].clear()
            case = Case(rules.policies, facts_of(followed.course.record, stream.subject))
            rows.add_standing(stream.subject, standing_steps(case, due_on))
        return rows.tables

    def _kept(self, table: str, subjects: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
        """Rows by subject; its place among the columns differs from table to table."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        query = SQL("SELECT * FROM projections.{} WHERE subject = ANY (%s)").format(Identifier(table))
        with self._connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            cursor.execute(query, (list(subjects),))
            at = [column.name for column in cursor.description or ()].index("subject")
            for row in cursor:
                found.setdefault(row[at], []).append(row)
        return found


def _same(expected: Sequence[tuple[Any, ...]], kept: Sequence[tuple[Any, ...]]) -> bool:
    """In any order, but as often as they should be there."""
    if len(expected) != len(kept):
        return False
    return list(map(tuple, expected)) == list(kept) or Counter(map(repr, map(tuple, expected))) == Counter(
        map(repr, kept)
    )


def _compare(
    table: str,
    subject: str,
    expected: Sequence[tuple[Any, ...]],
    kept: Sequence[tuple[Any, ...]],
    findings: Findings,
) -> None:
    if _same(expected, kept):
        return
    should, are = Counter(map(repr, map(tuple, expected))), Counter(map(repr, kept))
    missing, extra = list((should - are).elements()), list((are - should).elements())
    for number in range(max(len(missing), len(extra))):
        wanted = missing[number] if number < len(missing) else "no such row"
        found = extra[number] if number < len(extra) else "no row"
        findings.add(
            "projection.row", f"{found[:250]}; derived: {wanted[:250]}", subject=subject, row=f"projections.{table}"
        )


def check_read_models(
    source: AuditSource, timeline: Timeline, chain: CheckpointChain, findings: Findings, reliable: Callable[[int], bool]
) -> None:
    """Tables of the whole, rows of nobody, position and shape."""
    connection: Connection[Any] = source.connection
    if not source.tables:
        return
    if not _made(connection):
        findings.note("not_in_view", "the read models have not been made yet", row="projections")
        return
    size, end = position(connection), chain.sizes[-1] if chain.sizes else 0
    _positions(connection, size, end, findings)
    for table in TABLES:
        if table not in _ALONE:
            _of_nobody(connection, table, findings)
    if size == 0 < end:
        return
    rules = rules_at(timeline, size)
    kept = list(_rows(connection, SQL("SELECT * FROM projections.campaigns")))
    governed = [tuple(row) for row in campaign_rows(rules.governance)]
    if reliable(size - 1):
        _compare("campaigns", "", governed, kept, findings)
        _compare(event_index.TABLE, "", *_governing_events(connection, size), findings)
    progress = list(_rows(connection, SQL("SELECT * FROM projections.progress")))
    if 0 < size <= end:
        expected = [(shanghai_date(chain.heads().time(size - 1)),)]
        _compare("progress", "", expected, progress, findings)


def position(connection: Connection[Any]) -> int:
    """The tree size that the read models say they hold."""
    rows = list(
        _rows(
            connection, SQL("SELECT max(notification_id) FROM projections.tracking WHERE application_name = 'ledger'")
        )
    )
    return rows[0][0] or 0


def _entries(connection: Connection[Any]) -> int:
    """How far the entries go, whatever checkpoints say."""
    ((last,),) = _rows(connection, SQL("SELECT coalesce(max(notification_id), 0) FROM ledger.entries"))
    return int(last)


def _made(connection: Connection[Any]) -> bool:
    query = SQL("SELECT to_regclass('projections.standing_segments') IS NOT NULL, to_regclass('projections.tracking')")
    ((made, tracking),) = _rows(connection, query)
    return bool(made and tracking)


def _positions(connection: Connection[Any], size: int, end: int, findings: Findings) -> None:
    if size == 0 < end and _nothing_derived(connection):  # just restored, or made anew: they will be derived
        findings.note("projection_behind", f"none of {end} entries is read yet", row="projections.tracking")
        return
    if 0 < size < end:
        # Not broken: at any moment rows may wait to be derived. Where the entries between give rise to no row, a
        # position that somebody counted down looks the same, and is as true: they are read again, to no effect.
        findings.note("projection_behind", f"{size} of {end} entries are read", row="projections.tracking")
    rows = list(_rows(connection, SQL("SELECT application_name, notification_id FROM projections.tracking")))
    names = sorted(str(name) for name, _ in rows)
    if (
        size > max(end, _entries(connection))
        or names != ["__migration__", "ledger"]
        or any(number is None for _, number in rows)
    ):
        findings.add("projection.position", f"{rows[-3:]} of {end} entries", row="projections.tracking")
    shape = list(_rows(connection, SQL("SELECT version FROM projections.shape")))
    if shape != [(SHAPE,)]:
        findings.add("projection.position", f"shape {shape}, not {SHAPE}", row="projections.shape")


def _nothing_derived(connection: Connection[Any]) -> bool:
    """Whether no table of the read models has a row, nor the position of one that was taken away."""
    for table in set(TABLES) - {"progress"}:  # which has its row from the beginning
        ((some,),) = _rows(connection, SQL("SELECT EXISTS (SELECT FROM projections.{})").format(Identifier(table)))
        if some:
            return False
    return True


def _governing_events(connection: Connection[Any], size: int) -> tuple[list[EventRow], list[tuple[Any, ...]]]:
    """Of the streams that are no enterprise's: the rows that the index of events should have, and those it has."""
    entries = SQL(
        "SELECT notification_id - 1, originator_id, originator_version, topic, state, recorded_at, NULL "
        "FROM ledger.entries WHERE notification_id <= {} AND NOT {}"
    ).format(size, _ENTERPRISE.format(Identifier("originator_id")))
    kept = SQL("SELECT * FROM projections.{} WHERE NOT {}").format(
        Identifier(event_index.TABLE), _ENTERPRISE.format(Identifier("subject"))
    )
    events = [to_recorded(EntryRow(*row)) for row in _rows(connection, entries)]
    return event_rows(events), list(_rows(connection, kept))


def _of_nobody(connection: Connection[Any], table: str, findings: Findings) -> None:
    # The index of events has rows of all streams; those of no enterprise are compared by themselves.
    governing = SQL("NOT ") + _ENTERPRISE.format(Identifier("p", "subject"))
    others = governing if table == event_index.TABLE else SQL("false")
    query = SQL(
        "SELECT DISTINCT p.subject FROM projections.{} p WHERE p.subject IS NULL OR NOT (EXISTS (SELECT FROM "
        "ledger.entries e WHERE e.originator_id = p.subject AND {}) OR {})"
    ).format(Identifier(table), _ENTERPRISE.format(Identifier("e", "originator_id")), others)
    for (subject,) in _rows(connection, query):
        findings.add("projection.unknown", subject=subject, row=f"projections.{table}")


def _rows(connection: Connection[Any], query: SQL | Composed) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        yield from cursor.execute(query)
