"""Standings as they are served: one look into a primary key, or an evaluation where a row does not hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from ledger.domain.dates import shanghai_date
from ledger.domain.folding import fold
from ledger.errors import Malformed
from ledger.feed import Feed
from ledger.limits import EVENTS_PAGE_MAX, STANDINGS_QUERY_IDS_MAX
from ledger.store.arrays import Texts
from projections.reading import Reading
from projections.rules import Rules
from projections.standing.evaluate import Case
from projections.standing.facts import Facts
from projections.standing.levels import Level
from projections.standing.public import facts_of
from projections.standing.render import render
from projections.steps import etag

__all__ = ["BEGINNING", "ChangeRow", "Cursor", "Served", "StandingView"]

_SETTLED_SECONDS: Final = 60  # a commit whose time was taken before midnight may become visible after it


class Served(NamedTuple):
    """A standing as canonical JSON. `until_on`: the day on which time alone will change it, None for never."""

    subject: str
    level: Level
    until_on: date | None
    body: bytes
    etag: str
    in_book: bool


class Cursor(NamedTuple):
    """A place in the feed of changes; `BEGINNING` is before all of them."""

    changed_on: date
    position: int
    subject: str

    def __str__(self) -> str:
        return f"{self.changed_on}.{self.position}.{self.subject}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """From its text. Raises `Malformed`."""
        day, _, rest = text.partition(".")
        position, _, subject = rest.partition(".")
        try:
            return cls(date.fromisoformat(day), int(position), subject)
        except ValueError as error:
            raise Malformed(f"not a cursor: {text[:80]!r}") from error


BEGINNING: Final = Cursor(date(1970, 1, 1), -1, "")


class ChangeRow(NamedTuple):
    """On `changed_on` the level became `after`: by the entry at `position`, or by time after that one last counted."""

    cursor: Cursor
    before: Level
    after: Level


class StandingView:
    """Reads through the read models; `today` is a calendar date in Asia/Shanghai, `now` a Unix time."""

    def __init__(self, reading: Reading, feed: Feed, rules: Callable[[], Rules]) -> None:
        """`rules` gives the policies as far as they are known now (`Runner.rules`)."""
        self._reading = reading
        self._feed = feed
        self._rules = rules

    def current(self, subject: str, today: date) -> Served:
        """The standing today. A subject that the book does not know is UNRATED, with `in_book` false."""
        row = self._reading.row("standing", {"subject": subject, "today": today})
        if row is None:
            return self._unknown(subject, today)
        level, _, until_on, body, tag = row
        if until_on is None or until_on > today:
            return Served(subject, Level(level), until_on, body, tag, True)
        return self.replay(subject, today)  # its steps were too many to write all of them ahead

    def currents(self, subjects: Sequence[str], today: date) -> dict[str, Served]:
        """The standings of up to `STANDINGS_QUERY_IDS_MAX` subjects today, in one round trip."""
        if len(subjects) > STANDINGS_QUERY_IDS_MAX:
            raise Malformed(f"at most {STANDINGS_QUERY_IDS_MAX} ids at once")
        rows = self._reading.rows("standings", {"subjects": Texts(set(subjects)), "today": today})
        served: dict[str, Served] = {}
        for subject, level, _, until_on, body, tag in rows:
            holds = until_on is None or until_on > today
            served[subject] = (
                Served(subject, Level(level), until_on, body, tag, True) if holds else self.replay(subject, today)
            )
        return {one: served.get(one) or self._unknown(one, today) for one in subjects}

    def replay(self, subject: str, as_of: date, *, tree_size: int | None = None, pinned: bool = False) -> Served:
        """The standing on any day, from the book itself: from the entries below `tree_size` (all, if None).

        With `pinned`, the document names the day and the size that it was asked for.
        """
        size = self._feed.size() if tree_size is None else tree_size
        record = fold(None, self._feed.subject(subject, tree_size=size))
        case = Case(self._rules().known_at(size), facts_of(record, subject))
        standing = case.on(as_of)
        until_on = case.next_change_on(as_of)
        body = render(standing, until_on, as_of=as_of if pinned else None, tree_size=tree_size if pinned else None)
        return Served(subject, standing.level, until_on, body, etag(body), record is not None)

    def _unknown(self, subject: str, today: date) -> Served:
        case = Case(self._rules().policies, Facts(subject))
        standing, until_on = case.on(today), case.next_change_on(today)
        body = render(standing, until_on)
        return Served(subject, standing.level, until_on, body, etag(body), False)

    def changes(self, after: Cursor, limit: int, now: int, log_size: int) -> list[ChangeRow]:
        """Changes of level after a cursor, in order, up to the present: no later one will ever sort before them.

        While the read models lag behind `log_size`, they are given up to the day of the last entry taken in.
        """
        row = self._reading.row("progress", {})
        size, recorded_on = row if row is not None else (0, date(1970, 1, 1))
        until = shanghai_date(now - _SETTLED_SECONDS)
        if size < log_size:
            until = min(until, recorded_on)
        rows = self._reading.rows(
            "standing_changes",
            {**after._asdict(), "until": until, "limit": max(1, min(limit, EVENTS_PAGE_MAX))},
        )
        return [ChangeRow(Cursor(*row[:3]), Level(row[3]), Level(row[4])) for row in rows]
