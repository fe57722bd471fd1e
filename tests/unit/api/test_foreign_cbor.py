"""CBOR that others encoded is read in any form, and never reaches the general decoder where that would do harm."""

from __future__ import annotations

import subprocess
import sys

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.bodies import batch_items
from api.http.foreign_cbor import decode_foreign, decode_sequence
from ledger.errors import Malformed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=5), st.booleans())
def test_what_cbor2_writes_is_read(values: list[object], canonical: bool) -> None:
    data = b"".join(cbor2.dumps(value, canonical=canonical) for value in values)
    assert list(decode_sequence(data)) == values
    assert [decode_foreign(cbor2.dumps(value)) for value in values] == values


def test_indefinite_lengths_of_arrays_and_maps_are_read() -> None:
    assert list(decode_sequence(b"\x9f\x01\x9f\xff\xff\xbf\x01\x02\xff")) == [[1, []], {1: 2}]


@pytest.mark.parametrize(
    "data",
    [b"\x7b" + (2**60).to_bytes(8) + b"a" * 100_000, b"\x7a\x00\x02\x00\x00" + b"a" * 70_000, b"\x9b" + b"\xff" * 8,
     b"\x81" * 100_000, b"\x5f\x41a\xff", b"\xff", b"\x9f", b"\x1c", b"\x7a\x00\x01\x00\x00" + b"\xff" * 65_536],
)  # fmt: skip
def test_what_is_cut_long_or_deep_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        list(decode_sequence(data))
    with pytest.raises(Malformed):
        batch_items(data)


def test_a_long_text_that_is_cut_corrupts_no_memory() -> None:
    """In a process of its own: cbor2 5.9.0 given the same bytes ends it, when the freed object is used again."""
    program = (
        "from api.http.bodies import batch_items\n"
        "from ledger.errors import Malformed\n"
        "for _ in range(50):\n"
        "    try: batch_items(b'\\x7b\\x22type\\x22:\\x20' + b'{\"a\":1}' * 14_000)\n"
        "    except Malformed: pass\n"
        "held = [bytearray(size) for size in range(0, 200_000, 7)]\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
