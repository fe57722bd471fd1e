"""Bundles of enterprises with many entries: what they cost the database, in parts and whole, and up to where.

Real PostgreSQL, and the parts of the service that make a bundle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from api.cosigning.cosigned_checkpoints import Published
from api.routes import bundle_answer as sending
from api.routes.bundle_answer import bundle_answer
from api.service import completeness_bundles as proofs
from api.service.body_disclosure import Publicity
from api.service.completeness_bundles import Bundles
from ledger.errors import Busy, Refuted
from ledger.reading.feed import Feed
from ledger.reading.log_reader import Log
from ledger.store.connect import Database
from ledger.verifier.completeness_bundle import verify_bundle
from ledger.verifier.formats.bundle import BundleTooLarge, parse_bundle
from projections.completeness.map_view import MapView
from projections.standing.policy_timeline import Rules
from tests.support.bundles import encode_bundle
from tests.support.complaints import complain
from tests.support.database import PostgresServer
from tests.support.live_book import LiveBook, trust_of
from tests.support.queries import count_queries
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE

FEW, MANY = 20, 120  # complaint outcomes; both within one part of `PROOFS_READ_MAX`


@dataclass(frozen=True)
class Complained:
    """A book with a much and a little complained-of enterprise, and its map's root published."""

    book: LiveBook

    @contextmanager
    def bundles(self) -> Iterator[Bundles]:
        """As a service that has just started makes them: nothing is in memory yet."""
        store = self.book.store
        log, feed = Log(store), Feed(store)
        rules = Rules.none().after(feed.governing())
        with closing(Database(self.book.database.service)) as database:
            publicity = Publicity(feed, lambda: rules, lambda: self.book.clock.today)
            roots = rules.governance.map_roots
            yield Bundles(store, log, MapView(database), publicity, Published(store, log, None), lambda: roots)

    def bundle(self, subject: str) -> bytes:
        with self.bundles() as bundles:
            return b"".join(bundles.of(subject))


@pytest.fixture(scope="module")
def complained(postgres_server: PostgresServer) -> Iterator[Complained]:
    with postgres_server.database() as database:
        book = LiveBook(database)
        complain(book, {ENTERPRISE: MANY, OTHER_ENTERPRISE: FEW})
        book.publish_map()
        yield Complained(book)
        book.close()


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many statements were sent to the database since the last look."""
    return count_queries(monkeypatch)


def test_entries_within_one_part_cost_no_query_each(complained: Complained, queries: Callable[[], int]) -> None:
    complained.bundle(OTHER_ENTERPRISE)
    few = queries()
    complained.bundle(ENTERPRISE)
    many = queries()
    assert 0 < many <= few + 2, "a tile more, perhaps"


def test_each_further_part_costs_so_many_queries(
    complained: Complained, queries: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    complained.bundle(ENTERPRISE)
    whole = queries()
    monkeypatch.setattr(proofs, "PROOFS_READ_MAX", 10)
    complained.bundle(ENTERPRISE)
    shown = sum(len(stream.entries) for stream in parse_bundle(complained.bundle(ENTERPRISE)).streams)
    assert queries() / 2 <= whole + 10 * (shown / 10 + 1)


@pytest.mark.parametrize("part", [1, 7, 30])
def test_a_bundle_is_the_same_in_whatever_parts_it_is_made(
    complained: Complained, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = complained.bundle(ENTERPRISE)
    found = verify_bundle(whole, trust_of(complained.book.store))
    assert len(found.events) == MANY + 1
    assert not found.closed
    monkeypatch.setattr(proofs, "PROOFS_READ_MAX", part)
    assert complained.bundle(ENTERPRISE) == whole


def test_of_many_entries_none_can_be_left_out(complained: Complained) -> None:
    bundle = parse_bundle(complained.bundle(ENTERPRISE))
    first, *rest = bundle.streams
    trust = trust_of(complained.book.store)
    for place in (0, 50, MANY):
        entries = first.entries[:place] + first.entries[place + 1 :]
        with pytest.raises(Refuted):
            verify_bundle(encode_bundle(replace(bundle, streams=(replace(first, entries=entries), *rest))), trust)


@pytest.mark.parametrize(("limit", "most"), [("BUNDLE_ENTRIES_MAX", MANY), ("BUNDLE_BYTES_MAX", 100_000)])
def test_beyond_the_limits_a_bundle_is_refused_before_anything_is_sent(
    complained: Complained, limit: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, limit, most)
    with complained.bundles() as bundles, pytest.raises(BundleTooLarge):
        bundles.of(ENTERPRISE)


def test_the_bytes_that_are_expected_are_never_less_than_those_that_come(
    complained: Complained, monkeypatch: pytest.MonkeyPatch
) -> None:
    bytes_ = len(complained.bundle(ENTERPRISE))
    monkeypatch.setattr(proofs, "BUNDLE_BYTES_MAX", bytes_)
    with complained.bundles() as bundles, pytest.raises(BundleTooLarge):
        bundles.of(ENTERPRISE)


def test_so_many_large_bundles_are_sent_at_a_time_and_each_gives_its_turn_back(
    complained: Complained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BUNDLE_PIECE_BYTES", 1_000)
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.sleep(60)

    with complained.bundles() as bundles:
        answers = [bundle_answer(ENTERPRISE, bundles, {}) for _ in range(sending.BUNDLES_SENT_MAX)]
        with pytest.raises(Busy):
            bundle_answer(ENTERPRISE, bundles, {})
        for answer in answers:
            sent.clear()
            asyncio.run(answer({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send))
            assert b"".join(sent) == complained.bundle(ENTERPRISE)
        again = bundle_answer(ENTERPRISE, bundles, {})
        asyncio.run(again({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send))
