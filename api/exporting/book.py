"""Enterprises as anybody can know them: the public feed, folded by the domain's own rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from api.transport import Transport
from ledger.domain.catalogue import SPECS
from ledger.domain.event import Closed, Event, Recorded
from ledger.domain.folding import fold
from ledger.domain.record import EnterpriseRecord
from ledger.domain.subject import is_enterprise
from ledger.errors import Malformed
from ledger.limits import EVENTS_PAGE_MAX

__all__ = ["Exported", "read_book"]

_NDJSON: Final = "application/x-ndjson"


@dataclass(slots=True)
class Exported:
    """An enterprise: its record, and the events that are public, by the index of their entry."""

    record: EnterpriseRecord
    events: dict[int, Event] = field(default_factory=dict)


def read_book(transport: Transport, tell: Callable[[int], None] = lambda entries: None) -> list[Exported]:
    """All enterprises, in the order in which they came into the book; `tell` hears how many entries were read.

    The book is in memory as a whole: some kilobytes for each enterprise. Raises `Malformed`, `Unavailable`, `Busy`.
    """
    found: dict[str, Exported] = {}
    after = -1
    while True:
        answer, _ = transport.ask("GET", f"/v1/events?after={after}&limit={EVENTS_PAGE_MAX}", accept=_NDJSON)
        count = 0
        for at in _recorded(answer.content):
            count += 1
            after = at.index
            if not is_enterprise(at.subject):
                continue
            known = found.get(at.subject)
            record = fold(None if known is None else known.record, (at,))
            if record is None:
                raise Malformed(f"entry {at.index} adds up to nothing")
            if known is None:
                known = found[at.subject] = Exported(record)
            known.record = record
            if not isinstance(at.event, Closed):
                known.events[at.index] = at.event
        tell(after + 1)
        if count < EVENTS_PAGE_MAX:
            return list(found.values())


def _recorded(content: bytes) -> Iterator[Recorded]:
    """The lines of the feed as the events that they stand for."""
    for line in content.splitlines():
        try:
            yield _one(msgspec.json.decode(line, type=dict[str, Any]))
        except (msgspec.MsgspecError, KeyError, ValueError, TypeError) as error:
            raise Malformed(f"a line of the service's feed is no event: {error!r:.200}") from None


def _one(view: dict[str, Any]) -> Recorded:
    event: Event | Closed
    if "closed" in view:
        event = Closed(bytes.fromhex(view["closed"]["commitment"]))
    else:
        event = msgspec.convert(view["event"], SPECS[view["event"]["type"]].event)
    return Recorded(
        index=view["entry"],
        subject=view["subject"],
        version=view["version"],
        recorded_at=_seconds(view["recorded_at"]),
        statement_id=bytes.fromhex(view["statement_id"]),
        issuer=view["issuer"],
        kid=bytes.fromhex(view["kid"]),
        iat=_seconds(view["issued_at"]),
        sealed=view["sealed"],
        event=event,
    )


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
