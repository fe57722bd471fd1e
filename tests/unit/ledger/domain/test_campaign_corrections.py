"""A slip in a campaign's terms is mended until its first pledge is published, and never behind anybody's back."""

from __future__ import annotations

import json
from datetime import date

import pytest

from ledger.domain.events.campaign import CampaignCancelled, CampaignClosed, CampaignExtended, Clause
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.limits import CAMPAIGN_CORRECTIONS_MAX
from ledger.store.contract import Fact
from projections.declarations.campaign_rows import campaign_rows
from tests.support.book import Book
from tests.support.charter import HANDLING_BODY, ORGANIZER_2
from tests.support.refusals import refused
from tests.support.statements import (
    CAMPAIGN,
    ENTERPRISE,
    EVIDENCE,
    TODAY,
    campaign_corrected,
    campaign_opened,
    code,
    pledge_made,
    pledge_published,
    sign,
    speaker_of,
)

OTHER = "campaign:2027"


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def opening(book: Book, campaign: str = CAMPAIGN) -> int:
    return book.governance.campaigns[campaign].index


def test_a_correction_says_all_terms_again_and_they_hold_from_its_entry_on(book: Book) -> None:
    clauses = (Clause(id="refund", zh="十五日无理由退货"), Clause(id="visit", zh="接受回访"))
    corrected = campaign_corrected(opening(book), clauses=clauses, closes_on=date(2026, 3, 28), theme="放心消费")
    at = book.say(corrected, subject=CAMPAIGN, by=ORGANIZER_2)
    campaign = book.governance.campaigns[CAMPAIGN]
    assert (campaign.terms, campaign.terms_entry, campaign.corrections) == (corrected, at.index, (at.index,))
    assert campaign.clause_ids == {"refund", "visit"}
    assert campaign.last_day == date(2026, 3, 28)
    with refused("pledge.clause_unknown"):
        book.with_pledge(clauses=("reply",))
    book.with_pledge(clauses=("visit",))


def test_no_term_changes_once_a_pledge_is_published_whatever_becomes_of_that_pledge(book: Book) -> None:
    book.with_pledge()
    with refused("fact.said_already"):
        book.say(campaign_corrected(opening(book)), subject=CAMPAIGN)
    published = book.events[-1]
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=published.index, word="误发"), by=ORGANIZER_2)
    with refused("fact.said_already"):
        book.say(campaign_corrected(opening(book)), subject=CAMPAIGN)


def test_the_first_publication_fixes_the_terms_of_its_own_campaign_alone(book: Book) -> None:
    book.say(campaign_opened(), subject=OTHER)
    book.with_pledge()
    first = book.facts[Fact("published_in", CAMPAIGN)]
    book.with_pledge(scope="product", serial=2)
    assert book.facts[Fact("published_in", CAMPAIGN)] == first, "later ones say nothing new"
    book.say(campaign_corrected(opening(book, OTHER)), subject=OTHER)


def test_a_sealed_pledge_fixes_them_as_a_public_one_does(book: Book) -> None:
    made = book.say(pledge_made(disclosure="limited"), by=speaker_of(ENTERPRISE), sealed=True, released=True)
    book.say(pledge_published(made.statement_id, code=code()), sealed=True)
    with refused("fact.said_already"):
        book.say(campaign_corrected(opening(book)), subject=CAMPAIGN)


def test_two_corrections_never_undo_one_another_unseen(book: Book) -> None:
    first = book.say(campaign_corrected(opening(book), theme="甲"), subject=CAMPAIGN)
    with refused("campaign.corrects_another"):
        book.say(campaign_corrected(opening(book), theme="乙"), subject=CAMPAIGN)
    book.say(campaign_corrected(first.index, theme="乙"), subject=CAMPAIGN)


