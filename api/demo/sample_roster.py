"""A sample roster in the national template: invented enterprises, the same ones for the same seed.

For demonstrations and tests. Every name begins with 示例, contact persons and telephone numbers are none. Codes
are well-formed and pass their check digit; none is looked up, so one may by chance be somebody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from stdnum.cn import uscc

from api.importing import pledge_template as template
from api.importing.table_writer import WritableCell, csv_table, xlsx_table
from ledger.domain.events.campaign import Clause
from ledger.domain.values.dates import add_months

__all__ = [
    "CLAUSES",
    "FLAWS",
    "SampleCampaign",
    "SampleEnterprise",
    "last_campaign",
    "sample_csv",
    "sample_enterprises",
    "sample_rows",
    "sample_xlsx",
    "year_before",
]

CLAUSES: Final = (
    Clause(
        id="lawful",
        zh="严格遵守产品质量法、消费者权益保护法等法律法规，执行国家强制性标准和明示标准",
        en="Obeys the laws on product quality and consumers' rights, mandatory standards and those that it states",
    ),
    Clause(id="genuine", zh="不生产、不销售假冒伪劣产品", en="Neither makes nor sells counterfeit or shoddy products"),
    Clause(
        id="quality-system",
        zh="建立健全质量管理体系，完整保存质量记录",
        en="Keeps a quality management system and complete quality records",
    ),
    Clause(
        id="warranty",
        zh="履行包修、包换、包退责任，对消费者合理诉求七日内答复",
        en="Repairs, replaces and refunds as it must; answers consumers' reasonable demands within seven days",
    ),
    Clause(
        id="traceable",
        zh="落实质量追溯和缺陷产品召回义务",
        en="Makes quality traceable and recalls defective products",
    ),
    Clause(
        id="open-standards",
        zh="公开产品和服务执行标准，接受社会监督",
        en="Publishes the standards that it works to and accepts public supervision",
    ),
)
FLAWS: Final = ("check digit", "liability", "date", "validity", "duplicate", "formula", "name", "length")

_CODE_CHARS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015
_PLACES: Final = (
    ("北京", "110105"), ("上海", "310115"), ("江苏", "320506"), ("浙江", "330106"), ("山东", "370212"),
    ("湖北", "420111"), ("广东", "440403"), ("广东", "440606"), ("重庆", "500105"), ("四川", "510107"),
    ("陕西", "610113"), ("辽宁", "210202"),
)  # fmt: skip
_TRADES: Final = (
    ("家用电器", "C385"), ("针织服装", "C182"), ("日化用品", "C268"), ("净水设备", "C346"), ("电线电缆", "C383"),
    ("建筑陶瓷", "C307"), ("乳制品", "C144"), ("火锅底料", "C146"), ("汽车用品", "C367"), ("家政服务", "O801"),
    ("检验检测", "M745"), ("农副食品", "C139"),
)  # fmt: skip
_WORDS: Final = (
    "宏远", "清泉", "云岭", "朗润", "正德", "恒信", "华章", "禾木", "瑞安", "安康", "盛达", "嘉禾", "福泽", "青禾",
    "天衡", "合众", "明源", "金穗", "佳禾", "䶮辉", "𬭚业", "㛃兰",
)  # fmt: skip
_ABOUT: Final = (template.CODE, template.NAME, template.DIVISION, template.INDUSTRY)
_REASON: Final = "参加“产品和服务质量诚信承诺”活动"
_LIABILITY: Final = "如违反上述承诺，自愿接受公开曝光、撤销公告和专用标识，并依法承担赔偿责任。"
_BODY: Final = "质量诚信承诺受理单位（示例）"
_BODY_CODE: Final = "51100000500000315Q"
_INDIVIDUAL_EVERY: Final = 100  # one enterprise in so many is an individual business
_SEALED_EVERY: Final = 400  # one pledge in so many is not for publication
_DAY: Final = timedelta(days=1)
_LAST_DAYS: Final = 3
_LAST_DAYS_PER_CENT: Final = 60  # most pledges come in a campaign's last days

_NOTATIONS: Final[tuple[Callable[[date], WritableCell], ...]] = (
    lambda day: day,
    lambda day: day.isoformat(),
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
)

Row = dict[str, WritableCell]


@dataclass(frozen=True, slots=True)
class SampleCampaign:
    """The window in which the sample's pledges are made, and what pledges without an end of their own get."""

    opens_on: date
    closes_on: date

    @property
    def pledge_valid_until(self) -> date:
        return add_months(self.closes_on, 12) - _DAY


@dataclass(frozen=True, slots=True)
class SampleEnterprise:
    """Who one row of a sample is about."""

    code: str
    name: str
    division: str
    industry: str


def last_campaign(today: date) -> SampleCampaign:
    """That of the newest 15 March that has come: what is dated in it can be recorded today, and is still valid."""
    year = today.year if (today.month, today.day) >= (3, 15) else today.year - 1
    return SampleCampaign(date(year, 3, 1), date(year, 3, 15))


def year_before(campaign: SampleCampaign) -> SampleCampaign:
    """The campaign a year earlier, whose pledges without an end of their own are over by the later one's last day."""
    year = campaign.opens_on.year - 1
    return SampleCampaign(campaign.opens_on.replace(year=year), campaign.closes_on.replace(year=year))


