"""What an import needs to know about the campaign; the service answers it at `GET /v1/campaigns/{id}`."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from api.importing.cells import fold_label
from ledger.domain.events.campaign import Scope
from ledger.domain.values import subject
from ledger.errors import Malformed

__all__ = ["Campaign", "OfferedClause", "campaign_subject", "decode_campaign"]

_PREFIX: Final = "campaign:"
_CLAUSE_ENDS: Final = re.compile("[；;。\n]")


class OfferedClause(Struct, frozen=True, kw_only=True):
    """A clause of the campaign's template. Pledges take it up by its words, entries name it by `id`."""

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}\\Z")]
    zh: str


class Campaign(Struct, frozen=True, kw_only=True):
    """The fields of the service's answer that are used here; others are left alone.

    `pledge_recording_days_max`: how many days a PledgeMade's `effective_on` may precede its recording without
    a `late_ground`, by the registration policy in force. `division`: what pledge codes begin with (GB/T 2260)
    where the campaign says so, else each enterprise's own. `last_day`: where it was closed early. `cancelled_on`: from
    when on its cancellation counts; nothing more is recorded in it, whatever that day.
    `pledge_months_max`: how long after the day on which it was made a pledge may end, by the policy.
    """

    opens_on: date
    closes_on: date
    pledge_valid_until: date
    scopes: tuple[Scope, ...]
    pledge_recording_days_max: Annotated[int, Meta(ge=0)]
    last_day: date | None = None
    cancelled_on: date | None = None
    pledge_months_max: Annotated[int, Meta(ge=0, le=1_200)] | None = None
    clauses: tuple[OfferedClause, ...] = ()
    division: Annotated[str, Meta(pattern="^[0-9]{6}\\Z")] | None = None

    @property
    def window(self) -> tuple[date, date]:
        """First and last day on which its pledges are made."""
        return self.opens_on, min(self.closes_on, self.last_day or self.closes_on)

    def clauses_in(self, content: str) -> tuple[str, ...]:
        """Ids of the template's clauses that a pledge's text takes up word for word, in the template's order."""
        said = {fold_label(part) for part in _CLAUSE_ENDS.split(content)}
        return tuple(clause.id for clause in self.clauses if fold_label(clause.zh.rstrip("；;。")) in said)


def campaign_subject(text: str) -> str:
    """`2026` or `campaign:2026` → the subject id. Raises `Malformed`."""
    return subject.parse(text if text.startswith(_PREFIX) else _PREFIX + text)


def decode_campaign(data: bytes) -> Campaign:
    """The service's JSON. Raises `Malformed` naming the field that is missing or not as it must be."""
    try:
        return msgspec.json.decode(data, type=Campaign)
    except msgspec.MsgspecError as error:
        raise Malformed(f"the service's answer about the campaign: {error}") from None
