"""Searching among very many names: what is common is read on, what is rare looked up, and both find the same."""

from __future__ import annotations

import random
from collections.abc import Iterator

import psycopg
import pytest

from ledger.limits import SEARCH_RANKED_LARGE_MAX
from ledger.store.array_parameters import Integers, register
from ledger.store.connect import Database
from projections.db.reads import Reading
from projections.engine.schema import create_tables, drop_tables, index_tables, prepare
from projections.search.common_words import LARGE, CommonWordsReader
from projections.search.enterprise_row import found_by
from projections.search.folding import fold_name
from projections.search.search_view import SearchHit, SearchView
from tests.support.database import PostgresServer

EACH = 60  # enterprises of one name: that they are many is what matters here
RARE = ("杭州云栖贸技茶业有限公司", "宁波科贸港湾饮食有限公司", "温州瓯江芯科技有限公司")
_ADD = """
INSERT INTO projections.enterprises
SELECT 'local:many/' || %(number)s || '-' || copy, '', %(name)s, %(text)s, %(pinyin)s, %(initials)s, %(grams)b,
       convert_to('{"former_names": []}', 'UTF8'), '"1"'
FROM generate_series(1, %(copies)s) copy
"""


@pytest.fixture(scope="module")
def search(postgres_server: PostgresServer) -> Iterator[SearchView]:
    chance = random.Random(7)
    brands = [
        chr(0x4E00 + chance.randrange(8_000)) + chr(0x4E00 + chance.randrange(8_000)) for _ in range(LARGE // EACH + 1)
    ]
    kinds = [("杭州", "科技"), ("宁波", "贸易"), ("温州", "饮食")]
    names = [f"{kinds[at % 3][0]}{brand}{kinds[at % 3][1]}有限公司" for at, brand in enumerate(brands)]
    with postgres_server.database() as database:
        prepare(database.service)
        with psycopg.connect(database.service) as connection:
            register(connection)
            drop_tables(connection, "")
            create_tables(connection, "")
            for number, name in enumerate([*names, *RARE]):
                text, pinyin, initials, grams = found_by([fold_name(name)], "")
                row = {"text": text, "pinyin": pinyin, "initials": initials, "grams": Integers(grams)}
                copies = 1 if name in RARE else EACH
                connection.execute(_ADD, {"number": number, "name": name, "copies": copies, **row})
            index_tables(connection, "")
        with Database(database.service, connections_max=2) as pool:
            yield SearchView(Reading(pool))
            known = CommonWordsReader(Reading(pool)).read()
            assert known.large  # else nothing of this was asked of many names
            assert known.hold_all(["科技"])


def all_pages(search: SearchView, typed: str) -> list[SearchHit]:
    found, cursor = list[SearchHit](), ""
    while True:
        page = search.search(typed, cursor=cursor, limit=20)
        found += page.found
        cursor = page.cursor
        if not cursor:
            return found


@pytest.mark.parametrize("typed", ["科技", "有限公司", "科技 杭州", "hz", "hangzhou"])
def test_of_what_every_third_name_holds_a_bounded_list_comes_in_pages_without_repetition(
    search: SearchView, typed: str
) -> None:
    found = all_pages(search, typed)
    assert SEARCH_RANKED_LARGE_MAX <= len(found) <= 3 * SEARCH_RANKED_LARGE_MAX  # of each way to match
    assert len({one.subject for one in found}) == len(found)


@pytest.mark.parametrize("name", RARE)
def test_one_name_among_very_many_is_found_whole_in_part_and_by_its_words_in_any_order(
    search: SearchView, name: str
) -> None:
    for typed in (name, name[2:6], f"{name[4:7]} {name[:2]}"):
        assert name in [one.name for one in search.search(typed).found]


@pytest.mark.parametrize("name", RARE)
def test_a_name_is_found_among_very_many_though_one_character_is_wrong_missing_or_too_many(
    search: SearchView, name: str
) -> None:
    core = name[:8]
    for at in range(len(core)):
        changed = core[:at] + core[at + 1 : at + 2] + core[at] + core[at + 2 :]
        for typed in (core[:at] + "鑫" + core[at + 1 :], core[:at] + "鑫" + core[at:], changed):
            assert name in [one.name for one in search.search(typed).found], typed
