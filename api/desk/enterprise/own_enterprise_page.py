"""`/desk/enterprise`: how the enterprise stands and why, its pledges, what awaits its word, what it gets in writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.enterprise.outcomes import UnansweredOutcome, unanswered
from api.desk.enterprise.own import own_enterprise, own_pending
from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, to
from api.desk.roles import Officer
from api.desk.work_lists import WaitingRow, log_look, waiting_page
from api.http.enterprise_ids import name_of
from api.pages.rendering import Language
from api.pages.words import ITEM_STATES, SCOPES, TONES, Word, pledge_word
from api.service.enterprise_overview import Overview, overview
from api.service.service import Service
from ledger.store.desk import DeskFilter

__all__ = ["EnterpriseContent", "OpenCampaign", "open_campaigns", "router"]

PATH: Final = "/desk/enterprise"

router = APIRouter()


class OpenCampaign(NamedTuple):
    """A campaign that takes pledges today, until `closes_on`, 24:00 in Asia/Shanghai."""

    id: str
    name_zh: str
    name_en: str
    closes_on: date
    days_left: int


class PublishedPledge(NamedTuple):
    """A pledge of the enterprise that is in the book.

    `scope` is None where it was repudiated; `live`: it can still be withdrawn.
    """

    code: str
    scope: Word | None
    campaign: str
    term: str
    state: Word
    live: bool


@dataclass(frozen=True, slots=True)
class EnterpriseContent:
    """What the page shows. `found` is what the public sees, as `/e/{id}` does."""

    id: str
    subject: str
    name: str | None
    today: date
    found: Overview
    tone: str
    campaigns: Sequence[OpenCampaign]
    waiting: Sequence[WaitingRow]
    pledges: Sequence[PublishedPledge]
    outcomes: Sequence[UnansweredOutcome]
    standards: Sequence[tuple[Mapping[str, Any], Word]]


def get_enterprise(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    subject = own_enterprise(service, request, officer)
    log_look(request, officer, "served", subject)
    today = service.today()
    found = overview(service, subject, today)
    record = service.feed.record(subject)
    content = EnterpriseContent(
        id=name_of(subject),
        subject=subject,
        name=None if found.about is None else found.about.get("name"),
        today=today,
        found=found,
        tone=TONES[found.standing.level],
        campaigns=open_campaigns(service),
        waiting=waiting_page(service, DeskFilter(subject=subject)).rows,
        pledges=[_pledge(one) for one in reversed(found.declared["pledges"])],
        outcomes=() if record is None else unanswered(record, found.events, today),
        standards=[(one, ITEM_STATES[one["state"]]) for one in found.declared.get("standards", ())],
    )
    title = ("本企业", "My enterprise")
    return desk_answer(request, language, officer, PageTemplate("desk/enterprise/home.html", PATH, title), content)


def post_take_down(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    """Take a pledge of one's own off the desk before it is published. What is in the book by then stays there."""
    service: Service = request.app.state.service
    row = own_pending(service, request, officer, request.path_params["name"])
    service.desk.remove([row.statement_id])
    return to(PATH, language)


def open_campaigns(service: Service) -> list[OpenCampaign]:
    """Those that take pledges made today, the one that ends first before the others."""
    today = service.today()
    found = [
        OpenCampaign(
            one.subject.removeprefix("campaign:"),
            one.terms.name_zh,
            one.terms.name_en,
            one.last_day,
            (one.last_day - today).days,
        )
        for one in service.governance.campaigns.values()
        if one.cancelled_on is None and one.closed_on is None and one.terms.opens_on <= today <= one.last_day
    ]
    return sorted(found, key=lambda one: (one.closes_on, one.id))


def _pledge(one: Mapping[str, Any]) -> PublishedPledge:
    stub = "scope" not in one
    return PublishedPledge(
        one["code"],
        None if stub else SCOPES[one["scope"]],
        "" if stub else one["campaign"].partition(":")[2],
        "" if stub else f"{one['valid_from']} – {one['last_day']}",
        pledge_word(one),
        one["state"] in ("upcoming", "live") and not one.get("end"),  # what was ended is not withdrawn again
    )


add_desk_page(router, PATH, get_enterprise)
add_desk_form(router, f"{PATH}/pending/{{name}}/removal", post_take_down)
