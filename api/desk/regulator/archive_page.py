"""`/desk/archive`: everything about one enterprise that was recorded in a period, with its proofs, as one file that
`credit-ledger verify` checks offline. Closed bodies go in where the officer says why; each is logged first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer
from api.desk.regulator.archive_source import DeskSource, Look
from api.desk.regulator.closed_readers import flaw_of_purpose, require_reader
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.evidence import Wanted, build, gather
from api.http.enterprise_ids import name_of, subject_of
from api.http.errors import InvalidRequest
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from ledger.errors import NotFound, Refused
from ledger.verifier.formats.archive import ArchiveTooLarge

__all__ = ["ArchiveContent", "router"]

PATH: Final = "/desk/archive"
_FIELDS: Final = ("enterprise", "from", "until", "closed", "purpose")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ArchiveContent:
    """The form for an evidence archive. `typed` as it was typed, `wrong` what is the matter with it, by field."""

    typed: Mapping[str, str]
    wrong: Mapping[str, Word]


def get_archive(request: Request, language: Language, officer: Officer) -> Response:
    require_reader(request.app.state.service, request, officer)
    typed = dict.fromkeys(_FIELDS, "") | {"enterprise": request.query_params.get("enterprise", "")}
    return _form(request, language, officer, ArchiveContent(typed, {}))


def post_archive(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    service: Service = request.app.state.service
    typed = {name: fields.get(name, "").strip() for name in _FIELDS}
    wrong: dict[str, Word] = {}
    subject = _subject(typed["enterprise"], wrong)
    require_reader(service, request, officer, subject=subject)
    wanted = Wanted(subject or "", _day("from", typed, wrong), _day("until", typed, wrong))
    flaw = flaw_of_purpose(typed["purpose"]) if typed["closed"] else None
    if flaw is not None:
        wrong["purpose"] = flaw
    if not wrong and subject is not None:
        look = _looking(service, request, officer, typed["purpose"]) if typed["closed"] else None
        try:
            archive = build(gather(DeskSource(service, look), wanted, today=service.today()))
            return _file(archive, subject)
        except NotFound:
            wrong["enterprise"] = Word("账本中没有这家企业的记录", "the book knows nothing of this enterprise")
        except Refused as error:
            wrong["until"] = Word(error.zh, error.en)
        except ArchiveTooLarge:
            wrong["from"] = Word("这段期间的记录太多，请缩短期间", "too much for one archive: choose a shorter period")
    return _form(request, language, officer, ArchiveContent(typed, wrong), status=422)


def _looking(service: Service, request: Request, officer: Officer, purpose: str) -> Look:
    def look(subject: str, entry: int | None) -> int:
        return log_look(request, officer, "served", subject, entry=entry, purpose=purpose)

    return look


def _file(archive: bytes, subject: str) -> Response:
    headers = {
        **PAGE_HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="evidence-{name_of(subject)}.zip"',
    }
    return Response(archive, headers=headers, media_type="application/zip")


def _form(
    request: Request, language: Language, officer: Officer, content: ArchiveContent, *, status: int = 200
) -> Response:
    title = ("证据档案", "Evidence archive")
    answer = desk_answer(request, language, officer, PageTemplate("desk/regulator/archive.html", PATH, title), content)
    answer.status_code = status
    return answer


def _subject(text: str, wrong: dict[str, Word]) -> str | None:
    try:
        return subject_of(text)
    except InvalidRequest as error:
        wrong["enterprise"] = Word(error.zh, error.en)
        return None


def _day(name: str, typed: Mapping[str, str], wrong: dict[str, Word]) -> date | None:
    if not typed[name]:
        return None
    try:
        return date.fromisoformat(typed[name])
    except ValueError:
        wrong[name] = Word("请写成 2026-03-15 这样的日期", "a date is written like 2026-03-15")
        return None


add_desk_page(router, PATH, get_archive, parameters=frozenset({"enterprise"}))
add_desk_form(router, PATH, post_archive)
