"""Which of the pledges that wait a list shows: its filter, its order and its place, as they stand in the address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from api.desk.list_filters import not_from_the_page_before, require_choice, unknown_parameter
from api.desk.roles import Officer
from api.desk.work_lists import WaitingPage, waiting_page
from api.http.errors import InvalidRequest
from api.pages.words import SCOPES, Word
from api.service.service import Service
from ledger.limits import DESK_LIST_ROWS, DESK_STATEMENTS_MAX, SEARCH_PAGE_MAX
from ledger.store.desk import DeskFilter, DeskOrder

__all__ = ["CHOICES", "PARAMETERS", "PendingQuery", "asked_page", "pending_query"]

PARAMETERS: Final = frozenset({"campaign", "scope", "state", "q", "sort", "rows", "from"})
_CAMPAIGN: Final = re.compile("[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_CODE: Final = re.compile("[A-Za-z:/-]*[0-9][0-9A-Za-z]*")  # a part of a code: it has a digit
_STATES: Final = {"waiting": True, "refused": False}
_ALL: Final = Word("全部", "all")
#: What the filters offer; the first of each is what the list shows where the address says nothing.
CHOICES: Final[Mapping[str, Mapping[str, Word]]] = {
    "state": {"": _ALL, "waiting": Word("等候公布", "waiting"), "refused": Word("已退回", "refused")},
    "sort": {
        "received": Word("先收到的在前", "first received first"),
        "-received": Word("后收到的在前", "last received first"),
        "enterprise": Word("按企业", "by enterprise"),
    },
    "scope": {"": _ALL, **SCOPES},
    "rows": {str(size): Word(str(size), str(size)) for size in DESK_LIST_ROWS},
}
_Q_CHARS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class PendingQuery:
    """What the address says, as it says it; what it leaves out is ""."""

    said: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.said.get(name, "")

    @property
    def query(self) -> str:
        """For links to the very same rows."""
        return urlencode(self.said)

    def at(self, offset: int) -> str:
        """For links to another page of the list."""
        return urlencode({**self.said, "from": str(offset)})

    @property
    def rows_max(self) -> int:
        return int(self["rows"] or DESK_LIST_ROWS[0])

    @property
    def offset(self) -> int:
        return int(self["from"] or 0)


def pending_query(request: Request) -> PendingQuery:
    """Raises `InvalidRequest`, naming what is not known."""
    said = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    if not PARAMETERS.issuperset(said):
        raise unknown_parameter(PARAMETERS)
    for name, choices in CHOICES.items():
        if name in said:
            require_choice(f"pending.{name}", name, said[name], choices)
    if "campaign" in said and not _CAMPAIGN.fullmatch(said["campaign"]):
        raise InvalidRequest("pending.campaign", "没有该活动", "there is no such campaign")
    if len(said.get("q", "")) > _Q_CHARS_MAX:
        raise InvalidRequest("pending.q", f"最多 {_Q_CHARS_MAX} 字", f"at most {_Q_CHARS_MAX} characters")
    start = said.get("from", "0")
    if not (start.isascii() and start.isdigit() and len(start) <= 7 and int(start) <= DESK_STATEMENTS_MAX):
        raise not_from_the_page_before("pending.from")
    return PendingQuery(said)


def asked_page(service: Service, asked: PendingQuery, officer: Officer) -> WaitingPage:
    """The rows that the address means, of those that the officer may see. Raises `InvalidRequest`, `Unavailable`."""
    q = asked["q"]
    by_code = not q or _CODE.fullmatch(q) is not None
    which = DeskFilter(
        campaign=f"campaign:{asked['campaign']}" if asked["campaign"] else None,
        subject=None if officer.sees_all_pending else officer.enterprise,
        scope=asked["scope"] or None,
        waiting=_STATES.get(asked["state"]),
        subjects=None if by_code else _named_so(service, q),
        part=q if by_code else "",
    )
    order: DeskOrder = asked["sort"] or "received"  # type: ignore[assignment]  # one of them: `_known`
    return waiting_page(service, which, order=order, offset=asked.offset, rows_max=asked.rows_max)


def _named_so(service: Service, q: str) -> list[str]:
    """The enterprises that the search finds by a name; too many are refused rather than cut off."""
    found = service.views.search.search(q, limit=SEARCH_PAGE_MAX)
    if found.cursor:
        raise InvalidRequest(
            "pending.q",
            f"名称符合的企业超过 {SEARCH_PAGE_MAX} 家；请写得更具体，或写代码",
            f"more than {SEARCH_PAGE_MAX} enterprises are called so: say more of the name, or the code",
        )
    return [one.subject for one in found.found]
