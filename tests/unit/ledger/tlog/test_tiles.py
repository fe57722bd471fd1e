"""Tiles have one path each, bundles one encoding, and both give the tree back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed, NotFound
from ledger.tlog.hashing import root_of
from ledger.tlog.proof import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from ledger.tlog.tiles import (
    TileReader,
    bundle_path,
    decode_bundle,
    encode_bundle,
    parse_bundle_path,
    parse_tile_path,
    tile_path,
    tile_width,
)
from tests.support import naive_tree
from tests.support.examples import examples
from tests.unit.ledger.tlog.trees import Book, entries

numbers = st.integers(0, 2_000) | st.integers(0, 2**63 - 1)
paths = st.from_regex(r"tile/(entries|[0-9]{1,2})/(x?[0-9]{1,3}/){0,3}[0-9]{2,4}(\.p/[0-9]{1,3})?\n?", fullmatch=True)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        ((0, 0, 256), "tile/0/000"),
        ((0, 1_234_067, 256), "tile/0/x001/x234/067"),
        ((1, 273, 17), "tile/1/273.p/17"),
        ((63, 1_000, 1), "tile/63/x001/000.p/1"),
    ],
)
def test_tiles_are_where_the_specification_says(tile: tuple[int, int, int], path: str) -> None:
    assert tile_path(*tile) == path
    assert parse_tile_path(path) == tile
    assert bundle_path(*tile[1:]) == path.replace(f"tile/{tile[0]}/", "tile/entries/")


@settings(deadline=None)
@given(st.integers(0, 63), numbers, st.integers(1, 256))
def test_every_tile_and_bundle_is_found_by_its_path(level: int, number: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, number, width)) == (level, number, width)
    assert parse_bundle_path(bundle_path(number, width)) == (number, width)


@settings(max_examples=examples(500), deadline=None)
@given(paths | st.text())
def test_a_path_is_in_its_one_form_or_malformed(path: str) -> None:
    for parse, write in ((parse_tile_path, tile_path), (parse_bundle_path, bundle_path)):
        try:
            parsed = parse(path)
        except Malformed:
            continue
        assert write(*parsed) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/tile/0/000",
        "tile/-1/000",
        "tile/00/000",
        "tile/64/000",
        "tile/entries/000",
        "tile/0/0",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x000/001",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/٠٠٠",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x001/" * 100_000 + "000",
    ],
)
def test_other_spellings_are_not_tile_paths(path: str) -> None:
    with pytest.raises(Malformed):
        parse_tile_path(path)


@pytest.mark.parametrize("rest", ["x000/001", "0", "000.p/256", "000.p/0", "000.p/07", "000\n", "x001", "000/001"])
def test_other_spellings_are_not_bundle_paths(rest: str) -> None:
    with pytest.raises(Malformed):
        parse_bundle_path(f"tile/entries/{rest}")


def test_there_are_no_tiles_beyond_the_format() -> None:
    for tile in ((-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(Malformed):
            tile_path(*tile)


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specification() -> None:
    assert [tile_width(0, n, 70_000) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [tile_width(1, n, 70_000) for n in (0, 1, 2)] == [256, 17, 0]
    assert [tile_width(2, n, 70_000) for n in (0, 1)] == [1, 0]
    assert [tile_width(level, 0, 256) for level in (0, 1, 2)] == [256, 1, 0]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=600), min_size=1, max_size=256))
def test_bundles_give_their_entries_back(bundled: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(bundled)) == bundled


def test_a_bundle_is_uint16_lengths_and_entries() -> None:
    assert encode_bundle([b"ab", b"", bytes(256)]) == b"\x00\x02ab\x00\x00\x01\x00" + bytes(256)
    assert decode_bundle(encode_bundle([bytes(65_535)] * 256)) == [bytes(65_535)] * 256


@settings(max_examples=examples(500), deadline=None)
@given(
    st.binary(max_size=2_000) | st.lists(st.binary(max_size=4)).map(lambda parts: b"".join(b"\0\4" + p for p in parts))
)
def test_any_bytes_are_a_bundle_in_its_one_form_or_malformed(data: bytes) -> None:
    try:
        bundled = decode_bundle(data)
    except Malformed:
        return
    assert encode_bundle(bundled) == data


def test_bundles_out_of_bounds_are_refused_on_both_sides() -> None:
    for bundled in ([], [b""] * 257, [bytes(65_536)]):
        with pytest.raises(Malformed):
            encode_bundle(bundled)
    for data in (b"", b"\x00", b"\x00\x01", b"\x00\x00\x00", bytes(2 * 257)):
        with pytest.raises(Malformed):
            decode_bundle(data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_proofs_made_from_tiles_are_those_of_the_rfc(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    read = TileReader(BOOK.tile, size)
    assert inclusion_proof(index, size, read) == naive_tree.path(index, ENTRIES[:size])
    assert consistency_proof(old, size, read) == naive_tree.proof(old, ENTRIES[:size])


SIZE = 1_100
ENTRIES = entries(SIZE)
BOOK = Book()
BOOK.append(ENTRIES)


def test_proofs_reach_across_three_levels_of_tiles() -> None:
    book = Book()
    book.append(entries(70_000))
    fetched: list[tuple[int, int, int]] = []

    def fetch(level: int, number: int, width: int) -> bytes:
        fetched.append((level, number, width))
        return book.tile(level, number, width)

    read = TileReader(fetch, 70_000)
    root = book.edge.root()
    for index in (0, 65_535, 65_536, 69_999):
        verify_inclusion(index, 70_000, book.leaves[index], root, inclusion_proof(index, 70_000, read))
    for old in (1, 256, 65_536, 65_537, 69_999):
        verify_consistency(old, 70_000, root_of(book.leaves[:old]), root, consistency_proof(old, 70_000, read))
    assert len(fetched) == len(set(fetched)), "a tile was fetched twice"
    assert {tile[2] for tile in fetched if tile[:2] in ((0, 273), (1, 1), (2, 0))} == {112, 17, 1}


def test_a_reader_answers_for_complete_subtrees_of_its_tree_only() -> None:
    read = TileReader(lambda level, number, width: bytes(32 * width), 300)
    assert read(8, 0) == bytes(32)
    assert len(read(2, 74)) == 32
    for level, number in ((2, 75), (8, 1), (9, 0), (0, 300), (-1, 0), (0, -1)):
        with pytest.raises(NotFound):
            read(level, number)


def test_a_reader_keeps_a_bounded_number_of_tiles() -> None:
    fetched: list[int] = []

    def fetch(level: int, number: int, width: int) -> bytes:
        fetched.append(number)
        return bytes(32 * width)

    read = TileReader(fetch, 256 * 1_000)
    for number in [*range(1_000), 999, 0]:
        read(0, 256 * number)
    assert fetched == [*range(1_000), 0]


def test_tiles_of_the_wrong_length_are_not_read() -> None:
    for length in (0, 31, 32 * 255, 32 * 256 + 1):
        with pytest.raises(Malformed):
            TileReader(lambda level, number, width, length=length: bytes(length), 256)(0, 0)
