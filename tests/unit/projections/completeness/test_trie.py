"""The trie in pages is the map of `docs/completeness.md`: pinned to the naive one on generated books."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LedgerError, Malformed, Refuted
from ledger.tlog import prefix
from ledger.tlog.prefix import ABSENT, EMPTY, MapLeaf, MapProof, MapValue, item_hash, map_key, verify_in_map
from projections.completeness import trie_pages as pages
from projections.completeness.trie import prove, take_in
from projections.completeness.trie_pages import BUCKET_SUBJECTS_MAX
from tests.support.naive_map import naive_proof, naive_root, naive_value

Leaf = tuple[int, str, bytes]


def log_of(subjects: Sequence[str]) -> list[Leaf]:
    """A log in which each of these subjects gets an entry, in this order."""
    return [(index, subject, sha256(f"{index}".encode()).digest()) for index, subject in enumerate(subjects)]


class Pages(dict[str, bytes]):
    """Pages in memory, as a table would keep them."""

    root = EMPTY

    def read(self, prefixes: Sequence[str]) -> Mapping[str, bytes]:
        return {one: self[one] for one in prefixes if one in self}

    def take(self, leaves: Sequence[Leaf]) -> None:
        items: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for index, subject, leaf in leaves:
            items[map_key(subject)].append(item_hash(index, leaf))
        if items:
            changed = take_in(items, self.read)
            self.update(changed.pages)
            self.root = changed.whole.hash
            self.subjects = changed.whole.subjects


def streams_of(leaves: Sequence[Leaf]) -> dict[str, list[tuple[int, bytes]]]:
    streams: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
    for index, subject, leaf in leaves:
        streams[subject].append((index, leaf))
    return dict(streams)


SUBJECTS = st.integers(0, 300).map(lambda number: f"uscc:{number}")


@settings(max_examples=150, deadline=None)
@given(st.lists(SUBJECTS, max_size=400), st.lists(st.integers(0, 400), max_size=6), SUBJECTS)
def test_in_whatever_steps_it_is_taken_in_the_map_is_the_one_of_its_definition(
    subjects: list[str], cuts: list[int], asked: str
) -> None:
    log, kept = log_of(subjects), Pages()
    edges = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
    for start, stop in pairwise(edges):
        kept.take(log[start:stop])
    streams = streams_of(log)
    assert kept.root == naive_root(streams)
    for subject in {asked, *subjects[:5]}:
        proof = prove(map_key(subject), kept.read)
        assert proof == naive_proof(streams, subject)
        assert verify_in_map(subject, kept.root, proof) == (
            naive_value(streams[subject]) if subject in streams else ABSENT
        )


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of which many agree for long, so that branches lie below branches with nothing beside them."""

    def key(subject: str) -> bytes:
        return b"\xab\xcd" + bytes([int(subject.partition(":")[2]) % 7 * 16]) + sha256(subject.encode()).digest()[:29]

    monkeypatch.setattr(prefix, "map_key", key)
    monkeypatch.setitem(globals(), "map_key", key)


@pytest.mark.usefixtures("crowded")
def test_keys_that_agree_for_long_are_told_apart_all_the_same() -> None:
    log, kept = log_of([f"uscc:{number}" for number in range(120)]), Pages()
    for at in range(0, 120, 7):
        kept.take(log[at : at + 7])
    at_once = Pages()
    at_once.take(log)
    assert kept == at_once and kept.root == at_once.root
    for index, subject, leaf in log:
        value = verify_in_map(subject, kept.root, prove(map_key(subject), kept.read))
        assert value == naive_value([(index, leaf)])
    assert verify_in_map("uscc:500", kept.root, prove(map_key("uscc:500"), kept.read)) == ABSENT


def test_pages_follow_from_the_set_of_entries_whatever_the_steps() -> None:
    rng = random.Random(4)
    log = log_of([f"uscc:{rng.randrange(3_000)}" for _ in range(5_000)])
    at_once, one_by_one, in_steps = Pages(), Pages(), Pages()
    at_once.take(log)
    for leaf in log:
        one_by_one.take([leaf])
    for at in range(0, len(log), 617):
        in_steps.take(log[at : at + 617])
    assert at_once == one_by_one == in_steps
    assert any(pages.is_branch(page) for page in at_once.values())
    assert at_once.subjects == len(streams_of(log))


def test_the_order_in_which_subjects_come_does_not_matter() -> None:
    log = log_of([f"uscc:{number}" for number in range(500)])
    items = {map_key(subject): [item_hash(index, leaf)] for index, subject, leaf in log}
    forth, back = Pages(), Pages()
    for key, added in items.items():
        forth.update(take_in({key: added}, forth.read).pages)
    for key, added in reversed(items.items()):
        back.update(take_in({key: added}, back.read).pages)
    assert forth == back


