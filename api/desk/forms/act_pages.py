"""`/desk/act` and `/desk/act/{EventType}`: what the officer's party may sign, and the form of each, prefilled by its
address. Nothing is sent here: the browser builds, signs and submits the statement like anybody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.forms.acts import ActGroup, ActSubject, groups_of, may_sign, subject_of
from api.desk.forms.fields import MADE_BY_THE_BROWSER, FormField, fields_of, paths_of, text_field
from api.desk.frame import PageTemplate, add_desk_page, desk_answer, not_for_this_desk
from api.desk.roles import Officer
from api.http.errors import InvalidRequest
from api.pages.rendering import Language
from api.pages.words import Word, event_word
from api.service.service import Service
from ledger.domain.events.base import Event
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.spec import Form
from ledger.errors import NotFound
from ledger.limits import ATTACHMENT_BYTES_MAX, ATTACHMENTS_PER_ENTRY_MAX

__all__ = ["ActContent", "ActsContent", "router"]

PATH: Final = "/desk/act"
_ATTACHING: Final = SPECS["AttachmentAdded"]
_PLACE: Final = re.compile(r"\.[0-9]{1,4}(?=\.)")
_SEGMENT: Final = r"/(?!(?:\.|%2[eE]){1,2}(?:[/?]|\Z))[A-Za-z0-9._~:%-]+"  # no step upwards
_BACK: Final = re.compile(rf"/(?:en/)?desk(?:{_SEGMENT})*(?:\?[A-Za-z0-9._~:%=&+-]*)?")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ActsContent:
    """The acts by noun."""

    groups: Sequence[ActGroup]


@dataclass(frozen=True, slots=True)
class ActContent:
    """The form of one event type. `text` is the text that comes with an open statement, `text_name` the field that
    names it; `back` is where one goes on afterwards, "" for nowhere else; `today` in Asia/Shanghai;
    `attaches`: files can be attached to the entry that it becomes."""

    type: str
    word: Word
    form: Form
    subject: ActSubject
    fields: Sequence[FormField]
    general: Sequence[FormField]
    text: FormField | None
    text_name: str
    origin: str
    today: str
    back: str
    attaches: bool
    attachment_bytes_max: int = ATTACHMENT_BYTES_MAX
    attachments_max: int = ATTACHMENTS_PER_ENTRY_MAX


def get_acts(request: Request, language: Language, officer: Officer) -> Response:
    title = ("办理事项", "Acts")
    content = ActsContent(groups_of(officer))
    return desk_answer(request, language, officer, PageTemplate("desk/forms/acts.html", PATH, title), content)


def get_act(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    name: str = request.path_params["type"]
    spec = SPECS.get(name)
    if spec is None:
        raise NotFound("no such event type")
    if not may_sign(officer, spec):
        raise not_for_this_desk()
    named = text_field(spec.event)
    text_name, text = ("", None) if named is None else named
    fields = [
        one for one in fields_of(spec.event) if one.name != text_name and (name, one.name) not in MADE_BY_THE_BROWSER
    ]
    known = {"subject", "sealed", "back", *paths_of(fields)}
    if any(_PLACE.sub(".N", one) not in known for one in request.query_params):
        raise InvalidRequest(  # not repeated: it may be somebody's number
            "request.unknown_parameter",
            f"地址要填写这张表单没有的栏目；这张表单有：{'、'.join(one.label.zh for one in fields)}",
            "the address fills in what this form does not have; it has: " + ", ".join(one.label.en for one in fields),
        )
    general = [one for one in fields if one.name in Event.__struct_fields__]
    content = ActContent(
        type=name,
        word=event_word(name),
        form=spec.form,
        subject=subject_of(officer, spec),
        fields=[one for one in fields if one not in general],
        general=general,
        text=text,
        text_name=text_name,
        origin=service.origin,
        today=str(service.today()),
        back=_back(request.query_params.get("back", "")),
        attaches=spec.streams == _ATTACHING.streams and spec is not _ATTACHING and may_sign(officer, _ATTACHING),
    )
    title = (content.word.zh, content.word.en)
    path = f"{PATH}/{name}"
    scripts = ("desk/act_page.js",)
    return desk_answer(request, language, officer, PageTemplate("desk/forms/act.html", path, title, scripts), content)


def _back(asked: str) -> str:
    """Where to go on: another desk of this site. Raises `InvalidRequest` for anywhere else."""
    if asked and _BACK.fullmatch(asked) is None:
        raise InvalidRequest(
            "desk.back",
            "办完后去的页面（back）只能是本站的工作台",
            "the page to go on at (back) is a desk of this site",
        )
    return asked


add_desk_page(router, PATH, get_acts)
add_desk_page(router, f"{PATH}/{{type}}", get_act, parameters=None)
