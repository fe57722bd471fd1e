"""The contract of `ledger.store.desk.Desk`, kept in PostgreSQL and in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ledger.errors import Busy, NotFound, Refused
from ledger.store.connect import Database
from ledger.store.desk import Desk, DeskFilter, DeskOrder, Pending, PostgresDesk
from ledger.store.memory_desk import MemoryDesk
from tests.support.batches import NOW

OWN = "local:test/own"


@pytest.fixture(params=["postgres", "memory"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A desk with room for five statements, three of them by one enterprise, two refused ones of it kept."""
    limits = {"statements_max": 5, "waiting_max": 3, "refused_max": 2}
    if request.param == "postgres":
        with Database(request.getfixturevalue("database").service) as database:
            yield PostgresDesk(database, **limits)
    else:
        yield MemoryDesk(**limits)


def pending(number: int, **given: Any) -> Pending:
    """A pledge by an enterprise of its own, in campaign 2026, unless said otherwise."""
    return replace(
        Pending(
            statement_id=bytes([number]) * 32,
            statement=b"statement %d" % number,
            body=b"body" if number % 2 else None,
            subject=f"local:test/{number}",
            campaign="2026",
            received_at=NOW,
            scope="comprehensive",
            issued_at=NOW,
        ),
        **given,
    )


def lay(desk: Desk, number: int, **given: Any) -> bytes:
    return desk.put(pending(number, **given)).statement_id


def ids(rows: Sequence[Pending]) -> list[bytes]:
    return [row.statement_id for row in rows]


def refuse(desk: Desk, statement_id: bytes, at: int = NOW) -> Pending:
    return desk.refuse(statement_id, at=at, by="party:organizer", reason="与条款不符")


def test_what_lies_on_the_desk_is_found_as_it_was_laid(desk: Desk) -> None:
    first, second = lay(desk, 1), lay(desk, 2, campaign=None, scope=None, received_at=NOW + 1)
    found = desk.get(first)
    assert found is not None
    assert (found.statement_id, found.statement, found.body) == (first, b"statement 1", b"body")
    assert found == pending(1)
    other = desk.get(second)
    assert other is not None
    assert (other.body, other.campaign) == (None, None)
    assert desk.get(bytes(32)) is None


def test_the_same_statement_again_is_what_already_lies_there(desk: Desk) -> None:
    lay(desk, 1)
    again = desk.put(pending(1, received_at=NOW + 500))
    assert again.received_at == NOW
    assert desk.count() == (1, 0)


def test_a_full_desk_takes_nothing_new_but_knows_what_it_has(desk: Desk) -> None:
    for number in range(5):
        lay(desk, number)
    with pytest.raises(Busy):
        lay(desk, 9)
    lay(desk, 3)
    assert desk.count().waiting == 5
    desk.remove([b"\0" * 32])
    lay(desk, 9)
    assert desk.count().waiting == 5


def test_what_was_removed_is_gone_and_may_be_removed_again(desk: Desk) -> None:
    first, second = lay(desk, 1), lay(desk, 2)
    desk.remove([first, bytes(32)])
    desk.remove([first])
    desk.remove([])
    assert desk.get(first) is None
    assert desk.get(second) is not None


def test_the_desk_is_read_in_pages_by_time_of_receipt(desk: Desk) -> None:
    third, first, second = lay(desk, 1, received_at=NOW + 9), lay(desk, 3), lay(desk, 4)
    other = lay(desk, 2, campaign=None, received_at=NOW + 5)
    page = desk.list(limit=2)
    assert ids(page) == [first, second]
    assert ids(desk.list(after=(page[-1].received_at, page[-1].statement_id))) == [other, third]
    assert ids(desk.list(campaign="2026")) == [first, second, third]
    assert list(desk.list(campaign="2025")) == []
    assert ids(desk.list(subject="local:test/4")) == [second]


def test_a_newer_one_takes_the_place_of_the_one_that_waits(desk: Desk) -> None:
    first, other = lay(desk, 1, subject=OWN), lay(desk, 2, subject=OWN, scope="product")
    second = lay(desk, 3, subject=OWN, issued_at=NOW + 1, received_at=NOW + 1)
    assert desk.get(first) is None
    assert desk.get(second) == pending(3, subject=OWN, issued_at=NOW + 1, received_at=NOW + 1)
    assert ids(desk.list()) == [other, second]


