"""Judgement at the final position: who may say it, in which form, how late; and which facts it claims."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.domain.events.enterprise import EnterpriseSized
from ledger.domain.events.party import KeyRevoked
from ledger.domain.rules.catalogue import SPECS
from ledger.errors import Refused
from ledger.store.contract import Fact
from tests.support.book import Book
from tests.support.charter import HANDLING_BODY, ORGANIZER, REGISTRAR, Speaker
from tests.support.keys import signer_for
from tests.support.refusals import refused
from tests.support.statements import (
    ENTERPRISE,
    TODAY,
    campaign_opened,
    key_enrolled,
    outcome,
    pledge_made,
    registered,
    sign,
    speaker_of,
)

CAMPAIGN = "campaign:2026"


@pytest.fixture
def book() -> Book:
    return Book()


def test_what_counts_from_a_later_day_is_not_recorded_yet(book: Book) -> None:
    with refused("recording.in_future"):
        book.say(registered(effective_on=TODAY + timedelta(days=1)))


def test_what_is_recorded_too_late_states_its_ground(book: Book) -> None:
    limit = timedelta(days=30)
    book.say(campaign_opened(effective_on=TODAY - limit), subject="campaign:a")
    late = TODAY - limit - timedelta(days=1)
    with refused("recording.late"):
        book.say(campaign_opened(effective_on=late), subject="campaign:b")
    book.say(campaign_opened(effective_on=late, late_ground="历史导入"), subject="campaign:b")


def test_limits_are_those_of_the_type(book: Book) -> None:
    book.say(registered())
    sized = EnterpriseSized(v=1, effective_on=TODAY - timedelta(days=365), size_band="large", size_source="年报")
    book.say(sized)


def test_an_event_is_said_about_its_own_kind_of_subject(book: Book) -> None:
    with refused("event.wrong_stream"):
        book.say(campaign_opened(), subject=ENTERPRISE)


def test_open_types_are_not_sealed(book: Book) -> None:
    with refused("statement.form"):
        book.say(campaign_opened(), subject=CAMPAIGN, sealed=True)


def test_the_refusal_says_whose_word_it_would_be(book: Book) -> None:
    with pytest.raises(Refused, match="organizer") as caught:
        book.say(campaign_opened(), subject=CAMPAIGN, by=HANDLING_BODY)
    assert caught.value.rule == "issuer.not_entitled"


def test_a_judgement_claims_identity_body_and_case(book: Book) -> None:
    book.say(registered())
    data, body = sign(outcome(5), by=HANDLING_BODY, iat=book.clock(), cti=b"\x02" * 8)
    candidate = book.admit(data, body)
    book.enter(candidate)
    assert candidate.commitment is not None
    assert set(book.judgements[-1].facts) == {
        Fact("cti", "party:handling-body/" + "02" * 8),
        Fact("case", f"{5:032x}"),
        Fact("body", candidate.commitment.hex()),
    }


def test_what_is_recorded_carries_its_place_and_its_issuer(book: Book) -> None:
    data, _ = sign(registered(), by=ORGANIZER, iat=book.clock() - 5)
    candidate = book.admit(data)
    recorded = book.enter(candidate)
    assert (recorded.index, recorded.version, recorded.subject) == (len(book.events) - 1, 1, ENTERPRISE)
    assert (recorded.issuer, recorded.kid) == (ORGANIZER.party, ORGANIZER.signer.kid)
    assert (recorded.recorded_at, recorded.iat) == (book.clock(), book.clock() - 5)
    assert recorded.statement_id == candidate.statement.statement_id


def test_a_race_that_revoked_the_key_refuses_what_was_admitted(book: Book) -> None:
    candidate = book.admit(sign(registered(), by=ORGANIZER, iat=book.clock())[0])
    revoked = KeyRevoked(v=1, effective_on=TODAY, kid=ORGANIZER.signer.kid.hex(), reason="lost")
    book.say(revoked, subject=ORGANIZER.party, by=REGISTRAR)
    with refused("key.ended"):
        book.enter(candidate)


def test_a_key_that_ran_out_while_a_pledge_waited_refuses_it(book: Book) -> None:
    book.with_enterprise()
    owner = speaker_of(ENTERPRISE)
    short = signer_for("short-lived")
    book.say(key_enrolled(short, owner.party, valid_until=TODAY), subject=owner.party, by=owner)
    data, _ = sign(pledge_made(), by=Speaker(owner.party, short, "owner"), iat=book.clock())
    candidate = book.admit(data)
    book.clock.advance(days=1)
    with refused("key.not_valid_today"):
        book.enter(candidate, released=True)


def test_the_table_of_issuers_is_that_of_the_design() -> None:
    assert {name: "/".join(sorted(spec.signers)) for name, spec in SPECS.items()} == {
        "TrustAnchorsEstablished": "root",
        "TrustAnchorsSucceeded": "root",
        "PartyEnrolled": "registrar/root",
        "LaboratoryAccredited": "registrar/root",
        "KeyEnrolled": "party/registrar/root",
        "KeyRotated": "old_key",
        "KeyRecovered": "registrar/root",
        "KeyRevoked": "registrar/root",
        "RoleGranted": "registrar/root",
        "RoleRevoked": "registrar/root",
        "RegistrationPolicyAdopted": "organizer",
        "RegistrationPolicyProposed": "organizer",
        "RegistrationPolicyApproved": "approver/regulator",
        "StandingPolicyProposed": "organizer",
        "StandingPolicyApproved": "approver/regulator",
        "WorkCalendarPublished": "organizer",
        "CampaignOpened": "organizer",
        "CampaignCorrected": "organizer",
        "CampaignExtended": "organizer",
        "CampaignClosed": "organizer",
        "CampaignCancelled": "organizer",
        "NoticePublished": "organizer",
        "EnterpriseRegistered": "organizer",
        "EnterpriseRenamed": "organizer",
        "EnterpriseSized": "organizer",
        "IdentifierOverridden": "organizer",
        "EnterpriseMerged": "organizer",
        "EnterpriseDeregistered": "organizer",
        "PledgeMade": "organizer/self",
        "PledgePublished": "organizer",
        "PledgeReplaced": "organizer",
        "PledgeWithdrawn": "organizer/self",
        "PledgeRevoked": "organizer",
        "FulfilmentAssessed": "organizer",
        "ComplaintOutcomeRecorded": "handling_body",
        "ComplaintReplied": "self",
        "ComplaintOutcomeCorrected": "handling_body",
        "StandardDeclared": "organizer/self",
        "StandardRevised": "organizer/self",
        "StandardAbolished": "organizer/self",
        "BelowRecommendedNoted": "organizer/regulator",
        "MarkLicensed": "organizer",
        "MarkSuspended": "organizer",
        "MarkReinstated": "organizer",
        "MarkRevoked": "organizer",
        "MarkMisuseFound": "organizer",
        "ProductListed": "laboratory/organizer",
        "ProductDelisted": "laboratory/organizer",
        "ReportSubmitted": "laboratory/organizer/self",
        "ReportVerified": "laboratory/organizer/regulator",
        "ReportInvalidated": "laboratory/organizer/regulator",
        "StatementRepudiated": "approver/data_officer/handling_body/laboratory/organizer/regulator/root/self",
        "BodyErased": "data_officer",
        "AttachmentAdded": "handling_body/laboratory/organizer/regulator/self",
        "AttachmentErased": "data_officer",
        "AnnexTakenDown": "data_officer",
        "AccessDigestPublished": "log_operator",
        "MapRootPublished": "log_operator",
        "FindingRecorded": "organizer/regulator",
        "PublicRecordCited": "organizer/regulator",
        "PublicRecordRechecked": "organizer/regulator",
        "FindingAnnulled": "handling_body/laboratory/organizer/regulator",
        "BreachFound": "organizer",
        "BreachCorrected": "organizer",
        "AgreementPerformed": "handling_body",
        "AgreementDefaulted": "handling_body",
        "RepairApplied": "self",
        "RepairApproved": "handling_body/laboratory/organizer/regulator",
        "RepairRefused": "handling_body/laboratory/organizer/regulator",
        "RepairRescinded": "handling_body/laboratory/organizer/regulator",
        "ObjectionFiled": "self",
        "ObjectionUpheld": "approver/handling_body/organizer/regulator",
        "ObjectionRejected": "approver/handling_body/organizer/regulator",
        "EntryMisattributed": "organizer/regulator/root",
        "LegalHoldPlaced": "data_officer",
        "LegalHoldReleased": "data_officer",
        "HistoryGivenUp": "log_operator/root",
    }
