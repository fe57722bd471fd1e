"""What the course of things makes necessary to be told: entries of the log, and days on which something is due.

Entries are looked at in their order; which were is written in the transaction that writes their notices, so that after
a crash at any moment each is told of, and none twice. What a request makes necessary is written with that request.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Final

from api.service.repeating import run_periodically
from api.service.service import Service
from ledger.cose.statement import decode_trusted
from ledger.domain.events.pledge import PledgePublished
from ledger.domain.values.subject import is_enterprise
from ledger.limits import NOTICE_STEP_ENTRIES
from ledger.store.desk_outbox import NoticesOfEntries

__all__ = ["write_notices", "write_notices_when_due"]

_BEFORE_DAYS: Final = 2  # as the work list marks what is due; weekends make it come earlier, never later
_AFTER_DAYS: Final = 30


async def write_notices_when_due(service: Service, seconds: int) -> None:
    """Look every so many seconds, for as long as the service runs: what comes in between is one mail. Several services
    may."""
    look = partial(service.off_loop, write_notices, service)
    await run_periodically("notices", look, seconds, again_seconds=seconds)


def write_notices(service: Service) -> None:
    """Write what became necessary since the last look. Raises `Unavailable`, `ClockDoubted`."""
    outbox, now = service.store.outbox, service.sound_clock()
    size = service.feed.size()
    position = outbox.position(size)
    while position < size:
        found = _found(service, position, min(size, position + NOTICE_STEP_ENTRIES))
        outbox.fan_out(found, now)
        position = found.next_entry
    today: date = service.today()
    since, until = today - timedelta(days=_AFTER_DAYS), today + timedelta(days=_BEFORE_DAYS)
    outbox.write_deadlines(today=today, since=since, until=until, at=now)
    outbox.prune(now)


def _found(service: Service, first: int, stop: int) -> NoticesOfEntries:
    touched: dict[str, tuple[int, int]] = {}
    published: list[tuple[int, str]] = []
    for row in service.store.entries(first, stop - first):
        if is_enterprise(row.subject):
            touched[row.subject] = (touched.get(row.subject, (row.index, 0))[0], row.index)
            _, event = decode_trusted(row.statement, row.body)
            if isinstance(event, PledgePublished):
                published.append((row.index, row.subject))
    return NoticesOfEntries(first, stop, [(subject, *of) for subject, of in touched.items()], published)
