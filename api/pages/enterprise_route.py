"""`/e/{id}` before the framework is asked: kept pages at once, the others drawn together with whoever waits for theirs.

Drawing is one thread's work, however many wait: more would take turns on one interpreter. While it draws, the next ones
gather, and what they are made of is read in two round trips for all of them. What is no plain case (a code that is
typed otherwise or wrong, a long stream, a database that does not answer) goes on to the framework, which says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import islice

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.enterprise_ids import name_of, plausible, subject_of
from api.pages.enterprise_page import drawn_from
from api.pages.enterprise_pages import EnterprisePages, KeptPage, page_answer
from api.pages.rendering import Language
from api.service.enterprise_overview import gathered, overview_of
from api.service.service import Service
from ledger.errors import LedgerError
from ledger.limits import PAGES_DRAWN_TOGETHER_MAX

__all__ = ["EnterpriseRoute"]

_LOG = logging.getLogger(__name__)

_Asked = tuple[str, Language]  # a subject, and in which language


class EnterpriseRoute:
    """Pure ASGI; used in one event loop. Whatever it does not answer, `framework` does."""

    def __init__(self, framework: ASGIApp, service: Service, pages: EnterprisePages) -> None:
        self._framework = framework
        self._service = service
        self._pages = pages
        self._waiting: dict[_Asked, asyncio.Future[KeptPage | None]] = {}
        self._drawer: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        before, _, name = scope["path"].partition("/e/")
        language: Language = "en" if before else "zh"
        page = self._pages.fresh(name, language)
        if page is None:
            subject = _subject(name)
            page = None if subject is None else await self._drawn((subject, language))
        answer = self._framework if page is None else page_answer(page, scope["headers"])
        await answer(scope, receive, send)

    async def _drawn(self, asked: _Asked) -> KeptPage | None:
        future = self._waiting.get(asked)
        if future is None:
            future = self._waiting[asked] = asyncio.get_running_loop().create_future()
        if self._drawer is None:
            self._drawer = asyncio.create_task(self._draw_all())
        return await asyncio.shield(future)

    async def _draw_all(self) -> None:
        """Draw for whoever waits, until nobody does."""
        try:
            while self._waiting:
                asked = list(islice(self._waiting, PAGES_DRAWN_TOGETHER_MAX))
                waiting = [self._waiting.pop(one) for one in asked]
                found: Sequence[KeptPage | None] = [None] * len(asked)
                try:
                    found = await run_in_threadpool(self._draw, asked)
                except Exception:  # a defect: the framework, asked for one of them at a time, says which has it
                    _LOG.exception("a defect on pages that are drawn together")
                finally:
                    for future, page in zip(waiting, found, strict=True):
                        if not future.done():
                            future.set_result(page)
        finally:
            self._drawer = None

    def _draw(self, asked: Sequence[_Asked]) -> list[KeptPage | None]:
        """The pages as they are now; None where the framework has to look. A refused one fails none of the others."""
        basis = self._pages.basis()
        try:
            found = {one: self._pages.held(*one, basis) for one in asked}
            missing = [one for one, page in found.items() if page is None]
            subjects = list(dict.fromkeys(subject for subject, _ in missing))
            parts = {one.subject: one for one in gathered(self._service, subjects, basis.today)} if missing else {}
        except LedgerError:
            return [None] * len(asked)
        for subject, language in missing:
            part = parts[subject]
            if not part.whole:
                continue
            try:
                drawn = drawn_from(self._service, overview_of(self._service, part, basis.today), language, basis.today)
                found[subject, language] = self._pages.finished(subject, language, basis, drawn)
            except LedgerError:
                continue
        return [found[one] for one in asked]


def _subject(name: str) -> str | None:
    """The enterprise of an address in its one form; None for every other."""
    try:
        subject = subject_of(name)
    except LedgerError:
        return None
    return subject if name_of(subject) == name and plausible(subject) else None
