"""Whose desk it is: the enterprise that is signed in. Nobody else is shown an enterprise's desk, and it is logged."""

from __future__ import annotations

from starlette.requests import Request

from api.desk.frame import not_for_this_desk
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.service.service import Service
from api.service.waiting_pledges import drop_ended
from ledger.errors import NotFound
from ledger.store.desk import Pending

__all__ = ["own_enterprise", "own_pending"]

_ID_DIGITS = 64


def own_enterprise(service: Service, request: Request, officer: Officer) -> str:
    """The subject id of the enterprise whose officer this is. Raises `AccessDenied` (403) for parties that are none."""
    subject = officer.enterprise
    if subject is None:
        log_look(request, officer, "refused")
        raise not_for_this_desk()
    return subject


def own_pending(service: Service, request: Request, officer: Officer, name: str) -> Pending:
    """The pledge of one's own that waits, or was refused, under this id.

    Another enterprise's is not found, like one that is not there; either is logged. Raises `NotFound`, `AccessDenied`.
    """
    subject = own_enterprise(service, request, officer)
    drop_ended(service)
    known = len(name) == _ID_DIGITS and all(digit in "0123456789abcdef" for digit in name)
    row = service.desk.get(bytes.fromhex(name)) if known else None
    if row is None or row.subject != subject:
        log_look(request, officer, "refused", subject)
        raise NotFound("no such statement waits here")
    log_look(request, officer, "served", subject)
    return row
