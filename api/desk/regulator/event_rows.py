"""Events as officers' lists show them: named from the book, with words for their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from api.http.enterprise_ids import name_of
from api.pages.words import Word, event_word
from api.service.service import SHANGHAI, Service
from ledger.domain.values.subject import ACCESS, MAP, POLICY, is_enterprise
from projections.search.event_search import EventHit

__all__ = ["ERASED", "ListedEvent", "event_type_word", "listed", "party_name"]

#: What is about no party and no enterprise.
_STREAMS: Final[Mapping[str, Word]] = {
    MAP: Word("完整性映射", "completeness map"),
    POLICY: Word("规则和日历", "policies and calendars"),
    ACCESS: Word("查阅日志", "access log"),
}
ERASED = Word("密封，正文已删除", "sealed, its body is erased", "closed")


class ListedEvent(NamedTuple):
    """A row: `subject_id` names an enterprise in addresses, None for other streams; `recorded` in Asia/Shanghai."""

    entry: int
    recorded: datetime
    type: str
    word: Word
    sealed: bool
    subject: str
    subject_id: str | None
    subject_name: Word | None
    issuer: str
    issuer_name: Word | None


def listed(service: Service, hits: Sequence[EventHit]) -> list[ListedEvent]:
    """Each event with the names of its subject and issuer, where the book has one."""
    subjects = {one.subject for one in hits if is_enterprise(one.subject)}
    subjects |= {own for one in hits if is_enterprise(own := one.issuer.removeprefix("party:")) and ":" in own}
    known = service.views.search.enterprises(sorted(subjects)) if subjects else {}

    def named(subject: str) -> Word | None:
        found = known.get(subject.removeprefix("party:"))
        return party_name(service, subject) if found is None else Word(found.name, found.name)

    return [
        ListedEvent(
            one.entry,
            datetime.fromtimestamp(one.recorded_at, SHANGHAI),
            one.type,
            event_type_word(one.type),
            one.sealed,
            one.subject,
            name_of(one.subject) if is_enterprise(one.subject) else None,
            named(one.subject),
            one.issuer,
            named(one.issuer),
        )
        for one in hits
    ]


def event_type_word(kind: str) -> Word:
    """The name of a type as the index of events has it."""
    return ERASED if kind == "sealed" else event_word(kind)


def party_name(service: Service, party: str) -> Word | None:
    """A party as it was enrolled, in Chinese where it has no English name; what a stream of its own is about.

    None for what the book does not know."""
    if party in _STREAMS:
        return _STREAMS[party]
    kind, _, id = party.partition(":")
    if kind == "campaign":
        return Word(f"活动 {id}", f"campaign {id}")
    record = service.governance.parties.get(party)
    return None if record is None else Word(record.name_zh, record.name_en or record.name_zh)
