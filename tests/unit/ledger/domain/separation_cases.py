"""One case for every event type: what must be in the book before, and the event itself, to be said by anybody.

Everything that a case records before is said by the first officer of the usual party, so that a table can tell what
another officer, or another party of the same role, may say about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from datetime import date, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.base import Annex, Event
from ledger.domain.events.campaign import CampaignCancelled, CampaignClosed, CampaignExtended, NoticePublished
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.events.enterprise import (
    EnterpriseDeregistered,
    EnterpriseMerged,
    EnterpriseRenamed,
    EnterpriseSized,
    IdentifierOverridden,
)
from ledger.domain.events.history import HistoryGivenUp
from ledger.domain.events.party import KeyRecovered, KeyRevoked, KeyRotated, RoleGranted, RoleRevoked
from ledger.domain.events.pledge import PledgeReplaced
from ledger.domain.events.policy import (
    RegistrationPolicyApproved,
    RegistrationPolicyProposed,
    StandingPolicyApproved,
    StandingPolicyProposed,
)
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.values.subject import ACCESS, MAP, POLICY
from ledger.keys.proof_of_possession import prove_possession
from ledger.store.annexes import AnnexKept
from tests.support.book import Book
from tests.support.charter import (
    APPROVER,
    DATA_OFFICER,
    HANDLING_BODY,
    LABORATORY,
    LOG_OPERATOR,
    ORGANIZER,
    ORIGIN,
    REGISTRAR,
    REGULATOR,
    ROOT,
    Speaker,
)
from tests.support.findings import annulment, breach, breach_corrected, cited, defaulted, found, performed, rechecked
from tests.support.keys import signer_for
from tests.support.listings import delisted, listed
from tests.support.marks import license_mark, mark_licensed, misuse_found, reinstated, revoked, seed_body, suspended
from tests.support.remedies import (
    applied,
    approved,
    filed,
    hold_placed,
    hold_released,
    misattributed,
    refusal,
    rejected,
    rescinded,
    upheld,
)
from tests.support.reports import accredited, invalidated, submitted, verified
from tests.support.standards import abolished, declared, noted, revised
from tests.support.statements import (
    CAMPAIGN,
    ENTERPRISE,
    EVIDENCE,
    OTHER_ENTERPRISE,
    TODAY,
    assessed,
    campaign_corrected,
    campaign_opened,
    code,
    corrected,
    key_enrolled,
    outcome,
    party_enrolled,
    pledge_made,
    pledge_published,
    pledge_revoked,
    pledge_withdrawn,
    registered,
    replied,
    speaker_of,
)
from tests.support.successions import succession

__all__ = ["CASES", "ROLES", "Case", "Speakers", "fork", "populated"]

NEWCOMER: Final = Speaker("party:newcomer", signer_for("newcomer"), "newcomer-1")
OWNER, ELSEWHERE = speaker_of(ENTERPRISE), speaker_of(OTHER_ENTERPRISE)
EARLY: Final = "uscc:91350100M0001TGQXM"  # its check digit fails
CMA_UNKNOWN: Final = "330000000001"
UNPUBLISHED: Final = "campaign:unpublished"
ANNEX: Final = Annex(sha256="cd" * 32, bytes=10, media_type="application/pdf")
LATER: Final = date(2026, 6, 16)  # when what is general may be repaired


class Speakers(NamedTuple):
    """Of one role: the officer who recorded what is there, a colleague, and another party's two officers.

    One of the other party's bears the pseudonym of the first: a person who works for both.
    """

    same: Speaker
    colleague: Speaker
    foreign_same: Speaker | None = None
    foreign_other: Speaker | None = None


class Case(NamedTuple):
    """The event `make(book)` gives, after what it records in the book; said about `subject`."""

    make: Callable[[Book], Event]
    subject: str = ENTERPRISE
    more: Mapping[str, Any] = {}


def fork(book: Book) -> Book:
    """A copy to which something may be said without the first knowing."""
    other = copy(book)
    other.clock = copy(book.clock)
    for name in ("records", "facts", "annexes", "uploads"):
        setattr(other, name, dict(getattr(book, name)))
    other.events, other.judgements = list(book.events), list(book.judgements)
    return other


_USUAL: Final = {
    "registrar": REGISTRAR,
    "organizer": ORGANIZER,
    "approver": APPROVER,
    "regulator": REGULATOR,
    "laboratory": LABORATORY,
    "handling_body": HANDLING_BODY,
    "data_officer": DATA_OFFICER,
    "log_operator": LOG_OPERATOR,
}
ROLES: Final = ("root", *_USUAL, "enterprise", "party", "nobody")


@cache
def populated() -> tuple[Book, Mapping[str, Speakers]]:
    """A book with two parties of every role, two officers of each, two enterprises with keys, and a pledge."""
    book = Book().with_enterprise().with_enterprise(OTHER_ENTERPRISE)
    speakers: dict[str, Speakers] = {}
    for role, usual in _USUAL.items():
        party = f"party:{role.replace('_', '-')}-elsewhere"
        foreign = Speaker(party, signer_for(party), f"{role.replace('_', '-')}-elsewhere")
        book.say(party_enrolled(), subject=party, by=ROOT)
        book.say(RoleGranted(v=1, effective_on=TODAY, role=role), subject=party, by=ROOT)  # type: ignore[arg-type]
        book.say(key_enrolled(foreign.signer, party, officer=foreign.officer), subject=party, by=ROOT)
        speakers[role] = Speakers(
            usual, _further(book, usual, "colleague"), _further(book, foreign, usual.officer), foreign
        )
    speakers["root"] = Speakers(ROOT, _further(book, ROOT, "root-colleague"))
    speakers["enterprise"] = Speakers(
        OWNER, _further(book, OWNER, "second-owner"), ELSEWHERE, _further(book, ELSEWHERE, "elsewhere")
    )
    book.say(party_enrolled(), subject=NEWCOMER.party, by=ROOT)
    speakers["party"] = Speakers(NEWCOMER, Speaker(NEWCOMER.party, signer_for("newcomer-2"), "newcomer-2"))
    nobody = Speaker("party:nobody", signer_for("nobody"), "nobody-1")
    book.say(party_enrolled(), subject=nobody.party, by=ROOT)
    book.say(key_enrolled(nobody.signer, nobody.party, officer=nobody.officer), subject=nobody.party, by=ROOT)
    speakers["nobody"] = Speakers(nobody, _further(book, nobody, "nobody-2"))
    book.say(accredited(), subject=LABORATORY.party, by=REGISTRAR)
    book.with_pledge()
    return book, speakers


def _further(book: Book, speaker: Speaker, officer: str) -> Speaker:
    """Another officer of the same party, with a key that the party enrols itself."""
    signer = signer_for(f"{speaker.party}, {officer}")
    book.say(key_enrolled(signer, speaker.party, officer=officer), subject=speaker.party, by=speaker)
    return Speaker(speaker.party, signer, officer)


def _with_keys(book: Book) -> None:
    """The newcomer has two officers with a key each."""
    book.say(key_enrolled(NEWCOMER.signer, NEWCOMER.party, officer="newcomer-1"), subject=NEWCOMER.party, by=ROOT)
    second = key_enrolled(signer_for("newcomer-2"), NEWCOMER.party, officer="newcomer-2")
    book.say(second, subject=NEWCOMER.party, by=NEWCOMER)


def _further_key(book: Book) -> Event:
    _with_keys(book)
    return key_enrolled(signer_for("newcomer-3"), NEWCOMER.party, officer="newcomer-3")


def _rotated(book: Book) -> Event:
    _with_keys(book)
    new, old = signer_for("newcomer-4"), NEWCOMER.signer
    proof = prove_possession(new, NEWCOMER.party, ORIGIN).hex()
    key = new.public.cose_key.hex()
    return KeyRotated(v=1, effective_on=TODAY, replaces=old.kid.hex(), key=key, proof=proof)


def _recovered(book: Book) -> Event:
    _with_keys(book)
    new = signer_for("newcomer-5")
    return KeyRecovered(
        v=1,
        effective_on=TODAY,
        replaces=NEWCOMER.signer.kid.hex(),
        key=new.public.cose_key.hex(),
        proof=prove_possession(new, NEWCOMER.party, ORIGIN).hex(),
        officer="newcomer-1",
        usable_from=TODAY + timedelta(days=7),
        evidence="授权书",
    )


def _key_revoked(book: Book) -> Event:
    _with_keys(book)
    return KeyRevoked(v=1, effective_on=TODAY, kid=NEWCOMER.signer.kid.hex(), reason="retired")


def _granted(role: str) -> Callable[[Book], Event]:
    def make(book: Book) -> Event:
        _with_keys(book)
        return RoleGranted(v=1, effective_on=TODAY, role=role)  # type: ignore[arg-type]

    return make


def _taken(role: str) -> Callable[[Book], Event]:
    def make(book: Book) -> Event:
        _with_keys(book)
        book.say(RoleGranted(v=1, effective_on=TODAY, role=role), subject=NEWCOMER.party, by=ROOT)  # type: ignore[arg-type]
        return RoleRevoked(v=1, effective_on=TODAY, role=role, reason="换届")  # type: ignore[arg-type]

    return make


def _accreditation(book: Book) -> Event:
    _with_keys(book)
    book.say(RoleGranted(v=1, effective_on=TODAY, role="laboratory"), subject=NEWCOMER.party, by=ROOT)
    return accredited(CMA_UNKNOWN)


def _registration_approved(book: Book) -> Event:
    policy = default_registration_policy().policy
    proposal = book.say(RegistrationPolicyProposed(v=1, effective_on=TODAY, policy=policy), subject=POLICY).index
    return RegistrationPolicyApproved(v=1, effective_on=TODAY, proposal=proposal)


def _standing_approved(book: Book) -> Event:
    proposed = StandingPolicyProposed(v=1, effective_on=TODAY, policy=default_standing_policy())
    return StandingPolicyApproved(v=1, effective_on=TODAY, proposal=book.say(proposed, subject=POLICY).index)


def _about(before: Callable[[Book], int], event: Callable[[int], Event]) -> Callable[[Book], Event]:
    return lambda book: event(before(book))


def _outcome(book: Book) -> int:
    """That counts, and was settled by nobody."""
    said = outcome(900, outcome="refused", reason="无理", clauses=())
    return book.say(said, by=HANDLING_BODY).index


def _agreed(book: Book) -> int:
    return book.say(outcome(901, outcome="agreed"), by=HANDLING_BODY).index


def _found(book: Book) -> int:
    return book.say(found(), by=REGULATOR).index


def _applied(book: Book) -> tuple[int, int]:
    """An application for a repair of the regulator's finding, three months later."""
    entry = _found(book)
    book.clock.go_to(LATER)
    return book.say(applied(entry, effective_on=LATER), by=OWNER).index, entry


