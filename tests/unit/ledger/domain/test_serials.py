"""Serials: one form, unguessable, fixed by a root; any changed character is refused."""

from __future__ import annotations

from hmac import digest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.values.mark_serials import RANGE_BYTES, SERIAL_CHARS, check, fold, make, parse, serials
from ledger.errors import Malformed, NotFound, Refuted
from ledger.limits import MARK_SERIALS_MAX
from ledger.mark_serials.root_check import check_serials
from ledger.mark_serials.serial_tree import prove_serial, root_of_serials, serials_root, verify_serial
from tests.support.naive_tree import mth

SEEDS = st.binary(min_size=32, max_size=32)
RANGES = st.binary(min_size=RANGE_BYTES, max_size=RANGE_BYTES).map(bytes.hex)
NUMBERS = st.integers(0, MARK_SERIALS_MAX - 1)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SEED, RANGE = bytes(range(32)), "00ff12ab34"


@given(SEEDS, RANGES, NUMBERS)
def test_a_serial_comes_back_as_what_it_was_made_of(seed: bytes, range_: str, number: int) -> None:
    text = make(seed, range_, number)
    assert len(text) == SERIAL_CHARS
    assert set(text) <= set(ALPHABET)
    message = bytes.fromhex(range_) + number.to_bytes(3, "big")
    assert parse(text) == (range_, number, digest(seed, message, "sha256")[:8])
    assert check(parse(text), seed, number + 1).number == number


@given(SEEDS, RANGES, NUMBERS, st.integers(0, SERIAL_CHARS - 1), st.sampled_from(ALPHABET))
def test_a_serial_with_any_changed_character_is_refused(
    seed: bytes, range_: str, number: int, place: int, character: str
) -> None:
    text = make(seed, range_, number)
    changed = text[:place] + character + text[place + 1 :]
    if changed == text:
        return
    with pytest.raises((Malformed, Refuted)):
        check(parse(changed), seed, MARK_SERIALS_MAX)


@given(SEEDS, SEEDS, RANGES, NUMBERS)
def test_another_seed_makes_no_genuine_serial(seed: bytes, other: bytes, range_: str, number: int) -> None:
    if seed != other:
        with pytest.raises(Refuted):
            check(parse(make(other, range_, number)), seed, MARK_SERIALS_MAX)


def test_a_number_beyond_those_issued_is_refused_though_the_seed_would_make_it() -> None:
    assert check(parse(make(SEED, RANGE, 9)), SEED, 10)
    with pytest.raises(Refuted):
        check(parse(make(SEED, RANGE, 10)), SEED, 10)


@given(st.text(max_size=40) | st.text(ALPHABET, min_size=26, max_size=26))
def test_only_the_canonical_form_is_a_serial(text: str) -> None:
    try:
        found = parse(text)
    except Malformed:
        return
    content = bytes.fromhex(found.range) + found.number.to_bytes(3, "big") + found.tag
    value, characters = int.from_bytes(content, "big") << 2, ""
    for _ in range(SERIAL_CHARS):
        characters = ALPHABET[value & 31] + characters
        value >>= 5
    assert characters == text


def test_the_spare_bits_of_the_last_character_are_zero() -> None:
    text = make(SEED, RANGE, 0)
    last = ALPHABET.index(text[-1])
    assert last % 4 == 0
    for spare in (1, 2, 3):
        with pytest.raises(Malformed):
            parse(text[:-1] + ALPHABET[last + spare])


def test_what_people_type_is_folded_at_the_edge_only() -> None:
    text = make(SEED, RANGE, 7)
    typed = "-".join((text[:9], text[9:18], text[18:])).lower().replace("0", "o").replace("1", "l")
    assert fold(typed) == text
    for wrong in (typed, text.lower(), text + " "):
        with pytest.raises(Malformed):
            parse(wrong)


@given(SEEDS, RANGES, st.integers(1, 60))
def test_serials_of_a_range_are_those_made_one_by_one(seed: bytes, range_: str, count: int) -> None:
    assert list(serials(seed, range_, count)) == [make(seed, range_, number) for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 4_095, 4_096, 4_097, 9_000])
def test_the_root_is_that_of_the_rfc_and_every_serial_can_be_proven(count: int) -> None:
    issued = list(serials(SEED, RANGE, count))
    root = serials_root(SEED, RANGE, count)
    assert root == root_of_serials(issued) == mth([one.encode() for one in issued])
    for number in {0, count // 2, count - 1}:
        proof = prove_serial(SEED, RANGE, count, number)
        verify_serial(issued[number], RANGE, count, root, proof)
        with pytest.raises(Refuted):
            verify_serial(make(bytes(32), RANGE, number), RANGE, count, root, proof)
    with pytest.raises(Refuted):
        verify_serial(issued[0], "00ff12ab35", count, root, [])
    with pytest.raises(NotFound):
        prove_serial(SEED, RANGE, count, count)


@pytest.mark.parametrize("count", [10, 5_001])
def test_a_root_is_checked_against_its_seed_in_passing_and_apart(count: int) -> None:
    root = serials_root(SEED, RANGE, count)
    check_serials(SEED, RANGE, count, root)
    for seed, range_, number in ((bytes(32), RANGE, count), (SEED, "00ff12ab35", count), (SEED, RANGE, count + 1)):
        with pytest.raises(Refuted):
            check_serials(seed, range_, number, root)


def test_a_hundred_thousand_serials_take_about_a_second() -> None:
    assert len(set(serials(SEED, RANGE, 100_000))) == 100_000


@pytest.mark.parametrize(("seed", "range_", "count"), [(b"", RANGE, 1), (SEED, "00FF12AB34", 1), (SEED, RANGE, 0)])
def test_a_wrong_seed_range_or_count_makes_nothing(seed: bytes, range_: str, count: int) -> None:
    with pytest.raises(Malformed):
        list(serials(seed, range_, count))
