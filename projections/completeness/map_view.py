"""The map as it is asked: proofs under the newest published root, and the newest cut for whoever publishes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import Connection

from ledger.domain.state.completeness_map import MapRoot
from ledger.errors import NotFound
from ledger.limits import PROOFS_READ_MAX
from ledger.store.connect import Database, to_ledger_error
from ledger.tlog.prefix import MapProof, map_key
from projections.completeness.map_tables import MapState, MapTables
from projections.completeness.trie import prove

__all__ = ["MapView"]

_READ_AHEAD_DIGITS: Final = 7  # pages on the path of a key that are read at once: enough for a hundred million subjects


class MapView:
    """Thread-safe; may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables = MapTables()

    def cut(self) -> MapState | None:
        """The newest cut; None before the first, and while the next one is being made."""
        with self._snapshot() as connection:
            state = self._tables.state(connection)
        return state if state.complete else None

    def proofs(self, subjects: Sequence[str], roots: Sequence[MapRoot]) -> tuple[MapRoot, dict[str, MapProof]]:
        """The newest of the published `roots` that proofs are kept for, and under it a proof for each subject.

        Raises `NotFound` where there is none (yet).
        """
        with self._snapshot() as connection:
            state = self._tables.state(connection)
            sizes = {state.kept_size: True, **({state.size: False} if state.complete else {})}
            for root in reversed(roots):
                kept = sizes.get(root.tree_size)
                if kept or (kept is False and root.root == state.root):  # one that is not ours proves nothing
                    return root, self._prove_all(connection, subjects, kept)
        raise NotFound("no root of the completeness map was published yet that proofs can be served under")

    def _prove_all(self, connection: Connection[Any], subjects: Sequence[str], kept: bool) -> dict[str, MapProof]:
        """A proof each; the pages of so many of them are read at once."""
        proofs: dict[str, MapProof] = {}
        for start in range(0, len(subjects), PROOFS_READ_MAX):
            keys = {subject: map_key(subject) for subject in subjects[start : start + PROOFS_READ_MAX]}
            ahead = {key.hex()[:digits] for key in keys.values() for digits in range(_READ_AHEAD_DIGITS)}
            pages = self._tables.read_pages(connection, sorted(ahead), published=kept)

            def read(
                prefixes: Sequence[str], ahead: Set[str] = ahead, pages: Mapping[str, bytes] = pages
            ) -> Mapping[str, bytes]:
                if all(prefix in ahead for prefix in prefixes):
                    return pages
                return self._tables.read_pages(connection, prefixes, published=kept)

            proofs |= {subject: prove(key, read) for subject, key in keys.items()}
        return proofs

    @contextmanager
    def _snapshot(self) -> Iterator[Connection[Any]]:
        """A transaction that sees one state of the map, whatever is written meanwhile."""
        try:
            with self._database.pool.connection() as connection, connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield connection
        except psycopg.Error as error:
            raise to_ledger_error(error) from error
