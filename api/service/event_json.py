"""An entry as JSON for people and programs: who said what when, and its content as far as it is public."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from api.service.service import Service
from ledger.cose.statement import decode_trusted
from ledger.domain.events.base import Closed
from ledger.store.contract import EntryRow

__all__ = ["event_json"]


def event_json(service: Service, row: EntryRow) -> dict[str, Any]:
    """`event` is the content; a sealed entry whose body is not public has `closed` instead (`Publicity.stub`)."""
    shown = row if service.publicity.shows(row) else msgspec.structs.replace(row, body=None)
    statement, event = decode_trusted(shown.statement, shown.body)
    view: dict[str, Any] = {
        "entry": row.index,
        "subject": row.subject,
        "version": row.version,
        "issuer": statement.issuer,
        "kid": statement.kid.hex(),
        "issued_at": _time(statement.iat),
        "recorded_at": _time(row.recorded_at),
        "statement_id": statement.statement_id.hex(),
        "sealed": statement.sealed,
    }
    if service.governance.disputed(statement.kid, row.index, row.recorded_at):
        view["disputed"] = True
    if isinstance(event, Closed):
        view["closed"] = service.publicity.stub(row)
    else:
        view["event"] = msgspec.to_builtins(event)
    return view


def _time(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")
