"""The contract of `ledger.store.desk.Desk`, kept in PostgreSQL and in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.errors import Busy
from ledger.store.connect import Database
from ledger.store.desk import Desk, MemoryDesk, Pending, PostgresDesk
from tests.support.batches import NOW


@pytest.fixture(params=["postgres", "memory"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A desk with room for five statements."""
    if request.param == "postgres":
        with Database(request.getfixturevalue("database").service) as database:
            yield PostgresDesk(database, statements_max=5)
    else:
        yield MemoryDesk(statements_max=5)


def lay(desk: Desk, number: int, *, campaign: str | None = "2026", at: int = NOW) -> bytes:
    statement_id = bytes([number]) * 32
    body = b"body" if number % 2 else None
    desk.put(Pending(statement_id, b"statement %d" % number, body, "local:test/1", campaign, at))
    return statement_id


def test_what_lies_on_the_desk_is_found_as_it_was_laid(desk: Desk) -> None:
    first, second = lay(desk, 1), lay(desk, 2, campaign=None, at=NOW + 1)
    found = desk.get(first)
    assert found is not None
    assert (found.statement_id, found.statement, found.body) == (first, b"statement 1", b"body")
    assert (found.subject, found.campaign, found.received_at) == ("local:test/1", "2026", NOW)
    other = desk.get(second)
    assert other is not None
    assert (other.body, other.campaign) == (None, None)
    assert desk.get(bytes(32)) is None


def test_the_same_statement_again_is_what_already_lies_there(desk: Desk) -> None:
    lay(desk, 1)
    again = desk.put(Pending(b"\1" * 32, b"statement 1", b"body", "local:test/1", "2026", NOW + 500))
    assert again.received_at == NOW
    assert desk.count() == 1


def test_a_full_desk_takes_nothing_new_but_knows_what_it_has(desk: Desk) -> None:
    for number in range(5):
        lay(desk, number)
    with pytest.raises(Busy):
        lay(desk, 9)
    lay(desk, 3)
    assert desk.count() == 5
    desk.remove([b"\0" * 32])
    lay(desk, 9)
    assert desk.count() == 5


def test_what_was_removed_is_gone_and_may_be_removed_again(desk: Desk) -> None:
    first, second = lay(desk, 1), lay(desk, 2)
    desk.remove([first, bytes(32)])
    desk.remove([first])
    desk.remove([])
    assert desk.get(first) is None
    assert desk.get(second) is not None


def test_the_desk_is_read_in_pages_by_time_of_receipt(desk: Desk) -> None:
    third, first, second = lay(desk, 1, at=NOW + 9), lay(desk, 3), lay(desk, 4)
    other = lay(desk, 2, campaign=None, at=NOW + 5)
    page = desk.list(limit=2)
    assert [pending.statement_id for pending in page] == [first, second]
    assert [pending.statement_id for pending in desk.list(after=page[-1])] == [other, third]
    assert [pending.statement_id for pending in desk.list(campaign="2026")] == [first, second, third]
    assert list(desk.list(campaign="2025")) == []
