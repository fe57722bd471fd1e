"""`/figures`: how many of how many, on which day and at which size of the book; with the query that counts it again.

No enterprise is named and nothing is ranked: rows stand in the order of the closed list that they are from. Fewer than
`FIGURES_CASES_MIN` cases are not given as a number: so few say nothing about anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, answer
from api.pages.words import OUTCOMES as OUTCOME_WORDS
from api.pages.words import Word
from api.service.figures import BookFigures, Count, CountedBook
from api.service.service import Service
from ledger.domain.rules.policy_items import FINDINGS
from ledger.limits import FIGURES_CASES_MIN
from projections.standing.levels import WORDS

__all__ = ["FIGURES", "Figure", "FiguresView", "OpenFile", "router"]

PATH: Final = "/figures"
router = APIRouter()


class OpenFile(NamedTuple):
    """A file of the open data as a table (DuckDB): the first and the last line of it are about the file itself.

    `parquet`, which `credit-ledger export parquet` writes, gives the same in the place of `rows`.
    """

    name: str
    rows: str
    parquet: str


STANDINGS: Final = OpenFile(
    "standings.ndjson",
    """\
FROM read_ndjson('standings.ndjson', columns = {
    subject: 'VARCHAR', level: 'VARCHAR', reasons: 'JSON[]', closed_entries: 'BIGINT', repaired_entries: 'BIGINT',
    good_needs: 'STRUCT(live_public_pledge BOOLEAN, period_kept_in_full BOOLEAN, replies_in_time BOOLEAN)'})
WHERE subject IS NOT NULL""",
    "FROM read_parquet('book/standings/*/*/*.parquet')",
)
OUTCOMES: Final = OpenFile(
    "outcomes.ndjson",
    """\
FROM read_ndjson('outcomes.ndjson', columns = {entry: 'BIGINT', outcome: 'VARCHAR'})
WHERE entry IS NOT NULL""",
    "FROM read_parquet('book/outcomes/*/*/*.parquet')",
)


class Figure(NamedTuple):
    """`name` as `BookFigures` counts it; `rows` by their names there; `query` over `source` gives row, cases, among."""

    name: str
    title: Word
    among: Word
    rows: Sequence[tuple[str, Word]]
    query: str
    source: OpenFile = STANDINGS


class Cell(NamedTuple):
    """A row as it is shown: None for fewer than `FIGURES_CASES_MIN`."""

    said: Word
    cases: int | None
    among: int | None


class ShownFigure(NamedTuple):
    figure: Figure
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class FiguresView:
    book: CountedBook
    figures: Sequence[ShownFigure]
    least: int
    address: str
    files: Sequence[OpenFile] = (STANDINGS, OUTCOMES)


def _one(row: str, cases: str, among: str) -> str:
    return f"SELECT '{row}' AS row, {cases} AS cases, {among} AS among\n{STANDINGS.rows}"


_EVERY: Final = Word("账本中的企业", "enterprises in the book")
FIGURES: Final = (
    Figure(
        "levels",
        Word("企业的践诺状况", "Standings of enterprises"),
        _EVERY,
        [(level.value, Word(words.zh, words.en)) for level, words in WORDS.items()],
        f"SELECT level AS row, count(*) AS cases, sum(count(*)) OVER () AS among\n{STANDINGS.rows}\nGROUP BY level",
    ),
    Figure(
        "pledges",
        Word("有期限内公开承诺的企业", "Enterprises with a public pledge in force"),
        _EVERY,
        [("live", Word("有期限内的公开承诺", "with a public pledge in force"))],
        _one("live", "count(*) FILTER (good_needs.live_public_pledge)", "count(*)"),
    ),
    Figure(
        "kept",
        Word("有一个周期全部履行的企业", "Enterprises that kept a period in full"),
        Word("有期限内公开承诺的企业", "enterprises with a public pledge in force"),
        [("kept", Word("有一个周期经评定全部履行", "with a period assessed as kept in full"))],
        _one(
            "kept",
            "count(*) FILTER (good_needs.live_public_pledge AND good_needs.period_kept_in_full)",
            "count(*) FILTER (good_needs.live_public_pledge)",
        ),
    ),
    Figure(
        "replies",
        Word("按期答复投诉的企业", "Enterprises that answer complaints in time"),
        Word("投诉足够多、可以判断的企业", "enterprises with complaints enough to say"),
        [("in_time", Word("按期答复", "answer in time"))],
        _one("in_time", "count(*) FILTER (good_needs.replies_in_time)", "count(good_needs.replies_in_time)"),
    ),
    Figure(
        "findings",
        Word("有正在计分记录的企业", "Enterprises against which an entry counts"),
        _EVERY,
        [("counting", Word("有正在计分的记录", "with an entry that counts"))],
        _one("counting", "count(*) FILTER (len(reasons) > 0)", "count(*)"),
    ),
    Figure(
        "kinds",
        Word("正在计分的记录，按种类", "Entries that count, by kind"),
        Word("正在计分、列在状况中的原因", "reasons that count, as standings list them"),
        [(item, Word(zh, en)) for item, (zh, en) in FINDINGS.items()],
        "SELECT reason->>'item' AS row, count(*) AS cases, sum(count(*)) OVER () AS among\n"
        f"FROM (SELECT unnest(reasons) AS reason {STANDINGS.rows})\nGROUP BY row",
    ),
    Figure(
        "outcomes",
        Word("投诉办理结果，按种类", "Outcomes of complaints, by kind"),
        Word("已办结、仍在公示期内的投诉", "complaints that are closed and still public"),
        list(OUTCOME_WORDS.items()),
        f"SELECT outcome AS row, count(*) AS cases, sum(count(*)) OVER () AS among\n{OUTCOMES.rows}\nGROUP BY row",
        OUTCOMES,
    ),
    Figure(
        "repairs",
        Word("经信用修复的记录", "Entries that were repaired"),
        Word("已关闭、不再计分的记录", "entries that are closed and count no more"),
        [("repaired", Word("经信用修复", "by credit repair"))],
        _one("repaired", "coalesce(sum(repaired_entries), 0)", "coalesce(sum(closed_entries), 0)"),
    ),
)


def get_figures(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    figures: BookFigures = request.app.state.book_figures
    book = figures.counted()
    view = FiguresView(book, [_shown(one, book) for one in FIGURES], FIGURES_CASES_MIN, service.public_url)
    title = "数字 · 质量诚信账本" if language == "zh" else "Figures · Credit Ledger"
    said = (
        "账本里有多少、占多少：每个数字都有日期和分母，并附可以重新计算它的查询。"
        if language == "zh"
        else "How many of how many: each figure with its day, what it is counted among, and the query that recounts it."
    )
    return answer(request, "figures.html", PageFrame(PATH, language, title, said, service.demo), view)


add_page(router, PATH, get_figures)


def _shown(figure: Figure, book: CountedBook) -> ShownFigure:
    among = max((count.among for (name, _), count in book.counts.items() if name == figure.name), default=0)
    found = [(said, book.counts.get((figure.name, row), Count(0, among))) for row, said in figure.rows]
    return ShownFigure(figure, [Cell(said, _told(count.cases), _told(count.among)) for said, count in found])


def _told(count: int) -> int | None:
    return count if count >= FIGURES_CASES_MIN else None
