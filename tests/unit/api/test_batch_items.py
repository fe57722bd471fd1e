"""A batch is cut into items by first bytes and lengths alone; whatever else it may hold is never decoded."""

from __future__ import annotations

import time

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.bodies import batch_items
from api.http.errors import TooLarge
from ledger.cose.cbor import head
from ledger.errors import Malformed
from ledger.limits import BATCH_STATEMENTS_MAX, BODY_BYTES_MAX, STATEMENT_BYTES_MAX

_ITEMS = st.lists(st.tuples(st.binary(max_size=300), st.none() | st.binary(max_size=300)), min_size=1, max_size=9)


@given(_ITEMS, st.booleans())
def test_what_cbor2_writes_is_cut_into_the_same_items(items: list[tuple[bytes, bytes | None]], plain: bool) -> None:
    content = b"".join(cbor2.dumps(one if body is None and plain else [one, body]) for one, body in items)
    assert batch_items(content) == items


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\x01", "item 0"),
        (b"\x41a\x61a", "item 1"),
        (b"\xa0", "neither a statement nor"),
        (b"\xf6", "neither a statement nor"),
        (b"\xd8\x18\x41a", "neither a statement nor"),
        (b"\x81\x41a", "array of 1"),
        (b"\x83\x41a\x41b\x41c", "array of 3"),
        (b"\x82\x41a", "ends in the middle"),
        (b"\x82\xf6\x41a", "byte string was expected"),
        (b"\x82\x41a\x01", "byte string was expected"),
        (b"\x9f\x41a\x41b\xff", "indefinite"),
        (b"\x5f\x41a\xff", "indefinite"),
        (b"\x58\x01a", "not the shortest"),
        (b"\x5b" + b"\xff" * 8 + b"a", "ends in the middle"),
        (b"\x5c", "reserved"),
        (b"\x40" * (BATCH_STATEMENTS_MAX + 1), "at most"),
    ],
)
def test_what_is_no_item_is_refused_by_its_number_and_by_what_is_wrong_with_it(content: bytes, word: str) -> None:
    with pytest.raises(Malformed, match=word):
        batch_items(content)


def test_an_item_has_no_more_bytes_than_a_statement_and_a_body_may_have() -> None:
    assert batch_items(cbor2.dumps([bytes(STATEMENT_BYTES_MAX), bytes(BODY_BYTES_MAX)]))
    for item in (bytes(STATEMENT_BYTES_MAX + 1), [b"", bytes(BODY_BYTES_MAX + 1)]):
        with pytest.raises(TooLarge, match="item 0"):
            batch_items(cbor2.dumps(item))


@pytest.mark.parametrize("first", [head(4, 16_000_000), head(5, 8_000_000), b"\x82" + head(4, 16_000_000)])
def test_sixteen_megabytes_of_anything_else_cost_a_look_at_their_first_bytes(first: bytes) -> None:
    content = first + bytes(16_000_000)

    def look() -> float:
        began = time.process_time()
        with pytest.raises(Malformed):
            batch_items(content)
        return time.process_time() - began

    assert any(look() < 0.05 for _ in range(3)), "a collection of garbage, of whoever made it, is none of its cost"
