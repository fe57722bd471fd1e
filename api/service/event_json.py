"""An entry as JSON for people and programs: who said what when, and its content as far as it is public."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec

from api.service.body_disclosure import Records
from api.service.service import Service
from ledger.cose.statement import decode_trusted
from ledger.domain.events.base import Closed
from ledger.store.contract import EntryRow

__all__ = ["event_json"]


def event_json(service: Service, row: EntryRow) -> dict[str, Any]:
    """`event` is the content; a sealed entry whose body is not public has `closed` instead (`Publicity.stub`)."""
    return events_json(service, [row])[0]


def events_json(service: Service, rows: Sequence[EntryRow], known: Records | None = None) -> list[dict[str, Any]]:
    """`event_json` of each of several rows. Only of those that have a body is asked whether it may be shown.

    `known`: the records of their subjects, where somebody has them (`Publicity.known`).
    """
    publicity = service.publicity
    with_body = [row for row in rows if row.body is not None]
    hidden = {
        row.index for row, shows in zip(with_body, publicity.shows_each(with_body, known), strict=True) if not shows
    }
    views: list[dict[str, Any]] = []
    closed: list[tuple[dict[str, Any], EntryRow]] = []
    for row in rows:
        shown = msgspec.structs.replace(row, body=None) if row.index in hidden else row
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
            closed.append((view, row))
        else:
            view["event"] = msgspec.to_builtins(event)
        views.append(view)
    for (view, _), stub in zip(closed, publicity.stubs([row for _, row in closed], known), strict=True):
        view["closed"] = stub
    return views


def _time(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")
