"""Keys: several per party, valid by log position, rotated, recovered, revoked, and fallen with a compromised one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ledger.domain.events.party import KeyEnrolled, KeyRecovered, KeyRevoked, KeyRotated
from ledger.errors import Refuted
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer
from tests.support.book import Book
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN, REGISTRAR, ROOT, Speaker
from tests.support.clock import noon
from tests.support.keys import signer_for
from tests.support.refusals import refused
from tests.support.statements import TODAY, campaign_opened, key_enrolled, sign

SECOND = signer_for("organizer, second key")
THIRD = signer_for("organizer, third key")


@pytest.fixture
def book() -> Book:
    return Book()


def with_key(speaker: Speaker, signer: Signer) -> Speaker:
    return Speaker(speaker.party, signer, speaker.officer, speaker.roles)


def rotated(old: Signer, new: Signer, party: str = ORGANIZER.party, day: date = TODAY) -> KeyRotated:
    return KeyRotated(
        v=1,
        effective_on=day,
        replaces=old.kid.hex(),
        key=new.public.cose_key.hex(),
        proof=prove_possession(new, party, ORIGIN).hex(),
    )


def recovered(old: Signer, new: Signer, usable_from: date) -> KeyRecovered:
    return KeyRecovered(
        v=1,
        effective_on=TODAY,
        replaces=old.kid.hex(),
        key=new.public.cose_key.hex(),
        proof=prove_possession(new, ORGANIZER.party, ORIGIN).hex(),
        officer="organizer-1",
        usable_from=usable_from,
        evidence="营业执照和授权书",
    )


def revoked(signer: Signer, reason: str = "retired", since: date | None = None, day: date = TODAY) -> KeyRevoked:
    return KeyRevoked(v=1, effective_on=day, kid=signer.kid.hex(), reason=reason, compromised_since=since)  # type: ignore[arg-type]


def enrol(book: Book, signer: Signer, **given: object) -> None:
    book.say(key_enrolled(signer, ORGANIZER.party, **given), subject=ORGANIZER.party, by=ORGANIZER)


def rotate(book: Book, old: Signer, new: Signer) -> None:
    event = rotated(old, new, day=book.clock.today)
    book.say(event, subject=ORGANIZER.party, by=with_key(ORGANIZER, old))


def revoke(book: Book, signer: Signer, reason: str = "retired", since: date | None = None) -> None:
    book.say(revoked(signer, reason, since, book.clock.today), subject=ORGANIZER.party, by=REGISTRAR)


def test_a_party_has_several_keys_and_either_signs(book: Book) -> None:
    enrol(book, SECOND, officer="organizer-2")
    book.say(campaign_opened(), subject="campaign:a", by=ORGANIZER)
    book.say(campaign_opened(), subject="campaign:b", by=with_key(ORGANIZER, SECOND))
    assert book.governance.officer(SECOND.kid) == "organizer-2"


@pytest.mark.parametrize("by", [REGISTRAR, ROOT, HANDLING_BODY])
def test_nobody_else_enrols_a_further_key_of_a_party_that_has_one(book: Book, by: Speaker) -> None:
    rule = "issuer.not_entitled" if by is HANDLING_BODY else "key.further_by_own_key"
    with refused(rule):
        book.say(key_enrolled(SECOND, ORGANIZER.party), subject=ORGANIZER.party, by=by)


def test_ending_a_partys_keys_is_no_way_around_its_waiting_time(book: Book) -> None:
    revoke(book, ORGANIZER.signer)
    with refused("key.further_by_own_key"):
        book.say(key_enrolled(SECOND, ORGANIZER.party), subject=ORGANIZER.party, by=REGISTRAR)
    with refused("key.recovery_waits"):
        book.say(recovered(ORGANIZER.signer, SECOND, TODAY), subject=ORGANIZER.party, by=REGISTRAR)


def test_a_key_is_enrolled_once_and_for_one_party(book: Book) -> None:
    with refused("key.already_enrolled"):
        enrol(book, HANDLING_BODY.signer)


def test_a_key_without_proof_of_possession_is_refused(book: Book) -> None:
    anothers = KeyEnrolled(
        v=1,
        effective_on=TODAY,
        key=SECOND.public.cose_key.hex(),
        proof=prove_possession(THIRD, ORGANIZER.party, ORIGIN).hex(),
        officer="organizer-2",
        valid_from=TODAY,
    )
    with pytest.raises(Refuted):
        book.say(anothers, subject=ORGANIZER.party, by=REGISTRAR)


def test_a_proof_of_possession_holds_for_one_party_only(book: Book) -> None:
    with pytest.raises(Refuted):
        book.say(key_enrolled(SECOND, "party:another"), subject=ORGANIZER.party, by=REGISTRAR)


def test_a_key_signs_from_its_first_day_to_its_last(book: Book) -> None:
    enrol(book, SECOND, valid_from=TODAY + timedelta(days=1), valid_until=TODAY + timedelta(days=2))
    speaker = with_key(ORGANIZER, SECOND)
    with refused("key.not_valid_today"):
        book.say(campaign_opened(), subject="campaign:a", by=speaker)
    book.clock.advance(days=2)
    book.say(campaign_opened(), subject="campaign:a", by=speaker)
    book.clock.advance(days=1)
    with refused("key.not_valid_today"):
        book.say(campaign_opened(), subject="campaign:b", by=speaker)


def test_a_validity_that_ends_before_it_begins_is_refused(book: Book) -> None:
    with refused("key.validity_order"):
        enrol(book, SECOND, valid_until=TODAY - timedelta(days=1))


def test_an_unknown_key_signs_nothing(book: Book) -> None:
    with refused("key.unknown"):
        book.say(campaign_opened(), subject="campaign:a", by=with_key(ORGANIZER, SECOND))


def test_a_key_signs_for_its_own_party_only(book: Book) -> None:
    with refused("key.not_the_issuers"):
        book.say(campaign_opened(), subject="campaign:a", by=with_key(ORGANIZER, HANDLING_BODY.signer))


def test_a_key_ends_where_its_successor_begins(book: Book) -> None:
    rotate(book, ORGANIZER.signer, SECOND)
    with refused("key.ended"):
        book.say(campaign_opened(), subject="campaign:a", by=ORGANIZER)
    book.say(campaign_opened(), subject="campaign:a", by=with_key(ORGANIZER, SECOND))


def test_a_rotated_key_keeps_its_officer(book: Book) -> None:
    rotate(book, ORGANIZER.signer, SECOND)
    assert book.governance.officer(SECOND.kid) == ORGANIZER.officer


def test_a_rotation_is_signed_by_the_key_that_it_replaces(book: Book) -> None:
    enrol(book, SECOND)
    with refused("key.rotation_by_another"):
        book.say(rotated(ORGANIZER.signer, THIRD), subject=ORGANIZER.party, by=with_key(ORGANIZER, SECOND))
    with refused("issuer.not_entitled"):
        book.say(rotated(ORGANIZER.signer, THIRD), subject=ORGANIZER.party, by=REGISTRAR)


def test_validity_is_judged_at_the_position_not_at_admission(book: Book) -> None:
    data, body = sign(campaign_opened(), subject="campaign:a", by=ORGANIZER, iat=book.clock())
    admitted = book.admit(data, body)
    revoke(book, ORGANIZER.signer)
    with refused("key.ended"):
        book.enter(admitted)


def test_a_recovered_key_waits(book: Book) -> None:
    week = TODAY + timedelta(days=7)
    with refused("key.recovery_waits"):
        book.say(recovered(ORGANIZER.signer, SECOND, week - timedelta(days=1)), subject=ORGANIZER.party, by=REGISTRAR)
    book.say(recovered(ORGANIZER.signer, SECOND, week), subject=ORGANIZER.party, by=REGISTRAR)
    with refused("key.ended"):
        book.say(campaign_opened(), subject="campaign:a", by=ORGANIZER)
    with refused("key.not_valid_today"):
        book.say(campaign_opened(), subject="campaign:a", by=with_key(ORGANIZER, SECOND))
    book.clock.go_to(week)
    book.say(campaign_opened(), subject="campaign:a", by=with_key(ORGANIZER, SECOND))


def test_a_key_is_replaced_once(book: Book) -> None:
    rotate(book, ORGANIZER.signer, SECOND)
    with refused("key.already_replaced"):
        book.say(recovered(ORGANIZER.signer, THIRD, TODAY + timedelta(days=7)), subject=ORGANIZER.party, by=REGISTRAR)


def test_nobody_recovers_another_partys_key(book: Book) -> None:
    with refused("key.not_of_party"):
        book.say(
            recovered(HANDLING_BODY.signer, THIRD, TODAY + timedelta(days=7)), subject=ORGANIZER.party, by=REGISTRAR
        )


def test_a_revoked_key_signs_no_more(book: Book) -> None:
    revoke(book, ORGANIZER.signer)
    with refused("key.ended"):
        book.say(campaign_opened(), subject="campaign:a", by=ORGANIZER)
    with refused("key.already_ended"):
        revoke(book, ORGANIZER.signer)


def test_a_compromise_names_its_first_day_and_nothing_else_does(book: Book) -> None:
    with refused("key.compromise_needs_date"):
        revoke(book, ORGANIZER.signer, "compromised")
    with refused("key.compromise_needs_date"):
        revoke(book, ORGANIZER.signer, "lost", TODAY)
    with refused("key.compromise_in_future"):
        revoke(book, ORGANIZER.signer, "compromised", TODAY + timedelta(days=1))


def test_entries_between_compromise_and_revocation_are_disputed(book: Book) -> None:
    before = book.say(campaign_opened(), subject="campaign:a", by=ORGANIZER)
    book.clock.advance(days=3)
    during = book.say(campaign_opened(), subject="campaign:b", by=ORGANIZER)
    book.clock.advance(days=1)
    revoke(book, ORGANIZER.signer, "compromised", TODAY + timedelta(days=2))
    disputed = book.governance.disputed
    assert not disputed(ORGANIZER.signer.kid, before.index, before.recorded_at)
    assert disputed(ORGANIZER.signer.kid, during.index, during.recorded_at)
    assert not disputed(ORGANIZER.signer.kid, len(book.events) + 1, book.clock())
    assert not disputed(HANDLING_BODY.signer.kid, during.index, during.recorded_at)


def test_keys_rotated_from_a_compromised_one_fall_with_it(book: Book) -> None:
    book.clock.advance(days=2)
    rotate(book, ORGANIZER.signer, SECOND)
    book.clock.advance(days=1)
    rotate(book, SECOND, THIRD)
    thief = book.say(campaign_opened(), subject="campaign:a", by=with_key(ORGANIZER, THIRD))
    revoke(book, ORGANIZER.signer, "compromised", TODAY + timedelta(days=1))
    with refused("key.ended"):
        book.say(campaign_opened(), subject="campaign:b", by=with_key(ORGANIZER, THIRD))
    assert book.governance.disputed(THIRD.kid, thief.index, thief.recorded_at)


def test_keys_rotated_before_the_compromise_stand(book: Book) -> None:
    rotate(book, ORGANIZER.signer, SECOND)
    book.clock.advance(days=2)
    revoke(book, ORGANIZER.signer, "compromised", TODAY + timedelta(days=1))
    book.say(campaign_opened(), subject="campaign:a", by=with_key(ORGANIZER, SECOND))


def test_an_earlier_compromise_can_be_added_to_an_ended_key(book: Book) -> None:
    early = book.say(campaign_opened(), subject="campaign:a", by=ORGANIZER)
    book.clock.advance(days=2)
    revoke(book, ORGANIZER.signer, "compromised", TODAY + timedelta(days=1))
    assert not book.governance.disputed(ORGANIZER.signer.kid, early.index, early.recorded_at)
    revoke(book, ORGANIZER.signer, "compromised", TODAY)
    assert book.governance.disputed(ORGANIZER.signer.kid, early.index, early.recorded_at)
    with refused("key.already_ended"):
        revoke(book, ORGANIZER.signer, "compromised", TODAY + timedelta(days=1))


def test_the_last_root_key_is_not_revoked_by_accident(book: Book) -> None:
    with refused("key.last_root"):
        book.say(revoked(ROOT.signer), subject=ROOT.party, by=ROOT)
    book.say(key_enrolled(SECOND, ROOT.party, officer="root-2"), subject=ROOT.party, by=ROOT)
    book.say(revoked(ROOT.signer), subject=ROOT.party, by=ROOT)
    with refused("key.ended"):
        book.say(campaign_opened(), subject="campaign:a", by=ROOT)


def test_a_compromise_that_would_take_the_last_root_key_with_it_is_refused(book: Book) -> None:
    book.say(rotated(ROOT.signer, SECOND, ROOT.party), subject=ROOT.party, by=ROOT)
    with refused("key.last_root"):
        book.say(revoked(ROOT.signer, "compromised", TODAY), subject=ROOT.party, by=with_key(ROOT, SECOND))


def test_disputes_begin_at_midnight_in_shanghai(book: Book) -> None:
    revoke(book, ORGANIZER.signer, "compromised", TODAY)
    midnight = noon(TODAY) - 12 * 3_600
    assert book.governance.disputed(ORGANIZER.signer.kid, 1, midnight)
    assert not book.governance.disputed(ORGANIZER.signer.kid, 1, midnight - 1)
