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
_LITERAL: Final = re.compile(r'(?<!")"([^"\n]+)"(?!")')


def said() -> Iterator[tuple[Path, str, str]]:
    """Every pair of words of templates and scripts, Chinese and English."""
    for file in sorted([*PAGES.glob("templates/**/*.html"), *PAGES.glob("static/**/*.js")]):
        for found in _SAID.finditer(file.read_text("utf-8")):
            yield file, found["zh"], found["en"]


PAIRS: Final = list(said())


def test_the_words_of_pages_are_found() -> None:
    assert len(PAIRS) > 1_000


def test_chinese_is_punctuated_as_chinese() -> None:
    assert [zh for _, zh, _ in PAIRS if re.search(_CJK, zh) and _HALF.search(_FILLED_IN.sub("某", zh))] == []


def test_chinese_words_of_desks_and_their_refusals_are_punctuated_as_chinese() -> None:
    files = [one for room in ("api/desk", "api/pages") for one in (ROOT / room).rglob("*.py")]
    found = [one for file in files for one in _LITERAL.findall(file.read_text("utf-8")) if re.search("[一-龥]", one)]
    assert len(found) > 500
    assert [one for one in found if _HALF.search(_FILLED_IN.sub("某", one))] == []


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
