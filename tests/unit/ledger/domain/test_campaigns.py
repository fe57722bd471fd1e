"""Campaigns: fixed once open, extended only to a later day, closed once."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from ledger.domain.events.campaign import CampaignCancelled, CampaignClosed, CampaignExtended, Clause, NoticePublished
from projections.declarations.campaign_rows import campaign_rows
from tests.support.book import Book
from tests.support.charter import HANDLING_BODY
from tests.support.refusals import refused
from tests.support.statements import CAMPAIGN, TODAY, campaign_opened


@pytest.fixture
def book() -> Book:
    book = Book()
    book.say(campaign_opened(), subject=CAMPAIGN)
    return book


def extended(closes_on: date) -> CampaignExtended:
    return CampaignExtended(v=1, effective_on=TODAY, closes_on=closes_on, reason="企业踊跃")


CLOSED = CampaignClosed(v=1, effective_on=TODAY)
CANCELLED = CampaignCancelled(v=1, effective_on=TODAY, reason="不可抗力")


def test_the_template_is_immutable_once_open(book: Book) -> None:
    with refused("campaign.fixed_once_open"):
        book.say(campaign_opened(clauses=(Clause(id="other", zh="另一条款"),)), subject=CAMPAIGN)
    assert book.governance.campaigns[CAMPAIGN].clause_ids == {"refund", "reply"}


def test_only_an_organizer_opens_campaigns(book: Book) -> None:
    with refused("issuer.not_entitled"):
        book.say(campaign_opened(), subject="campaign:2027", by=HANDLING_BODY)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("campaign.date_order", {"closes_on": date(2026, 2, 28)}),
        ("campaign.date_order", {"pledge_valid_until": date(2026, 3, 30)}),
        ("campaign.scope_twice", {"scopes": ("product", "product")}),
        ("campaign.clause_twice", {"clauses": (Clause(id="refund", zh="甲"), Clause(id="refund", zh="乙"))}),
        ("campaign.title_needs_basis", {"certificate_title": "质量诚信示范企业"}),
        ("campaign.title_needs_basis", {"certificate_basis": "质协〔2026〕1号通知第三条"}),
        ("pledge.too_long", {"pledge_valid_until": date(2031, 3, 2)}),
    ],
)
def test_a_campaign_that_contradicts_itself_is_not_opened(book: Book, rule: str, changes: dict[str, object]) -> None:
    with refused(rule):
        book.say(campaign_opened(**changes), subject="campaign:2027")


def test_an_extension_is_to_a_later_day_only(book: Book) -> None:
    for day in (date(2026, 3, 30), date(2026, 3, 31)):
        with refused("campaign.extension_only_later"):
            book.say(extended(day), subject=CAMPAIGN)
    book.say(extended(date(2026, 4, 10)), subject=CAMPAIGN)
    assert book.governance.campaigns[CAMPAIGN].closes_on == date(2026, 4, 10)
    with refused("campaign.extension_only_later"):
        book.say(extended(date(2026, 4, 9)), subject=CAMPAIGN)


def test_an_extension_stays_within_the_pledges_validity(book: Book) -> None:
    with refused("campaign.extension_past_validity"):
        book.say(extended(date(2027, 3, 15)), subject=CAMPAIGN)


def test_a_campaign_is_closed_once_and_not_extended_after(book: Book) -> None:
    book.say(CLOSED, subject=CAMPAIGN)
    with refused("campaign.closed"):
        book.say(CLOSED, subject=CAMPAIGN)
    with refused("campaign.closed"):
        book.say(extended(date(2026, 4, 10)), subject=CAMPAIGN)


def test_a_campaign_is_cancelled_once_and_neither_extended_nor_closed_after(book: Book) -> None:
    book.say(CANCELLED, subject=CAMPAIGN)
    for event in (CANCELLED, CLOSED, extended(date(2026, 4, 10))):
        with refused("campaign.cancelled"):
            book.say(event, subject=CAMPAIGN)
    book.say(NoticePublished(v=1, effective_on=TODAY, number="1", title="活动取消通知"), subject=CAMPAIGN)


def test_a_closed_campaign_is_not_cancelled(book: Book) -> None:
    book.say(CLOSED, subject=CAMPAIGN)
    with refused("campaign.closed"):
        book.say(CANCELLED, subject=CAMPAIGN)


def test_readers_see_that_a_campaign_was_cancelled_and_others_read_as_before(book: Book) -> None:
    (before,) = campaign_rows(book.governance)
    assert "cancelled_on" not in json.loads(before.body)
    book.say(CANCELLED, subject=CAMPAIGN)
    (after,) = campaign_rows(book.governance)
    assert json.loads(after.body) == {**json.loads(before.body), "cancelled_on": TODAY.isoformat()}


def test_nothing_is_said_about_a_campaign_that_was_not_opened(book: Book) -> None:
    notice = NoticePublished(v=1, effective_on=TODAY, number="1", title="通知")
    for event in (CLOSED, CANCELLED, extended(TODAY + timedelta(days=30)), notice):
        with refused("campaign.unknown"):
            book.say(event, subject="campaign:2027")


def test_notices_go_on_after_the_close(book: Book) -> None:
    book.say(CLOSED, subject=CAMPAIGN)
    notice = book.say(NoticePublished(v=1, effective_on=TODAY, number="2", title="公告"), subject=CAMPAIGN)
    assert book.governance.campaigns[CAMPAIGN].notices == (notice.index,)