def test_a_page_becomes_a_branch_only_when_its_subjects_are_too_many_for_a_bucket() -> None:
    log, kept = log_of([f"uscc:{number}" for number in range(BUCKET_SUBJECTS_MAX + 1)]), Pages()
    kept.take(log[:BUCKET_SUBJECTS_MAX])
    assert list(kept) == [""] and not pages.is_branch(kept[""])
    kept.take(log[BUCKET_SUBJECTS_MAX:])
    assert pages.is_branch(kept[""]) and len(kept) > 1


def test_a_step_touches_the_pages_of_the_subjects_that_changed_and_no_others() -> None:
    log, kept, asked = log_of([f"uscc:{number}" for number in range(20_000)]), Pages(), list[str]()
    kept.take(log)

    def read(prefixes: Sequence[str]) -> Mapping[str, bytes]:
        asked.extend(prefixes)
        return kept.read(prefixes)

    key = map_key("uscc:77")
    changed = take_in({key: [item_hash(20_000, b"x" * 32)]}, read)
    assert set(changed.pages) == set(asked) == {key.hex()[:digits] for digits in range(len(changed.pages))}
    assert len(changed.pages) <= 5


# What a verifier accepts


@pytest.fixture(scope="module")
def book() -> tuple[Pages, dict[str, list[tuple[int, bytes]]]]:
    rng = random.Random(1)
    log, kept = log_of([f"uscc:{rng.randrange(400)}" for _ in range(900)]), Pages()
    kept.take(log)
    return kept, streams_of(log)


def variants(proof: MapProof) -> list[MapProof]:
    """The proof with each bit of one byte of each of its parts flipped, with parts left out, added or swapped."""
    found: list[MapProof] = []
    for place, one in enumerate(proof.siblings):
        for other in {*(_flipped(one, at) for at in range(len(one))), b"", bytes(32), one[:-1], one + b"\0"} - {one}:
            found.append(MapProof((*proof.siblings[:place], other, *proof.siblings[place + 1 :]), proof.found))
        found.append(MapProof(proof.siblings[:place] + proof.siblings[place + 1 :], proof.found))
        found.append(MapProof((*proof.siblings[:place], one, *proof.siblings[place:]), proof.found))
    found += [MapProof((*proof.siblings, other), proof.found) for other in (b"", bytes(32), b"\1" * 32)]
    if proof.found is not None:
        key, (count, root) = proof.found
        found.append(MapProof(proof.siblings, None))
        found += [MapProof(proof.siblings, MapLeaf(_flipped(key, at), proof.found.value)) for at in range(32)]
        found += [MapProof(proof.siblings, MapLeaf(key, MapValue(count, _flipped(root, at)))) for at in range(32)]
        found += [MapProof(proof.siblings, MapLeaf(key, MapValue(other, root))) for other in (0, -1, count + 1, 2**63)]
    return found


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


@pytest.mark.parametrize("subject", ["uscc:1", "uscc:2", "uscc:3", "nobody:1", "nobody:2", "nobody:3", "nobody:4"])
def test_no_other_proof_of_a_subject_is_accepted(
    book: tuple[Pages, dict[str, list[tuple[int, bytes]]]], subject: str
) -> None:
    kept, _ = book
    proof = prove(map_key(subject), kept.read)
    verify_in_map(subject, kept.root, proof)
    for wrong in variants(proof):
        assert wrong != proof
        with pytest.raises((Malformed, Refuted)):
            verify_in_map(subject, kept.root, wrong)


def test_a_proof_of_one_subject_says_nothing_of_another(book: tuple[Pages, dict[str, list[tuple[int, bytes]]]]) -> None:
    kept, streams = book
    refused = 0
    for subject in list(streams)[:40]:
        for other in ("uscc:1", "nobody:1", "nobody:2"):
            if subject == other:
                continue
            try:
                shown = verify_in_map(other, kept.root, prove(map_key(subject), kept.read))
            except LedgerError:
                refused += 1
            else:  # the two lie side by side: the leaf of one does show that the other is not there
                assert shown == ABSENT and other not in streams
    assert refused > 100


def test_an_entry_left_out_moved_or_altered_is_another_value() -> None:
    entries = [(3, b"a" * 32), (5, b"b" * 32), (9, b"c" * 32)]
    value = prefix.stream_value(entries)
    others = [entries[:2], entries[1:], [*entries, (10, b"d" * 32)], [entries[1], entries[0], entries[2]]]
    others += [[(4, b"a" * 32), *entries[1:]], [(3, b"x" * 32), *entries[1:]]]
    assert len({value, *(prefix.stream_value(other) for other in others)}) == 1 + len(others)
    assert value == naive_value(entries)


def test_an_empty_map_shows_that_nobody_is_in_it() -> None:
    assert prove(map_key("uscc:1"), Pages().read) == MapProof((), None)
    assert verify_in_map("uscc:1", EMPTY, MapProof((), None)) == ABSENT
