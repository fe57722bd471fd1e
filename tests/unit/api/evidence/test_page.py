"""What the readable page makes of text from outside, and that it has words for everything that can be said."""

from __future__ import annotations

from typing import get_args

import pytest

from api.evidence.index_page_labels import EVENTS, WHAT, WHY
from api.evidence.safe_html import fields, said, shown
from ledger.domain.rules.catalogue import SPECS
from ledger.verifier.formats.manifest import What, Why


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<script>alert(1)</script>", "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"),
        ('" onload="x', "<bdi>&quot; onload=&quot;x</bdi>"),
        ("gpj.\u202eexe", "<bdi>gpj.⟨U+202E⟩exe</bdi>"),
        ("a\u200bb\u2066c\ufeff\x00", "<bdi>a⟨U+200B⟩b⟨U+2066⟩c⟨U+FEFF⟩⟨U+0000⟩</bdi>"),
        ("שלום & 公司", "<bdi>שלום &amp; 公司</bdi>"),
    ],
)
def test_hostile_text_is_shown_and_does_nothing(text: str, wanted: str) -> None:
    assert shown(text) == wanted
    assert wanted in said({"name": [text]})


def test_field_names_are_text_too() -> None:
    assert "<b>" not in fields({"<b>": {"<i>": 1}})


def test_every_event_has_a_chinese_name() -> None:
    assert EVENTS.keys() == SPECS.keys()
    assert len(set(EVENTS.values())) == len(EVENTS)


def test_there_are_words_for_whatever_is_left_out() -> None:
    assert WHAT.keys() == set(get_args(What))
    assert WHY.keys() == set(get_args(Why))
