"""Parties and roles: who is enrolled by whom, and who may give which role."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.domain.events.party import LaboratoryAccredited, PartyEnrolled, RoleGranted, RoleRevoked
from tests.support.book import Book
from tests.support.charter import APPROVER, ORGANIZER, REGISTRAR, ROOT
from tests.support.keys import signer_for
from tests.support.refusals import refused
from tests.support.statements import TODAY, campaign_opened, key_enrolled, party_enrolled

LABORATORY = "party:institute"
OTHER_LABORATORY = "party:institute-2"
CMA = "220021183456"


@pytest.fixture
def book() -> Book:
    return Book()


def role_granted(role: str) -> RoleGranted:
    return RoleGranted(v=1, effective_on=TODAY, role=role)  # type: ignore[arg-type]


def accredited(**given: object) -> LaboratoryAccredited:
    days = {"valid_from": TODAY, "valid_until": TODAY + timedelta(days=365)}
    return LaboratoryAccredited(**{"v": 1, "effective_on": TODAY, "cma": CMA, **days, **given})  # type: ignore[arg-type]


def test_the_charter_gives_every_party_its_role(book: Book) -> None:
    assert book.governance.roles("party:root") == {"root"}
    assert book.governance.roles(ORGANIZER.party) == {"organizer"}
    assert book.governance.roles(APPROVER.party) == {"approver"}
    assert book.governance.roles("party:nobody") == frozenset()


def test_a_party_is_enrolled_once(book: Book) -> None:
    book.say(party_enrolled(), subject=LABORATORY, by=REGISTRAR)
    with refused("party.already_enrolled"):
        book.say(party_enrolled(), subject=LABORATORY, by=REGISTRAR)


def test_an_organizer_enrols_nobody(book: Book) -> None:
    with refused("issuer.not_entitled"):
        book.say(party_enrolled(), subject=LABORATORY, by=ORGANIZER)


def test_a_role_is_given_to_enrolled_parties_only(book: Book) -> None:
    with refused("party.not_enrolled"):
        book.say(role_granted("laboratory"), subject=LABORATORY, by=ROOT)


def test_a_role_is_given_once_and_taken_once(book: Book) -> None:
    book.say(party_enrolled(), subject=LABORATORY, by=REGISTRAR)
    book.say(role_granted("laboratory"), subject=LABORATORY, by=REGISTRAR)
    with refused("role.already_granted"):
        book.say(role_granted("laboratory"), subject=LABORATORY, by=REGISTRAR)
    taken = RoleRevoked(v=1, effective_on=TODAY, role="laboratory", reason="资质到期")
    book.say(taken, subject=LABORATORY, by=REGISTRAR)
    assert book.governance.roles(LABORATORY) == frozenset()
    with refused("role.not_held"):
        book.say(taken, subject=LABORATORY, by=REGISTRAR)


def test_only_the_root_makes_registrars(book: Book) -> None:
    book.say(party_enrolled(), subject=LABORATORY, by=REGISTRAR)
    with refused("role.root_only"):
        book.say(role_granted("registrar"), subject=LABORATORY, by=REGISTRAR)
    book.say(role_granted("registrar"), subject=LABORATORY, by=ROOT)
    assert book.governance.roles(LABORATORY) == {"registrar"}


@pytest.mark.parametrize("role", ["registrar", "organizer", "approver", "regulator", "data_officer", "log_operator"])
def test_roles_that_decide_about_others_are_given_and_taken_by_the_root_alone(book: Book, role: str) -> None:
    book.say(party_enrolled(), subject=LABORATORY, by=REGISTRAR)
    with refused("role.root_only"):
        book.say(role_granted(role), subject=LABORATORY, by=REGISTRAR)
    book.say(role_granted(role), subject=LABORATORY, by=ROOT)
    taken = RoleRevoked(v=1, effective_on=TODAY, role=role, reason="换届")  # type: ignore[arg-type]
    with refused("role.root_only"):
        book.say(taken, subject=LABORATORY, by=REGISTRAR)
    book.say(taken, subject=LABORATORY, by=ROOT)


@pytest.mark.parametrize("role", ["laboratory", "handling_body"])
def test_a_registrar_makes_laboratories_and_handling_bodies_of_others(book: Book, role: str) -> None:
    book.say(party_enrolled(), subject=LABORATORY, by=REGISTRAR)
    book.say(role_granted(role), subject=LABORATORY, by=REGISTRAR)
    with refused("role.root_only"):
        book.say(role_granted(role), subject=REGISTRAR.party, by=REGISTRAR)


def test_a_laboratory_is_accredited_under_a_number_of_its_own(book: Book) -> None:
    for party in (LABORATORY, OTHER_LABORATORY):
        book.say(party_enrolled(), subject=party, by=REGISTRAR)
    with refused("accreditation.no_laboratory"):
        book.say(accredited(), subject=LABORATORY, by=REGISTRAR)
    for party in (LABORATORY, OTHER_LABORATORY):
        book.say(role_granted("laboratory"), subject=party, by=REGISTRAR)
    with refused("issuer.not_entitled"):
        book.say(accredited(), subject=LABORATORY, by=ORGANIZER)
    with refused("accreditation.validity_order"):
        book.say(accredited(valid_until=TODAY - timedelta(days=1)), subject=LABORATORY, by=REGISTRAR)
    book.say(accredited(), subject=LABORATORY, by=REGISTRAR)
    with refused("accreditation.number_taken"):
        book.say(accredited(), subject=OTHER_LABORATORY, by=REGISTRAR)
    last = accredited().valid_until
    assert book.governance.accredited(CMA, last) == LABORATORY
    assert book.governance.accredited(CMA, last + timedelta(days=1)) is None
    book.say(accredited(valid_until=last + timedelta(days=9)), subject=LABORATORY, by=REGISTRAR)
    assert book.governance.accredited(CMA, last + timedelta(days=9)) == LABORATORY


def test_a_registrar_does_not_accredit_itself(book: Book) -> None:
    book.say(role_granted("laboratory"), subject=REGISTRAR.party, by=ROOT)
    with refused("accreditation.by_itself"):
        book.say(accredited(), subject=REGISTRAR.party, by=REGISTRAR)
    book.say(accredited(), subject=REGISTRAR.party, by=ROOT)


def test_a_registrar_gives_itself_no_role(book: Book) -> None:
    with refused("role.root_only"):
        book.say(role_granted("organizer"), subject=REGISTRAR.party, by=REGISTRAR)


def test_whoever_lost_a_role_may_no_longer_use_it(book: Book) -> None:
    taken = RoleRevoked(v=1, effective_on=TODAY, role="organizer", reason="换届")
    book.say(taken, subject=ORGANIZER.party, by=ROOT)
    with refused("issuer.not_entitled"):
        book.say(campaign_opened(), subject="campaign:2026", by=ORGANIZER)


def test_a_party_event_says_nothing_about_other_subjects(book: Book) -> None:
    with refused("event.wrong_stream"):
        book.say(PartyEnrolled(v=1, effective_on=TODAY, name_zh="某"), subject="policy", by=ROOT)


def test_trust_anchors_are_established_once(book: Book) -> None:
    anchors = book.events[0].event
    with refused("anchors.first_entry_only"):
        book.say(anchors, subject="party:root", by=ROOT)  # type: ignore[arg-type]


def test_nobody_but_the_root_changes_the_root(book: Book) -> None:
    key = signer_for("a registrar's grip on the root")
    with refused("root.by_root_only"):
        book.say(key_enrolled(key, ROOT.party), subject=ROOT.party, by=REGISTRAR)
    with refused("root.by_root_only"):
        book.say(role_granted("organizer"), subject=ROOT.party, by=REGISTRAR)


def test_an_opaque_enterprise_stays_opaque_as_a_party(book: Book) -> None:
    with refused("party.name_opaque"):
        book.say(party_enrolled(name_zh="张三小吃店"), subject="party:local:shop/7f3a", by=REGISTRAR)
    book.say(party_enrolled(name_zh="local:shop/7f3a"), subject="party:local:shop/7f3a", by=REGISTRAR)
