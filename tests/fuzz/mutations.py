"""Bytes near to what a parser takes: valid examples that are flipped, cut, repeated and spliced; and bombs."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

__all__ = ["bombs", "near"]

# What parsers of our formats look at: heads of CBOR, brackets, line ends, lengths and counts at their edges.
TOKENS = (
    *(bytes([head]) for head in (0x00, 0x0A, 0x20, 0x5F, 0x80, 0x9F, 0xA0, 0xBF, 0xC2, 0xD2, 0xF6, 0xF9, 0xFB, 0xFF)),
    b"\x5b" + b"\xff" * 8, b"\x7b" + b"\xff" * 8, b"\x9b" + b"\xff" * 8, b"\xbb" + b"\xff" * 8, b"\x1b" + b"\xff" * 8,
    b"\x9a\xff\xff\xff\xff", b"\xd8\x18", b"\xc2\x58\x20", b"[", b"]", b"{", b"}", b'"', b":", b",", b"\\ud800",
    b"\\u0000",
    b"null", b"-1", b"1e999", b"9" * 5_000, b"0", b"\n\n", b"\r\n", "— ".encode(), b"=", b"+", b"/", b".p/", b"x000/",
    b"2026-02-30", b"0000-00-00", b"9999-12-31", "\ud7ff￿".encode(), b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"PK\x03\x04", b"PK\x05\x06", b"<!DOCTYPE", b"\x1f\x8b",
)  # fmt: skip


@st.composite
def near(draw: st.DrawFn, examples: Sequence[bytes]) -> bytes:
    """One of the examples after up to six changes; now and then just bytes."""
    if draw(st.integers(0, 15)) == 0:
        return draw(st.binary(max_size=200))
    data = bytearray(draw(st.sampled_from(examples)))
    for _ in range(draw(st.integers(1, 6))):
        size = len(data)
        at = draw(st.integers(0, size))
        end = min(size, at + draw(st.integers(1, 64)))
        match draw(st.integers(0, 8)):
            case 0 if at < size:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case 1 if at < size:
                data[at] = draw(st.integers(0, 255))
            case 2:
                del data[at:]
            case 3:
                del data[at:end]
            case 4:
                data[at:at] = data[at:end] * draw(st.integers(1, 3))
            case 5:
                other = draw(st.sampled_from(examples))
                start = draw(st.integers(0, len(other)))
                data[at:end] = other[start : start + draw(st.integers(0, 64))]
            case 6:
                data[at:at] = draw(st.sampled_from(TOKENS))
            case 7:
                data[at:end] = draw(st.sampled_from(TOKENS))
            case _:
                data[at:end] = draw(st.binary(max_size=8))
    return bytes(data)


def bombs(examples: Sequence[bytes]) -> list[bytes]:
    """What is small and asks for much, and what is simply large."""
    deep, large = 100_000, 70_000_000
    nested = [
        b"[" * deep, b"[" * deep + b"]" * deep, b'{"a":' * deep, b"\x81" * deep, b"\xa1\x00" * deep, b"\xd2" * deep,
        b"\x9f" * deep, b"a=" + b"[" * deep, b"a = {" + b"b={" * deep, b"[a" + b".a" * deep + b"]",
    ]  # fmt: skip
    lengths = [
        head + b"\xff" * width + tail
        for head, width in ((b"\x5b", 8), (b"\x9b", 8), (b"\xbb", 8), (b"\x9a", 4), (b"\xba", 4), (b"\x7a", 4))
        for tail in (b"", b"\x00" * 1_000)
    ]
    flat = [b"", b"\x00" * deep, b"\n" * deep, b"9" * deep, b'"' * deep, b"a" * large, b"- " * deep, b"\xff" * deep]
    spoilt = [
        change
        for example in examples
        for change in (
            example * (1 + deep // max(1, len(example))),
            example + b"\n" * deep,
            example.replace(b":", b":" + b"[" * deep),
            example.replace(b"\n", b"\n" + b"9" * deep, 1),
        )
        if len(change) < large
    ]
    # a length of the whole thing inside a valid beginning
    cut = [example[: len(example) // 2] + bomb for example in examples for bomb in (*lengths[::2], b"\x81" * deep)]
    return [*nested, *lengths, *flat, *spoilt, *cut]