def _decided(make: Callable[..., Event]) -> Callable[[Book], Event]:
    def event(book: Book) -> Event:
        application, entry = _applied(book)
        return make(application, entry, effective_on=LATER)

    return event


def _rescinded(book: Book) -> Event:
    application, entry = _applied(book)
    colleague = populated()[1]["regulator"].colleague
    approval = book.say(approved(application, entry, effective_on=LATER), by=colleague).index
    return rescinded(approval, entry, effective_on=LATER)


def _answered(make: Callable[..., Event]) -> Callable[[Book], Event]:
    def event(book: Book) -> Event:
        entry = _outcome(book)
        return make(book.say(filed(entry), by=OWNER).index, entry)

    return event


def _attached(book: Book) -> AttachmentAdded:
    fields: dict[str, Any] = {"commitment": "cd" * 32, "media_type": "application/pdf", "size_bytes": 9}
    return AttachmentAdded(v=1, effective_on=TODAY, attachment="ab" * 16, entry=_found(book), **fields)


def _attachment_erased(book: Book) -> Event:
    event = _attached(book)
    book.upload(event, ORGANIZER)
    book.say(event, by=ORGANIZER)
    return AttachmentErased(v=1, effective_on=TODAY, attachment="ab" * 16, ground="有误")


def _annex_taken_down(book: Book) -> Event:
    book.annexes[bytes.fromhex(ANNEX.sha256)] = AnnexKept(ANNEX.bytes, ANNEX.media_type)
    book.say(declared(annex=ANNEX), by=OWNER)
    return AnnexTakenDown(v=1, effective_on=TODAY, annex=ANNEX.sha256, ground="含有个人信息")


