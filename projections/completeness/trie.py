"""The trie itself, over pages that somebody keeps: taking in entries, and proving what it holds of a key.

Work is in proportion to the subjects that changed: each page on their paths is read once and written once, level by
level, so that a step costs as many reads as the trie has levels of pages, however many subjects change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ledger.tlog.prefix import MapLeaf, MapProof, MapValue, append_item, bit
from projections.completeness.trie_pages import (
    BRANCHES,
    BUCKET_SUBJECTS_MAX,
    DIGIT_BITS,
    NOTHING,
    Below,
    Subject,
    below_bucket,
    decode_branch,
    decode_bucket,
    encode_branch,
    encode_bucket,
    is_branch,
    join,
    split,
)

__all__ = ["Changed", "Items", "ReadPages", "prove", "take_in"]

ReadPages = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Prefixes → those of the pages that there are."""

Items = Mapping[bytes, Sequence[bytes]]
"""By key, the items (`item_hash`) that come to its stream, in order."""


class Changed(NamedTuple):
    """The pages that a step changed, in their new form, and what the whole trie is now."""

    pages: dict[str, bytes]
    whole: Below


def take_in(items: Items, read: ReadPages) -> Changed:
    """Add items to streams; new subjects come into being by their first. `items` must not be empty."""
    pages: dict[str, bytes] = {}
    done: dict[str, Below] = {}
    branches: list[str] = []
    keys_at: dict[str, list[bytes]] = {"": sorted(items)}
    while keys_at:
        found = read(list(keys_at))
        further: dict[str, list[bytes]] = {}
        for prefix, keys in keys_at.items():
            page = found.get(prefix)
            if page is not None and is_branch(page):
                branches.append(prefix)
                pages[prefix] = page
                for key in keys:
                    further.setdefault(key.hex()[: len(prefix) + 1], []).append(key)
            else:
                held = {one.key: one for one in decode_bucket(page)} if page is not None else {}
                for key in keys:
                    held[key] = _longer(held.get(key), key, items[key])
                done[prefix] = _write(prefix, [held[key] for key in sorted(held)], pages)
        keys_at = further
    for prefix in reversed(branches):  # children before their parents
        children = decode_branch(pages[prefix])
        for digit in range(BRANCHES):
            child = done.pop(f"{prefix}{digit:x}", None)
            if child is not None:
                children[digit] = child
        pages[prefix] = encode_branch(children)
        done[prefix] = _levels(children)[-1][0]
    return Changed(pages, done[""])


def _longer(before: Subject | None, key: bytes, items: Sequence[bytes]) -> Subject:
    count, edge = (0, list[bytes]()) if before is None else (before.entries, before.edge)
    for item in items:
        edge = append_item(count, edge, item)
        count += 1
    return Subject(key, count, edge)


def _write(prefix: str, subjects: Sequence[Subject], pages: dict[str, bytes]) -> Below:
    """A bucket, or a branch with its buckets where they are too many for one."""
    if len(subjects) <= BUCKET_SUBJECTS_MAX:
        pages[prefix] = encode_bucket(subjects)
        return below_bucket(subjects, len(prefix) * DIGIT_BITS)
    parts: defaultdict[int, list[Subject]] = defaultdict(list)
    for one in subjects:
        parts[_digit(one.key, len(prefix))].append(one)
    children = [
        _write(f"{prefix}{digit:x}", parts[digit], pages) if digit in parts else NOTHING for digit in range(BRANCHES)
    ]
    pages[prefix] = encode_branch(children)
    return _levels(children)[-1][0]


def prove(key: bytes, read: ReadPages) -> MapProof:
    """The proof about one key: of its value, or that nothing is there (`ledger.tlog.prefix`)."""
    siblings: list[bytes] = []
    prefix = ""
    while True:
        page = read([prefix]).get(prefix)
        if page is None:
            return MapProof(tuple(siblings), None)
        if not is_branch(page):
            return _prove_in_bucket(key, decode_bucket(page), len(prefix) * DIGIT_BITS, siblings)
        levels = _levels(decode_branch(page))
        digit = _digit(key, len(prefix))
        for height in reversed(range(DIGIT_BITS + 1)):
            place = digit >> height
            here = levels[height][place]
            if here.subjects <= 1:  # nothing, or one subject alone: here the path ends
                return MapProof(tuple(siblings), _only(here, prefix, place << height, 1 << height, levels[0], read))
            if height:
                siblings.append(_shown(levels[height - 1][(digit >> height - 1) ^ 1]))
        prefix += f"{digit:x}"


def _levels(children: Sequence[Below]) -> list[list[Below]]:
    """A branch's children, and what lies over them two by two, up to the branch itself."""
    levels = [list(children)]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([join(left, right) for left, right in zip(row[::2], row[1::2], strict=True)])
    return levels


def _only(
    here: Below, prefix: str, first: int, width: int, children: Sequence[Below], read: ReadPages
) -> MapLeaf | None:
    """The one subject below some of a branch's children, None where there is none."""
    if not here.subjects:
        return None
    digit = next(digit for digit in range(first, first + width) if children[digit].subjects)
    name = f"{prefix}{digit:x}"
    (subject,) = decode_bucket(read([name])[name])
    return _leaf(subject)


def _prove_in_bucket(key: bytes, subjects: Sequence[Subject], depth: int, siblings: list[bytes]) -> MapProof:
    keys = [int.from_bytes(one.key) for one in subjects]
    first, stop = 0, len(subjects)
    while stop - first > 1:
        middle = split(keys, first, stop, depth)
        beside = (first, middle) if bit(key, depth) else (middle, stop)
        siblings.append(_shown(below_bucket(subjects[slice(*beside)], depth + 1)))
        first, stop = (middle, stop) if bit(key, depth) else (first, middle)
        depth += 1
    return MapProof(tuple(siblings), _leaf(subjects[first]) if first < stop else None)


def _leaf(subject: Subject) -> MapLeaf:
    return MapLeaf(subject.key, MapValue(subject.entries, subject.root))


def _shown(beside: Below) -> bytes:
    return beside.hash if beside.subjects else b""


def _digit(key: bytes, place: int) -> int:
    return key[place >> 1] >> (0 if place & 1 else DIGIT_BITS) & (BRANCHES - 1)
