"""What waits, as desks show it: pledges that enterprises laid there, read from the desk and named from the book.

Every look is logged before anything is shown, like a signed request for the same (`ledger/store/access_log.py`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from starlette.requests import Request

from api.desk.roles import Officer
from api.http.enterprise_ids import name_of
from api.pages.words import SCOPES, Word
from api.service.service import SHANGHAI, Service
from api.service.waiting_pledges import drop_ended
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.base import Closed
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.state.access_log import Access
from ledger.domain.values.dates import shanghai_date
from ledger.limits import DESK_PAGE_MAX
from ledger.store.desk import DeskFilter, DeskOrder, Pending

__all__ = [
    "AT_THE_DESK",
    "DESK_PURPOSE",
    "WaitingPage",
    "WaitingPledge",
    "WaitingRow",
    "log_look",
    "waiting_page",
    "waiting_pledge",
]

AT_THE_DESK: Final = Word("工作台查阅", "read at the desk")
DESK_PURPOSE: Final = f"{AT_THE_DESK.zh} / {AT_THE_DESK.en}"
_CTI_BYTES: Final = 16
_STATES: Final = {True: Word("已退回", "refused", "watch"), False: Word("等候公布", "waiting", "pledged")}


class WaitingRow(NamedTuple):
    """A row: `id` names it in addresses, `enterprise` the one that it is of, `received` in Asia/Shanghai."""

    id: str
    enterprise: str
    name: str | None
    campaign: str
    scope: Word | None
    received: datetime
    state: Word
    reason: str | None


class WaitingPage(NamedTuple):
    """Rows of a list, those after the first `offset` of the `found` ones; `pending` are the statements behind them."""

    rows: Sequence[WaitingRow]
    found: int
    offset: int
    pending: Sequence[Pending]


@dataclass(frozen=True, slots=True)
class WaitingPledge:
    """One of them with what it says; `pledge` is None where it is sealed and its body is not here."""

    row: WaitingRow
    pledge: PledgeMade | None
    issuer: str
    officer: str | None
    key: str
    log: str


def waiting_page(
    service: Service,
    which: DeskFilter,
    *,
    order: DeskOrder = "received",
    offset: int = 0,
    rows_max: int = DESK_PAGE_MAX,
) -> WaitingPage:
    """What waits or was refused, and is to be shown to whoever asks. Raises `Unavailable`."""
    drop_ended(service)
    page = service.desk.page(which, order, offset=offset, limit=rows_max)
    return WaitingPage(_named(service, page.rows), page.found, offset, page.rows)


def waiting_pledge(service: Service, pending: Pending) -> WaitingPledge:
    """One that waits, taken apart."""
    statement = parse_statement(pending.statement)
    event = decode_event(statement, pending.body)
    assert isinstance(event, PledgeMade | Closed)  # nothing else is laid there
    key = service.governance.keys.get(statement.kid)
    (row,) = _named(service, [pending])
    return WaitingPledge(
        row,
        None if isinstance(event, Closed) else event,
        statement.issuer,
        None if key is None else key.officer,
        statement.kid.hex(),
        service.origin,
    )


def log_look(
    request: Request,
    officer: Officer,
    outcome: Literal["served", "refused"],
    subject: str | None = None,
    *,
    entry: int | None = None,
    purpose: str = DESK_PURPOSE,
) -> int:
    """Write down who looks at what is not public, before it is shown; the row's number. Raises `Unavailable`."""
    service: Service = request.app.state.service
    now, query = service.sound_clock(), request.url.query
    return service.store.accesses.log(
        Access(
            at=now,
            day=shanghai_date(now),
            party=officer.party,
            officer=officer.officer,
            kid=officer.session.kid.hex(),
            cti=os.urandom(_CTI_BYTES).hex(),
            resource=(request.url.path + (f"?{query}" if query else ""))[:1_024],
            purpose=purpose,
            outcome=outcome,
            subject=subject,
            entry=entry,
        )
    )


def _named(service: Service, found: Sequence[Pending]) -> list[WaitingRow]:
    known = service.views.search.enterprises(sorted({one.subject for one in found})) if found else {}
    return [
        WaitingRow(
            one.statement_id.hex(),
            name_of(one.subject),
            known[one.subject].name if one.subject in known else None,
            (one.campaign or "").removeprefix("campaign:"),
            None if one.scope is None else SCOPES[one.scope],
            datetime.fromtimestamp(one.received_at, SHANGHAI),
            _STATES[one.refused_at is not None],
            one.reason,
        )
        for one in found
    ]
