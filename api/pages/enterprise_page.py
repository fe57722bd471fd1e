"""`/e/{id}`: an enterprise's standing and why, what follows, all that is on record about it, and that it is all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.http.enterprise_ids import name_of, plausible, subject_of
from api.http.errors import InvalidRequest
from api.pages.enterprise_pages import CUT, Drawn, EnterprisePages, page_answer
from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, render
from api.pages.timeline import LevelTimeline, timeline
from api.pages.words import (
    ITEM_STATES,
    OUTCOMES,
    RESULTS,
    SCOPES,
    SIZES,
    TONES,
    Word,
    event_word,
    pledge_word,
    reply_word,
)
from api.service.enterprise_overview import Overview, overview
from api.service.page_sources import PageSources
from api.service.service import Service
from projections.standing.change_reasons import LevelChange
from projections.standing.levels import WORDS, Words

__all__ = ["EnterpriseView", "drawn", "drawn_from", "router"]

PATH: Final = "/e/{name}"
_PUBLIC_ID_MAX: Final = 80
_CAUSES: Final = {
    "pledge_began": Word("承诺生效", "a pledge came into force"),
    "pledge_ended": Word("承诺终止", "a pledge ended"),
    "revocation_began": Word("承诺因欺诈被撤销", "a pledge was revoked for fraud"),
    "revocation_ended": Word("撤销的公示期满", "the revocation is no longer public"),
    "record_began": Word("入册", "the record began"),
    "record_ended": Word("记录不再计入", "the record counts no more"),
}
_ENDED: Final = {
    "reason_ended": Word("不再计分", "counts no more"),
    "reason_changed": Word("计分减少", "counts less"),
    "hold_ended": Word("限制解除", "the limit ended"),
}

router = APIRouter()


class ReplyView(NamedTuple):
    text: str
    on: str


class Outcome(NamedTuple):
    """A complaint that was closed: months, what became of it, and the enterprise's words beside it."""

    entry: int
    closed: str
    product_class: str
    issue: str
    outcome: Word
    reply: Word
    corrected: bool
    replies: Sequence[ReplyView]


class EntryView(NamedTuple):
    """A line of the list of all entries. `closed` says why its content is not shown."""

    entry: int
    on: str
    what: Word
    issuer: str
    closed: tuple[str, str] | None


class Moment(NamedTuple):
    on: date
    after: Words
    tone: str
    why: Word
    entry: int


class Pledge(NamedTuple):
    code: str
    campaign: str
    scope: Word
    term: str
    state: Word
    results: Sequence[Word]
    stub: bool
    ended: bool  # withdrawn or revoked: no certificate is made of it


@dataclass(frozen=True, slots=True)
class EnterpriseView:
    """What the page shows. `found` is the overview; the rest is what of it takes words."""

    name: str | None
    id: str
    individual: bool
    today: date
    found: Overview
    tone: str
    size: Word | None
    weighs: Mapping[str, Word]
    timeline: LevelTimeline | None
    moments: Sequence[Moment]
    pledges: Sequence[Pledge]
    outcomes: Sequence[Outcome]
    entries: Sequence[EntryView]
    standards: Sequence[tuple[Mapping[str, Any], Word]]
    listings: Sequence[tuple[Mapping[str, Any], Word]]
    licences: Sequence[tuple[Mapping[str, Any], Word]]
    tones: Mapping[str, str]

    cut: str  # stands where what does not rest on the enterprise goes: `Drawn.pieces`
    outcomes_open: int = 20  # the newest of the outcomes, which stand open; the others unfold

    @property
    def count(self) -> int:
        return len(self.found.indices)

    @property
    def not_shown(self) -> int:
        return self.count - len(self.entries)


