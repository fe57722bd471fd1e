"""What may be published about the completeness map, and what of it the book remembers."""

from __future__ import annotations

import pytest

from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.state.completeness_map import MapRoot
from ledger.errors import Refused
from ledger.limits import MAP_ROOTS_KEPT_MAX
from tests.support.book import Book
from tests.support.charter import LOG_OPERATOR, ORGANIZER, Speaker
from tests.support.statements import ENTERPRISE

ROOT = "ab" * 32


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def publish(book: Book, tree_size: int, by: Speaker = LOG_OPERATOR, subject: str = "map") -> int:
    today = book.governance.policies.registration[0].effective_on
    event = MapRootPublished(v=1, effective_on=today, root=ROOT, tree_size=tree_size, subjects=7, late_ground="测试")
    return book.say(event, subject=subject, by=by).index


def rule_of(book: Book, *given: object) -> str:
    with pytest.raises(Refused) as refused:
        publish(book, *given)  # type: ignore[arg-type]
    return refused.value.rule


def test_a_root_is_remembered_with_its_size_and_entry(book: Book) -> None:
    size = len(book.events)
    index = publish(book, size)
    assert index == size
    assert book.governance.map_roots == (MapRoot(index, size, bytes.fromhex(ROOT), 7),)


def test_a_root_never_covers_itself(book: Book) -> None:
    assert rule_of(book, len(book.events) + 1) == "map.covers_itself"


def test_sizes_only_grow_so_that_no_size_has_two_roots(book: Book) -> None:
    publish(book, len(book.events) - 1)
    newest = book.governance.map_roots[-1].tree_size
    assert rule_of(book, newest) == rule_of(book, newest - 1) == "map.not_growing"
    publish(book, newest + 1)


def test_roots_are_the_log_operator_s_and_lie_in_their_own_stream(book: Book) -> None:
    assert rule_of(book, len(book.events), ORGANIZER) == "issuer.not_entitled"
    assert rule_of(book, len(book.events), LOG_OPERATOR, ENTERPRISE) == "event.wrong_stream"


def test_only_the_newest_roots_are_kept(book: Book) -> None:
    for _ in range(MAP_ROOTS_KEPT_MAX + 5):
        publish(book, len(book.events))
    kept = book.governance.map_roots
    assert len(kept) == MAP_ROOTS_KEPT_MAX
    assert kept[-1].index == len(book.events) - 1
    assert [root.tree_size for root in kept] == sorted({root.tree_size for root in kept})
