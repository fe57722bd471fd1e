"""`/desk/explorer/{entry}`: one entry in words, who signed it with which key, what else in the book is about it, its
proofs; and its closed body, for whoever says why (`POST …/body`): the look is written down before anything is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer
from api.desk.regulator.closed_readers import flaw_of_purpose, require_reader
from api.desk.regulator.event_fields import FieldRow, field_rows, named_entries, names_statement
from api.desk.regulator.event_rows import event_type_word, party_name
from api.desk.regulator.explorer_page import PATH as EXPLORER
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.http.enterprise_ids import name_of
from api.http.errors import Gone
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import SHANGHAI, Service
from ledger.cose.statement import Statement, decode_trusted
from ledger.domain.events.base import Closed, Recorded
from ledger.domain.events.pledge import PledgePublished
from ledger.domain.state.party import EnrolledKey
from ledger.domain.values.subject import is_enterprise
from ledger.errors import NotFound
from ledger.limits import EXPLORER_STREAM_EVENTS_MAX, LEAF_INDEX_ASKED_MAX
from ledger.reading.feed import to_recorded
from ledger.store.contract import EntryRow
from projections.search.event_search import EventQuery

__all__ = ["EntryContent", "router"]

PATH: Final = f"{EXPLORER}/{{entry}}"
_DIGITS_MAX: Final = 15

router = APIRouter()


class Related(NamedTuple):
    """Another entry of the stream that names this one, or that this one names."""

    entry: int
    word: Word
    recorded: datetime
    issuer: str


class OpenedBody(NamedTuple):
    """A body that was closed, as it is shown after the look at it was logged under `number`; `matches` says whether it
    is the one that the entry commits to."""

    number: int
    rows: Sequence[FieldRow]
    text: str
    matches: bool


@dataclass(frozen=True, slots=True)
class EntryContent:
    """One entry of the log, in words.

    `rows`: what it says, None where that is closed; `stub` says why then, None where there never was a body.

    `naming` and `named` are entries of its stream, None where that is too long to be read for a page. `size` is the
    tree size of the newest checkpoint. `purpose` is what was typed, `flaw` what is wrong with it.
    """

    entry: EntryRow
    statement: Statement
    word: Word
    subject_id: str | None
    subject_name: Word | None
    issuer_name: Word | None
    key: EnrolledKey | None
    disputed: bool
    issued: datetime
    recorded: datetime
    rows: Sequence[FieldRow] | None
    stub: Word | None
    erased: bool
    naming: Sequence[Related] | None
    named: Sequence[Related] | None
    size: int
    opened: OpenedBody | None = None
    purpose: str = ""
    flaw: Word | None = None


def get_entry(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    row = _row(request, service, officer)
    log_look(request, officer, "served", _about(row), entry=row.index)
    return _answer(request, language, officer, _content(service, row))


def post_body(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    """Open a body that is not public. `file`: as the bytes that the entry commits to, to be kept."""
    service: Service = request.app.state.service
    row = _row(request, service, officer)
    purpose = fields.get("purpose", "").strip()
    flaw = flaw_of_purpose(purpose)
    if flaw is not None:
        content = _content(service, row, purpose=purpose, flaw=flaw)
        return _answer(request, language, officer, content, status=422)
    if row.body is None:
        raise Gone("body.none", "该条记录没有正文，或正文已删除", "this entry has no body, or it was erased")
    number = log_look(request, officer, "served", _about(row), entry=row.index, purpose=purpose)
    if "file" in fields:
        named = f'attachment; filename="entry-{row.index}-body.json"'
        headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "Content-Disposition": named}
        return Response(row.body, headers=headers, media_type="application/json")
    opened = _opened(row, number)
    return _answer(request, language, officer, _content(service, row, purpose=purpose, opened=opened))


def _answer(
    request: Request, language: Language, officer: Officer, content: EntryContent, *, status: int = 200
) -> Response:
    number = content.entry.index
    path, title = f"{EXPLORER}/{number}", (f"第 {number} 条记录", f"Entry {number}")
    answer = desk_answer(request, language, officer, PageTemplate("desk/regulator/entry.html", path, title), content)
    answer.status_code = status
    return answer


def _row(request: Request, service: Service, officer: Officer) -> EntryRow:
    """The entry that the address names. Raises `AccessDenied`, logged, `NotFound`."""
    name: str = request.path_params["entry"]
    known = name.isascii() and name.isdigit() and len(name) <= _DIGITS_MAX and str(int(name)) == name
    rows = service.store.entries(int(name), 1) if known and int(name) <= LEAF_INDEX_ASKED_MAX else ()
    row = rows[0] if rows else None
    about, index = (None, None) if row is None else (_about(row), row.index)
    require_reader(service, request, officer, subject=about, entry=index)
    if row is None:
        raise NotFound("no such entry in the log")
    return row


def _about(row: EntryRow) -> str | None:
    return row.subject if is_enterprise(row.subject) else None


def _content(
    service: Service, row: EntryRow, *, purpose: str = "", opened: OpenedBody | None = None, flaw: Word | None = None
) -> EntryContent:
    statement, event = decode_trusted(row.statement, row.body)
    governance = service.governance
    stub = service.publicity.stub(row)
    shows = stub is not None and service.publicity.shows(row)
    named, naming = _related(service, row)
    known = service.views.search.enterprises([row.subject]) if is_enterprise(row.subject) else {}
    checkpoint = service.head.checkpoint
    return EntryContent(
        row,
        statement,
        event_type_word("sealed" if isinstance(event, Closed) else type(event).__name__),
        name_of(row.subject) if is_enterprise(row.subject) else None,
        Word(name := known[row.subject].name, name) if row.subject in known else party_name(service, row.subject),
        party_name(service, statement.issuer),
        governance.keys.get(statement.kid),
        governance.disputed(statement.kid, row.index, row.recorded_at),
        datetime.fromtimestamp(statement.iat, SHANGHAI),
        datetime.fromtimestamp(row.recorded_at, SHANGHAI),
        _said(row, event, statement, shows=shows),
        None if stub is None or shows else _closed_word(stub),
        bool(stub and stub.get("erased")),
        naming,
        named,
        0 if checkpoint is None else checkpoint.tree_size,
        opened,
        purpose,
        flaw,
    )


def _closed_word(stub: Mapping[str, Any]) -> Word:
    """Why its body is not shown to everybody."""
    if "since" in stub:
        return Word(stub["zh"], stub["en"])
    return Word(
        "依登记规则或签发者的选择，正文从未公开。", "By the rules, or by its issuer's choice, it never was public."
    )


def _said(row: EntryRow, event: Any, statement: Statement, *, shows: bool) -> list[FieldRow] | None:
    """What everybody may read of it: an open event; of a body what is public. None: nothing."""
    rows = None if statement.sealed or isinstance(event, Closed) else field_rows(msgspec.to_builtins(event))
    if shows and row.body is not None:
        return [*(rows or ()), *field_rows(msgspec.json.decode(row.body))]
    return rows


def _opened(row: EntryRow, number: int) -> OpenedBody:
    assert row.body is not None  # the caller looked
    statement, event = decode_trusted(row.statement, row.body)
    named = None if isinstance(event, Closed) else event.named_text
    committed = statement.commitment if named is None else bytes.fromhex(named)
    text = msgspec.json.format(row.body, indent=1).decode()
    return OpenedBody(number, field_rows(msgspec.json.decode(row.body)), text, sha256(row.body).digest() == committed)


def _related(service: Service, row: EntryRow) -> tuple[list[Related] | None, list[Related] | None]:
    """The entries that this one names, and those of its stream that name it."""
    newest = service.views.events.page(EventQuery(subject=row.subject), 1).found
    last = service.store.entries(newest[0].entry, 1) if newest else ()
    if last and last[0].version > EXPLORER_STREAM_EVENTS_MAX:
        return None, None
    own = to_recorded(row)
    stream = service.feed.subject(row.subject)
    code = own.event.code if isinstance(own.event, PledgePublished) else None
    of_it = set(named_entries(own.event))
    statement_id = own.statement_id.hex()
    naming, named = [], []
    for at in stream:
        if at.index == row.index:
            continue
        if row.index in named_entries(at.event) or names_statement(at, statement_id, code):
            naming.append(_relation(at))
        elif at.index in of_it or names_statement(own, at.statement_id.hex(), None):
            named.append(_relation(at))
    return named, naming


def _relation(at: Recorded) -> Related:
    word = event_type_word("sealed" if isinstance(at.event, Closed) else type(at.event).__name__)
    return Related(at.index, word, datetime.fromtimestamp(at.recorded_at, SHANGHAI), at.issuer)


add_desk_page(router, PATH, get_entry)
add_desk_form(router, f"{PATH}/body", post_body)
