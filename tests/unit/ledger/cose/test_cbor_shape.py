"""What is long is walked over before it is decoded, in steps that the length of the input does not bound."""

from __future__ import annotations

import itertools
import time

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.cose.cbor import decode, decode_sequence, encode, head, item_end
from ledger.cose.cbor_shape import check_shape
from ledger.cose.sign1 import split
from ledger.errors import Malformed
from ledger.limits import CBOR_DEPTH_MAX, CBOR_ITEMS_MAX, PROTECTED_BYTES_MAX

_VALUES = st.recursive(
    st.none() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=300) | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=20,
)


def _count(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(_count(key) + _count(item) for key, item in value.items())
    return 1 + sum(map(_count, value)) if isinstance(value, list) else 1


def _depth(value: object) -> int:
    inside = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    return 1 + max(map(_depth, inside), default=0) if isinstance(inside, list) else 0


@given(_VALUES, st.binary(max_size=9))
def test_the_walk_ends_where_the_item_ends_and_counts_what_is_in_it(value: object, after: bytes) -> None:
    data, count, depth = cbor2.dumps(value), _count(value), _depth(value)
    assert check_shape(b"\0" + data + after, 1, items_max=count, depth_max=depth) == 1 + len(data)
    with pytest.raises(Malformed, match="more than"):
        check_shape(data, 0, items_max=count - 1, depth_max=depth)
    if depth:
        with pytest.raises(Malformed, match="nested"):
            check_shape(data, 0, items_max=count, depth_max=depth - 1)
    with pytest.raises(Malformed):
        check_shape(data[:-1], 0, items_max=count, depth_max=depth)


def test_a_long_flat_array_is_refused_by_its_head_and_a_long_nest_after_a_few_levels() -> None:
    flat = head(4, 16 * 1024 * 1024) + bytes(16 * 1024 * 1024)
    many = head(4, 16_000) + (head(4, 1_000) + bytes(1_000)) * 16_000
    deep = b"\x81" * 1_000_000

    def look(data: bytes) -> float:
        began = time.process_time()
        with pytest.raises(Malformed):
            decode(data)
        with pytest.raises(Malformed):
            item_end(data, 0)
        with pytest.raises(Malformed):
            list(decode_sequence(data, count_max=10))
        return time.process_time() - began

    for data in (flat, many, deep):
        assert any(look(data) < 0.5 for _ in range(3)), "the walk went on"


def test_maps_as_keys_of_a_map_are_refused_before_they_can_be_compared() -> None:
    """Keys that are permutations of one map: a general decoder hashes each and compares all (CVE class of 2026)."""
    inner = [encode(number) + encode(number) for number in range(6)]
    keys = itertools.islice((head(5, 6) + b"".join(order) for order in itertools.permutations(inner)), 700)
    data = head(5, 700) + b"".join(key + b"\0" for key in keys)
    began = time.process_time()
    with pytest.raises(Malformed, match="neither a number nor text"):
        decode(data)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("data", [b"\x9f\x01\xff", b"\x5f\x41a\xff", b"\xff", b"\x1c", b"\xc1\x00", b"\x5a\x7f"])
def test_indefinite_lengths_reserved_heads_tags_and_cut_heads_have_no_shape(data: bytes) -> None:
    with pytest.raises(Malformed):
        check_shape(data, 0, items_max=100, depth_max=CBOR_DEPTH_MAX)


def test_a_sequence_has_no_more_items_than_were_asked_for() -> None:
    data = encode({"a": 1}) * 3
    assert list(decode_sequence(data, count_max=3)) == [{"a": 1}] * 3
    taken = []
    with pytest.raises(Malformed, match="more than 2 items"):
        taken.extend(decode_sequence(data, count_max=2))
    with pytest.raises(Malformed, match="item 1:"):
        list(decode_sequence(encode(1) + b"\x18\x01", count_max=3))
    assert len(encode(list(range(CBOR_ITEMS_MAX - 1)))) > 4_096
    assert decode(encode(list(range(CBOR_ITEMS_MAX - 1)))) == list(range(CBOR_ITEMS_MAX - 1))


def test_a_protected_header_is_measured_before_it_is_walked() -> None:
    def message(protected: bytes, unprotected: bytes = b"\xa0") -> bytes:
        return b"\xd2\x84" + encode(protected) + unprotected + encode(b"{}") + encode(bytes(64))

    assert split(message(bytes(PROTECTED_BYTES_MAX)))[0] == bytes(PROTECTED_BYTES_MAX)
    with pytest.raises(Malformed, match="protected header of more than"):
        split(message(bytes(PROTECTED_BYTES_MAX + 1)))
    with pytest.raises(Malformed, match="more than 64 items"):
        split(message(b"", encode({394: [b""] * 62})))
    assert split(message(b"", encode({394: [b""] * 61})))[1] == encode({394: [b""] * 61})
    with pytest.raises(Malformed, match="not a map"):
        split(message(b"", head(4, 60_000) + bytes(60_000)))
