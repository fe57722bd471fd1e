"""Pledges: made in their campaign's window, published with liability, ended once, assessed to their end."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

import pytest

from ledger.domain.events.campaign import CampaignCancelled, CampaignClosed, CampaignExtended
from ledger.domain.events.pledge import GroundText, PledgeReplaced
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.payload import encode_body
from ledger.domain.state.pledge import PLEDGES
from ledger.errors import Malformed, Refuted
from ledger.registration import AwaitsRelease, MissingBody
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, HANDLING_BODY
from tests.support.refusals import refused
from tests.support.statements import (
    CAMPAIGN,
    ENTERPRISE,
    EVIDENCE,
    OTHER_ENTERPRISE,
    TODAY,
    assessed,
    campaign_opened,
    code,
    pledge_made,
    pledge_published,
    pledge_revoked,
    pledge_withdrawn,
    registered,
    salt,
    speaker_of,
)

OWNER = speaker_of(ENTERPRISE)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
LAST_DAY = date(2027, 3, 14)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def make(book: Book, **given: object) -> bytes:
    """By the organizer, from a roster; the pledge's statement id."""
    sealed = given.get("disclosure", "public") != "public"
    return book.say(pledge_made(**{"evidence": EVIDENCE, **given}), sealed=sealed).statement_id


def replaced(**given: object) -> PledgeReplaced:
    return PledgeReplaced(**{"v": 1, "effective_on": TODAY, "code": code(), "slip": "错别字", **given})  # type: ignore[arg-type]


def repudiated(entry: int) -> StatementRepudiated:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="并非本单位所签")


# made


def test_an_enterprises_own_pledge_waits_for_its_release(book: Book) -> None:
    with pytest.raises(AwaitsRelease):
        book.say(pledge_made(), by=OWNER)
    book.with_pledge()
    assert PLEDGES.of(book.record).coded(code()) is not None


def test_a_pledge_that_breaks_a_rule_does_not_wait(book: Book) -> None:
    with refused("pledge.scope_not_offered"):
        book.say(pledge_made(scope="product_and_service"), by=OWNER)


def test_nobody_pledges_for_another_enterprise(book: Book) -> None:
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("issuer.not_entitled"):
        book.say(pledge_made(), by=speaker_of(OTHER_ENTERPRISE))


def test_an_organizers_record_of_a_pledge_names_its_evidence(book: Book) -> None:
    with refused("pledge.evidence_missing"):
        book.say(pledge_made())
    make(book)


def test_a_pledge_is_made_in_the_campaigns_window(book: Book) -> None:
    for day in (date(2026, 2, 28), date(2026, 4, 1)):
        book.clock.go_to(date(2026, 4, 2))
        with refused("pledge.outside_window"):
            make(book, made_on=day)
    make(book, made_on=date(2026, 3, 1))
    make(book, made_on=date(2026, 3, 31), scope="product")


def test_an_extended_window_takes_later_pledges(book: Book) -> None:
    extended = CampaignExtended(v=1, effective_on=TODAY, closes_on=date(2026, 4, 10), reason="踊跃")
    book.say(extended, subject=CAMPAIGN)
    book.clock.go_to(date(2026, 4, 10))
    make(book, made_on=date(2026, 4, 10))


def test_a_pledge_belongs_by_the_day_it_was_made_not_by_its_recording(book: Book) -> None:
    book.clock.go_to(date(2026, 4, 10))
    make(book, made_on=date(2026, 3, 31))


def test_no_pledge_is_made_after_the_campaign_was_closed(book: Book) -> None:
    book.say(CampaignClosed(v=1, effective_on=YESTERDAY), subject=CAMPAIGN)
    with refused("pledge.campaign_closed"):
        make(book)
    make(book, made_on=YESTERDAY)


def test_in_a_cancelled_campaign_no_pledge_is_made_or_published_and_published_ones_stay(book: Book) -> None:
    published, waiting = make(book, made_on=YESTERDAY, scope="product"), make(book, made_on=YESTERDAY, scope="service")
    book.say(pledge_published(published))
    book.say(CampaignCancelled(v=1, effective_on=TODAY, reason="不可抗力"), subject=CAMPAIGN)
    with refused("campaign.cancelled"):
        make(book, made_on=YESTERDAY)
    with refused("campaign.cancelled"):
        book.say(pledge_published(waiting, code=code(2)))
    assert [one.publication is not None for one in PLEDGES.of(book.record).by_id.values()].count(True) == 1


def test_a_pledge_is_not_made_in_the_future(book: Book) -> None:
    with refused("pledge.made_in_future"):
        make(book, made_on=TOMORROW)


