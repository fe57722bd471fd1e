"""What pages say in Chinese: one punctuation, one word for one thing, and nothing of it in English pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[4]
PAGES: Final = ROOT / "api/pages"
_SAID: Final = re.compile(
    r"""\bsay\(\s*(["`])(?P<zh>(?:\\.|(?!\1).)*)\1(?:\s*%[^,]*?(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?)?,\s*(["`])(?P<en>(?:\\.|(?!\3).)*)\3"""
)
_CJK: Final = "[\u3400-\u9fff\u3001-\u303f\uff00-\uffef]"
_HALF: Final = re.compile(rf"(?<={_CJK})\s?[(),;?!]|[(),;?!]\s?(?={_CJK})")
_FILLED_IN: Final = re.compile(r"\$?\{[^}]*\}|%[sd]")
_HALF_OR_COLON: Final = re.compile(rf"{_HALF.pattern}|(?<={_CJK}):|: ?(?={_CJK})")
_LITERAL: Final = re.compile(r"""(?<![rR"])"((?:\\.|[^"\\\n])+)"(?!")|`((?:\\.|[^`\\])+)`""")
#: Patterns of what people write, headers of other bodies' tables, a page that archives are compared with to the byte.
_NOT_WORDS: Final = frozenset(
    {
        "cell_lists",
        "date_notations",
        "index_page",
        "outcome_template",
        "personal_data",
        "personal_names",
        "personal_numbers",
    }
    | {"public_records"}
)


def said() -> Iterator[tuple[Path, str, str]]:
    """Every pair of words of templates and scripts, Chinese and English."""
    for file in sorted([*PAGES.glob("templates/**/*.html"), *PAGES.glob("static/**/*.js")]):
        for found in _SAID.finditer(file.read_text("utf-8")):
            yield file, found["zh"], found["en"]


def literals() -> Iterator[tuple[Path, str]]:
    """What stands in quotes in programs and scripts."""
    for room in ("api", "ledger", "projections"):
        for file in sorted([*(ROOT / room).rglob("*.py"), *(ROOT / room).rglob("*.js")]):
            if file.stem not in _NOT_WORDS:
                for found in _LITERAL.finditer(file.read_text("utf-8")):
                    if "(?:" not in (text := found[1] or found[2]):
                        yield file, text


def _filled_in(text: str) -> str:
    """With something Chinese where something is filled in; with a figure where the line goes on in English."""
    return _FILLED_IN.sub("0" if " / " in text or " · " in text else "某", text)


PAIRS: Final = list(said())


def test_the_words_of_pages_are_found() -> None:
    assert len(PAIRS) > 1_000


def test_chinese_is_punctuated_as_chinese() -> None:
    assert [zh for _, zh, _ in PAIRS if re.search(_CJK, zh) and _HALF.search(_FILLED_IN.sub("某", zh))] == []


def test_all_words_for_people_are_punctuated_as_chinese() -> None:
    """Refusals, reports, labels and mails, in Python and in scripts; of two languages in a line the Chinese one."""
    found = [(file, one) for file, one in literals() if re.search("[一-龥]", _FILLED_IN.sub("", one))]
    assert len(found) > 2_500
    assert [(str(file), one) for file, one in found if _HALF_OR_COLON.search(_filled_in(one))] == []


def test_no_space_follows_a_chinese_mark() -> None:
    """Which is as wide as a character by itself, whatever comes next, a date among it."""
    spaced = re.compile("[，。；：、（）？！] (?![/<·]|$)")
    found = [one for _, one in literals() if spaced.search(one)]
    assert found + [zh for _, zh, _ in PAIRS if spaced.search(zh)] == []


def test_marks_between_two_values_are_those_of_the_pages_language() -> None:
    """A comma, a colon, parentheses of a template are said, too; none is followed by a space in Chinese."""
    bare = re.compile(r"\}\}\s?[,;:()。，；：（）]|[(,;:。，；：（] ?\{\{")
    spaced = re.compile(r"""say\("[^"]*[，；：、（]", [^}]*\}\}(?:\{%[^%]*%\})* """)
    found: list[tuple[str, str]] = []
    for file in sorted(PAGES.glob("templates/**/*.html")):
        for line in file.read_text("utf-8").splitlines():
            found += [(file.name, one[0]) for one in (*bare.finditer(_read(line)), *spaced.finditer(line))]
    assert found == []


def _read(line: str) -> str:
    """Of a template's line what people read."""
    return re.sub(r"""<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*>""", "<>", re.sub(r"\{%.*?%\}", "", line))


def test_no_chinese_stands_in_english_pages() -> None:
    """But for the link to the Chinese page."""
    assert {en for _, _, en in PAIRS if re.search(_CJK, en)} == {"中文"}


@pytest.mark.parametrize(
    ("other", "word"),
    [("封存", "密封"), (re.compile(r"第 (?:%s|\$?\{[^}]*\}) 号(?:记录|\")"), "第 … 条记录")],
    ids=["sealed", "an entry by its number"],
)
def test_one_thing_has_one_word(other: str | re.Pattern[str], word: str) -> None:
    """On pages, in refusals, reports and mails alike: `word`, and no other."""
    sources = [
        one for kind in ("html", "py", "js") for room in ("api", "ledger") for one in (ROOT / room).rglob(f"*.{kind}")
    ]
    assert [str(one) for one in sources if re.search(other, one.read_text("utf-8"))] == [], word
