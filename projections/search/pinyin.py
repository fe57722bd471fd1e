"""How Chinese is pronounced, as far as people type it: pinyin without tones, `v` for `ü`, and initials.

A name has one reading by phrases (`重庆` is `chong qing`) and, where that differs, one by its single characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

__all__ = ["initials_of", "load_dictionaries", "readings", "syllables"]

_SEGMENTATIONS_MAX: Final = 3
_STEPS_MAX: Final = 500
_PHRASE_CHARS_MAX: Final = 4
_SAID: Final = msgspec.json.Decoder(list[list[str]])


def readings(folded: str) -> list[tuple[str, ...]]:
    """The syllables of a folded name, one or two ways; letters and digits that stand together count as a syllable."""
    options = [_options(character) for character in folded]
    plain = [sounds[0] if sounds else None for sounds in options]
    phrased = [
        (_within_phrase(folded, at) or plain[at]) if len(sounds) > 1 else plain[at] for at, sounds in enumerate(options)
    ]
    return list(dict.fromkeys((_together(folded, phrased), _together(folded, plain))))


def initials_of(reading: tuple[str, ...]) -> str:
    """`hzwj` for hang zhou wei jing; what is no Chinese stays whole."""
    known = _syllables()
    return "".join(one[0] if one in known else one for one in reading)


def syllables(letters: str) -> list[tuple[tuple[str, ...], bool]]:
    """How typed letters can be read as pinyin, up to three ways, longer syllables first; each with whether it is whole.

    Where it cannot be read as whole syllables, the last may be begun only: people look while they type.
    """
    known = _syllables()
    found: list[tuple[tuple[str, ...], bool]] = []
    unfinished: list[tuple[tuple[str, ...], bool]] = []
    steps = 0

    def read(at: int, so_far: tuple[str, ...]) -> None:
        nonlocal steps
        steps += 1
        if len(found) == _SEGMENTATIONS_MAX or steps > _STEPS_MAX:
            return
        if at == len(letters):
            found.append((so_far, True))
            return
        for length in range(min(6, len(letters) - at), 0, -1):
            if letters[at : at + length] in known:
                read(at + length, (*so_far, letters[at : at + length]))
        if so_far and not unfinished and any(one.startswith(letters[at:]) for one in known):
            unfinished.append(((*so_far, letters[at:]), False))

    read(0, ())
    return found or unfinished


def load_dictionaries() -> None:
    """Ahead of the first name or query, which would wait for it: some 0.2 s of processor time."""
    _syllables()
    _phrases()


@cache
def _options(character: str) -> tuple[str, ...]:
    """How a character can be read, the most common way first; empty for what is no Chinese."""
    said = _characters().get(str(ord(character)), "")
    return tuple(dict.fromkeys(map(_toneless, said.split(",")))) if said else ()


def _within_phrase(folded: str, at: int) -> str | None:
    """How the character at `at` is read in the longest phrase of the dictionary around it, the earliest of these."""
    start = max(0, at - _PHRASE_CHARS_MAX + 1)
    return _read_among(folded[start : at + _PHRASE_CHARS_MAX], at - start)


# Names end alike, and begin with the names of the same towns.
@lru_cache(1 << 14)
def _read_among(folded: str, at: int) -> str | None:
    phrases = _phrases()
    for length in range(_PHRASE_CHARS_MAX, 1, -1):
        for start in range(max(0, at - length + 1), min(at, len(folded) - length) + 1):
            said = phrases.get(folded[start : start + length])
            if said is not None:
                return _toneless(_SAID.decode(said)[at - start][0])
    return None


def _together(folded: str, sounds: Sequence[str | None]) -> tuple[str, ...]:
    read: list[str] = []
    joins = False
    for character, sound in zip(folded, sounds, strict=True):
        if sound is None and joins:
            read[-1] += character
        else:
            read.append(sound or character)
        joins = sound is None
    return tuple(read)


@cache
def _syllables() -> frozenset[str]:
    found = {_toneless(said) for said in {said.partition(",")[0] for said in _characters().values()}}
    return frozenset(one for one in found if one.isascii() and any(vowel in one for vowel in "aeiouv"))


# The dictionaries in the package `pypinyin`, whose own code is not needed, and takes ten times as long to load.
@cache
def _characters() -> Mapping[str, str]:
    return msgspec.json.decode(_file("pinyin_dict.json"), type=dict[str, str])


@cache
def _phrases() -> Mapping[str, msgspec.Raw]:
    """What is said of each is decoded when it is asked for: hardly any is."""
    return msgspec.json.decode(_file("phrases_dict.json"), type=dict[str, msgspec.Raw])


def _file(name: str) -> bytes:
    spec = find_spec("pypinyin")
    assert spec is not None  # it is locked
    assert spec.origin is not None
    return (Path(spec.origin).parent / name).read_bytes()


@cache
def _toneless(said: str) -> str:
    apart = unicodedata.normalize("NFD", said).replace("u\u0308", "v")
    return "".join(one for one in apart if not unicodedata.combining(one))
