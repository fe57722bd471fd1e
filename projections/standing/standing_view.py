"""Standings as they are served: one look into a primary key, or an evaluation where a row does not hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from ledger.domain.events.base import Recorded
from ledger.domain.state.fold import fold
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Malformed
from ledger.limits import EVENTS_PAGE_MAX, STANDINGS_QUERY_IDS_MAX
from ledger.reading.feed import Feed
from ledger.store.array_parameters import Texts
from projections.db.dated_document import etag
from projections.db.reads import Reading
from projections.standing.change_reasons import LevelChange, changes_of, hide, history, page_of, render_history
from projections.standing.disclosure import DisclosureWindows
from projections.standing.evaluate import Case
from projections.standing.facts import Facts
from projections.standing.facts_from_record import facts_of
from projections.standing.level_history import Change
from projections.standing.levels import Level
from projections.standing.policy_timeline import Rules
from projections.standing.render import render
from projections.standing.standing_model import LevelHold, Reason, Standing

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
    settled: bool = False  # nothing in it can be closed later: it may be kept for ever


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

    def replay(
        self,
        subject: str,
        as_of: date,
        *,
        tree_size: int | None = None,
        pinned: bool = False,
        today: date | None = None,
    ) -> Served:
        """The standing on any day, from the book itself: from the entries below `tree_size` (all, if None).

        With `pinned`, the document names the day and the size that it was asked for. `today`: given for a day or a
        size of the past, whose reasons are no longer shown if their entries are closed by now.
        """
        size = self._feed.size() if tree_size is None else tree_size
        record = fold(None, self._feed.subject(subject, tree_size=size))
        case = Case(self._rules().known_at(size), facts_of(record, subject))
        standing = case.on(as_of)
        until_on = case.holds_until(as_of)
        closed = frozenset[int]() if today is None else self._closed(standing, today)
        body = render(
            standing,
            case.next_change_on(as_of),
            as_of=as_of if pinned else None,
            tree_size=tree_size if pinned else None,
            closed=closed,
        )
        settled = today is not None and all(one.entry in closed for one in _named(standing))
        return Served(subject, standing.level, until_on, body, etag(body), record is not None, settled)

    def _closed(self, standing: Standing, today: date) -> frozenset[int]:
        """Those of the entries behind a standing that are closed today (`projections/standing/disclosure.py`)."""
        named = _named(standing)
        record = fold(None, self._feed.subject(standing.subject)) if named else None
        if record is None:
            return frozenset()
        public = _still_public(record, DisclosureWindows.of(record, self._rules().policies), today)
        return frozenset(one.entry for one in named if not public(one.entry, one.effective_on))

    def history(self, subject: str, today: date, after: Cursor | None, limit: int) -> tuple[bytes, bool]:
        """When the level of a subject changed up to `today`, and why, as canonical JSON; and whether it is in the book.

        Up to `limit` changes after a place. Reasons whose entries are closed by now are not said again.
        """
        size = self._feed.size()
        stream = self._feed.subject(subject, tree_size=size)
        rules = self._rules()
        changes = changes_of(stream, rules, size, today)
        page = page_of(changes, None if after is None else (after.changed_on, after.position), limit)
        record = fold(None, stream)
        turns = _told(stream, record, rules, page, today)
        more = bool(page) and page[-1] != changes[-1]
        following = str(Cursor(page[-1].changed_on, page[-1].position, subject)) if more else None
        return render_history(subject, turns, size=size, today=today, following=following), record is not None

    def turns(
        self,
        stream: Sequence[Recorded],
        known: tuple[EnterpriseRecord, DisclosureWindows],
        changes: Sequence[Change],
        today: date,
    ) -> list[LevelChange]:
        """Changes of level as `history` tells them, of a stream that is read already: `known` are its fold, and the
        windows of its entries."""
        record, closing = known
        public = _still_public(record, closing, today)
        return hide(history(stream, self._rules(), changes), lambda entry, on: not public(entry, on))

    def _unknown(self, subject: str, today: date) -> Served:
        case = Case(self._rules().policies, Facts(subject))
        standing, until_on = case.on(today), case.holds_until(today)
        body = render(standing, case.next_change_on(today))
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


def _told(
    stream: Sequence[Recorded], record: EnterpriseRecord | None, rules: Rules, changes: Sequence[Change], today: date
) -> list[LevelChange]:
    """The changes with their reasons, as far as those may be named today."""
    turns = history(stream, rules, changes)
    if record is None:
        return turns
    public = _still_public(record, DisclosureWindows.of(record, rules.policies), today)
    return hide(turns, lambda entry, on: not public(entry, on))


def _still_public(record: EnterpriseRecord, closing: DisclosureWindows, today: date) -> Callable[[int, date], bool]:
    """Whether a reason or hold by an entry, from a date on, may still be named: not what was taken back, nor closed."""
    facts = closing.facts
    standing = {one.entry for one in facts.items} | {one.entry for one in facts.holds}
    return lambda entry, on: entry in standing and closing.shows_finding(entry, on, today)


def _named(standing: Standing) -> list[Reason | LevelHold]:
    """What a standing says of single entries that may be closed."""
    return [*standing.reasons, *standing.holds]
