"""Search among 1,000,000 names, as people type: the slowest in a hundred, against one look into a primary key."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import Final

import psycopg

from ledger.store.array_parameters import register
from ledger.store.connect import Database
from projections.db.reads import Reading
from projections.engine.schema import create_tables, drop_tables, index_tables, prepare
from projections.engine.tables import Rows
from projections.search.enterprise_row import EnterpriseRow, found_by
from projections.search.folding import fold_name
from projections.search.pinyin import initials_of, readings
from projections.search.search_view import SearchView
from tests.benchmarks.books import Bench
from tests.benchmarks.comparing import Ratio, compare

__all__ = ["enterprise_name", "load_names", "searching", "typed_queries"]

NAMES: Final = 1_000_000
QUERIES: Final = 2_000
_COPIED_AT_ONCE: Final = 20_000
_REGIONS: Final = (
    "北京 上海 天津 重庆 杭州 宁波 温州 南京 苏州 无锡 常州 广州 深圳 东莞 佛山 珠海 成都 绵阳 "
    "武汉 宜昌 长沙 株洲 西安 宝鸡 郑州 洛阳 济南 青岛 烟台 合肥 芜湖 福州 厦门 泉州 南昌 赣州 "
    "沈阳 大连 哈尔滨 长春 吉林 昆明 贵阳 南宁 桂林 海口 太原 石家庄 保定 兰州 西宁 银川 乌鲁木齐 "
    "呼和浩特 拉萨 中国 浙江 江苏 广东 四川"
)
_TRADES: Final = (
    "科技 贸易 食品 餐饮管理 建筑工程 装饰 电子商务 文化传媒 教育咨询 物流 汽车销售 机械设备 医疗器械 "
    "生物科技 环保科技 网络科技 实业 农业发展 房地产开发 物业管理 服装 家具 五金 化工 电器 投资 "
    "信息技术 旅游 酒店管理 健康管理"
)
_FORMS: Final = ("有限公司", "有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "（集团）有限公司")
# The 3,755 characters of GB 2312's first level, about in the order of how they are read.
_CHARACTERS: Final = bytes(
    byte for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF if high < 0xD7 else 0xFA) for byte in (high, low)
).decode("gb2312")
_CODE_CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def searching(bench: Bench) -> Iterator[Ratio]:
    """Every query is another one; a tenth of them looks for what thousands of names hold."""
    count = bench.of(NAMES)
    database = bench.migrated()
    prepare(database.service)
    chance = random.Random(1)
    names = load_names(database.service, count, chance)
    with Database(database.service, connections_max=2) as pool:
        reading = Reading(pool)
        view = SearchView(reading)

        def floor(_: int) -> float:
            subjects = [f"local:bench/{chance.randrange(count)}" for _ in range(QUERIES)]
            return _p99(
                [lambda subject=subject: reading.rows("enterprise", {"subject": subject}) for subject in subjects]
            )

        def ours(_: int) -> float:
            return _p99([lambda typed=typed: view.search(typed) for typed in typed_queries(names, QUERIES, chance)])

        yield compare(
            f"search among {count:,} names, the slowest in a hundred",
            "one row by primary key, the slowest in a hundred",
            "ms",
            floor=floor,
            ours=ours,
            rounds=bench.rounds(),
            bound="at most",
            target=12.0,
        )


def load_names(conninfo: str, count: int, chance: random.Random) -> list[tuple[str, str]]:
    """Name and code of enterprises that are found from now on."""
    made: list[tuple[str, str]] = []
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        register(connection)
        drop_tables(connection, "")
        create_tables(connection, "")
        rows = Rows()
        for number in range(count):
            name, code = enterprise_name(chance), _code(chance)
            made.append((name, code))
            body = json.dumps({"name": name, "former_names": []}).encode()
            row = EnterpriseRow(
                f"local:bench/{number}", code, name, *found_by([fold_name(name)], code), body, f'"{number}"'
            )
            rows.tables["enterprises"].append(row)
            if number % _COPIED_AT_ONCE == _COPIED_AT_ONCE - 1:
                rows.copy(cursor, "")
        rows.copy(cursor, "")
        index_tables(connection, "")
    return made


def typed_queries(names: Sequence[tuple[str, str]], count: int, chance: random.Random) -> list[str]:
    """What people type who look for one of `names`: whole, in part, otherwise, wrong."""
    typed = []
    for number in range(count):
        name, code = chance.choice(names)
        core = fold_name(name)[:6]
        (reading, *_) = readings(core)
        slipped = core[:3] + chance.choice(_CHARACTERS) + core[4:]
        ways = (
            name,
            core,
            f"{core[4:6]} {core[:4]}",
            "".join(reading),
            initials_of(reading),
            slipped,
            code,
            f"统一社会信用代码：{code}。",
            code[8:16] + "-" + code[16],
            chance.choice(_TRADES.split()) if chance.random() < 0.5 else chance.choice(_CHARACTERS),
        )
        typed.append(ways[number % len(ways)])
    return typed


def _p99(asked: Sequence[object]) -> float:
    times = []
    for ask in asked:
        began = time.perf_counter()
        ask()  # type: ignore[operator]
        times.append(time.perf_counter() - began)
    return quantiles(times, n=100)[98] * 1000


def enterprise_name(chance: random.Random) -> str:
    """As enterprises are called: region, brand, trade, form."""
    brand = "".join(
        _CHARACTERS[int(chance.random() ** 2 * len(_CHARACTERS))] for _ in range(chance.choice((2, 2, 3, 4)))
    )
    region, trade, form = chance.choice(_REGIONS.split()), chance.choice(_TRADES.split()), chance.choice(_FORMS)
    return f"{brand}（{region}）{trade}{form}" if chance.random() < 0.1 else f"{region}{brand}{trade}{form}"


def _code(chance: random.Random) -> str:
    return (
        "91"
        + "".join(chance.choice("0123456789") for _ in range(6))
        + "".join(chance.choice(_CODE_CHARACTERS) for _ in range(10))
    )
