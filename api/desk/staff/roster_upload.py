"""A roster as a form brings it (RFC 7578): held in memory alone, and no longer than its dry run takes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final, NamedTuple

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from api.desk.sessions import FORM_FIELD, require_form_token
from api.http.bodies import form_fields, read_bounded
from api.http.same_origin import WebOrigins
from api.service.service import Service
from ledger.errors import Malformed
from ledger.limits import DESK_FORM_BYTES_MAX, DESK_ROSTER_BYTES_MAX

__all__ = ["RosterForm", "roster_form"]

_FIELD_CHARS_MAX: Final = 2_000
_FIELDS_MAX: Final = 8


class RosterForm(NamedTuple):
    """What was typed, and the table: its name as the person's device has it, and its bytes (none: none was chosen)."""

    fields: dict[str, str]
    file_name: str
    data: bytes


async def roster_form(service: Service, request: Request) -> RosterForm:
    """The form that a page of this site sent, in this session. Nothing is believed before this returns.

    Raises `AccessDenied` (403): of another site, or of another session; `TooLarge`, `Malformed`.
    """
    origins = WebOrigins(service.public_url)
    origins.require(request)
    content = await read_bounded(request.receive, DESK_ROSTER_BYTES_MAX + DESK_FORM_BYTES_MAX)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        fields = form_fields(content)  # a page that has no file to send
        require_form_token(request, origins, fields.get(FORM_FIELD, ""))
        return RosterForm(fields, "", b"")
    try:
        form = await _parser(request, content).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise Malformed(f"not a form with a file: {error}") from None
    fields = {}
    name, data = "", b""
    for field, value in form.multi_items():
        if isinstance(value, UploadFile):
            name, data = (value.filename or "")[:255], await value.read()
        elif len(value) > _FIELD_CHARS_MAX:
            raise Malformed(f"{field[:40]!r} has more than {_FIELD_CHARS_MAX} characters")
        else:
            fields[field] = value
    await form.close()
    require_form_token(request, origins, fields.get(FORM_FIELD, ""))
    return RosterForm(fields, name, data)


def _parser(request: Request, content: bytes) -> MultiPartParser:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield content

    parser = MultiPartParser(
        request.headers, stream(), max_files=1, max_fields=_FIELDS_MAX, max_part_size=DESK_FORM_BYTES_MAX
    )
    parser.spool_max_size = len(content) + 1  # never to a file: there are people's names and numbers in it
    return parser