def sample_enterprises(count: int, *, seed: int = 315) -> list[SampleEnterprise]:
    """The enterprises of a sample's first `count` rows, which no campaign changes."""
    campaign = last_campaign(date(2026, 3, 15))
    columns = [template.HEADER.index(one) for one in _ABOUT]
    rows = list(sample_rows(count, campaign=campaign, seed=seed))[1:]
    return [SampleEnterprise(*(str(row[column]) for column in columns)) for row in rows]


def sample_xlsx(count: int, *, campaign: SampleCampaign, seed: int = 315, flaws: bool = False) -> bytes:
    """The roster as a workbook; the same arguments give the same bytes."""
    return xlsx_table(sample_rows(count, campaign=campaign, seed=seed, flaws=flaws), "承诺名单")


def sample_csv(
    count: int, *, campaign: SampleCampaign, seed: int = 315, flaws: bool = False, encoding: str = "utf-8-sig"
) -> bytes:
    """The roster as CSV, in UTF-8 or `gb18030`; the same arguments give the same bytes."""
    return csv_table(sample_rows(count, campaign=campaign, seed=seed, flaws=flaws), encoding)


def sample_rows(
    count: int, *, campaign: SampleCampaign, seed: int = 315, flaws: bool = False
) -> Iterator[list[WritableCell]]:
    """The header, then a row for each of `count` enterprises, no two with the same code.

    With `flaws` there follows one row for each of `FLAWS`, in that order, each wrong in that one way.
    """
    random = Random(seed)  # noqa: S311 not for secrets: the sample is to be the same again
    yield list(template.HEADER)
    codes: set[str] = set()
    first: Row = {}
    for number in range(1, count + (len(FLAWS) if flaws else 0) + 1):
        row = _row(random, number, campaign, codes)
        if number > count:
            _spoil(row, FLAWS[number - count - 1], first)
        first = first or row
        yield [row.get(column) for column in template.HEADER]


def _row(random: Random, number: int, campaign: SampleCampaign, codes: set[str]) -> Row:
    place, division = random.choice(_PLACES)
    trade, industry = random.choice(_TRADES)
    individual = number % _INDIVIDUAL_EVERY == 0
    code = _code(random, "92" if individual else "91", division)
    while code in codes:
        code = _code(random, "92" if individual else "91", division)
    codes.add(code)
    words = "".join(random.sample(_WORDS, 2))
    clauses = random.sample(CLAUSES, random.randint(3, len(CLAUSES)))
    made_on = _day(random, campaign)
    valid_until = random.choice([None, campaign.pledge_valid_until, add_months(campaign.closes_on, 24) - _DAY])
    return {
        template.NUMBER: number,
        template.NAME: f"示例{place}{words}{trade}{'经营部' if individual else '有限公司'}",
        template.CATEGORY: template.INDIVIDUAL if individual else template.ORGANIZATION,
        template.CODE: code,
        template.DIVISION: division,
        template.INDUSTRY: industry,
        template.SIZE: "微型" if individual else random.choice(list(template.SIZES)),
        template.KIND: template.SELF_DISCIPLINE,
        template.SCOPE: random.choice(list(template.SCOPES)),
        template.REASON: _REASON,
        template.CONTENT: "；".join(clause.zh for clause in clauses) + "。",
        template.LIABILITY: _LIABILITY,
        template.MADE_ON: random.choice(_NOTATIONS)(made_on),
        template.VALID_UNTIL: valid_until and random.choice(_NOTATIONS)(valid_until),
        template.BODY: _BODY,
        template.BODY_CODE: _BODY_CODE,
        template.DISCLOSURE: "不可公开" if number % _SEALED_EVERY == 0 else "可向社会公开",
        template.CONTACT: "无",
        template.TELEPHONE: "无",
        template.REMARK: None,
    }


def _code(random: Random, kind: str, division: str) -> str:
    stem = kind + division + "MA" + "".join(random.choice(_CODE_CHARS) for _ in range(7))
    return stem + uscc.calc_check_digit(stem)


def _day(random: Random, campaign: SampleCampaign) -> date:
    """Any day of the window, mostly one of the last."""
    days = (campaign.closes_on - campaign.opens_on).days + 1
    late = random.randrange(100) < _LAST_DAYS_PER_CENT
    return campaign.closes_on - timedelta(days=random.randrange(min(days, _LAST_DAYS) if late else days))


def _spoil(row: Row, flaw: str, first: Row) -> None:
    """Make the row wrong in one way."""
    code = str(row[template.CODE])
    if flaw == "check digit":
        row[template.CODE] = code[:-1] + _CODE_CHARS[(_CODE_CHARS.index(code[-1]) + 1) % len(_CODE_CHARS)]
    elif flaw == "liability":
        row[template.LIABILITY] = None
    elif flaw == "date":
        row[template.MADE_ON] = "三月十五"
    elif flaw == "validity":
        row[template.VALID_UNTIL] = "2000-01-01"
    elif flaw == "duplicate":
        same = (template.NAME, template.CATEGORY, template.CODE, template.SCOPE)
        row.update({column: first[column] for column in same if first})
    elif flaw == "formula":
        row[template.NAME] = f'=HYPERLINK("http://example.com","{row[template.NAME]}")'
    elif flaw == "name":
        row[template.NAME] = "  "
    elif flaw == "length":
        row[template.CONTENT] = str(row[template.CONTENT]) * 60