def test_a_pledge_belongs_to_a_campaign_that_is_open(book: Book) -> None:
    with refused("campaign.unknown"):
        make(book, campaign="campaign:2031")


def test_a_pledges_clauses_are_those_of_the_template(book: Book) -> None:
    with refused("pledge.clause_unknown"):
        make(book, clauses=("refund", "gold"))
    with refused("pledge.clause_twice"):
        make(book, clauses=("refund", "refund"))


def test_only_a_public_pledge_is_an_open_statement(book: Book) -> None:
    with refused("pledge.disclosure_form"):
        book.say(pledge_made(evidence=EVIDENCE), sealed=True)
    for disclosure in ("limited", "none"):
        with refused("pledge.disclosure_form"):
            book.say(pledge_made(evidence=EVIDENCE, disclosure=disclosure), sealed=False)
    make(book, disclosure="none")
    assert not book.judgements[-1].body_public


def test_a_pledge_ends_after_it_was_made_and_within_the_policys_limit(book: Book) -> None:
    with refused("pledge.validity_order"):
        make(book, valid_until=YESTERDAY)
    with refused("pledge.too_long"):
        make(book, valid_until=date(2031, 3, 17))
    make(book, valid_until=date(2031, 3, 16))


def test_one_pledge_is_live_per_campaign_and_scope(book: Book) -> None:
    book.with_pledge()
    with refused("pledge.one_live_per_scope"):
        make(book)
    make(book, scope="product")


def test_a_campaign_may_allow_one_pledge_per_enterprise(book: Book) -> None:
    book.say(campaign_opened(overlap="one_per_enterprise"), subject="campaign:one")
    make(book, campaign="campaign:one")
    with refused("pledge.one_live_per_enterprise"):
        make(book, campaign="campaign:one", scope="product")


def test_pledges_of_other_campaigns_do_not_stand_in_the_way(book: Book) -> None:
    book.say(campaign_opened(), subject="campaign:other")
    make(book)
    make(book, campaign="campaign:other")


def test_after_a_withdrawal_one_may_pledge_again(book: Book) -> None:
    book.with_pledge()
    book.say(pledge_withdrawn(ends_on=TOMORROW), by=OWNER)
    with refused("pledge.one_live_per_scope"):
        make(book)
    book.clock.advance(days=1)
    make(book, made_on=TOMORROW)


def test_a_repudiated_pledge_does_not_stand_in_the_way(book: Book) -> None:
    entry = book.with_pledge().index
    book.say(repudiated(entry))
    make(book)


def test_a_repudiated_withdrawal_ends_nothing(book: Book) -> None:
    book.with_pledge()
    entry = book.say(pledge_withdrawn(), by=OWNER).index
    book.say(repudiated(entry))
    with refused("pledge.one_live_per_scope"):
        make(book)
    book.say(pledge_withdrawn(), by=OWNER)


# published


def test_a_publication_names_a_pledge_of_the_stream(book: Book) -> None:
    book.with_enterprise(OTHER_ENTERPRISE)
    foreign = book.say(pledge_made(evidence=EVIDENCE), subject=OTHER_ENTERPRISE).statement_id
    for statement_id in (foreign, bytes(32)):
        with refused("pledge.not_in_stream"):
            book.say(pledge_published(statement_id))


def test_a_pledge_is_published_once(book: Book) -> None:
    made = book.with_pledge()
    with refused("pledge.published_once"):
        book.say(pledge_published(made.statement_id, code=code(2)))


def test_a_repudiated_publication_can_be_made_again_under_another_code(book: Book) -> None:
    made = book.with_pledge()
    book.say(repudiated(len(book.events) - 1))
    with refused("pledge.not_published"):
        book.say(assessed())
    book.say(pledge_published(made.statement_id, code=code(2)))
    with refused("pledge.not_published"):
        book.say(assessed())
    book.say(assessed(code=code(2)))


def test_a_public_pledge_without_liability_is_refused_when_it_arrives(book: Book) -> None:
    with refused("pledge.liability_missing"):
        make(book, liability=None)


def test_no_pledge_without_liability_is_published(book: Book) -> None:
    statement_id = make(book, liability=None, disclosure="none")
    with refused("pledge.liability_missing"):
        book.say(pledge_published(statement_id), sealed=True)


def test_a_pledge_code_is_unique_across_streams(book: Book) -> None:
    book.with_pledge()
    assert Fact("pledge_code", code()) in book.facts


