"""A row of the outbox in words: what its kind says, about whom, with the addresses of pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from api.evidence.index_page_labels import EVENTS
from api.http.enterprise_ids import name_of
from api.notices.notice_words import KINDS
from api.service.event_json import events_json
from api.service.service import Service
from ledger.domain.values.subject import is_enterprise
from ledger.limits import NOTICE_LINES_MAX, RECORD_PAGE_ENTRIES
from ledger.store.desk_outbox import OutboxRow

__all__ = ["NoticeText", "called", "text_of"]

Language = Literal["zh", "en"]
_RULE: Final = "\n\n—\n\n"


class NoticeText(NamedTuple):
    """Title and text, in the receiver's language; in both where that is not known."""

    title: str
    text: str


def text_of(service: Service, row: OutboxRow, language: Language, link: str | None = None) -> NoticeText:
    """The words of a row; `link` in the place of the page that the kind leads to. Raises `Unavailable`."""
    kind = KINDS[row.kind]
    said = [_said(service, row, one, link) for one in (("zh", "en") if kind.bilingual else (language,))]
    return NoticeText(" / ".join(one.title for one in said), _RULE.join(one.text for one in said))


def called(service: Service, about: str, language: Language) -> str:
    """What people call the enterprise or party that a row is about; its id where nothing else is known."""
    if is_enterprise(about):
        found = service.views.search.enterprise(about)
        return name_of(about) if found is None else found.name
    party = service.governance.parties.get(about)
    if party is None:
        return about
    return party.name_zh if language == "zh" else party.name_en or party.name_zh


def _said(service: Service, row: OutboxRow, language: Language, link: str | None) -> NoticeText:
    title, text = getattr(KINDS[row.kind].title, language), getattr(KINDS[row.kind].text, language)
    base = f"{service.public_url}{'' if language == 'zh' else '/en'}"
    values = {
        "name": called(service, row.about, language) if ":" in row.about else row.about,
        "about": str(row.first_entry) if row.kind == "pledge_published" else row.about,
        "due": str(row.due_on),
        "link": link or f"{base}{_page(row)}",
        "lines": "\n".join(_lines(service, row, language)) if row.kind == "followed" else "",
    }
    return NoticeText(title.format_map(values), text.format_map(values))


def _page(row: OutboxRow) -> str:
    match row.kind:
        case "pledge_refused":
            return "/desk/enterprise"
        case "complaint_registered" | "complaint_moved":
            return f"/complain/{row.about}"
        case "complaint_due" | "complaint_overdue":
            return f"/desk/complaints/{row.about}"
    return f"/e/{name_of(row.about)}" if is_enterprise(row.about) else "/"


def _lines(service: Service, row: OutboxRow, language: Language) -> Sequence[str]:
    """The entries that a notice is about, as the public feed shows them now."""
    assert row.first_entry is not None and row.last_entry is not None  # of every row of this kind
    indices = service.store.stream_indices(row.about, after_index=row.first_entry - 1, limit=RECORD_PAGE_ENTRIES)
    touched = [index for index in indices if index <= row.last_entry]
    found = service.store.entries_at(touched[:NOTICE_LINES_MAX])
    lines = []
    for view in events_json(service, [found[index] for index in sorted(found)]):
        kind = view["event"]["type"] if "event" in view else None
        what = {"zh": EVENTS.get(kind, kind) if kind else "密封的记录", "en": kind or "a sealed entry"}[language]
        lines.append(f"- {view['recorded_at'][:10]}  {what}  #{view['entry']}")
    more = len(touched) - len(lines)
    return lines if not more else [*lines, {"zh": f"- 另有 {more} 条", "en": f"- and {more} more"}[language]]
