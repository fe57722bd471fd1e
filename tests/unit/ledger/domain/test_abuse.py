"""Officers who abuse their key, with real keys: each is refused by a rule that says why.

What one officer's key, stolen or bent, must not be able to do: turn a standing, speak for another, take a right.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.party import KeyRecovered, KeyRevoked, RoleGranted, RoleRevoked
from ledger.domain.events.policy import RegistrationPolicyProposed, StandingPolicyApproved, StandingPolicyProposed
from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.rules.findings_on_record import findings_of
from ledger.domain.values.subject import POLICY
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer
from ledger.limits import ATTACHMENTS_PER_ENTRY_MAX
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import (
    HANDLING_BODY,
    LABORATORY,
    ORGANIZER,
    ORGANIZER_2,
    ORIGIN,
    REGISTRAR,
    REGULATOR,
    ROOT,
    Speaker,
)
from tests.support.findings import annulment, found
from tests.support.keys import signer_for
from tests.support.refusals import refused
from tests.support.remedies import filed, misattributed, rejected
from tests.support.reports import accredited, invalidated, submitted, verified
from tests.support.statements import (
    ENTERPRISE,
    OTHER_ENTERPRISE,
    TODAY,
    corrected,
    key_enrolled,
    outcome,
    party_enrolled,
    speaker_of,
)

OWNER = speaker_of(ENTERPRISE)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


@contextmanager
def nothing_happens(book: Book) -> Iterator[None]:
    """However it was tried, nothing is in the book that was not there before."""
    before = len(book.events)
    yield
    assert len(book.events) == before


def test_no_officer_repudiates_a_regulators_finding(book: Book) -> None:
    entry = book.say(found(), by=REGULATOR).index
    word = StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="并非本单位所签")
    with nothing_happens(book):
        for officer in (ORGANIZER, ORGANIZER_2, HANDLING_BODY, OWNER):
            with refused("repudiation.not_the_party"):
                book.say(word, by=officer)
        with refused("misattribution.of_a_regulator"):
            book.say(misattributed(entry), by=ORGANIZER_2)
        with refused("annulment.other_party"):
            book.say(annulment(entry), by=ORGANIZER_2)
        with refused("repudiation.same_officer"):
            book.say(word, by=REGULATOR)
    assert [one.entry for one in findings_of(book.record)] == [entry]


def test_no_registrar_enrols_a_key_for_the_regulator_and_speaks_for_it(book: Book) -> None:
    grip = signer_for("a registrar's grip on the regulator")
    with nothing_happens(book):
        with refused("key.further_by_own_key"):
            book.say(key_enrolled(grip, REGULATOR.party, officer="regulator-9"), subject=REGULATOR.party, by=REGISTRAR)
        with refused("key.recovery_waits"):
            book.say(_recovered(grip, TODAY), subject=REGULATOR.party, by=REGISTRAR)
    gone = KeyRevoked(v=1, effective_on=TODAY, kid=REGULATOR.signer.kid.hex(), reason="lost")
    book.say(gone, subject=REGULATOR.party, by=REGISTRAR)
    with refused("key.further_by_own_key"):
        book.say(key_enrolled(grip, REGULATOR.party, officer="regulator-9"), subject=REGULATOR.party, by=REGISTRAR)
    book.say(_recovered(grip, TODAY + timedelta(days=7)), subject=REGULATOR.party, by=REGISTRAR)
    with refused("key.not_valid_today"):
        book.say(found(), by=Speaker(REGULATOR.party, grip, "regulator-9"))


def _recovered(signer: Signer, usable_from: date) -> KeyRecovered:
    return KeyRecovered(
        v=1,
        effective_on=TODAY,
        replaces=REGULATOR.signer.kid.hex(),
        key=signer.public.cose_key.hex(),
        proof=prove_possession(signer, REGULATOR.party, ORIGIN).hex(),
        officer="regulator-9",
        usable_from=usable_from,
        evidence="自拟",
    )


def test_two_straw_parties_pass_no_policy(book: Book) -> None:
    straws = [Speaker.named(f"straw-{number}") for number in (1, 2)]
    for straw, role in zip(straws, ("organizer", "approver"), strict=True):
        book.say(party_enrolled(), subject=straw.party, by=REGISTRAR)
        book.say(key_enrolled(straw.signer, straw.party, officer=straw.officer), subject=straw.party, by=REGISTRAR)
        with refused("role.root_only"):
            book.say(
                RoleGranted(v=1, effective_on=TODAY, role=role),  # type: ignore[arg-type]
                subject=straw.party,
                by=REGISTRAR,
            )
    mild = replace(default_standing_policy(), watch_from=900_000, alert_from=900_000)
    with nothing_happens(book):
        with refused("issuer.not_entitled"):
            book.say(StandingPolicyProposed(v=1, effective_on=TODAY, policy=mild), subject=POLICY, by=straws[0])
        with refused("policy.needs_approval"):
            book.say(default_registration_policy(TODAY), subject=POLICY, by=ORGANIZER)
    proposal = book.say(StandingPolicyProposed(v=1, effective_on=TODAY, policy=mild), subject=POLICY).index
    approval = StandingPolicyApproved(v=1, effective_on=TODAY, proposal=proposal)
    for straw in (straws[1], ORGANIZER, ORGANIZER_2):
        with refused("issuer.not_entitled"):
            book.say(approval, subject=POLICY, by=straw)


def test_a_laboratory_invalidates_no_other_laboratorys_report(book: Book) -> None:
    rival = Speaker.named("rival-laboratory")
    book.say(party_enrolled(), subject=rival.party, by=REGISTRAR)
    book.say(RoleGranted(v=1, effective_on=TODAY, role="laboratory"), subject=rival.party, by=REGISTRAR)
    book.say(key_enrolled(rival.signer, rival.party, officer=rival.officer), subject=rival.party, by=REGISTRAR)
    book.say(accredited("110000000001"), subject=rival.party, by=REGISTRAR)
    book.say(accredited(), subject=LABORATORY.party, by=REGISTRAR)
    entry = book.say(submitted(), by=OWNER).index
    book.say(verified(entry), by=LABORATORY)
    with nothing_happens(book):
        with refused("report.accredited_laboratory_decides"):
            book.say(invalidated(entry), by=rival)
        with refused("accreditation.number_taken"):
            book.say(accredited(), subject=rival.party, by=REGISTRAR)
    assert findings_of(book.record) == ()


def test_an_enterprise_occupies_no_report_number(book: Book) -> None:
    book.with_enterprise(OTHER_ENTERPRISE)
    book.say(accredited(), subject=LABORATORY.party, by=REGISTRAR)
    book.say(submitted(7), subject=OTHER_ENTERPRISE, by=speaker_of(OTHER_ENTERPRISE))
    real = book.say(submitted(7), by=OWNER)
    at = book.say(verified(real.index), by=LABORATORY)
    assert [index for fact, index in book.facts.items() if fact.kind == "report"] == [at.index]


def test_an_enterprise_takes_no_attachment_slot_of_the_regulators_finding(book: Book) -> None:
    entry = book.say(found(), by=REGULATOR).index

    def attachment(number: int) -> AttachmentAdded:
        return AttachmentAdded(
            v=1,
            effective_on=TODAY,
            attachment=f"{number:032x}",
            commitment="cd" * 32,
            media_type="application/pdf",
            size_bytes=9,
            entry=entry,
        )

    with nothing_happens(book), refused("attachment.not_uploaded"):
        book.say(attachment(0), by=OWNER)
    for number in range(ATTACHMENTS_PER_ENTRY_MAX):
        book.upload(attachment(number), OWNER)
        book.say(attachment(number), by=OWNER)
    own = attachment(99)
    book.upload(own, REGULATOR)
    with refused("attachment.not_uploaded"):
        book.say(own, by=OWNER)
    book.say(own, by=REGULATOR)
    assert Fact("attachment", own.attachment) in book.facts


@pytest.mark.parametrize(
    ("rule", "below"),
    [
        ("policy.notice_floor", {"complaint_notice_working_days": 4}),
        ("policy.recovery_floor", {"key_recovery_days": 2}),
        ("policy.pledge_months_floor", {"pledge_months_max": 0}),
    ],
)
def test_no_policy_takes_from_others_what_is_theirs(book: Book, rule: str, below: dict[str, int]) -> None:
    policy = replace(default_registration_policy().policy, **below)  # type: ignore[arg-type]
    with nothing_happens(book), refused(rule):
        book.say(RegistrationPolicyProposed(v=1, effective_on=TODAY, policy=policy), subject=POLICY)


def test_no_calendar_shortens_a_notice_that_runs(book: Book) -> None:
    weekend = [TODAY + timedelta(days=days) for days in (5, 6)]
    known = calendar_2026()
    shorter = replace(known, effective_on=TODAY, workdays=(*known.workdays, *weekend))
    with nothing_happens(book), refused("calendar.change_too_soon"):
        book.say(shorter, subject=POLICY)


def test_no_ground_for_lateness_replaces_what_the_enterprise_is_owed(book: Book) -> None:
    late = {"late_ground": "历史数据导入"}
    silent = {"reply": "none", "replied": None, "outcome": "refused", "reason": "无"}
    with nothing_happens(book):
        with refused("complaint.notice_missing"):
            book.say(outcome(1, notified_on=None, **late), by=HANDLING_BODY)
        with refused("complaint.notice_period"):
            book.say(outcome(2, notified_on=TODAY, **late), by=HANDLING_BODY)
        with refused("complaint.reply_window"):
            book.say(outcome(3, reply_due="2026-03", **silent, **late), by=HANDLING_BODY)


def test_one_officer_neither_publishes_and_praises_nor_records_and_decides(book: Book) -> None:
    book.with_pledge()
    entry = book.say(outcome(1, outcome="refused", reason="无理"), by=HANDLING_BODY).index
    with refused("correction.same_officer"):
        book.say(corrected(entry, void=True), by=HANDLING_BODY)
    objection = book.say(filed(entry), by=OWNER).index
    with refused("objection.same_officer"):
        book.say(rejected(objection, entry), by=HANDLING_BODY)


def test_no_registrar_takes_the_roles_of_those_who_watch_it(book: Book) -> None:
    with nothing_happens(book):
        for party, role in ((REGULATOR, "regulator"), (ORGANIZER, "organizer")):
            with refused("role.root_only"):
                taken = RoleRevoked(v=1, effective_on=TODAY, role=role, reason="换届")  # type: ignore[arg-type]
                book.say(taken, subject=party.party, by=REGISTRAR)
        with refused("root.by_root_only"):
            book.say(key_enrolled(signer_for("grip"), ROOT.party), subject=ROOT.party, by=REGISTRAR)