def _erased(book: Book) -> Event:
    """A reply costs nothing and can be erased at once."""
    reply = book.say(replied(_outcome(book)), by=OWNER).index
    return BodyErased(v=1, effective_on=TODAY, entry=reply, ground="依申请")


def _disowned(book: Book) -> Event:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=_outcome(book), word="误录")


def _disowned_of_regulator(book: Book) -> Event:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=_found(book), word="误录")


def _declared(book: Book) -> int:
    return book.say(declared(), by=OWNER).index


def _suspended(book: Book) -> Event:
    license_mark(book)
    return suspended()


def _reinstated(book: Book) -> Event:
    license_mark(book)
    book.say(suspended())
    return reinstated()


def _mark_revoked(book: Book) -> Event:
    license_mark(book)
    return revoked()


def _misused(book: Book) -> Event:
    license_mark(book)
    return misuse_found()


def _published(book: Book) -> Event:
    paper = pledge_made(scope="product", evidence=EVIDENCE)
    return pledge_published(book.say(paper).statement_id, code=code(2))


def _submitted(cma: str) -> Callable[[Book], int]:
    return lambda book: book.say(submitted(cma=cma), by=ORGANIZER).index


def _corrected_terms(book: Book) -> Event:
    """Of a campaign of its own: in the other one a pledge is published."""
    return campaign_corrected(book.say(campaign_opened(), subject=UNPUBLISHED).index)


