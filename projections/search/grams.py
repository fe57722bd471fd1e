"""By what a name is indexed: numbers that stand for one and two characters, syllables, initials, and the whole of it.

A number is the CRC-32 of what it stands for, so an index entry has four bytes whatever the script. Two grams may share
a number: whoever asks the index looks at the name itself, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import add
from zlib import crc32

from projections.search.pinyin import initials_of

__all__ = ["exact_gram", "initial_grams", "name_grams", "organisation_gram", "row_grams", "sound_grams"]


def row_grams(names: Sequence[str], spoken: Iterable[tuple[str, ...]], organisation: str) -> list[int]:
    """All of an enterprise: its folded names, how they are read, its organisation code (or nothing). Sorted, unlike."""
    kept: set[int] = set()
    for name in names:
        kept.add(exact_gram(name))
        kept.update(map(_of_name, name))
        kept.update(map(_of_name, map(add, name, name[1:])))
    for reading in spoken:
        kept.update(map(_of_sound, reading))
        kept.update(map(_of_sound, pairwise(reading)))
        letters = initials_of(reading)
        kept.update(map(_of_initials, map(add, map(add, letters, letters[1:]), letters[2:])))
        kept.add(_of_initials(letters[:2]))
    if organisation:
        kept.add(organisation_gram(organisation))
    return sorted(kept)


def name_grams(word: str) -> list[int]:
    """What a name has among its grams if it contains `word`."""
    return [_of_name(word)] if len(word) < 2 else list(map(_of_name, map(add, word, word[1:])))


def sound_grams(read: Sequence[str]) -> list[int]:
    """What a name has that is read so somewhere."""
    if len(read) == 1:
        return [_of_sound(read[0])]
    return list(map(_of_sound, pairwise(read)))


def initial_grams(letters: str) -> list[int]:
    """What a name has whose initials contain three or more `letters`, or begin with two."""
    if len(letters) == 2:
        return [_of_initials(letters)]
    return [_of_initials(letters[at : at + 3]) for at in range(len(letters) - 2)]


def exact_gram(name: str) -> int:
    """Of exactly this folded name."""
    return _number(f"={name}")


def organisation_gram(code: str) -> int:
    """Of an organisation code: nine characters, folded."""
    return _number(f"o{code}")


def _number(gram: str) -> int:
    """As PostgreSQL's integer, which has a sign."""
    return crc32(gram.encode()) - 0x80000000


# A rebuild asks for the same ones again and again.
@lru_cache(1 << 16)
def _of_name(part: str) -> int:
    return _number(f"n{part}")


@lru_cache(1 << 16)
def _of_sound(part: str | tuple[str, str]) -> int:
    return _number(f"s{part if isinstance(part, str) else ' '.join(part)}")


@lru_cache(1 << 14)
def _of_initials(part: str) -> int:
    return _number(f"i{part}")
