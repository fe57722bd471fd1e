"""The map's tables: what is read and written in a transaction that the caller holds.

Two states of the map can be read: the newest one, and the one under the newest published root, whose pages are kept
when they change. So proofs are served while newer entries come in, at the price of one copy of each page that
changed since. Both follow from the book and from two sizes alone, whatever the steps in which they were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from psycopg import Connection, errors
from psycopg.rows import tuple_row
from psycopg.sql import SQL

from ledger.store.array_parameters import Byteas, Texts
from ledger.store.connect import connect, translated
from ledger.store.contract import LeafRow
from ledger.tlog.prefix import EMPTY, item_hash, map_key
from projections.completeness.trie import Items, take_in
from projections.db.queries import MAP_QUERIES, MAP_SCHEMA, NEXT

__all__ = ["LOCK", "MapState", "MapTables", "items_of", "prepare_map"]

LOCK: Final = 0x6D6170  # "map": held by whoever writes the map
_SHAPE: Final = 1  # count up whenever schema.sql or the form of pages changes
_TABLES: Final = ("map_pages", "map_kept", "map_state")


class MapState(NamedTuple):
    """See schema.sql. `root` and `subjects` are those of the first `size` entries."""

    shape: int
    size: int
    target: int
    kept_size: int
    subjects: int
    root: bytes

    @property
    def complete(self) -> bool:
        """Whether the pages hold a whole cut, rather than a part of the way to the next."""
        return self.size == self.target > 0


_NOTHING_YET: Final = MapState(_SHAPE, 0, 0, 0, 0, EMPTY)


def items_of(leaves: Sequence[LeafRow]) -> Items:
    """By key of the subject, what the leaves add to its stream."""
    items: dict[bytes, list[bytes]] = {}
    keys: dict[str, bytes] = {}
    for leaf in leaves:
        key = keys.get(leaf.subject) or keys.setdefault(leaf.subject, map_key(leaf.subject))
        items.setdefault(key, []).append(item_hash(leaf.index, leaf.leaf_hash))
    return items


class MapTables:
    """One set of tables, by its suffix. Errors are the driver's."""

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self._queries = {name: SQL(text.replace("_set", suffix)) for name, text in MAP_QUERIES.items()}  # our own file

    def create(self, connection: Connection[Any]) -> None:
        """Empty tables, in the place of those that may be there."""
        self.drop(connection)
        connection.execute(SQL(MAP_SCHEMA["tables"].replace("_set", self._suffix)))
        self._execute(connection, "first", _NOTHING_YET._asdict())

    def drop(self, connection: Connection[Any]) -> None:
        for table in _TABLES:
            connection.execute(SQL(f"DROP TABLE IF EXISTS projections.{table}{self._suffix}"))

    def rename(self, connection: Connection[Any]) -> None:
        """Put this set in the place of the one that serves, within the caller's transaction."""
        MapTables().drop(connection)
        for table in _TABLES:
            connection.execute(SQL(f"ALTER TABLE projections.{table}{self._suffix} RENAME TO {table}"))
        for table in _TABLES[:2]:
            key = f"{table}{self._suffix}_pkey"
            connection.execute(SQL(f"ALTER INDEX projections.{key} RENAME TO {table}_pkey"))

    def state(self, connection: Connection[Any]) -> MapState:
        return MapState(*self._rows(connection, "state", {})[0])

    def begin(self, connection: Connection[Any], target: int, published: bool) -> None:
        """Go on to a new cut at `target`. `published`: what the pages hold now was, and is kept from here."""
        state = self.state(connection)
        if published:
            self._execute(connection, "forget_kept", {})
        kept_size = state.size if published else state.kept_size
        self._execute(connection, "begin", {"target": target, "kept_size": kept_size})

    def advance(self, connection: Connection[Any], state: MapState, leaves: Sequence[LeafRow]) -> MapState:
        """Take in the leaves from `state.size` on; the state after them."""

        def read(prefixes: Sequence[str]) -> Mapping[str, bytes]:
            return dict(self._rows(connection, "pages", {"prefixes": Texts(prefixes)}))

        changed = take_in(items_of(leaves), read)
        prefixes = Texts(changed.pages)
        if state.kept_size:
            self._execute(connection, "keep", {"prefixes": prefixes})
        self._execute(connection, "write", {"prefixes": prefixes, "pages": Byteas(changed.pages.values())})
        after = state._replace(size=leaves[-1].index + 1, subjects=changed.whole.subjects, root=changed.whole.hash)
        self._execute(connection, "advance", {"size": after.size, "subjects": after.subjects, "root": after.root})
        return after

    def read_pages(self, connection: Connection[Any], prefixes: Sequence[str], *, published: bool) -> dict[str, bytes]:
        """Pages of the newest state, or of the one under the published root; those that there are."""
        name = "pages_published" if published else "pages"
        rows = self._rows(connection, name, {"prefixes": Texts(prefixes)})
        return {prefix: page for prefix, page in rows if page is not None}

    def _rows(self, connection: Connection[Any], name: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            return cursor.execute(self._queries[name], params, prepare=True).fetchall()

    def _execute(self, connection: Connection[Any], name: str, params: Mapping[str, Any]) -> None:
        connection.execute(self._queries[name], params, prepare=True)


def prepare_map(conninfo: str) -> None:
    """Make the tables if they are not there, or of another shape. Raises `Unavailable`, `Misconfigured`.

    Where they are as they should be nothing is locked: a service starts also while the map is rebuilt.
    """
    with connect(conninfo, answer_seconds_max=None) as connection, translated():
        if _as_they_should_be(connection):
            return
        connection.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET client_min_messages = warning")
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))  # gone with the connection
        if not _as_they_should_be(connection):  # nobody else made them meanwhile
            with connection.transaction():
                MapTables().create(connection)
                MapTables(NEXT).drop(connection)


def _as_they_should_be(connection: Connection[Any]) -> bool:
    try:
        return MapTables().state(connection).shape == _SHAPE
    except (errors.UndefinedTable, errors.UndefinedColumn):
        return False
