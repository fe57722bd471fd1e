"""`/e/{id}` before the framework is asked: kept pages at once, those drawn ahead from one row each, the others drawn
together with whoever waits for theirs.

Drawing is one thread's work, however many wait: more would take turns on one interpreter. While it draws, the next ones
gather, and what they are made of is read in two round trips for all of them. What is no plain case (a code that is
typed otherwise or wrong, a long stream, a database that does not answer) goes on to the framework, which says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.dear_turns import take_turn
from api.http.enterprise_ids import name_of, plausible, subject_of
from api.http.errors import problem_of, problem_response
from api.pages.enterprise_page import drawn_from
from api.pages.enterprise_pages import AskedPage, EnterprisePages, KeptPage, page_answer
from api.pages.rendering import Language
from api.service.enterprise_overview import gathered, overview_of
from api.service.gathered_calls import GatheredCalls
from api.service.service import Service
from ledger.errors import Busy, LedgerError
from ledger.limits import PAGES_DRAWN_TOGETHER_MAX, PAGES_FOUND_TOGETHER_MAX

__all__ = ["EnterpriseRoute"]


class EnterpriseRoute:
    """Pure ASGI; used in one event loop. Whatever it does not answer, `framework` does."""

    def __init__(self, framework: ASGIApp, service: Service, pages: EnterprisePages) -> None:
        self._framework = framework
        self._service = service
        self._pages = pages
        self._found = GatheredCalls(self._find, PAGES_FOUND_TOGETHER_MAX)
        self._drawn = GatheredCalls(self._draw, PAGES_DRAWN_TOGETHER_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        before, _, name = scope["path"].partition("/e/")
        language: Language = "en" if before else "zh"
        page = self._pages.fresh(name, language)
        subject = _subject(name) if page is None else None
        if subject is not None:
            page = await self._found.ask((subject, language))
        if page is None:
            try:
                await take_turn(scope)
            except Busy as error:
                await problem_response(problem_of(error))(scope, receive, send)
                return
            if subject is not None:
                page = await self._drawn.ask((subject, language))
        answer = self._framework if page is None else page_answer(page, scope["headers"])
        await answer(scope, receive, send)

    def _find(self, asked: Sequence[AskedPage]) -> list[KeptPage | None]:
        """The pages that are there and hold: in this process, or drawn ahead; None for the others."""
        basis = self._pages.basis()
        try:
            found = self._pages.held(asked, basis)
            found |= self._pages.ahead([one for one in asked if one not in found], basis)
        except LedgerError:
            return [None] * len(asked)
        return [found.get(one) for one in asked]

    def _draw(self, asked: Sequence[AskedPage]) -> list[KeptPage | None]:
        """The pages as they are now; None where the framework has to look. A refused one fails none of the others."""
        basis = self._pages.basis()
        subjects = list(dict.fromkeys(subject for subject, _ in asked))
        try:
            parts = {one.subject: one for one in gathered(self._service, subjects, basis.today)}
        except LedgerError:
            return [None] * len(asked)
        found: list[KeptPage | None] = []
        for subject, language in asked:
            part, page = parts[subject], None
            if part.whole:
                with suppress(LedgerError):
                    overview = overview_of(self._service, part, basis.today)
                    drawn = drawn_from(self._service, overview, language, basis.today)
                    page = self._pages.finished(subject, language, basis, drawn)
            found.append(page)
        return found


def _subject(name: str) -> str | None:
    """The enterprise of an address in its one form; None for every other."""
    try:
        subject = subject_of(name)
    except LedgerError:
        return None
    return subject if name_of(subject) == name and plausible(subject) else None
