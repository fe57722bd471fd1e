"""What does not show is forbidden by the Unicode data, not by a list that somebody thought of."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import msgspec
import pytest

from ledger.domain.values.forbidden_characters import FORBIDDEN, FORBIDDEN_RANGES, may_hold_forbidden
from ledger.domain.values.text import check_text
from tests.support.refusals import refused
from tests.support.statements import registered

# Unicode's PropList.txt: Other_Default_Ignorable_Code_Point and Variation_Selector
IGNORABLE = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x2065, 0x2065), (0x3164, 0x3164), (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8), (0xE0000, 0xE0000), (0xE0002, 0xE001F), (0xE0080, 0xE00FF), (0xE01F0, 0xE0FFF),
    (0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF),
)  # fmt: skip
TYPED_SPACES = {0x20, 0xA0, 0x3000}
BRAILLE_BLANK = 0x2800


@dataclass(frozen=True)
class Data:
    """What this Python's data says, and which code points it does not know."""

    forbidden: frozenset[int]
    unassigned: frozenset[int]


@pytest.fixture(scope="module")
def data() -> Data:
    forbidden = {BRAILLE_BLANK, *(code for first, last in IGNORABLE for code in range(first, last + 1))}
    unassigned = set()
    for code in range(0x110000):
        category = unicodedata.category(chr(code))
        if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or (category == "Zs" and code not in TYPED_SPACES):
            forbidden.add(code)
        elif category == "Cn":
            unassigned.add(code)
    return Data(frozenset(forbidden), frozenset(unassigned))


def test_the_pinned_ranges_are_what_the_unicode_data_gives(data: Data) -> None:
    pinned = {code for first, last in FORBIDDEN_RANGES for code in range(first, last + 1)}
    assert data.forbidden <= pinned
    assert pinned - data.forbidden <= data.unassigned  # assigned by a later version than this Python's
    assert sorted(FORBIDDEN_RANGES) == list(FORBIDDEN_RANGES)


def test_what_is_forbidden_is_what_is_found(data: Data) -> None:
    found = {code for code in range(0x110000) if FORBIDDEN.search(chr(code))}
    assert found - data.unassigned == data.forbidden - data.unassigned


def test_nothing_forbidden_gets_past_the_quick_look(data: Data) -> None:
    sure = [code for code in data.forbidden if not 0xD800 <= code <= 0xDFFF]
    assert all(may_hold_forbidden(msgspec.json.encode({"name": f"示例{chr(code)}公司"})) for code in sure)
    assert not may_hold_forbidden(msgspec.json.encode({"name": "示例（北京）公司，2026 — Ａ"}))


@pytest.mark.parametrize("char", ["\u00ad", "\ufe00", "\u200d", "\u3164", "\u034f", "\u2800", "\U000e0101", "\u2007"])
def test_a_name_with_what_does_not_show_is_refused(char: str) -> None:
    event = registered(name=f"示例{char}有限公司")
    with refused("text.hidden_character"):
        check_text(msgspec.json.encode(event), event)


@pytest.mark.parametrize("name", ["示例\u3000有限公司", "ACME\u00a0Co., Ltd.", "示例䶮𬭚有限公司", "示例é组合e\u0301"])
def test_what_people_type_stays(name: str) -> None:
    event = registered(name=name)
    check_text(msgspec.json.encode(event), event)
