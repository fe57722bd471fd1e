"""What a pledge's page offers is there to be had."""

from __future__ import annotations

from typing import Any

from api.pages.pledge_page import PledgeView
from api.pages.rendering import PageFrame, render
from api.pages.words import GROUNDS, Word

LIVE: dict[str, Any] = {
    "code": "11010820260316000001",
    "content": "产品和服务符合声明。",
    "liability": None,
    "made_on": "2026-03-14",
    "valid_from": "2026-03-14",
    "last_day": "2027-03-14",
    "accepting_body": "某协会",
    "corrections": [],
    "end": None,
}


def page(pledge: dict[str, Any], ground: Word | None = None) -> str:
    view = PledgeView(pledge, "91", "某", Word("期限内", "in force"), ground, Word("综合", "all"), (), (), None, False)
    return render("pledge.html", PageFrame("/p/1", "zh", "t", "t", demo=False), view)


def test_a_pledge_that_was_revoked_says_why_and_offers_no_certificate() -> None:
    ended = {**LIVE, "end": {"ends_on": "2026-03-20", "entry": 7, "ground": "fraud"}}
    assert "certificate.pdf" in page(LIVE)
    revoked = page(ended, GROUNDS["fraud"])
    assert "因欺诈取得，予以撤销" in revoked and "不再制发公告" in revoked
    assert "certificate.pdf" not in revoked
