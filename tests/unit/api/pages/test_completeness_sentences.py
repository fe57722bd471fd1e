"""What an enterprise's page says of completeness is true and reads as a person would say it."""

from __future__ import annotations

import pytest

from api.pages.enterprise_pages import ProofView
from api.pages.rendering import Language, PageFrame, render
from api.service.enterprise_overview import Completeness


def said(count: int, covered: int, language: Language = "zh", root: int | None = 36) -> str:
    proof = Completeness(root, 36, 40, ())
    frame = PageFrame("/e/X", language, "X", "X", demo=False)
    return render("enterprise_proof.html", frame, ProofView("X", proof, count, covered))


@pytest.mark.parametrize(
    ("count", "covered", "zh", "en"),
    [
        (3, 3, "恰为 3 条，没有遗漏", "exactly 3 are about it"),
        (3, 2, "其后的 1 条已列出", "1 later ones are listed"),
        (3, 0, "关于它的记录都晚于最近公布的映射根（前 36 条）", "later than the newest root"),
        (0, 0, "账本前 36 条记录中，没有关于它的", "None of the first 36 entries"),
    ],
)
def test_each_relation_of_entries_and_root_has_a_sentence_of_its_own(
    count: int, covered: int, zh: str, en: str
) -> None:
    assert zh in said(count, covered)
    assert en in said(count, covered, "en")
    assert "恰为 0 条" not in said(count, covered) and "exactly 0" not in said(count, covered, "en")


def test_without_a_root_no_completeness_is_claimed() -> None:
    assert "没有遗漏：" not in said(3, 0, root=None)
    assert "尚未公布" in said(3, 0, root=None)
