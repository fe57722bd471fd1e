"""Whether an entry of an earlier import says what a row says now. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from msgspec import structs

from api.importing.plan import SingleWork, Work
from api.importing.statements import Scribe
from ledger.cose.statement import Statement, decode_event, parse_statement
from ledger.domain.complaint import ComplaintOutcomeRecorded
from ledger.domain.dates import shanghai_date
from ledger.domain.declaration import StandardAbolished, StandardDeclared, StandardRevised
from ledger.domain.event import Closed, Event
from ledger.domain.pledge import PledgeMade

__all__ = ["bare", "says_the_same"]


def says_the_same(work: Work, scribe: Scribe, old: Statement, body: Callable[[], bytes | None]) -> tuple[bool, bool]:
    """Whether an earlier statement differs in nothing but where and when it was read and recorded; whether that
    could not be told, its body being closed.

    A sealed one whose body is closed can still be told: made again as of the day on which it was signed, our
    own has the same commitment, if the row came from the same file.
    """
    if old.sealed:
        then = parse_statement(scribe.content(work, shanghai_date(old.iat)).statement)
        if then.payload == old.payload:
            return True, False
    said = decode_event(old, body() if old.sealed else None)
    ours: Event = work.event if isinstance(work, SingleWork) else work.pledge
    if isinstance(said, Closed):
        return False, True
    return bare(said) == bare(ours), False


def bare(event: Event) -> Event:
    """The event without what depends on file, row and day of the import."""
    if isinstance(event, PledgeMade):
        event = structs.replace(event, evidence=None)
    elif isinstance(event, ComplaintOutcomeRecorded):
        event = structs.replace(event, source=None)
    elif isinstance(event, StandardDeclared | StandardRevised | StandardAbolished):
        event = structs.replace(event, evidence=None)
    return structs.replace(event, effective_on=date.min, late_ground=None)