def _say(event: Event) -> Callable[[Book], Event]:
    return lambda book: event


def _unlisted(book: Book) -> Event:
    return delisted(book.say(listed()).index)


_ACCREDITED: Final = accredited().cma
_FULL: Final = {"period_from": TODAY, "period_until": TODAY}
_SPOILT: Final = {"unmet": "部分", "accountability": "整改"}
CASES: Final[Mapping[str, Case]] = {
    "TrustAnchorsEstablished": Case(lambda book: book.events[0].event, ROOT.party),  # type: ignore[arg-type, return-value]
    "TrustAnchorsSucceeded": Case(lambda book: succession("next", len(book.events) + 10), ROOT.party),
    "PartyEnrolled": Case(_say(party_enrolled()), "party:another"),
    "LaboratoryAccredited": Case(_accreditation, NEWCOMER.party),
    "KeyEnrolled, the first": Case(
        _say(key_enrolled(NEWCOMER.signer, NEWCOMER.party, officer="newcomer-1")), NEWCOMER.party
    ),
    "KeyEnrolled, a further one": Case(_further_key, NEWCOMER.party),
    "KeyRotated": Case(_rotated, NEWCOMER.party),
    "KeyRecovered": Case(_recovered, NEWCOMER.party),
    "KeyRevoked": Case(_key_revoked, NEWCOMER.party),
    "RoleGranted, laboratory": Case(_granted("laboratory"), NEWCOMER.party),
    "RoleGranted, handling body": Case(_granted("handling_body"), NEWCOMER.party),
    "RoleGranted, organizer": Case(_granted("organizer"), NEWCOMER.party),
    "RoleGranted, regulator": Case(_granted("regulator"), NEWCOMER.party),
    "RoleRevoked, laboratory": Case(_taken("laboratory"), NEWCOMER.party),
    "RoleRevoked, approver": Case(_taken("approver"), NEWCOMER.party),
    "RegistrationPolicyAdopted": Case(_say(default_registration_policy(TODAY)), POLICY),
    "RegistrationPolicyProposed": Case(
        _say(RegistrationPolicyProposed(v=1, effective_on=TODAY, policy=default_registration_policy().policy)), POLICY
    ),
    "RegistrationPolicyApproved": Case(_registration_approved, POLICY),
    "StandingPolicyProposed": Case(
        _say(StandingPolicyProposed(v=1, effective_on=TODAY, policy=default_standing_policy())), POLICY
    ),
    "StandingPolicyApproved": Case(_standing_approved, POLICY),
    "WorkCalendarPublished": Case(_say(calendar_2026(TODAY)), POLICY),
    "CampaignOpened": Case(_say(campaign_opened()), "campaign:another"),
    "CampaignExtended": Case(
        _say(CampaignExtended(v=1, effective_on=TODAY, closes_on=date(2026, 4, 30), reason="应企业要求")), CAMPAIGN
    ),
    "CampaignCorrected": Case(_corrected_terms, UNPUBLISHED),
    "CampaignClosed": Case(_say(CampaignClosed(v=1, effective_on=TODAY)), CAMPAIGN),
    "CampaignCancelled": Case(_say(CampaignCancelled(v=1, effective_on=TODAY, reason="不可抗力")), CAMPAIGN),
    "NoticePublished": Case(
        _say(NoticePublished(v=1, effective_on=TODAY, number="1号", title="通知", text="略")), CAMPAIGN
    ),
    "EnterpriseRegistered": Case(_say(registered()), "local:test/new"),
    "EnterpriseRenamed": Case(_say(EnterpriseRenamed(v=1, effective_on=TODAY, name="新名称", evidence="证"))),
    "EnterpriseSized": Case(_say(EnterpriseSized(v=1, effective_on=TODAY, size_band="large", size_source="年报"))),
    "IdentifierOverridden": Case(
        _say(IdentifierOverridden(v=1, effective_on=TODAY, code=EARLY[5:], evidence="执照")), EARLY
    ),
    "EnterpriseMerged": Case(_say(EnterpriseMerged(v=1, effective_on=TODAY, into=OTHER_ENTERPRISE, evidence="证"))),
    "EnterpriseDeregistered": Case(_say(EnterpriseDeregistered(v=1, effective_on=TODAY, evidence="证"))),
    "PledgeMade": Case(_say(pledge_made(scope="service", evidence=EVIDENCE)), more={"released": True}),
    "PledgePublished": Case(_published),
    "PledgeReplaced": Case(_say(PledgeReplaced(v=1, effective_on=TODAY, code=code(), slip="笔误", content="改"))),
    "PledgeWithdrawn": Case(_say(pledge_withdrawn(evidence=EVIDENCE))),
    "PledgeRevoked": Case(_say(pledge_revoked())),
    "FulfilmentAssessed, full": Case(_say(assessed(**_FULL))),
    "FulfilmentAssessed, partial": Case(_say(assessed(**_FULL, result="partial", **_SPOILT))),
    "ComplaintOutcomeRecorded": Case(_say(outcome(902))),
    "ComplaintReplied": Case(_about(_outcome, replied)),
    "ComplaintOutcomeCorrected": Case(_about(_outcome, corrected)),
    "StandardDeclared": Case(_say(declared())),
    "StandardRevised": Case(_about(_declared, revised)),
    "StandardAbolished": Case(_about(_declared, abolished)),
    "BelowRecommendedNoted": Case(_about(_declared, noted)),
    "MarkLicensed": Case(_say(mark_licensed()), more={"text": seed_body()}),
    "MarkSuspended": Case(_suspended),
    "MarkReinstated": Case(_reinstated),
    "MarkRevoked": Case(_mark_revoked),
    "MarkMisuseFound": Case(_misused),
    "ProductListed": Case(_say(listed())),
    "ProductDelisted": Case(_unlisted),
    "ReportSubmitted": Case(_say(submitted())),
    "ReportVerified, a laboratory is accredited": Case(_about(_submitted(_ACCREDITED), verified)),
    "ReportVerified, none is": Case(_about(_submitted(CMA_UNKNOWN), verified)),
    "ReportInvalidated, a laboratory is accredited": Case(_about(_submitted(_ACCREDITED), invalidated)),
    "ReportInvalidated, none is": Case(_about(_submitted(CMA_UNKNOWN), invalidated)),
    "FindingRecorded": Case(_say(found())),
    "PublicRecordCited": Case(_say(cited())),
    "PublicRecordRechecked": Case(_about(lambda book: book.say(cited(), by=REGULATOR).index, rechecked)),
    "FindingAnnulled": Case(_about(_found, annulment)),
    "BreachFound": Case(_say(breach())),
    "BreachCorrected": Case(_about(lambda book: book.say(breach()).index, breach_corrected)),
    "AgreementPerformed": Case(_about(_agreed, performed)),
    "AgreementDefaulted": Case(_about(_agreed, defaulted)),
    "RepairApplied": Case(_about(_found, applied)),
    "RepairApproved": Case(_decided(approved)),
    "RepairRefused": Case(_decided(refusal)),
    "RepairRescinded": Case(_rescinded),
    "ObjectionFiled": Case(_about(_outcome, filed)),
    "ObjectionUpheld": Case(_answered(upheld)),
    "ObjectionRejected": Case(_answered(rejected)),
    "StatementRepudiated, a handling body's": Case(_disowned),
    "StatementRepudiated, a regulator's": Case(_disowned_of_regulator),
    "EntryMisattributed, a handling body's": Case(_about(_outcome, misattributed)),
    "EntryMisattributed, a regulator's": Case(_about(_found, misattributed)),
    "BodyErased": Case(_erased),
    "LegalHoldPlaced": Case(_say(hold_placed())),
    "LegalHoldReleased": Case(_about(lambda book: book.say(hold_placed(), by=DATA_OFFICER).index, hold_released)),
    "AttachmentAdded": Case(_attached),
    "AttachmentErased": Case(_attachment_erased),
    "AnnexTakenDown": Case(_annex_taken_down),
    "HistoryGivenUp": Case(
        lambda book: HistoryGivenUp(
            v=1,
            effective_on=TODAY,
            lost_size=len(book.events) + 5,
            lost_root="ab" * 32,
            kept_size=len(book.events),
            kept_root="cd" * 32,
            reason="磁盘损坏",
        ),
        MAP,
    ),
    "MapRootPublished": Case(
        _say(MapRootPublished(v=1, effective_on=TODAY, root="ab" * 32, tree_size=9, subjects=2)), MAP
    ),
    "AccessDigestPublished": Case(
        _say(
            AccessDigestPublished(
                v=1, effective_on=TODAY, day=TODAY - timedelta(days=1), digest="aa" * 32, count=0, previous=None
            )
        ),
        ACCESS,
    ),
}
