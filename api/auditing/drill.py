"""The tamper drill: change one thing in a copy of a book, audit, put it back; for every mutation there is.

Each is applied inside a transaction that is rolled back, on one connection, and the audit reads through that very
connection. What stands in the way (triggers, constraints) is taken away first, as a superuser can.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import psycopg
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from api.auditing.mutations import Mutation, mutations
from ledger.audit import AuditFinding, AuditResult, FurtherChecks, Known, run_audit
from ledger.audit.sources.database_source import DatabaseSource
from ledger.errors import LedgerError, Misconfigured
from ledger.store.connect import connect, translated
from ledger.verifier import Trust
from projections.completeness.map_check import check_map
from projections.engine.audit_check import check_read_models, rows_of_streams

__all__ = ["Drilled", "Drilling", "audit_here", "drill"]

_CHECKS: Final = (rows_of_streams,)
_WHOLE: Final = (check_read_models, check_map)
# A position of the read models that is counted down says that they have read less. Where the entries above it gave rise
# to no row, that is true in every row: they are read again, to no effect. It is named, and is no broken promise.
_TRUE_STILL: Final = frozenset(("projection_behind",))


class Drilled(Struct, frozen=True):
    """What came of one mutation. `named`: findings about just that; `strayed`: findings about something else.

    `noted`: notices about it where it only made true things less (`_TRUE_STILL`): no promise is broken by it.
    """

    name: str
    named: list[AuditFinding]
    strayed: list[AuditFinding]
    failed: str = ""
    noted: list[AuditFinding] = []

    @property
    def found(self) -> bool:
        return bool(self.named or self.noted) and not self.strayed and not self.failed


class Drilling(NamedTuple):
    """A book to be tampered with, on a connection that may do anything to it."""

    connection: Connection[Any]
    trust: Trust
    known: Known = Known()


def audit_here(drilling: Drilling) -> AuditResult:
    """The whole audit, in this process, of what the connection sees."""
    return run_audit(
        DatabaseSource(drilling.connection), drilling.trust, known=drilling.known, checks=FurtherChecks(_CHECKS, _WHOLE)
    )


def drill(
    conninfo: str,
    trust: Trust,
    *,
    each: int = 1,
    every: int = 1,
    most: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Drilled]:
    """Every mutation of the book at `conninfo`, as a superuser. Raises `Misconfigured` unless it is clean before.

    `each`: how many rows of a table; `every`: only every n-th mutation; `most`: so many of them, spread over all.
    Nothing is changed for good. After the last one the book is audited again, and must be clean still.
    """
    with translated(), connect(conninfo, answer_seconds_max=None) as connection:
        connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        connection.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
        drilling = Drilling(connection, trust)
        with connection.transaction(force_rollback=True):
            before = _require_clean(drilling, "before the drill")
            # Without witnesses in the trust file nobody can tell one cosignature from another.
            without = () if trust.policy is not None else ("ledger.cosignatures",)
            planned = _spread(list(mutations(connection, each, without))[::every], most)
            for done, mutation in enumerate(planned):
                progress(done, len(planned))
                yield _one(drilling, mutation, before)
            _require_clean(drilling, "after the drill")
        progress(len(planned), len(planned))


def _spread(planned: Sequence[Mutation], most: int | None) -> Sequence[Mutation]:
    """At most so many, from the first to the last: they come table by table."""
    count = len(planned)
    return planned if most is None or most >= count else [planned[place * count // most] for place in range(most)]


def _one(drilling: Drilling, mutation: Mutation, before: AuditResult) -> Drilled:
    connection = drilling.connection
    with connection.transaction(force_rollback=True):
        try:
            with connection.transaction():
                connection.execute(mutation.apply)
        except psycopg.Error:
            _drop_constraints(connection, mutation.table)
            connection.execute(mutation.apply)
        places = _Places(connection, mutation)
        try:
            outcome = audit_here(drilling)
        except (LedgerError, psycopg.Error) as error:
            return Drilled(mutation.name, [], [], f"the audit did not complete: {error}")
    named = [one for one in outcome.findings if places.hold(one)]
    strayed = [one for one in outcome.findings if not places.hold(one)]
    noted = [one for one in outcome.notices if one.code in _TRUE_STILL and places.hold(one)]
    noted = [one for one in noted if one not in before.notices]
    return Drilled(mutation.name, named, strayed, noted=noted)


def _drop_constraints(connection: Connection[Any], table: str) -> None:
    """What keeps honest software from writing such a row does not keep a superuser from it."""
    name = Identifier(*table.split("."))
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 'n'", (table,)
        ).fetchall()
        for (constraint,) in found:
            cursor.execute(
                SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {} CASCADE").format(name, Identifier(constraint))
            )
        unique = cursor.execute(
            "SELECT n.nspname, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.indrelid = %s::regclass AND i.indisunique",
            (table,),
        ).fetchall()
        for schema, index in unique:
            cursor.execute(SQL("DROP INDEX IF EXISTS {}").format(Identifier(schema, index)))
        required = cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attnotnull", (table,)
        ).fetchall()
        for (column,) in required:
            cursor.execute(SQL("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL").format(name, Identifier(column)))


class _Places:
    """Where findings about a mutation may be: its rows, the entries and subjects that they are about."""

    def __init__(self, connection: Connection[Any], mutation: Mutation) -> None:
        self._table = mutation.table
        self._entries: set[int] = set()
        self._subjects: set[str] = set()
        self._sizes: set[int] = set()
        with connection.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute("SELECT tree_size FROM ledger.checkpoints ORDER BY tree_size").fetchall()
        sizes = [row[0] for row in rows if row[0] is not None]
        for row in mutation.rows:
            for column in ("leaf_index", "entry"):
                self._about_entry(row.get(column), sizes)
            if mutation.table == "ledger.entries":
                index = row["notification_id"] - 1
                moved = (index - 1, index + 1) if mutation.what.startswith("notification_id counted") else ()
                for one in (index, *moved):
                    self._about_entry(one, sizes)
            self._subjects |= {value for key, value in row.items() if key in ("originator_id", "subject")}
            if mutation.table in ("ledger.checkpoints", "ledger.cosignatures"):
                self._about_size(row["tree_size"], sizes)
        self._subjects |= set(_subjects(connection, self._entries))

    def hold(self, finding: AuditFinding) -> bool:
        """Whether a finding is about one of them."""
        return (
            finding.entry in self._entries
            or finding.subject in self._subjects
            or (finding.size is not None and finding.size in self._sizes)
            or (finding.row is not None and finding.row.split(" ")[0] == self._table)
        )

    def _about_entry(self, index: object, sizes: Sequence[int]) -> None:
        if isinstance(index, int):
            self._entries.add(index)
            place = bisect_right(sizes, index)
            self._sizes |= set(sizes[place : place + 1])

    def _about_size(self, size: int, sizes: Sequence[int]) -> None:
        """It, the next one (which names it as the one before), and the entries that it covers first."""
        place = bisect_right(sizes, size)
        self._sizes |= {size, size + 1, size - 1, *sizes[place : place + 1]}
        before = max((one for one in sizes if one < size), default=0)
        self._entries |= set(range(before, size))


def _subjects(connection: Connection[Any], entries: Iterable[int]) -> list[str]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        query = "SELECT originator_id FROM ledger.entries WHERE notification_id = ANY (%s)"
        rows = cursor.execute(query, ([index + 1 for index in entries],)).fetchall()
    return [row[0] for row in rows if row[0] is not None]


def _require_clean(drilling: Drilling, when: str) -> AuditResult:
    outcome = audit_here(drilling)
    if not outcome.clean:
        first = outcome.findings[0]
        raise Misconfigured(f"the book is not clean {when}: {first.code} at {first.place}: {first.detail}")
    return outcome
