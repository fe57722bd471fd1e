"""Answers in memory are given only while what they say is so: by the read models, by the day, by their own lifetime."""

from __future__ import annotations

import asyncio
from datetime import datetime
from types import SimpleNamespace
from typing import cast

import pytest

from api.routes.kept_standings import KeptStandings
from api.service.service import SHANGHAI, Service
from ledger.domain.values.dates import shanghai_date
from ledger.limits import STANDING_MAX_AGE_SECONDS
from projections.standing import Level
from projections.standing.standing_view import Served

ADDRESS = b"/v1/enterprises/local~test~one/standing"
BODY = b'{"holds":[],"level":"UNRATED","level_en":"Unrated"}'
MORNING = int(datetime(2026, 3, 15, 9, tzinfo=SHANGHAI).timestamp())
MIDNIGHT = int(datetime(2026, 3, 16, tzinfo=SHANGHAI).timestamp())


class Asked:
    """What `KeptStandings` asks of a service."""

    def __init__(self) -> None:
        self.now = MORNING
        self.progress = SimpleNamespace(size=7)
        self.standings = self
        self.in_book = True
        self.moves = False  # the read models, while they are read

    def clock(self) -> int:
        return self.now

    def today(self) -> object:
        return shanghai_date(self.now)

    def require_current(self) -> None:
        pass

    async def current(self, subject: str, today: object) -> Served:
        self.progress.size += self.moves
        return Served(subject, Level.UNRATED, None, BODY, '"tag"', in_book=self.in_book, settled=True)


def kept_after_reading(asked: Asked) -> KeptStandings:
    kept = KeptStandings(cast("Service", asked))
    name = kept.name_in(ADDRESS)
    assert name == "local~test~one"
    answer = asyncio.run(kept.read(ADDRESS, name))
    assert b"ledger-tree-size: 7\r\n" in answer.lines
    return kept


def test_an_answer_is_given_again() -> None:
    kept = kept_after_reading(Asked())
    found = kept.kept(ADDRESS)
    assert found is not None
    assert found.content == b'{"holds":[],"in_book":true,"level":"UNRATED","level_en":"Unrated"}'
    assert kept.kept(ADDRESS.replace(b"one", b"two")) is None


def test_an_answer_is_gone_when_the_read_models_move_on() -> None:
    asked = Asked()
    kept = kept_after_reading(asked)
    asked.progress.size = 8
    assert kept.kept(ADDRESS) is None


def test_what_was_read_while_they_moved_is_not_kept() -> None:
    asked = Asked()
    asked.moves = True
    assert kept_after_reading(asked).kept(ADDRESS) is None


def test_what_is_not_in_the_book_is_not_kept() -> None:
    asked = Asked()
    asked.in_book = False
    assert kept_after_reading(asked).kept(ADDRESS) is None


@pytest.mark.parametrize(
    ("now", "given"),
    [
        (MORNING, True),
        (MIDNIGHT - STANDING_MAX_AGE_SECONDS - 1, True),
        (MIDNIGHT - STANDING_MAX_AGE_SECONDS, False),
        (MIDNIGHT, False),
        (MORNING - 1, False),
        (MORNING + 365 * 86_400, False),
    ],
)
def test_an_answer_is_given_only_as_long_as_its_lifetime_is_true(now: int, given: bool) -> None:
    asked = Asked()
    kept = kept_after_reading(asked)
    asked.now = now
    assert (kept.kept(ADDRESS) is not None) == given


def test_in_the_last_minute_of_a_day_nothing_is_kept() -> None:
    asked = Asked()
    asked.now = MIDNIGHT - 10
    kept = kept_after_reading(asked)
    assert kept.kept(ADDRESS) is None


@pytest.mark.parametrize(
    "address",
    [
        b"/v1/enterprises//standing",
        b"/v1/enterprises/a/b/standing",
        b"/v1/enterprises/a%41/standing",
        b"/v1/enterprises/a/standing?x=1",
        b"/v1/enterprises/a/standing\n",
        b"/v1/enterprises/\xff/standing",
        b"/v1/enterprises/a/declarations",
    ],
)
def test_other_addresses_and_spellings_are_the_general_ways(address: bytes) -> None:
    assert KeptStandings.name_in(address) is None