def test_a_pledge_is_published_for_as_long_as_it_was_made(book: Book) -> None:
    own, default = make(book, valid_until=date(2026, 12, 31)), make(book, scope="product")
    with refused("pledge.validity_as_made"):
        book.say(pledge_published(own))
    with refused("pledge.validity_as_made"):
        book.say(pledge_published(default, valid_until=date(2027, 3, 15)))
    book.say(pledge_published(own, valid_until=date(2026, 12, 31)))
    book.say(pledge_published(default, code=code(2), valid_until=LAST_DAY))


def test_a_pledge_is_not_valid_before_it_was_made(book: Book) -> None:
    statement_id = make(book)
    for day in (YESTERDAY, date(2027, 3, 15)):
        with refused("pledge.validity_order"):
            book.say(pledge_published(statement_id, valid_from=day))


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("pledge.code_division", code(division="990108")),
        ("pledge.code_date", "11010820260230000001"),
        ("pledge.code_date", code(day=TOMORROW)),
        ("pledge.code_date", code(day=YESTERDAY)),
    ],
)
def test_a_pledge_code_holds_a_division_and_the_date_of_its_assignment(book: Book, rule: str, wrong: str) -> None:
    statement_id = make(book)
    with refused(rule):
        book.say(pledge_published(statement_id, code=wrong))


def test_only_an_organizer_publishes(book: Book) -> None:
    statement_id = make(book)
    for speaker in (OWNER, HANDLING_BODY):
        with refused("issuer.not_entitled"):
            book.say(pledge_published(statement_id), by=speaker)


# replaced


def test_a_clerical_slip_is_replaced_and_the_pledge_stays(book: Book) -> None:
    book.with_pledge()
    book.say(replaced(content="产品和服务均符合声明。", valid_until=date(2026, 12, 31)))
    pledge = PLEDGES.of(book.record).coded(code())
    assert pledge is not None
    assert pledge.end is None
    assert pledge.valid_until({}) == date(2026, 12, 31)


def test_a_replacement_replaces_something(book: Book) -> None:
    book.with_pledge()
    with refused("pledge.replacement_empty"):
        book.say(replaced())


def test_a_replacement_is_open_or_sealed_as_its_pledge_is(book: Book) -> None:
    book.with_pledge()
    with refused("pledge.disclosure_form"):
        book.say(replaced(content="改"), sealed=True)
    statement_id = make(book, disclosure="none", scope="product")
    with refused("pledge.disclosure_form"):
        book.say(pledge_published(statement_id, code=code(2)))
    book.say(pledge_published(statement_id, code=code(2)), sealed=True)
    with refused("pledge.disclosure_form"):
        book.say(replaced(code=code(2), content="改"))
    for end in (pledge_withdrawn(code=code(2), evidence=EVIDENCE), pledge_revoked(code=code(2))):
        with refused("pledge.disclosure_form"):
            book.say(end)
    book.say(replaced(code=code(2), content="改"), sealed=True)


def test_a_replaced_validity_keeps_within_the_limits(book: Book) -> None:
    book.with_pledge()
    with refused("pledge.validity_order"):
        book.say(replaced(valid_until=YESTERDAY))
    with refused("pledge.too_long"):
        book.say(replaced(valid_until=date(2031, 3, 17)))


def test_a_repudiated_replacement_is_as_if_it_were_not(book: Book) -> None:
    book.with_pledge()
    entry = book.say(replaced(valid_until=TODAY)).index
    with refused("assessment.outside_pledge"):
        book.say(assessed(period_until=TOMORROW))
    book.say(repudiated(entry))
    book.clock.advance(days=1)
    book.say(assessed(period_until=TOMORROW))


# withdrawn, revoked


def test_an_enterprise_withdraws_its_pledge(book: Book) -> None:
    book.with_pledge()
    book.say(pledge_withdrawn(ends_on=TOMORROW), by=OWNER)
    pledge = PLEDGES.of(book.record).coded(code())
    assert pledge is not None
    assert pledge.end is not None
    assert (pledge.end.how, pledge.last_day({})) == ("withdrawn", TOMORROW)


def test_an_organizer_records_a_withdrawal_on_paper_only(book: Book) -> None:
    book.with_pledge()
    with refused("pledge.evidence_missing"):
        book.say(pledge_withdrawn())
    book.say(pledge_withdrawn(evidence=EVIDENCE))


def test_an_enterprise_does_not_revoke(book: Book) -> None:
    book.with_pledge()
    with refused("issuer.not_entitled"):
        book.say(pledge_revoked(), by=OWNER)


