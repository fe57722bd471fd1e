"""One slip in a name: a character wrong, missing, too many, or two changed about. What the index is asked, and what
of its answers is meant.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

from projections.search.grams import name_grams

__all__ = ["SIMILAR_CHARS_MIN", "half_sets", "near", "slip_sets"]

SIMILAR_CHARS_MIN: Final = 4
_HALVES_FROM: Final = 6  # characters; halves of shorter ones stand in too many names
_SPLIT_UP_TO: Final = 8  # longer ones are cut into pieces of several characters, so that the sets stay few


def slip_sets(word: str) -> list[list[int]]:
    """Sets of grams of which a name that holds `word`, but for one slip, has all of at least one."""
    length = len(word)
    step = 1 if length <= _SPLIT_UP_TO else -(-length // _SPLIT_UP_TO)
    sets: dict[tuple[int, ...], None] = {}
    for at in range(0, length, step):
        sets[tuple(_around(word, at, min(at + step, length), keep=False))] = None  # one of these is wrong or too many
        sets[tuple(_around(word, at, min(at + step + 1, length), keep=True))] = None  # two of these changed places
    return [list(grams) for grams in sets]


def half_sets(word: str, common: Container[int]) -> list[list[int]] | None:
    """The same in three sets: of each half, one of which is whole, and of the one slip that leaves neither. None where
    a half would be found in too many names: where all its grams are `common`."""
    middle = len(word) // 2
    halves = [name_grams(word[:middle]), name_grams(word[middle:])]
    if len(word) < _HALVES_FROM or any(all(gram in common for gram in half) for half in halves):
        return None
    return [*halves, name_grams(_middle_changed_about(word))]


def near(word: str, name: str) -> bool:
    """Whether `name` holds `word` but for one slip. With one exception a half of `word` is whole
    then: only beside it one must look."""
    middle = len(word) // 2
    if _middle_changed_about(word) in name:
        return True  # the one slip that leaves no half whole
    for half, offset in ((word[:middle], 0), (word[middle:], middle)):
        at = name.find(half)
        while at >= 0:
            for start in range(max(0, at - offset - 1), at - offset + 2):
                for length in (len(word), len(word) - 1, len(word) + 1):
                    if start + length <= len(name) and _one_slip(word, name[start : start + length]):
                        return True
            at = name.find(half, at + 1)
    return False


def _middle_changed_about(word: str) -> str:
    middle = len(word) // 2
    return word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]


def _around(word: str, first: int, end: int, *, keep: bool) -> Iterator[int]:
    """Grams of `word` without the pairs that have a character from `first` to `end`; these alone if `keep`."""
    grams: set[int] = set()
    for part in (word[:first], word[end:]):
        if part:
            grams.update(name_grams(part))
    if keep:
        grams.update(gram for character in word[first:end] for gram in name_grams(character))
    yield from sorted(grams)


def _one_slip(one: str, other: str) -> bool:
    """At most one character wrong, too many or missing, or two neighbours changed about (Damerau)."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    end = 0
    while end < min(len(one), len(other)) and one[-1 - end] == other[-1 - end]:
        end += 1
    one, other = one[: len(one) - end], other[: len(other) - end]
    return max(len(one), len(other)) <= 1 or (len(one) == len(other) == 2 and one == other[::-1])
