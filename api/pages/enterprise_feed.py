"""`/e/{id}.atom`: what is newly recorded about an enterprise, for feed readers (Atom, RFC 4287).

An entry's id is made of the log's origin and the leaf index, as a tag URI (RFC 4151): it stays where an address moves.
What is closed has its reason in place of its content, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.http.enterprise_ids import name_of, subject_of
from api.pages.localized import add_page
from api.pages.rendering import Language, in_english
from api.pages.words import event_word
from api.service.event_json import events_json
from api.service.service import Service
from ledger.errors import NotFound
from ledger.limits import FEED_ENTRIES_MAX, PAGE_STREAM_MAX

__all__ = ["router"]

PATH: Final = "/e/{name}.atom"  # before `/e/{name}`
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_ID_MAX: Final = 80
_HEADERS: Final = {"Cache-Control": "public, max-age=60", "X-Content-Type-Options": "nosniff"}

router = APIRouter()


def get_feed(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    typed: str = request.path_params["name"]
    subject = subject_of(typed[:_ID_MAX])
    name = name_of(subject)
    path = f"/e/{name}"
    if typed != name:
        return RedirectResponse(f"{path}.atom" if language == "zh" else in_english(f"{path}.atom"), 308)
    indices = service.store.stream_indices(subject, limit=PAGE_STREAM_MAX)
    about = service.views.search.enterprise(subject)
    if not indices:
        service.require_current()
        raise NotFound(f"there is no entry about {name}")
    newest = indices[-FEED_ENTRIES_MAX:]
    rows = service.store.entries_at([indices[0], *newest])
    first, *said = events_json(service, [rows[index] for index in (indices[0], *reversed(newest))])
    address = service.public_url + (path if language == "zh" else in_english(path))
    feed = _Feed(f"{_tag(service.origin, first)}/{subject}/{language}", name if about is None else about.name, address)
    content = _xml(service.origin, feed, said, language)
    return Response(content, headers=_HEADERS, media_type="application/atom+xml")


class _Feed(NamedTuple):
    """`address`: that of the enterprise's page."""

    id: str
    name: str
    address: str


def _xml(origin: str, feed: _Feed, events: Sequence[Mapping[str, Any]], language: Language) -> bytes:
    """The feed of `events` (`event_json`, newest first, one at least)."""
    root = Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "zh-CN" if language == "zh" else "en"})
    _text(root, "id", feed.id)
    _text(root, "title", f"{feed.name} · {'质量诚信账本' if language == 'zh' else 'Credit Ledger'}")
    _text(root, "updated", events[0]["recorded_at"])
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{feed.address}.atom"})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.address})
    for one in events:
        entry = SubElement(root, "entry")
        title, summary = _words(one, language)
        _text(entry, "id", f"{_tag(origin, one)}/entries/{one['entry']}")
        _text(entry, "title", title)
        _text(entry, "updated", one["recorded_at"])
        _text(SubElement(entry, "author"), "name", one["issuer"])
        SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": feed.address})
        _text(entry, "summary", summary)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _words(one: Mapping[str, Any], language: Language) -> tuple[str, str]:
    """What the entry is, and its number or why it is closed."""
    number = f"第 {one['entry']} 条记录" if language == "zh" else f"entry {one['entry']}"
    if "event" not in one:
        return ("已关闭的记录" if language == "zh" else "A closed entry"), f"{number}: {one['closed'][language]}"
    what = event_word(one["event"]["type"])
    return (what.zh if language == "zh" else what.en), number


def _tag(origin: str, one: Mapping[str, Any]) -> str:
    """The log's origin (a host and a path) as a tag URI: with the day of the entry, on which the name was the log's."""
    host, _, rest = origin.partition("/")
    return f"tag:{host},{one['recorded_at'][:10]}:{rest}"


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


add_page(router, PATH, get_feed)
