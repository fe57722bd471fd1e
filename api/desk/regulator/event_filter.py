"""What somebody looks for in the explorer, as it stands in the address; what is wrong is said at its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from api.http.enterprise_ids import subject_of
from api.http.errors import InvalidRequest
from api.pages.words import Word
from api.service.service import SHANGHAI
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.values.enterprise_code import is_resident_number
from ledger.domain.values.subject import is_enterprise, own_party, parse
from ledger.errors import Malformed
from ledger.limits import LEAF_INDEX_ASKED_MAX
from projections.search.event_search import EventQuery

__all__ = ["PARAMETERS", "SEALED", "EventFilter", "read_filter"]

#: The type by which entries are found whose body is erased.
SEALED: Final = "sealed"
FIELDS: Final = ("subject", "type", "issuer", "from", "until", "first", "last")
PARAMETERS: Final = frozenset({*FIELDS, "cursor"})
_DIGITS_MAX: Final = 15


@dataclass(slots=True)
class EventFilter:
    """What somebody looks for among all events.

    `typed`: each field as it was typed, to be shown again; `wrong`: what is the matter with it. `query` counts only
    where nothing is wrong.
    """

    typed: Mapping[str, str]
    wrong: dict[str, Word] = field(default_factory=dict)
    query: EventQuery = field(default_factory=EventQuery)

    @property
    def about(self) -> str | None:
        """The enterprise that is looked at, if it is one."""
        return self.query.subject if self.query.subject and is_enterprise(self.query.subject) else None

    def address(self, **changed: str) -> str:
        """The query of an address that asks for the same, but for what is `changed` (empty: without it)."""
        asked = {name: value for name, value in ({**self.typed, **changed}).items() if value}
        return urlencode(asked)


def read_filter(asked: QueryParams) -> EventFilter:
    """Never raises for what was typed: it says at the field what is wrong."""
    typed = {name: asked.get(name, "").strip() for name in (*FIELDS, "cursor")}
    found = EventFilter(typed)
    found.query = EventQuery(
        subject=_subject(found),
        type=_type(found),
        issuer=_issuer(found),
        recorded_from=_seconds(found, "from", 0),
        recorded_until=_seconds(found, "until", 1),
        entry_from=_entry(found, "first"),
        entry_until=_entry(found, "last"),
        before=_entry(found, "cursor"),
    )
    return found


def _subject(found: EventFilter) -> str:
    """An enterprise by code or id, or the stream of a party, a campaign, the policies, the map or the access log."""
    text = found.typed["subject"]
    if not text:
        return ""
    try:
        return subject_of(text)
    except InvalidRequest as error:
        if is_resident_number(text.rpartition(":")[2].rpartition("/")[2]):
            found.wrong["subject"] = Word(error.zh, error.en)
            return ""
    try:
        return parse(text)
    except Malformed:
        found.wrong["subject"] = Word(
            "不是统一社会信用代码，也不是主体编号（如 party:organizer、campaign:2026、policy）",
            "neither a unified social credit code nor a subject (such as party:organizer, campaign:2026, policy)",
        )
        return ""


def _issuer(found: EventFilter) -> str:
    text = found.typed["issuer"]
    if not text:
        return ""
    try:
        return parse(text) if text.startswith("party:") else own_party(subject_of(text))
    except (Malformed, InvalidRequest):
        found.wrong["issuer"] = Word(
            "不是主体编号（如 party:organizer），也不是企业代码",
            "neither a party (such as party:organizer) nor an enterprise's code",
        )
        return ""


def _type(found: EventFilter) -> str:
    text = found.typed["type"]
    if text and text != SEALED and text not in SPECS:
        found.wrong["type"] = Word("没有这种事件", "there is no such type of event")
        return ""
    return text


def _seconds(found: EventFilter, name: str, days: int) -> int | None:
    """The Unix second at which the day begins (`days` 0), or the last one of it (1)."""
    text = found.typed[name]
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        moment = datetime.combine(day + timedelta(days=days), time(), SHANGHAI)
        return int(moment.timestamp()) - days
    except (ValueError, OverflowError):
        found.wrong[name] = Word("请写成 2026-03-15 这样的日期", "a date is written like 2026-03-15")
        return None


def _entry(found: EventFilter, name: str) -> int | None:
    text = found.typed[name]
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX and int(text) <= LEAF_INDEX_ASKED_MAX:
        return int(text)
    found.wrong[name] = Word("记录编号是从 0 起的整数", "entries are numbered from 0 on")
    return None
