"""`/desk/log`: the newest checkpoint and who cosigned it, the published roots of the map, how far read models are, what
keeps the service from being ready; and `/desk/log/standing`: a standing on any day, from the entries below any size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.cosigning.cosigned_checkpoints import CosignedCheckpoint
from api.desk.frame import PageTemplate, add_desk_page, desk_answer, not_for_this_desk
from api.desk.regulator.closed_readers import require_reader
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.http.enterprise_ids import name_of, subject_of
from api.http.errors import InvalidRequest
from api.pages.rendering import Language
from api.pages.words import TONES, Word
from api.service.enterprise_overview import OverviewStanding
from api.service.readiness import Condition
from api.service.service import SHANGHAI, Service
from ledger.domain.state.completeness_map import MapRoot
from ledger.errors import NotFound
from ledger.limits import LEAF_INDEX_ASKED_MAX
from ledger.store.contract import CheckpointRow

__all__ = ["LogContent", "StandingContent", "router"]

PATH: Final = "/desk/log"
STANDING: Final = f"{PATH}/standing"
_ASKED: Final = ("enterprise", "as_of", "tree_size")
_DIGITS_MAX: Final = 15
#: What a condition is about, by the first part of its name; its own words are for the operator's terminal, too.
_CONDITIONS: Final[Mapping[str, Word]] = {
    "history": Word("历史", "history"),
    "sequencer": Word("登记", "sequencer"),
    "clock": Word("时钟", "clock"),
    "projections": Word("读模型", "read models"),
    "storage": Word("存储", "storage"),
    "database": Word("数据库", "database"),
    "reader": Word("只读副本", "reader"),
    "demo": Word("样例", "sample"),
}
_OTHER: Final = Word("故障", "defect")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class LogContent:
    """The state of the log: its checkpoint, its witnesses, its map, its read models.

    `witnessed` is the newest checkpoint with a quorum, None where there is none (yet), or none is demanded.

    `witnesses` are all that the log asks. `asks_standings`: whether standings at any size are for this officer.
    """

    origin: str
    newest: CheckpointRow
    recorded: datetime
    cosigned: CosignedCheckpoint
    witnessed: CosignedCheckpoint | None
    witnesses: Sequence[str]
    roots: Sequence[MapRoot]
    projected_size: int
    conditions: Sequence[tuple[Word, Condition]]
    asks_standings: bool


@dataclass(frozen=True, slots=True)
class StandingContent:
    """A standing at any date and size, and the form that asks for it.

    `typed` as it was typed, `wrong` what is the matter with it; `standing` None where nothing could be asked.
    """

    typed: Mapping[str, str]
    wrong: Mapping[str, Word]
    id: str
    standing: OverviewStanding | None
    tone: str
    in_book: bool


def get_log(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    if not officer.watches_log:
        raise not_for_this_desk()
    newest = service.store.latest()
    if newest is None:
        raise NotFound("the log is empty")
    published = service.witnessing.published
    policy = published.policy
    content = LogContent(
        service.origin,
        newest,
        datetime.fromtimestamp(newest.recorded_at, SHANGHAI),
        published.newest(),
        _witnessed(service),
        [] if policy is None else [one.name for one in policy.witnesses],
        service.governance.map_roots[::-1],
        service.progress.size,
        [(_CONDITIONS.get(one.name.partition(".")[0], _OTHER), one) for one in service.conditions()],
        officer.sees_closed,
    )
    title = ("账本与见证", "The log and its witnesses")
    return desk_answer(request, language, officer, PageTemplate("desk/regulator/log.html", PATH, title), content)


def get_standing(request: Request, language: Language, officer: Officer) -> Response:
    """Its reasons are named also where their entries are closed by now: so it is for those who may read them, and the
    look is logged."""
    service: Service = request.app.state.service
    require_reader(service, request, officer)
    typed = {name: request.query_params.get(name, "").strip() for name in _ASKED}
    wrong: dict[str, Word] = {}
    subject, size = _subject(typed["enterprise"], wrong), _size(service, typed["tree_size"], wrong)
    as_of = _day(service, typed["as_of"], wrong)
    content = StandingContent(typed, wrong, "", None, "normal", False)
    if subject is not None and as_of is not None and not wrong:
        log_look(request, officer, "served", subject)
        served = service.views.standings.replay(subject, as_of, tree_size=size)
        standing = msgspec.json.decode(served.body, type=OverviewStanding)
        tone = TONES[standing.level]
        content = StandingContent(typed, wrong, name_of(subject), standing, tone, served.in_book)
    title = ("某日某处的践诺状况", "A standing at a date and size")
    answer = desk_answer(
        request, language, officer, PageTemplate("desk/regulator/standing.html", STANDING, title), content
    )
    answer.status_code = 422 if wrong else 200
    return answer


def _witnessed(service: Service) -> CosignedCheckpoint | None:
    policy = service.witnessing.published.policy
    if policy is None or not policy.demands:
        return None
    try:
        return service.witnessing.published.witnessed()
    except NotFound:
        return None


def _subject(text: str, wrong: dict[str, Word]) -> str | None:
    if not text:
        return None
    try:
        return subject_of(text)
    except InvalidRequest as error:
        wrong["enterprise"] = Word(error.zh, error.en)
        return None


def _day(service: Service, text: str, wrong: dict[str, Word]) -> date | None:
    """Today where nothing was typed."""
    if not text:
        return service.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong["as_of"] = Word("请写成 2026-03-15 这样的日期", "a date is written like 2026-03-15")
        return None


def _size(service: Service, text: str, wrong: dict[str, Word]) -> int | None:
    """All entries where nothing was typed."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX and int(text) <= LEAF_INDEX_ASKED_MAX:
        size = service.feed.size()
        if int(text) <= size:
            return int(text)
        wrong["tree_size"] = Word(f"账本只有 {size} 条记录", f"the log has {size} entries")
    else:
        wrong["tree_size"] = Word("请写整数", "a whole number")
    return None


add_desk_page(router, PATH, get_log)
add_desk_page(router, STANDING, get_standing, parameters=frozenset(_ASKED))
