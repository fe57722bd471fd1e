"""Enterprises: registered first, by a code that checks out or was overridden, and private where they are persons."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace
from stdnum.cn.uscc import calc_check_digit

from ledger.domain.events.base import Event
from ledger.domain.events.enterprise import (
    EnterpriseDeregistered,
    EnterpriseMerged,
    EnterpriseRenamed,
    EnterpriseSized,
    IdentifierOverridden,
)
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.state.enterprise import is_registered, name_on, size_on
from tests.support.book import Book
from tests.support.charter import HANDLING_BODY
from tests.support.refusals import refused
from tests.support.statements import (
    ENTERPRISE,
    EVIDENCE,
    OTHER_ENTERPRISE,
    TODAY,
    campaign_opened,
    outcome,
    pledge_made,
    registered,
)

EARLY_CODE = "91350100M0001TGQXM"  # real, from the first years: its check digit fails
EARLY = f"uscc:{EARLY_CODE}"
STALL = "local:shop/7f3a"
STALL_CODE = "92110105MA00000008"

RENAMED = EnterpriseRenamed(v=1, effective_on=TODAY, name="北京某某集团有限公司", evidence="变更通知书")
SIZED = EnterpriseSized(v=1, effective_on=TODAY, size_band="medium", size_source="年报")
DEREGISTERED = EnterpriseDeregistered(v=1, effective_on=TODAY, evidence="注销公告")


def merged(into: str = OTHER_ENTERPRISE) -> EnterpriseMerged:
    return EnterpriseMerged(v=1, effective_on=TODAY, into=into, evidence="合并公告")


def overridden(code: str = EARLY_CODE) -> IdentifierOverridden:
    return IdentifierOverridden(v=1, effective_on=TODAY, code=code, evidence="营业执照照片")


@pytest.fixture
def book() -> Book:
    book = Book()
    book.say(campaign_opened(), subject="campaign:2026")
    return book


@pytest.mark.parametrize("event", [RENAMED, SIZED, DEREGISTERED, merged(), pledge_made(evidence=EVIDENCE)])
def test_an_enterprise_is_registered_before_anything_else(book: Book, event: Event) -> None:
    with refused("enterprise.not_registered"):
        book.say(event)


def test_complaints_too_need_a_registered_enterprise(book: Book) -> None:
    with refused("enterprise.not_registered"):
        book.say(outcome(), by=HANDLING_BODY)


def test_an_enterprise_is_registered_once(book: Book) -> None:
    book.say(registered())
    with refused("enterprise.already_registered"):
        book.say(registered(name="另一名称"))


def test_a_repudiated_registration_can_be_made_again(book: Book) -> None:
    wrong = book.say(registered(name="错误名称"))
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=wrong.index, word="录错企业"))
    with refused("enterprise.not_registered"):
        book.say(RENAMED)
    book.say(registered(name="正确名称"))
    assert name_on(book.record, TODAY) == "正确名称"


def test_a_failing_check_digit_is_refused_until_it_is_overridden(book: Book) -> None:
    with refused("enterprise.check_digit"):
        book.say(registered(), subject=EARLY)
    book.say(overridden(), subject=EARLY)
    book.say(registered(), subject=EARLY)
    assert is_registered(book.records[EARLY])


def test_an_override_is_for_the_code_of_the_subject(book: Book) -> None:
    with refused("enterprise.code_of_subject"):
        book.say(overridden("91110000600037341L"), subject=EARLY)


def test_a_repudiated_override_overrides_nothing(book: Book) -> None:
    entry = book.say(overridden(), subject=EARLY).index
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="证据不实"), subject=EARLY)
    with refused("enterprise.check_digit"):
        book.say(registered(), subject=EARLY)


def test_a_code_that_checks_out_needs_no_override(book: Book) -> None:
    with refused("enterprise.override_needless"):
        book.say(overridden("91110000600037341L"))


def test_an_override_does_not_register(book: Book) -> None:
    book.say(overridden(), subject=EARLY)
    with refused("enterprise.not_registered"):
        book.say(RENAMED, subject=EARLY)


def test_a_legal_entity_identifier_is_checked_too(book: Book) -> None:
    book.say(registered(), subject="lei:5493001KJTIIGC8Y1R12")
    with refused("enterprise.check_digit"):
        book.say(registered(), subject="lei:5493001KJTIIGC8Y1R13")


def test_the_code_of_a_subject_is_not_another(book: Book) -> None:
    with refused("enterprise.code_of_subject"):
        book.say(registered(code="91110108551385082Q"))


def test_individual_businesses_are_opaque_and_sealed(book: Book) -> None:
    person = registered(category="individual_business", code=STALL_CODE, name="张三小吃店")
    with refused("enterprise.individual_opaque"):
        book.say(person, subject=STALL)
    with refused("enterprise.individual_opaque"):
        book.say(registered(), subject=f"uscc:{STALL_CODE}", sealed=True)
    with refused("enterprise.individual_opaque"):
        book.say(registered(code=STALL_CODE), subject=STALL)
    with refused("enterprise.individual_opaque"):
        book.say(registered(category="individual_business"))
    recorded = book.say(_checked(person), subject=STALL, sealed=True)
    assert recorded.sealed
    assert not book.judgements[-1].body_public


def test_an_individual_business_has_a_code_behind_its_opaque_id(book: Book) -> None:
    with refused("enterprise.code_missing"):
        book.say(registered(category="individual_business"), subject=STALL, sealed=True)


def test_a_code_behind_an_opaque_id_is_written_in_one_way(book: Book) -> None:
    with refused("enterprise.code_not_folded"):
        book.say(registered(code="9111 0000 6000 37341L"), subject="local:registry/1")


def test_who_was_registered_under_seal_is_renamed_under_seal(book: Book) -> None:
    person = _checked(registered(category="individual_business", code=STALL_CODE, name="张三小吃店"))
    book.say(person, subject=STALL, sealed=True)
    with refused("enterprise.name_sealed"):
        book.say(RENAMED, subject=STALL)
    book.say(RENAMED, subject=STALL, sealed=True)
    assert name_on(book.records[STALL], TODAY) == RENAMED.name


def test_names_and_sizes_hold_from_their_dates(book: Book) -> None:
    book.say(registered(effective_on=date(2026, 3, 1), name="旧名称", size_band="small"))
    book.say(RENAMED)
    book.say(SIZED)
    before = TODAY - timedelta(days=1)
    assert (name_on(book.record, before), size_on(book.record, before)) == ("旧名称", "small")
    assert (name_on(book.record, TODAY), size_on(book.record, TODAY)) == (RENAMED.name, "medium")
    assert name_on(book.record, date(2026, 2, 28)) is None


def test_a_merger_names_another_enterprise(book: Book) -> None:
    book.say(registered())
    with refused("enterprise.merger_self"):
        book.say(merged(ENTERPRISE))
    for other in ("party:organizer", "某公司"):
        with refused("enterprise.merger_into"):
            book.say(merged(other))


def test_an_enterprise_is_merged_once_and_deregistered_once(book: Book) -> None:
    book.say(registered())
    book.say(merged())
    book.say(DEREGISTERED)
    with refused("enterprise.already_merged"):
        book.say(merged())
    with refused("enterprise.already_deregistered"):
        book.say(DEREGISTERED)


@pytest.mark.parametrize("event", [merged(), DEREGISTERED])
def test_who_is_gone_makes_no_new_pledges(book: Book, event: Event) -> None:
    book.say(registered())
    book.say(event)
    with refused("pledge.enterprise_gone"):
        book.say(pledge_made(evidence=EVIDENCE))
    book.say(pledge_made(evidence=EVIDENCE, made_on=TODAY - timedelta(days=1)))


def _checked(person: Event) -> Event:
    """The stall's made-up code with the check digit that belongs to it."""
    return replace(person, code=STALL_CODE[:17] + calc_check_digit(STALL_CODE[:17]))
