"""Enterprises' pages that were drawn before anybody asked, as rows: each with what it rests on.

Of what a page says nothing is known here. Whether a row still holds is decided by the statement that reads it, in one
snapshot with the log: a row about whose enterprise anything was recorded since, or that rests on another day, program,
rule or set of read models, is not there. So a row may be late or lost, and is never too old.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from psycopg import Connection
from psycopg.rows import tuple_row

from ledger.store.array_parameters import Bigints, Byteas, Texts
from ledger.store.connect import Database, translated
from projections.db.queries import QUERIES
from projections.db.reads import Reading

__all__ = ["DrawnPage", "DrawnPages", "PageGround", "forget_pages"]

_LOCK: Final = "LOCK TABLE projections.drawn_pages IN {} MODE"


class PageGround(NamedTuple):
    """What all pages of a moment rest on, beside the entries about each: the digest of the program, the day, and
    `ruled_size` (`Governance`)."""

    program: str
    day: date
    ruled_size: int


class DrawnPage(NamedTuple):
    """A page in one language; drawn from the enterprise's entries up to version `version`, which has index `newest`."""

    subject: str
    language: str
    version: int
    newest: int
    content: bytes


class DrawnPages:
    """Thread-safe. Every method may raise `Unavailable`, `Misconfigured`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = Reading(database)

    def find(self, asked: Sequence[tuple[str, str]], ground: PageGround) -> dict[tuple[str, str], bytes]:
        """The contents of those pages (subject, language) that rest on what there is now."""
        params = {
            "subjects": Texts(subject for subject, _ in asked),
            "languages": Texts(language for _, language in asked),
            **ground._asdict(),
        }
        return {(subject, language): body for subject, language, body in self._reading.rows("drawn_pages", params)}

    def overtaken(self, kept: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
        """Which of these (subject, tree size) have an entry about the subject that a log of that size does not."""
        sizes = {"subjects": Texts(subject for subject, _ in kept), "sizes": Bigints(size for _, size in kept)}
        return {(subject, size) for subject, size in self._reading.rows("overtaken", sizes)} if kept else set()

    def read_models(self) -> int:
        """Which set of read models serves: another one after every rebuild. 0 where there is none."""
        row = self._reading.row("read_models", {})
        return 0 if row is None or row[0] is None else int(row[0])

    def subjects_between(self, after: int, before: int) -> list[str]:
        """Whom the entries with index in [after, before) are about, the newest first."""
        return [row[0] for row in self._reading.rows("subjects_between", {"after": after, "before": before})]

    def missing(self, after: str, limit: int, ground: PageGround, *, anew: bool) -> tuple[list[str], str]:
        """Of the next `limit` enterprises after `after` those whose pages do not hold; with `anew` also those that have
        none. And the last one looked at, empty where there was none."""
        rows = self._reading.rows("pages_missing", {"after": after, "limit": limit, **ground._asdict()})
        found = [subject for subject, holds, there in rows if not holds and (there or anew)]
        return found, rows[-1][0] if rows else ""

    def put(self, pages: Sequence[DrawnPage], ground: PageGround, read_models: int) -> None:
        """Keep these; not those of enterprises about which more was recorded meanwhile.

        The lock is what `forget_pages` waits for, and what waits for it: the statement after it sees the entry because
        of which a page is forgotten.
        """
        params = {
            "subjects": Texts(page.subject for page in pages),
            "languages": Texts(page.language for page in pages),
            "versions": Bigints(page.version for page in pages),
            "newest": Bigints(page.newest for page in pages),
            "contents": Byteas(page.content for page in pages),
            "read_models": read_models,
            **ground._asdict(),
        }
        with translated(), self._database.pool.connection() as connection, connection.transaction():
            connection.execute("SET LOCAL synchronous_commit = off")  # what a crash loses is drawn again
            connection.execute(_LOCK.format("ROW EXCLUSIVE"))
            connection.execute(QUERIES["put_drawn_pages"], params)

    def count(self) -> int:
        row = self._reading.row("count_drawn_pages", {})
        return 0 if row is None else int(row[0])

    def drop(self, count: int) -> None:
        """Drop so many: of the enterprises about which nothing was recorded for the longest."""
        with translated(), self._database.pool.connection() as connection:
            connection.execute(QUERIES["drop_drawn_pages"], {"count": count})


def forget_pages(connection: Connection[Any], subjects: Sequence[str]) -> None:
    """In the connection's transaction, drop the pages of enterprises of whom something was erased: nothing of it is
    left in the table, nor comes to be by somebody who read it before."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_LOCK.format("SHARE ROW EXCLUSIVE"))
        cursor.execute(QUERIES["forget_drawn_pages"], {"subjects": Texts(subjects)})