def test_an_older_one_sent_again_takes_no_place(desk: Desk) -> None:
    lay(desk, 1, subject=OWN)
    newer = lay(desk, 2, subject=OWN, issued_at=NOW + 1)
    with pytest.raises(Refused, match="newer"):
        lay(desk, 1, subject=OWN)
    refuse(desk, newer)
    with pytest.raises(Refused, match="newer"):
        lay(desk, 1, subject=OWN)
    assert ids(desk.list()) == [newer]


def test_an_enterprise_fills_its_own_quota_and_nobody_elses(desk: Desk) -> None:
    for number, scope in enumerate(("comprehensive", "product", "service")):
        lay(desk, number, subject=OWN, scope=scope)
    with pytest.raises(Refused) as refused:
        lay(desk, 3, subject=OWN, campaign="2027")
    assert refused.value.rule == "pledge.waiting_max"
    lay(desk, 4, subject=OWN, issued_at=NOW + 1)
    lay(desk, 5)
    assert desk.count() == (4, 0)


def test_a_newer_one_finds_its_place_on_a_full_desk(desk: Desk) -> None:
    for number in range(5):
        lay(desk, number)
    newer = lay(desk, 9, subject="local:test/1", issued_at=NOW + 1)
    assert desk.get(newer) is not None
    assert desk.count() == (5, 0)


def test_what_is_refused_stays_with_its_reason_and_is_refused_once(desk: Desk) -> None:
    statement_id = lay(desk, 1)
    refused = refuse(desk, statement_id, NOW + 5)
    assert desk.get(statement_id) == refused
    assert (refused.refused_at, refused.refused_by, refused.reason) == (NOW + 5, "party:organizer", "与条款不符")
    assert desk.put(pending(1)) == refused, "sent again it is what it was"
    assert desk.count() == (0, 1)
    with pytest.raises(Refused, match="before"):
        refuse(desk, statement_id)
    with pytest.raises(NotFound):
        refuse(desk, bytes(32))


def test_a_newer_one_leaves_what_was_refused(desk: Desk) -> None:
    first = lay(desk, 1, subject=OWN)
    refuse(desk, first)
    second = lay(desk, 2, subject=OWN, issued_at=NOW + 1)
    assert ids(desk.list(subject=OWN)) == [first, second]


def test_of_an_enterprises_refused_ones_the_newest_are_kept(desk: Desk) -> None:
    other = lay(desk, 9)
    refuse(desk, other, NOW - 100)
    for number in range(4):
        refuse(desk, lay(desk, number, subject=OWN, issued_at=NOW + number), NOW + number)
    assert sorted(ids(desk.list(subject=OWN))) == [bytes([2]) * 32, bytes([3]) * 32]
    assert desk.get(other) is not None


def test_a_campaign_that_ended_takes_all_of_its_pledges_along(desk: Desk) -> None:
    first, refused, other = lay(desk, 1), lay(desk, 2), lay(desk, 3, campaign="2027")
    refuse(desk, refused)
    assert set(desk.campaigns()) == {"2026", "2027"}
    desk.drop_campaign("2026")
    desk.drop_campaign("2026")
    assert (desk.get(first), desk.get(refused)) == (None, None)
    assert ids(desk.list()) == [other]


def test_a_list_is_filtered_sorted_and_counted(desk: Desk) -> None:
    last = lay(desk, 1, received_at=NOW + 9, scope="service")
    first, second = lay(desk, 4), lay(desk, 3, campaign="2025")
    old = refuse(desk, lay(desk, 2, received_at=NOW + 1)).statement_id

    def listed(order: DeskOrder = "received", **which: Any) -> list[bytes]:
        page = desk.page(DeskFilter(**which), order, offset=0, limit=9)
        assert page.found == len(page.rows)
        return ids(page.rows)

    assert listed() == [second, first, old, last]
    assert listed("-received") == [last, old, second, first]
    assert listed("enterprise") == [last, old, second, first]
    assert listed(campaign="2025") == [second]
    assert listed(scope="service") == [last]
    assert listed(waiting=False) == [old]
    assert listed(waiting=True) == [second, first, last]
    assert listed(subject="local:test/4") == listed(part="test/4") == listed(subjects=["local:test/4"]) == [first]
    assert listed(subjects=[]) == listed(part="%") == []
    page = desk.page(DeskFilter(), "received", offset=1, limit=2)
    assert (ids(page.rows), page.found) == ([first, old], 4)