def test_an_enterprise_is_not_held_to_terms_that_were_corrected_after_it_signed(book: Book) -> None:
    owner = speaker_of(ENTERPRISE)
    waiting, _ = sign(pledge_made(), by=owner, iat=book.clock())
    book.clock.now += 60
    book.say(campaign_corrected(opening(book), pledge_valid_until=date(2028, 3, 14)), subject=CAMPAIGN)
    with refused("pledge.before_correction"):
        book.enter(book.admit(waiting), released=True)
    made = book.say(pledge_made(), by=owner, released=True)
    book.say(pledge_published(made.statement_id, code=code(), valid_until=date(2028, 3, 14)))


def test_a_pledge_recorded_from_paper_before_a_correction_is_not_published_under_it(book: Book) -> None:
    made = book.say(pledge_made(evidence=EVIDENCE))
    book.say(campaign_corrected(opening(book)), subject=CAMPAIGN)
    with refused("pledge.before_correction"):
        book.say(pledge_published(made.statement_id, code=code()))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("campaign.date_order", {"closes_on": date(2026, 2, 28)}),
        ("campaign.scope_twice", {"scopes": ("product", "product")}),
        ("campaign.clause_twice", {"clauses": (Clause(id="refund", zh="甲"), Clause(id="refund", zh="乙"))}),
        ("campaign.title_needs_basis", {"certificate_title": "质量诚信示范企业"}),
        ("pledge.too_long", {"pledge_valid_until": date(2031, 3, 2)}),
    ],
)
def test_what_no_opening_may_say_no_correction_may(book: Book, rule: str, changes: dict[str, object]) -> None:
    with refused(rule):
        book.say(campaign_corrected(opening(book), **changes), subject=CAMPAIGN)


def test_only_an_organizer_corrects_and_only_what_was_opened(book: Book) -> None:
    with refused("issuer.not_entitled"):
        book.say(campaign_corrected(opening(book)), subject=CAMPAIGN, by=HANDLING_BODY)
    with refused("campaign.unknown"):
        book.say(campaign_corrected(0), subject=OTHER)


@pytest.mark.parametrize(
    ("end", "rule"),
    [
        (CampaignClosed(v=1, effective_on=TODAY), "campaign.closed"),
        (CampaignCancelled(v=1, effective_on=TODAY, reason="不可抗力"), "campaign.cancelled"),
    ],
)
def test_a_campaign_that_is_over_is_not_corrected(
    book: Book, end: CampaignClosed | CampaignCancelled, rule: str
) -> None:
    book.say(end, subject=CAMPAIGN)
    with refused(rule):
        book.say(campaign_corrected(opening(book)), subject=CAMPAIGN)


def test_after_an_extension_a_correction_says_the_closing_day_anew(book: Book) -> None:
    longer = CampaignExtended(v=1, effective_on=TODAY, closes_on=date(2026, 4, 10), reason="企业踊跃")
    book.say(longer, subject=CAMPAIGN)
    corrected = book.say(campaign_corrected(opening(book), closes_on=date(2026, 4, 12)), subject=CAMPAIGN)
    assert book.governance.campaigns[CAMPAIGN].closes_on == date(2026, 4, 12)
    book.say(longer.__class__(v=1, effective_on=TODAY, closes_on=date(2026, 4, 20), reason="再延"), subject=CAMPAIGN)
    assert book.governance.campaigns[CAMPAIGN].terms_entry == corrected.index


def test_a_campaign_is_corrected_a_bounded_number_of_times(book: Book) -> None:
    entry = opening(book)
    for _ in range(CAMPAIGN_CORRECTIONS_MAX):
        entry = book.say(campaign_corrected(entry), subject=CAMPAIGN).index
    with refused("campaign.corrections_max"):
        book.say(campaign_corrected(entry), subject=CAMPAIGN)


def test_readers_see_the_terms_as_corrected_and_by_which_entries(book: Book) -> None:
    (before,) = campaign_rows(book.governance)
    assert "corrections" not in json.loads(before.body)
    at = book.say(campaign_corrected(opening(book), theme="放心消费"), subject=CAMPAIGN)
    (after,) = campaign_rows(book.governance)
    assert json.loads(after.body) == {**json.loads(before.body), "theme": "放心消费", "corrections": [at.index]}
