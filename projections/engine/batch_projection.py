"""Takes in the log, batch by batch, and keeps the courses of enterprises that were lately heard of.

Knows a set of tables by its suffix and nothing of who else writes: transactions, turns and positions are the
caller's (`runner.py`, `rebuild.py`). If the caller's transaction comes to nothing, the follower must be dropped.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from ledger.domain.events.base import Recorded
from ledger.domain.events.policy import StandingPolicyApproved
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_enterprise, is_governing
from ledger.reading.feed import Feed
from projections.declarations.campaign_rows import campaign_rows
from projections.declarations.drawn_pages import forget_pages
from projections.engine.enterprise_rows import portray, standing_steps
from projections.engine.tables import (
    Forget,
    Replaced,
    Rows,
    due_subjects,
    extend_rows,
    index_events,
    replace_rows,
    write_campaigns,
    write_progress,
)
from projections.search.enterprise_row import same_identity
from projections.standing import Case, Facts, facts_of
from projections.standing.level_history import LevelHistory, changes_declarations, erases, follow, without_erased
from projections.standing.policy_timeline import Rules

__all__ = ["COURSES_CACHED_MAX", "BatchProjector"]

COURSES_CACHED_MAX: Final = 20_000
_SUBJECTS_AT_ONCE: Final = 500
_EXTENDED_AT_ONCE: Final = 50  # each has many steps: half a megabyte at most


class BatchProjector:
    """The state of the read models at tree size `size`. One thread at a time."""

    def __init__(self, feed: Feed, suffix: str = "", *, courses_max: int = COURSES_CACHED_MAX) -> None:
        self._feed = feed
        self._suffix = suffix
        self._courses_max = courses_max
        self._courses: OrderedDict[str, LevelHistory] = OrderedDict()
        self._facts: dict[str, Facts] = {}  # of the same, as far as they are known
        self._rules = Rules.none()
        self.size = 0

    @property
    def rules(self) -> Rules:
        return self._rules

    def load(self, size: int) -> None:
        """Begin at tree size `size`, with no courses in memory. Raises `Unavailable`."""
        self._courses.clear()
        self._facts.clear()
        self._rules = Rules.none().after(at for at in self._feed.governing() if at.index < size)
        self.size = size

    def next_batch(self, limit: int) -> list[Recorded]:
        """Up to `limit` further events; the approval of a standing policy is the last of its batch."""
        events = self._feed.read(self.size - 1, limit)
        for place, at in enumerate(events, 1):
            if isinstance(at.event, StandingPolicyApproved):
                return events[:place]
        return events

    def changes_everybody(self, events: Sequence[Recorded]) -> bool:
        """Whether the batch ends with the approval of a policy: then `reconsider` comes before `write`."""
        return bool(events) and isinstance(events[-1].event, StandingPolicyApproved)

    def absorb(self, events: Sequence[Recorded]) -> set[str]:
        """Take in what another process has written already; the enterprises that are concerned."""
        self._govern(events)
        subjects = set()
        for subject, news in _by_enterprise(events).items():
            subjects.add(subject)
            course = self._courses.get(subject)
            if course is not None:
                if erases(news):
                    del self._courses[subject]
                    self._facts.pop(subject, None)
                else:
                    self._follow_cached(subject, course, news, self._size_after(events))
        if self.changes_everybody(events):
            for subject, course in list(self._courses.items()):
                self._follow_cached(subject, course, (), self._size_after(events))
        self.size = self._size_after(events)
        return subjects

    def write(self, connection: Connection[Any], events: Sequence[Recorded]) -> set[str]:
        """Take in a batch and write the rows that it changes, in the connection's transaction."""
        self._govern(events)
        size = self._size_after(events)
        everybody = self.changes_everybody(events)
        subjects = self._write(connection, _by_enterprise(events), size, everybody=everybody)
        index_events(connection, self._suffix, events, self.size)
        if any(is_governing(at.subject) for at in events):
            self.write_governing(connection)
        if events:
            write_progress(connection, self._suffix, shanghai_date(events[-1].recorded_at))
        self.size = size
        return subjects

    def write_governing(self, connection: Connection[Any]) -> None:
        """The rows that derive from governing streams alone."""
        write_campaigns(connection, self._suffix, campaign_rows(self._rules.governance))

    def reconsider(self, connection: Connection[Any], events: Sequence[Recorded], after: str) -> str:
        """When a batch ends with a policy's approval: write some of everybody's rows anew, before `write`.

        Some are those that come next after the subject `after`; the last one's id is returned, empty when all
        are done. What a crash leaves half done is done again, since the position has not moved.
        """
        self._govern(events)
        segments = SQL("projections.{}").format(Identifier(f"standing_segments{self._suffix}"))
        query = SQL("SELECT DISTINCT subject FROM {} WHERE subject > %s ORDER BY subject LIMIT %s").format(segments)
        with connection.cursor(row_factory=tuple_row) as cursor:
            subjects = [row[0] for row in cursor.execute(query, (after, _SUBJECTS_AT_ONCE)).fetchall()]
        mentioned = _by_enterprise(events)
        others: dict[str, list[Recorded]] = {one: [] for one in subjects if one not in mentioned}
        self._write(connection, others, self._size_after(events), everybody=True)
        return subjects[-1] if subjects else ""

    def extend(self, connection: Connection[Any], today: date) -> int:
        """Write further steps for some of those whose written steps ended by `today`; for how many, 0: nobody is left.

        They are the same that an evaluation on each of their days gives, and touch no other enterprise.
        """
        due = dict(due_subjects(connection, self._suffix, today, _EXTENDED_AT_ONCE))
        missing = [subject for subject in due if subject not in self._courses]
        streams = self._feed.subjects(missing) if missing else {}
        rows = Rows()
        for subject, due_on in due.items():
            course = self._courses.get(subject) or self._course_of(streams[subject])
            assert course is not None  # it has a row because of an event
            case = Case(self._rules.policies, facts_of(course.record, subject))
            rows.add_standing(subject, standing_steps(case, due_on))
        if due:
            extend_rows(connection, self._suffix, rows, list(due))
        return len(due)

    def _write(
        self, connection: Connection[Any], news: dict[str, list[Recorded]], size: int, *, everybody: bool
    ) -> set[str]:
        """`everybody`: another policy holds, so that whatever was written may differ."""
        rows, forget, named, declared = Rows(), list[Forget](), list[str](), list[str]()
        anew = {subject for subject, events in news.items() if erases(events)}
        missing = [subject for subject in news if subject in anew or subject not in self._courses]
        streams = self._feed.subjects(missing) if missing else {}
        for subject, events in news.items():
            course = None
            if subject in anew:
                whole = without_erased([at for at in streams[subject] if at.index < size])
                followed = follow(None, whole, self._rules, size)
                forget.append((subject, None))
            else:
                course = self._courses.get(subject) or self._course_of(streams[subject])
                followed = follow(course, events, self._rules, size, self._facts.get(subject))
                if followed is not None and followed.since is not None:
                    forget.append((subject, followed.since))
            assert followed is not None  # there is an event, or a row because of one
            # Most events leave name, code and size alone: that row is the dearest of those that hardly ever change.
            renamed = course is None or not same_identity(course.record, followed.course.record)
            if renamed:
                named.append(subject)
            declares = renamed or everybody or changes_declarations(events)  # a mark's row has the name, too
            if declares:
                declared.append(subject)
            case = followed.case or Case(self._rules.policies, facts_of(followed.course.record, subject))
            rows.add(portray(followed.course, self._rules, case, named=renamed, declared=declares), followed.changes)
            self._keep(subject, followed.course, case.facts)
        if anew:
            forget_pages(connection, list(anew))
        if news:
            replace_rows(connection, self._suffix, rows, Replaced(list(news), named, declared, forget, self.size))
        while len(self._courses) > self._courses_max:
            gone, _ = self._courses.popitem(last=False)
            self._facts.pop(gone, None)
        return set(news)

    def _course_of(self, stream: Sequence[Recorded]) -> LevelHistory | None:
        """From a whole stream, as it was at our size."""
        before = without_erased([at for at in stream if at.index < self.size])
        followed = follow(None, before, self._rules, self.size)
        return None if followed is None else followed.course

    def _follow_cached(self, subject: str, course: LevelHistory, events: Sequence[Recorded], size: int) -> None:
        followed = follow(course, events, self._rules, size)
        assert followed is not None  # a course stays one
        self._keep(subject, followed.course, None)

    def _keep(self, subject: str, course: LevelHistory, facts: Facts | None) -> None:
        """With the facts of its record, where they are known: an outcome more costs no reading of all the others."""
        self._courses[subject] = course
        self._courses.move_to_end(subject)
        if facts is not None:
            self._facts[subject] = facts
        else:
            self._facts.pop(subject, None)

    def _govern(self, events: Sequence[Recorded]) -> None:
        """Once for each event: a batch that is reconsidered comes here twice."""
        known = self._rules.governance.size
        governing = [at for at in events if is_governing(at.subject) and at.index >= known]
        if governing:
            self._rules = self._rules.after(governing)

    def _size_after(self, events: Sequence[Recorded]) -> int:
        return events[-1].index + 1 if events else self.size


def _by_enterprise(events: Sequence[Recorded]) -> dict[str, list[Recorded]]:
    news: defaultdict[str, list[Recorded]] = defaultdict(list)
    for at in events:
        if is_enterprise(at.subject):
            news[at.subject].append(at)
    return dict(news)