def test_a_pledge_ends_once(book: Book) -> None:
    book.with_pledge()
    book.say(pledge_withdrawn(), by=OWNER)
    for event in (pledge_withdrawn(evidence=EVIDENCE), pledge_revoked()):
        with refused("pledge.ends_once"):
            book.say(event)
    with refused("pledge.ends_once"):
        book.say(replaced(content="改"))


def test_a_pledge_does_not_end_before_that_is_recorded(book: Book) -> None:
    book.with_pledge()
    with refused("pledge.ends_not_before_recording"):
        book.say(pledge_withdrawn(ends_on=YESTERDAY), by=OWNER)
    with refused("pledge.ends_not_before_recording"):
        book.say(pledge_revoked(ends_on=YESTERDAY))


def test_a_pledge_that_ran_out_is_not_ended_again(book: Book) -> None:
    book.with_pledge()
    with refused("pledge.expired_before"):
        book.say(pledge_withdrawn(ends_on=LAST_DAY + timedelta(days=1)), by=OWNER)


def test_only_a_published_pledge_ends(book: Book) -> None:
    make(book)
    with refused("pledge.not_published"):
        book.say(pledge_withdrawn(), by=OWNER)


def test_the_ground_of_a_revocation_is_a_sealed_text_of_its_own(book: Book) -> None:
    book.with_pledge()
    text = GroundText(v=1, salt=salt(1).hex(), text="提交的检验报告系伪造。")
    body = encode_body(text, salt(1))
    event = pledge_revoked(ground_text=sha256(body).hexdigest())
    with pytest.raises(MissingBody):
        book.say(event)
    with pytest.raises(Refuted):
        book.say(event, text=body + b" ")
    recorded = book.say(event, text=body)
    assert not recorded.sealed
    assert Fact("body", sha256(body).hexdigest()) in book.facts
    assert book.judgements[-1].body_public


def test_an_open_statement_brings_no_body_that_it_does_not_name(book: Book) -> None:
    book.with_pledge()
    with pytest.raises(Malformed):
        book.say(pledge_revoked(), text=b"{}")


# assessed


def test_the_period_until_the_end_is_still_assessed(book: Book) -> None:
    book.with_pledge()
    book.say(pledge_withdrawn(ends_on=TOMORROW), by=OWNER)
    book.clock.advance(days=3)
    with refused("assessment.outside_pledge"):
        book.say(assessed(period_until=TOMORROW + timedelta(days=1)))
    book.say(assessed(period_until=TOMORROW))
    assert book.judgements[-1].body_public


def test_a_period_is_assessed_when_it_is_over(book: Book) -> None:
    book.with_pledge()
    with refused("assessment.period_not_over"):
        book.say(assessed(period_until=TOMORROW))
    with refused("assessment.outside_pledge"):
        book.say(assessed(period_from=YESTERDAY))


def test_no_day_is_assessed_twice(book: Book) -> None:
    book.with_pledge()
    first = book.say(assessed())
    with refused("assessment.period_assessed"):
        book.say(assessed(result="none", unmet="未退款", accountability="退一赔三"))
    book.say(repudiated(first.index))
    book.say(assessed(result="none", unmet="未退款", accountability="退一赔三"))


def test_what_was_not_kept_is_said_unless_all_was_kept(book: Book) -> None:
    book.with_pledge()
    wrong = (
        {"result": "partial"},
        {"result": "none", "unmet": "未退款"},
        {"result": "partial", "accountability": "退一赔三"},
        {"result": "full", "unmet": "未退款", "accountability": "退一赔三"},
    )
    for fields in wrong:
        with refused("assessment.explanation"):
            book.say(assessed(**fields))
    book.say(assessed(result="partial", unmet="未退款", accountability="退一赔三"))


def test_only_a_published_pledge_is_assessed_and_only_under_seal(book: Book) -> None:
    make(book)
    with refused("pledge.not_published"):
        book.say(assessed())
    book.with_pledge(scope="product")
    with refused("statement.form"):
        book.say(assessed(), sealed=False)


def test_the_assessment_of_a_sealed_pledge_is_not_shown(book: Book) -> None:
    statement_id = make(book, disclosure="limited")
    published = book.say(pledge_published(statement_id), sealed=True)
    with refused("erasure.dates_only"):
        book.say(BodyErased(v=1, effective_on=TODAY, entry=published.index, ground="误"), by=DATA_OFFICER)
    book.say(assessed())
    assert not book.judgements[-1].body_public


def test_a_registered_enterprise_without_pledges_has_none() -> None:
    book = Book()
    book.say(registered())
    assert PLEDGES.of(book.record).coded(code()) is None
