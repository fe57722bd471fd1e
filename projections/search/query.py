"""What somebody typed into a search, taken apart: words, sounds, initials, codes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from projections.search.folding import fold_name, pieces, plain_name
from projections.search.grams import initial_grams, name_grams, sound_grams
from projections.search.pinyin import syllables

__all__ = ["Query", "Sounds", "parse_query", "telling_part"]

_CODE: Final = re.compile(r"[0-9A-Z]{2,20}")
_ORGANISATION: Final = re.compile(r"[0-9A-Z]{9}")
_WHOLE_CODE: Final = re.compile(r"(?<![0-9A-Z])(?:[0-9A-Z]{18}|[0-9A-Z]{20})(?![0-9A-Z])")
_LABEL: Final = re.compile(
    "统一社会信用代码|统一信用代码|社会信用代码|信用代码|组织机构代码|机构代码|纳税人识别号|税号|代码|USCC|LEI"
)
_AROUND_CODES: Final = re.compile(r"[\s\-‐-―−.,:;。、()\[\]【】\"'“”‘’/_]")  # after NFKC
_RUNS: Final = re.compile("[a-z]+|[^a-z]+")
_LETTERS: Final = re.compile("[a-z]+")
_INITIALS: Final = range(2, 13)
# What hardly tells one name from another, longest first: asked for only where nothing else was typed.
_FORMS: Final = "(?:集团)?(?:股份有限公司|有限责任公司|有限公司|公司)"
_LEGAL_FORM: Final = re.compile(_FORMS)
_WITH_LEGAL_FORM: Final = re.compile(f"(..+?){_FORMS}")


@dataclass(frozen=True, slots=True)
class Sounds:
    """One way to mean a query's letters: `grams` that a row must have, those of its other words among them; `patterns`
    of the column for each run of letters; `together` the pattern of all of them in a row, without what is before."""

    grams: tuple[int, ...]
    patterns: tuple[str, ...]
    together: str


@dataclass(frozen=True, slots=True)
class Query:
    """`joined` is all of it, folded; `words` what a name must hold, with their `grams`, and `written` the same in the
    script in which they were typed. `pinyin` and `initials`: how its
    letters can be meant, while a name must hold the `other_words`."""

    joined: str
    words: tuple[str, ...]
    written: tuple[str, ...]
    other_words: tuple[str, ...]
    code: str
    organisation: str
    grams: tuple[int, ...]
    pinyin: tuple[Sounds, ...]
    initials: Sounds | None


def parse_query(typed: str) -> Query | None:
    """None where nothing is left of it: brackets and dots alone name nobody."""
    joined = fold_name(typed)
    if not joined:
        return None
    code = _code_in(typed)
    organisation = code if _ORGANISATION.fullmatch(code) else ""
    words = _telling(pieces(typed))
    runs = [run for word in words for run in _RUNS.findall(word)]
    if len(runs) > 1 and all(len(run) == 1 and run.isascii() for run in runs):
        runs = ["".join(runs)]  # h z w j
    lettered = [run for run in runs if _LETTERS.fullmatch(run)]
    others = [run for run in runs if not _LETTERS.fullmatch(run)]
    other_grams = {gram for run in others for gram in name_grams(run)}
    return Query(
        joined,
        tuple(words),
        tuple(_telling(pieces(typed, plain_name))),
        tuple(others),
        code,
        organisation,
        tuple(sorted({gram for word in words for gram in name_grams(word)})),
        tuple(_as_pinyin(lettered, other_grams)),
        _as_initials(lettered, other_grams),
    )


def telling_part(name: str) -> str:
    """A folded name without its legal form, if more than one character is left."""
    form = _WITH_LEGAL_FORM.fullmatch(name)
    return form[1] if form else name


def _code_in(typed: str) -> str:
    """A code alone, whatever is around it; or the one whole code among other words; or nothing."""
    text = unicodedata.normalize("NFKC", typed).upper()
    alone = _AROUND_CODES.sub("", _LABEL.sub("", text))
    if _CODE.fullmatch(alone):
        return alone
    whole = _WHOLE_CODE.search(text)
    return whole[0] if whole else ""


def _telling(words: list[str]) -> list[str]:
    """Without legal forms, unless there is nothing else."""
    told = [telling_part(word) for word in words if not _LEGAL_FORM.fullmatch(word)]
    return list(dict.fromkeys(told or words))


def _as_pinyin(lettered: list[str], other_grams: set[int]) -> list[Sounds]:
    """The ways in which all letters are pinyin; of several runs only the first that is ambiguous is tried each way."""
    ways = [syllables(run) for run in lettered]
    if not lettered or not all(ways):
        return []
    found: list[Sounds] = []
    several = next((at for at, way in enumerate(ways) if len(way) > 1), 0)
    for read in ways[several]:
        chosen = [read if at == several else way[0] for at, way in enumerate(ways)]
        grams = set(other_grams)
        for spoken, whole in chosen:
            grams.update(sound_grams(spoken if whole else spoken[:-1]))
        patterns = [f" {' '.join(spoken)}{' ' if whole else ''}" for spoken, whole in chosen]
        together = " " + "".join(patterns).replace("  ", " ").lstrip() + "%"
        found.append(Sounds(tuple(sorted(grams)), tuple(f"%{pattern}%" for pattern in patterns), together))
    return found


def _as_initials(lettered: list[str], other_grams: set[int]) -> Sounds | None:
    if not lettered or not all(len(run) in _INITIALS for run in lettered):
        return None
    grams = {*other_grams, *(gram for run in lettered for gram in initial_grams(run))}
    patterns = [f"{run}%" if len(run) == 2 else f"%{run}%" for run in lettered]
    return Sounds(tuple(sorted(grams)), tuple(patterns), "".join(lettered) + "%")