def get_enterprise(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    pages: EnterprisePages = request.app.state.enterprise_pages
    typed: str = request.path_params["name"]
    subject = subject_of(typed[:_PUBLIC_ID_MAX])
    path = f"/e/{name_of(subject)}"
    if typed != name_of(subject):
        return RedirectResponse(path if language == "zh" else f"/en{path}", 308)
    return page_answer(pages.page(subject, language, partial(drawn, service)), request.headers.raw)


add_page(router, PATH, get_enterprise)


def drawn(service: PageSources, subject: str, language: Language, today: date) -> Drawn:
    """The page in its pieces. Raises what `overview` raises, `InvalidRequest` for a wrong code."""
    return drawn_from(service, overview(service, subject, today), language, today)


def drawn_from(service: PageSources, found: Overview, language: Language, today: date) -> Drawn:
    """The same of what was found already."""
    if found.about is None and not found.in_book and not plausible(found.subject):
        raise InvalidRequest(
            "enterprise.check_digit",
            "统一社会信用代码的校验位不正确，请核对后重新输入",
            "the check digit of this unified social credit code is wrong: compare it and type it again",
        )
    view = _view(found, today)
    said = found.standing
    shown = view.name or view.id
    page = PageFrame(
        path=f"/e/{view.id}",
        language=language,
        title=f"{shown} · {'质量诚信账本' if language == 'zh' else 'Credit Ledger'}",
        description=f"{shown}: {said.level_zh}。{said.sentence_zh}"
        if language == "zh"
        else f"{shown}: {said.level_en}. {said.sentence_en}",
        demo=service.demo,
        indexed=found.in_book and found.about is not None and not view.individual,
    )
    pieces = [piece.encode() for piece in render("enterprise.html", page, view).split(CUT)]
    return Drawn(language, view.id, tuple(pieces), found.indices, found.version, found.in_book)


def _view(found: Overview, today: date) -> EnterpriseView:
    about = found.about or {}
    declared = found.declared
    marks = declared.get("marks") or {"licences": []}
    return EnterpriseView(
        name=about.get("name"),
        id=name_of(found.subject),
        individual=about.get("category") == "individual_business" or found.subject.startswith("local:"),
        today=today,
        found=found,
        tone=TONES[found.standing.level],
        size=SIZES.get(about.get("size_band") or ""),
        weighs=SIZES,
        timeline=timeline(found.changes, today),
        moments=[_moment(change) for change in reversed(found.changes)],
        pledges=[_pledge(one) for one in reversed(declared["pledges"])],
        outcomes=_outcomes(found.events),
        entries=[_entry(one) for one in reversed(found.events)],
        standards=[(one, ITEM_STATES[one["state"]]) for one in declared.get("standards", ())],
        listings=[(one, ITEM_STATES[one["state"]]) for one in declared.get("listings", ())],
        licences=[(one, ITEM_STATES[one["state"]]) for one in marks["licences"]],
        tones=TONES,
        cut=CUT,
    )


def _moment(change: LevelChange) -> Moment:
    return Moment(change.changed_on, WORDS[change.after], TONES[change.after], _why(change), change.entry)


def _why(change: LevelChange) -> Word:
    """The weightiest of what changed: findings and ends before needs."""
    if change.cause == "policy":
        return Word("规则更新", "another policy took effect")
    order = ("revocation", "hold", "reason", "pledge", "need", "record")
    for kind in order:
        for one in change.because:
            if not one.what.startswith(kind):
                continue
            if one.closed:
                return Word("所据记录已关闭", "by an entry that is closed by now")
            known = _CAUSES.get(one.what)
            if known is not None:
                return known
            if one.zh is not None:
                ended = _ENDED.get(one.what)
                said = one.en or ""
                return Word(f"{one.zh}：{ended.zh}", f"{said} ({ended.en})") if ended else Word(one.zh, said)
    return Word("时间推移", "by time alone") if change.cause == "time" else Word("新的记录", "a new entry")


def _pledge(one: Mapping[str, Any]) -> Pledge:
    """One that was repudiated is a stub without terms."""
    stub = "scope" not in one
    return Pledge(
        one["code"],
        "" if stub else one["campaign"].partition(":")[2],
        Word("承诺", "pledge") if stub else SCOPES[one["scope"]],
        "" if stub else f"{one['valid_from']} – {one['last_day']}",
        pledge_word(one),
        () if stub else [RESULTS[assessed["result"]] for assessed in one["assessments"]],
        stub,
        bool(one.get("end")),
    )


def _outcomes(events: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """The newest first, in the words of their newest version; those that were voided are left out."""
    said = {one["entry"]: one["event"] for one in events if "event" in one}
    newest = {entry: one for entry, one in said.items() if one["type"] == "ComplaintOutcomeRecorded"}
    roots = {entry: entry for entry in newest}
    replies: dict[int, list[ReplyView]] = {}
    corrected: set[int] = set()
    for entry, one in said.items():
        if one["type"] == "ComplaintOutcomeCorrected" and one["corrects"] in roots:
            root = roots[entry] = roots[one["corrects"]]
            corrected.add(root)
            newest[root] = {**newest[root], **{key: value for key, value in one.items() if key != "type"}}
        elif one["type"] == "ComplaintReplied" and one["outcome_entry"] in roots:
            replies.setdefault(roots[one["outcome_entry"]], []).append(ReplyView(one["text"], one["effective_on"]))
    return [
        Outcome(
            entry,
            one["closed"],
            one["product_class"],
            one["issue"],
            OUTCOMES[one["outcome"]],
            reply_word(one["reply"], one["outcome"], afterwards=entry in replies),
            entry in corrected,
            replies.get(entry, ()),
        )
        for entry, one in reversed(newest.items())
        if not one.get("void")
    ]


def _entry(one: Mapping[str, Any]) -> EntryView:
    closed = one.get("closed")
    what = event_word(one["event"]["type"]) if "event" in one else Word("已关闭的记录", "A closed entry")
    reason = None if closed is None else (str(closed["zh"]), str(closed["en"]))
    return EntryView(one["entry"], one["recorded_at"][:10], what, one["issuer"].partition(":")[2], reason)
