"""The charter: complete, deterministic, checked as it is entered, and carried in a file of one form."""

from __future__ import annotations

import pytest

from api.demo.demo import PARTIES
from ledger.charter.charter import CharterParty, CharterRoot, CharterRules, FoundedLog, LogAnchors, make_charter
from ledger.charter.charter_file import charter_origin, read_charter, write_charter
from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.charter.demo_charter import demo_charter
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.policy import WorkCalendarPublished
from ledger.domain.state.governance import Governance
from ledger.errors import Malformed, Refuted
from ledger.registration import admit_charter
from tests.support.book import Book
from tests.support.charter import ORIGIN, ROOT, charter
from tests.support.clock import NOW
from tests.support.keys import log_keys, signer_for
from tests.support.refusals import refused
from tests.support.statements import TODAY


def test_a_charter_comes_in_its_order() -> None:
    types = [type(decode_event(parse_statement(one))).__name__ for one in charter()]
    assert types[0] == "TrustAnchorsEstablished"
    assert types[1:4] == ["PartyEnrolled", "KeyEnrolled", "RoleGranted"]
    assert types[-4:] == [
        "RegistrationPolicyAdopted",
        "StandingPolicyProposed",
        "StandingPolicyApproved",
        "WorkCalendarPublished",
    ]


def test_a_book_with_a_charter_has_anchors_policies_and_calendar() -> None:
    governance = Book().governance
    assert governance.origin == ORIGIN
    assert governance.registration_policy(TODAY) is not None
    assert governance.standing_policy(TODAY) is not None
    assert 2026 in governance.calendars


def test_the_same_charter_is_the_same_bytes() -> None:
    keys = log_keys(ORIGIN)
    signers = {slug: signer_for(slug) for slug in PARTIES}
    assert demo_charter(keys, signers, NOW, 2026) == demo_charter(keys, signers, NOW, 2026)


def test_a_demonstration_says_so() -> None:
    signers = {slug: signer_for(slug) for slug in PARTIES}
    book = Book(chartered=False)
    for statement in demo_charter(log_keys(ORIGIN), signers, NOW, 2026):
        book.enter(admit_charter(statement, governance=book.governance, origin=ORIGIN), bootstrap=True)
    anchors = book.governance.anchors
    assert anchors is not None
    assert anchors.demo
    assert all(party.name_zh.startswith("演示") for party in book.governance.parties.values())


def test_the_calendars_of_a_demonstration_say_that_they_are_made_up_unless_they_are_real() -> None:
    signers = {slug: signer_for(slug) for slug in PARTIES}
    events = [decode_event(parse_statement(one)) for one in demo_charter(log_keys(ORIGIN), signers, NOW, 2026)]
    calendars = {event.year: event for event in events if isinstance(event, WorkCalendarPublished)}
    assert list(calendars) == [2025, 2026, 2027, 2028]
    assert calendars[2026] == calendar_2026()
    for year in (2025, 2027, 2028):
        assert str(calendars[year].legal_basis).startswith("演示")
        assert calendars[year].holidays == calendars[year].workdays == ()


def test_a_charter_may_be_as_old_as_it_likes() -> None:
    book = Book(chartered=False)
    book.clock.advance(days=400)
    for statement in charter():
        book.enter(admit_charter(statement, governance=book.governance, origin=ORIGIN), bootstrap=True)


def test_a_charter_begins_with_its_anchors() -> None:
    with refused("charter.anchors_first"):
        admit_charter(charter()[1], governance=Governance.empty(), origin=ORIGIN)


def test_anchors_are_signed_by_the_root_that_they_name() -> None:
    book = Book(chartered=False)
    first = bytearray(charter()[0])
    first[-1] ^= 1
    with pytest.raises(Refuted):
        admit_charter(bytes(first), governance=book.governance, origin=ORIGIN)


def test_a_charter_is_for_one_log() -> None:
    with refused("statement.other_log"):
        admit_charter(charter()[0], governance=Governance.empty(), origin="another.example/log")


def test_a_charters_statements_are_signed_by_keys_that_it_enrolled() -> None:
    book = Book(chartered=False)
    book.enter(admit_charter(charter()[0], governance=book.governance, origin=ORIGIN), bootstrap=True)
    with refused("key.unknown"):
        admit_charter(charter()[-1], governance=book.governance, origin=ORIGIN)


def test_anchors_are_refused_outside_a_charter() -> None:
    book = Book(chartered=False)
    candidate = admit_charter(charter()[0], governance=book.governance, origin=ORIGIN)
    with refused("key.unknown"):
        book.enter(candidate)


def test_a_charter_file_comes_back() -> None:
    data = write_charter(charter())
    assert read_charter(data) == list(charter())
    assert charter_origin(read_charter(data)) == ORIGIN


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data + b"\x00", lambda data: b""])
def test_a_damaged_charter_file_is_refused(damage: object) -> None:
    with pytest.raises(Malformed):
        read_charter(damage(write_charter(charter())))  # type: ignore[operator]


def test_a_charter_needs_somebody_to_approve() -> None:
    organizer = CharterParty("party:organizer", ("organizer",), "组织方", "Organizer", "o-1", signer_for("organizer"))
    with pytest.raises(Malformed, match="approver"):
        make_charter(
            CharterRoot(ROOT.signer, "root-1"),
            FoundedLog(LogAnchors.of(log_keys(ORIGIN)), "账本", "Book"),
            [organizer],
            CharterRules(
                default_registration_policy(),
                default_standing_policy(),
                [calendar_2026()],
            ),
            NOW,
        )
