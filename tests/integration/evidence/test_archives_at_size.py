"""Archives of enterprises with many entries, out of a real PostgreSQL: no query for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.evidence import Wanted, build, check_archive, fetched, gather
from api.evidence.book_source import BookSource
from api.evidence.evidence_source import Asking
from tests.support.charter import REGULATOR
from tests.support.complaints import complain
from tests.support.database import PostgresServer
from tests.support.live_book import LiveBook, trust_of
from tests.support.queries import count_queries
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE

FEW, MANY = 20, 120
LOOKED_AT = {
    "accesses.json",
    "manifest.json",
    "manifest.cose",
    "index.html",
}  # where another look shows


@pytest.fixture(scope="module")
def book(postgres_server: PostgresServer) -> Iterator[LiveBook]:
    with postgres_server.database() as database:
        book = LiveBook(database)
        complain(book, {ENTERPRISE: MANY, OTHER_ENTERPRISE: FEW})
        book.project()
        yield book
        book.close()


def archive(book: LiveBook, subject: str, *, asked_by_regulator: bool = False) -> bytes:
    asking = Asking(REGULATOR.party, REGULATOR.signer, "核查") if asked_by_regulator else None
    with BookSource(book.database.service, clock=book.clock) as source:
        if asking is not None:
            source.ask_as(asking)
        material = gather(source, Wanted(subject), today=book.clock.today, asking=asking)
    return build(material, None if asking is None else asking.signer)


def test_an_archive_takes_no_query_for_each_entry(book: LiveBook, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = count_queries(monkeypatch)
    archive(book, OTHER_ENTERPRISE)
    few = queries()
    archive(book, ENTERPRISE)
    assert 0 < queries() <= few + 4, "a tile more, perhaps"


@pytest.mark.parametrize("part", [1, 7])
@pytest.mark.parametrize("asked_by_regulator", [False, True])
def test_an_archive_is_the_same_in_whatever_parts_it_is_gathered(
    book: LiveBook, part: int, *, asked_by_regulator: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = archive(book, OTHER_ENTERPRISE, asked_by_regulator=asked_by_regulator)
    found = check_archive(whole, trust_of(book.store))
    assert len(found.archive.events) == FEW + 1
    monkeypatch.setattr(fetched, "PROOFS_READ_MAX", part)
    again = check_archive(archive(book, OTHER_ENTERPRISE, asked_by_regulator=asked_by_regulator), trust_of(book.store))
    differing = {path for path, data in found.archive.members.items() if again.archive.members[path] != data}
    assert differing <= (LOOKED_AT if asked_by_regulator else set())
