"""The CBOR decoder takes the deterministic form and nothing else; cbor2 is the oracle for what items mean."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.cose.cbor import decode, encode, head
from ledger.errors import Malformed

_LEAVES = st.none() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=300) | st.text(max_size=80)
_KEYS = st.integers(-(2**40), 2**40) | st.text(max_size=30)
_ITEMS = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_KEYS, inner, max_size=5), max_leaves=20
)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0


@given(_ITEMS.filter(lambda value: _depth(value) <= 8))
def test_what_is_encoded_decodes_to_itself_here_and_in_a_foreign_decoder(value: Any) -> None:
    data = encode(value)
    assert decode(data) == value
    assert cbor2.loads(data) == value


@given(st.binary(max_size=40))
@example(bytes.fromhex("a201000100"))
@example(bytes.fromhex("5f41004100ff"))
def test_whatever_is_accepted_is_its_own_encoding(data: bytes) -> None:
    try:
        value = decode(data)
    except Malformed:
        return
    assert encode(value) == data


@given(_ITEMS.filter(lambda value: _depth(value) <= 8), st.data())
def test_a_changed_byte_never_leaves_a_second_form_of_the_same_value(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(encode(value))
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] ^= data.draw(st.integers(1, 255))
    try:
        again = decode(bytes(encoded))
    except Malformed:
        return
    assert again != value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("1800", "shortest"),
        ("190017", "shortest"),
        ("1a0000ffff", "shortest"),
        ("1b00000000ffffffff", "shortest"),
        ("5800", "shortest"),
        ("0000", "bytes after"),
        ("", "middle"),
        ("19", "middle"),
        ("5903", "middle"),
        ("4200", "middle"),
        ("8201", "middle"),
        ("9bffffffffffffffff", "middle"),
        ("5f4100ff", "indefinite"),
        ("9fff", "indefinite"),
        ("bfff", "indefinite"),
        ("1c", "reserved"),
        ("a2020001ff", "out of order"),
        ("a201000100", "twice"),
        ("a2200018180a", "out of order"),  # -1 before 24: length-first order (RFC 7049), not bytewise
        ("a1410000", "neither a number nor text"),
        ("61ff", "UTF-8"),
        ("63eda080", "UTF-8"),
        ("f4", "no place"),
        ("f7", "no place"),
        ("f93c00", "no place"),
        ("fb3ff0000000000000", "no place"),
        ("c249010000000000000000", "no place"),
        ("c000", "no place"),
        ("81" * 9 + "00", "nested too deeply"),
        ("81" * 20_000, "nested too deeply"),
    ],
)
def test_every_other_form_is_refused_by_name(data: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        decode(bytes.fromhex(data))


@pytest.mark.parametrize("n", [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1])
def test_heads_are_the_shortest(n: int) -> None:
    assert head(0, n) == cbor2.dumps(n)


@pytest.mark.parametrize("value", [1.5, True, {1, 2}, object()])
def test_types_that_our_formats_do_not_have_are_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)
