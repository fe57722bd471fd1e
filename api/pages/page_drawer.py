"""Draws enterprises' pages before anybody asks, and puts them into the database: rows that any service over it serves.

Those of whom something new was recorded come first, the newest first; then, where there is room, everybody's whose
pages do not hold any more: after a new day, policy, campaign or program, or a rebuild. What is not drawn yet, lost or
too old is drawn where it is asked for.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from api.pages.enterprise_page import drawn_from
from api.pages.enterprise_pages import page_program
from api.pages.rendering import Language
from api.service.body_disclosure import Publicity
from api.service.enterprise_overview import Gathered, gathered, overview_of
from api.service.service import unix_now
from api.service.views import Views
from ledger.domain.state.governance import Governance
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_enterprise
from ledger.errors import Behind, LedgerError, Unavailable
from ledger.limits import (
    PAGE_STREAM_MAX,
    PAGES_AHEAD_DUE_MAX,
    PAGES_AHEAD_MAX,
    PAGES_DRAWN_TOGETHER_MAX,
)
from ledger.reading.feed import Feed
from ledger.store.postgres import PostgresStore
from projections.declarations.drawn_pages import DrawnPage, PageGround
from projections.engine.progress import Watch

__all__ = ["PageBook", "PageDrawer"]

_LOG = logging.getLogger(__name__)

_LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_LOOKED_AT_ONCE: Final = 500  # enterprises whose rows are compared with what there is


@dataclass(slots=True)
class PageBook:
    """`PageSources` over a database, of a process that does nothing but read it. Close it when done."""

    store: PostgresStore
    feed: Feed
    progress: Watch
    demo: bool
    clock: Callable[[], int] = unix_now
    views: Views = field(init=False)
    publicity: Publicity = field(init=False)

    def __post_init__(self) -> None:
        self.views = Views(self.store.conninfo, self.feed, self.progress.rules)
        self.publicity = Publicity(self.feed, self.progress.rules, self.today)

    @classmethod
    def open(cls, conninfo: str, *, demo: bool) -> PageBook:
        """Raises `Unavailable`."""
        store = PostgresStore.open(conninfo)
        feed = Feed(store)
        book = cls(store, feed, Watch(feed, conninfo), demo)
        try:
            book.progress.start()
        except LedgerError:
            book.close()
            raise
        return book

    @property
    def governance(self) -> Governance:
        return self.progress.rules().governance

    def today(self) -> date:
        return shanghai_date(self.clock())

    def require_current(self) -> None:
        behind = self.progress.behind()
        if behind is not None:
            raise Behind(behind)

    def close(self) -> None:
        self.progress.stop()
        self.views.close()
        self.store.close()


class PageDrawer:
    """One thread at a time."""

    def __init__(self, book: PageBook, pages_max: int = PAGES_AHEAD_MAX) -> None:
        self._book = book
        self._rows = book.views.drawn_pages
        self._pages_max = pages_max
        self._due: OrderedDict[str, None] = OrderedDict()  # of whom something new was recorded, the newest last
        self._seen = book.progress.size  # whoever was heard of before is found by the sweep
        self._sweeping: tuple[PageGround, int] | None = None  # for what pages everybody is looked at
        self._after: str | None = ""  # whom of them, None: all were
        self._missing: list[str] = []
        self._count: int | None = None  # rows, at most
        self.drawn = 0

    def step(self) -> bool:
        """Draw the pages of some enterprises; False where there was nothing to draw. Raises `Unavailable`."""
        read_models, size = self._rows.read_models(), self._book.progress.size
        ground = self._ground()
        if self._sweeping != (ground, read_models):
            self._sweeping, self._after, self._missing = (ground, read_models), "", []
        self._hear(size)
        subjects = self._next(ground)
        if not subjects:
            return self._after is not None
        pages = [page for part in self._gathered(subjects, ground.day) for page in self._draw(part, ground.day, size)]
        if pages:
            self._rows.put(pages, ground, read_models)
            self.drawn += len(pages)
            self._bound(len(pages))
        return True

    def _ground(self) -> PageGround:
        book = self._book
        return PageGround(page_program(demo=book.demo), book.today(), book.governance.ruled_size)

    def _hear(self, size: int) -> None:
        """Whom the entries since the last time are about."""
        if size - self._seen > PAGES_AHEAD_DUE_MAX or len(self._due) > PAGES_AHEAD_DUE_MAX:
            self._due.clear()
            self._sweeping = None  # they are found by looking at everybody again
        elif size > self._seen:
            for subject in reversed(self._rows.subjects_between(self._seen, size)):
                if is_enterprise(subject):
                    self._due[subject] = None
                    self._due.move_to_end(subject)
        self._seen = size  # less than before: the read models are made anew

    def _next(self, ground: PageGround) -> list[str]:
        if self._due:
            return [self._due.popitem()[0] for _ in range(min(len(self._due), PAGES_DRAWN_TOGETHER_MAX))]
        if not self._missing and self._after is not None:
            anew = self._rows_at_most() < self._pages_max
            self._missing, last = self._rows.missing(self._after, _LOOKED_AT_ONCE, ground, anew=anew)
            self._after = last or None
        subjects, self._missing = (
            self._missing[:PAGES_DRAWN_TOGETHER_MAX],
            self._missing[PAGES_DRAWN_TOGETHER_MAX:],
        )
        return subjects

    def _gathered(self, subjects: Sequence[str], today: date) -> list[Gathered]:
        return [self._whole(part) for part in gathered(self._book, subjects, today)]

    def _whole(self, part: Gathered) -> Gathered:
        if part.whole:
            return part
        return Gathered(part.subject, part.dossier, self._book.store.stream(part.subject, limit=PAGE_STREAM_MAX))

    def _draw(self, part: Gathered, today: date, size: int) -> list[DrawnPage]:
        """Its pages; none where the log is ahead of the read models or longer than what is read: no use then."""
        if not part.rows or part.rows[-1].index >= size or len(part.rows) >= PAGE_STREAM_MAX:
            return []
        try:
            found = overview_of(self._book, part, today)
            if not found.in_book:
                return []
            newest = found.indices[-1]
            return [
                DrawnPage(part.subject, language, found.version, newest, drawn.packed())
                for language in _LANGUAGES
                for drawn in [drawn_from(self._book, found, language, today)]
            ]
        except Unavailable:
            raise
        except LedgerError as error:
            _LOG.info("the pages of an enterprise are not drawn ahead: %s", error)
        except Exception:  # a defect on one page keeps no other from being drawn; whoever asks for it is told
            _LOG.exception("a defect on a page that is drawn ahead")
        return []

    def _rows_at_most(self) -> int:
        if self._count is None or self._count >= self._pages_max:
            self._count = self._rows.count()
        return self._count

    def _bound(self, put: int) -> None:
        self._count = self._rows_at_most() + put
        if self._count > self._pages_max:
            excess = self._rows.count() - self._pages_max
            if excess > 0:
                self._rows.drop(excess)
            self._count = min(self._count, self._pages_max)
