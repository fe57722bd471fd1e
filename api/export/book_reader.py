"""Enterprises as anybody can know them: the public feed, folded by the domain's own rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from api.client.transport import Transport
from api.export.external_sort import sorted_lines
from api.http.enterprise_ids import name_of
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.events.enterprise import EnterpriseRegistered
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.state.enterprise import name_on
from ledger.domain.state.fold import fold
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.subject import is_enterprise, parse
from ledger.errors import Malformed
from ledger.limits import EVENTS_PAGE_MAX

__all__ = ["Exported", "read_book"]

T = TypeVar("T")

_NDJSON: Final = "application/x-ndjson"
_TAB: Final = b"\t"


@dataclass(slots=True)
class Exported:
    """An enterprise: its record, and the events that are public, by the index of their entry.

    `shown_as`: the name that the service shows, of one whose registration is closed and whose pledge is public.
    """

    record: EnterpriseRecord
    events: Mapping[int, Event]
    shown_as: str | None = None

    def name_on(self, day: date) -> str | None:
        """As far as anybody can know it."""
        return name_on(self.record, day) or self.shown_as


class _Shown(Struct):
    """What is needed of an enterprise's page."""

    name: str | None = None


class _Key(Struct):
    """What a line of the feed is sorted by."""

    entry: int
    subject: str


def read_book(
    transport: Transport, folder: Path, tell: Callable[[int], None] = lambda entries: None
) -> Iterator[Exported]:
    """All enterprises in the order of their subjects, each once the feed was read; `tell` hears of how many entries.

    One of them is in memory at a time, and so much of the feed as is sorted at once: the rest of it lies in a file of
    `folder` until the end. Raises `Malformed`, `Unavailable`, `Busy`.
    """
    lines = (line.partition(_TAB) for line in sorted_lines(_keyed(transport, tell), folder))
    for subject, found in groupby(lines, key=lambda parts: parts[0]):
        record, events = None, dict[int, Event]()
        for at in (_recorded(line.partition(_TAB)[2]) for _, _, line in found):
            record = fold(record, (at,))
            if not isinstance(at.event, Closed):
                events[at.index] = at.event
        if record is None:
            raise Malformed(f"the entries of {subject.decode()} add up to nothing")
        nameless = bool(events) and not any(isinstance(at, EnterpriseRegistered) for at in events.values())
        yield Exported(record, events, _shown_as(transport, record.subject) if nameless else None)


def _shown_as(transport: Transport, subject: str) -> str | None:
    answer, _ = transport.ask("GET", f"/v1/enterprises/{name_of(subject)}")
    return _decoded(answer.content, _Shown).name


def _keyed(transport: Transport, tell: Callable[[int], None]) -> Iterator[bytes]:
    """The lines of the feed that are about enterprises: subject, entry (in digits of one length), and the line."""
    after, count = -1, EVENTS_PAGE_MAX
    while count == EVENTS_PAGE_MAX:
        answer, _ = transport.ask("GET", f"/v1/events?after={after}&limit={EVENTS_PAGE_MAX}", accept=_NDJSON)
        count = 0
        for line in answer.content.splitlines():
            key = _decoded(line, _Key)
            count, after = count + 1, key.entry
            if is_enterprise(parse(key.subject)):
                yield b"%s\t%016d\t%s" % (key.subject.encode(), key.entry, line)
        tell(after + 1)


def _recorded(line: bytes) -> Recorded:
    """The event that a line of the feed stands for. Raises `Malformed`."""
    view = _decoded(line, dict[str, Any])
    try:
        return _one(view)
    except (msgspec.MsgspecError, KeyError, ValueError, TypeError) as error:
        raise Malformed(f"a line of the service's feed is no event: {error!r:.200}") from None


def _decoded(line: bytes, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
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
