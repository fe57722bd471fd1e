"""An entry as JSON for people and programs: who said what when, and its content as far as it is public."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec

from api.service.body_disclosure import Records
from api.service.page_sources import PageSources
from ledger.domain.events.base import Closed, Recorded
from ledger.reading.feed import to_recorded
from ledger.store.contract import EntryRow

__all__ = ["event_json"]


def event_json(service: PageSources, row: EntryRow) -> dict[str, Any]:
    """`event` is the content; a sealed entry whose body is not public has `closed` instead (`Publicity.stub`)."""
    return events_json(service, [row])[0]


def events_json(
    service: PageSources,
    rows: Sequence[EntryRow],
    known: Records | None = None,
    decoded: Sequence[Recorded] | None = None,
) -> list[dict[str, Any]]:
    """`event_json` of each of several rows. Only of those that have a body is asked whether it may be shown.

    `known`: the records of their subjects (`Publicity.known`), `decoded`: what each row says, where somebody has them.
    """
    publicity = service.publicity
    entries = [to_recorded(row) for row in rows] if decoded is None else decoded
    with_body = [(row, at) for row, at in zip(rows, entries, strict=True) if row.body is not None]
    shows = publicity.shows_each([row for row, _ in with_body], known, [at for _, at in with_body])
    hidden = {row.index for (row, _), shown in zip(with_body, shows, strict=True) if not shown}
    views: list[dict[str, Any]] = []
    closed: list[tuple[dict[str, Any], EntryRow]] = []
    for row, at in zip(rows, entries, strict=True):
        view: dict[str, Any] = {
            "entry": row.index,
            "subject": row.subject,
            "version": row.version,
            "issuer": at.issuer,
            "kid": at.kid.hex(),
            "issued_at": _time(at.iat),
            "recorded_at": _time(row.recorded_at),
            "statement_id": at.statement_id.hex(),
            "sealed": at.sealed,
        }
        if service.governance.disputed(at.kid, row.index, row.recorded_at):
            view["disputed"] = True
        if isinstance(at.event, Closed) or (at.sealed and row.index in hidden):
            closed.append((view, row))
        else:
            view["event"] = msgspec.to_builtins(at.event)
        views.append(view)
    for (view, _), stub in zip(closed, publicity.stubs([row for _, row in closed], known), strict=True):
        view["closed"] = stub
    return views


def _time(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")
