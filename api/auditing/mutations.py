"""Mutations of a book, generated from the database's own description of its tables: each changes one thing.

Every table of the schemas `ledger` and `projections` is covered, every column by its type, without anybody having to
remember a new one. What is no evidence of anything is listed here, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, NamedTuple

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row
from psycopg.sql import SQL, Composable, Composed, Identifier

__all__ = ["NO_EVIDENCE", "NO_EVIDENCE_COLUMNS", "NO_EVIDENCE_GONE", "Mutation", "mutations"]

NO_EVIDENCE: Final = {
    "ledger.held_bodies": "uploads that no entry has named yet",
    "ledger.held_annexes": "uploads that no entry has named yet",
    "projections.drawn_pages": "pages drawn before they are asked for: what they say is that of rows that are audited",
}
NO_EVIDENCE_COLUMNS: Final = {
    "ledger.migrations.applied_at": "when an operator ran it: says nothing about the book",
    "ledger.attachments.uploaded_at": "before anything was signed about it",
    "projections.map_state.target": "how far the maker of the next cut means to go: a plan",
}
NO_EVIDENCE_GONE: Final = {
    "ledger.cosignatures": "a witness owes none: where too many are gone, the quorum is, which has a test of its own",
}
# Rows that are evidence, as a condition; the others have the reason beside it.
_ROWS: Final = {
    "ledger.unique_facts": (
        "t.kind IN ('cti', 'body') OR t.leaf_index NOT IN "
        "(SELECT v.leaf_index FROM ledger.vault v WHERE v.body IS NULL)",
        "facts of an erased body: nothing is left to derive them from",
    ),
    "ledger.vault": ("t.body IS NOT NULL", "an erased body: only its commitment is left, checked in any row"),
    "ledger.attachments": (
        "EXISTS (SELECT FROM ledger.unique_facts f WHERE f.kind = 'attachment' AND f.key = encode(t.id, 'hex'))",
        "uploads that no entry has named yet",
    ),
    "ledger.accesses": (
        "t.day <= (SELECT max(to_timestamp(e.recorded_at)::date) FROM ledger.entries e "
        "WHERE e.topic = 'AccessDigestPublished')",
        "accesses of days whose digest was not published yet",
    ),
    "projections.tracking": ("t.application_name = 'ledger'", "the library's own row"),
}
_CHANGES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "bytea": (
        ("first byte flipped", "set_byte({c}, 0, get_byte({c}, 0) # 1)"),
        ("middle byte flipped", "set_byte({c}, length({c}) / 2, get_byte({c}, length({c}) / 2) # 128)"),
        ("last byte flipped", "set_byte({c}, length({c}) - 1, get_byte({c}, length({c}) - 1) # 1)"),
    ),
    "text": (("edited", "{c} || 'x'"), ("cut", "left({c}, -1)")),
    "bigint": (("counted up", "{c} + 1"), ("counted down", "{c} - 1")),
    "integer": (("counted up", "{c} + 1"),),
    "boolean": (("turned", "NOT {c}"),),
    "date": (("a day later", "{c} + 1"), ("a year earlier", "{c} - 365")),
    "timestamp with time zone": (("a day later", "{c} + interval '1 day'"),),
    "uuid": (("another", "gen_random_uuid()"),),
    "ARRAY": (("first taken out", "{c}[2:]"),),
}
# A ciphertext says nothing without its key, which is kept apart; how long it is, and that it is there, does.
_ONLY_NULL: Final = {"ledger.attachments.ciphertext"}


class Mutation(NamedTuple):
    """One change to a book that somebody with every right could make, and that an audit has to name.

    `apply` changes one thing; `rows` are those that it is about, as they were, by column.
    """

    table: str
    what: str
    apply: Composed
    rows: list[dict[str, Any]]

    @property
    def name(self) -> str:
        return f"{self.table}: {self.what}"


def mutations(connection: Connection[Any], each: int = 1, without: Collection[str] = ()) -> Iterator[Mutation]:
    """All mutations of what the tables hold now; `each`: of how many rows a column is changed. `without`: tables that
    are no evidence for whoever audits.
    """
    for table in _tables(connection):
        if table in NO_EVIDENCE or table in without:
            continue
        columns = _columns(connection, table)
        total = _count(connection, table)
        if not total:
            continue
        for column, kind in columns.items():
            if f"{table}.{column}" not in NO_EVIDENCE_COLUMNS:
                yield from _of_column(connection, table, column, kind, each)
        yield from _of_rows(connection, table, columns)


def _of_column(connection: Connection[Any], table: str, column: str, kind: str, each: int) -> Iterator[Mutation]:
    name, changes = Identifier(*table.split(".")), _CHANGES.get(kind)
    if changes is None:
        raise ValueError(f"{table}.{column} is of type {kind}: say how to change it")
    condition = SQL("t.{} IS NOT NULL").format(Identifier(column))
    if kind in ("bytea", "text"):
        condition = SQL("{} AND length(t.{}) > 0").format(condition, Identifier(column))
    if kind == "ARRAY":
        condition = SQL("{} AND cardinality(t.{}) > 0").format(condition, Identifier(column))
    for row in _sample(connection, table, condition, each):
        ctid = row["ctid"]
        if f"{table}.{column}" not in _ONLY_NULL:
            for what, change in changes:
                value = SQL(change.format(c="{c}")).format(c=Identifier(column))
                yield Mutation(table, f"{column} {what}", _update(name, column, value, ctid), [row])
        yield Mutation(table, f"{column} nulled", _update(name, column, SQL("NULL"), ctid), [row])
    pair = _pair(connection, table, column)
    if pair is not None and f"{table}.{column}" not in _ONLY_NULL:
        one, two = pair
        swap = SQL(
            "UPDATE {t} t SET {c} = o.{c} FROM {t} o WHERE (t.ctid = {one} AND o.ctid = {two}) "
            "OR (t.ctid = {two} AND o.ctid = {one})"
        ).format(t=name, c=Identifier(column), one=_ctid(one["ctid"]), two=_ctid(two["ctid"]))
        yield Mutation(table, f"{column} of two rows swapped", swap, [one, two])


def _of_rows(connection: Connection[Any], table: str, columns: dict[str, str]) -> Iterator[Mutation]:
    name = Identifier(*table.split("."))
    last = _sample(connection, table, SQL("true"), 1, newest=True)
    for what, rows in (("a row", _sample(connection, table, SQL("true"), 1)), ("the last row", last)):
        for row in rows:
            gone = SQL("DELETE FROM {} t WHERE t.ctid = {}").format(name, _ctid(row["ctid"]))
            if table not in NO_EVIDENCE_GONE:
                yield Mutation(table, f"{what} removed", gone, [row])
            listed = SQL(", ").join(Identifier(column) for column in columns)
            double = SQL("INSERT INTO {} ({}) SELECT {} FROM {} t WHERE t.ctid = {}").format(
                name, listed, listed, name, _ctid(row["ctid"])
            )
            yield Mutation(table, f"{what} doubled", double, [row])


def _update(table: Identifier, column: str, value: Composable, ctid: str) -> Composed:
    return SQL("UPDATE {} t SET {} = {} WHERE t.ctid = {}").format(table, Identifier(column), value, _ctid(ctid))


def _ctid(ctid: str) -> Composed:
    return SQL("{}::tid").format(ctid)


def _sample(
    connection: Connection[Any], table: str, condition: Composable, count: int, *, newest: bool = False
) -> list[dict[str, Any]]:
    """Rows spread over the table, always the same; `newest`: the last one that was written."""
    order = SQL("t.ctid DESC") if newest else SQL("md5(t.ctid::text)")
    evidence = SQL(_ROWS[table][0]) if table in _ROWS else SQL("true")
    query = SQL("SELECT t.ctid::text AS ctid, t.* FROM {} t WHERE {} AND ({}) ORDER BY {} LIMIT {}").format(
        Identifier(*table.split(".")), condition, evidence, order, count
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def _pair(connection: Connection[Any], table: str, column: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Two rows with different values in a column, None where there are none."""
    known = SQL("t.{} IS NOT NULL").format(Identifier(column))
    rows = _sample(connection, table, known, 50)
    for other in rows[1:]:
        if other[column] != rows[0][column]:
            return rows[0], other
    return None


def _tables(connection: Connection[Any]) -> list[str]:
    query = (
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema IN ('ledger', 'projections') AND table_type = 'BASE TABLE' ORDER BY 1"
    )
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [row[0] for row in cursor.execute(query)]


def _columns(connection: Connection[Any], table: str) -> dict[str, str]:
    query = (
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
        "AND is_generated = 'NEVER' ORDER BY ordinal_position"
    )
    with connection.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(query, table.split(".")).fetchall())


def _count(connection: Connection[Any], table: str) -> int:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(SQL("SELECT count(*) FROM {}").format(Identifier(*table.split(".")))).fetchone()
    assert row is not None  # a count
    return int(row[0])
