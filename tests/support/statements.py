"""Events with sensible defaults, and the signed statements that say them."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from itertools import count
from typing import Any

from ledger.cose.statement import Claims, make_sealed, make_statement
from ledger.domain.events.base import Event, PaperEvidence
from ledger.domain.events.campaign import CampaignCorrected, CampaignOpened, Clause
from ledger.domain.events.complaint import ComplaintOutcomeCorrected, ComplaintOutcomeRecorded, ComplaintReplied
from ledger.domain.events.enterprise import EnterpriseRegistered
from ledger.domain.events.inspection_report import ReportInvalidated, ReportVerified
from ledger.domain.events.party import KeyEnrolled, PartyEnrolled
from ledger.domain.events.pledge import FulfilmentAssessed, PledgeMade, PledgePublished, PledgeRevoked, PledgeWithdrawn
from ledger.domain.events.repudiation import EntryMisattributed, StatementRepudiated
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.values.subject import own_party
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer
from tests.support.charter import ORGANIZER, ORGANIZER_2, ORIGIN, ROOT, Speaker
from tests.support.keys import signer_for

__all__ = [
    "CAMPAIGN",
    "ENTERPRISE",
    "EVIDENCE",
    "OTHER_ENTERPRISE",
    "TODAY",
    "assessed",
    "campaign_corrected",
    "campaign_opened",
    "code",
    "corrected",
    "key_enrolled",
    "outcome",
    "party_enrolled",
    "pledge_made",
    "pledge_published",
    "pledge_revoked",
    "pledge_withdrawn",
    "registered",
    "replied",
    "salt",
    "sign",
    "speaker_of",
    "usual_speaker",
]

TODAY = date(2026, 3, 16)
CAMPAIGN = "campaign:2026"
ENTERPRISE = "uscc:91110000600037341L"
OTHER_ENTERPRISE = "uscc:91110108551385082Q"
EVIDENCE = PaperEvidence(file="ab" * 32, row=1)

_TERMS = {
    "name_zh": "2026 年 3·15 信用承诺",
    "name_en": "3·15 pledge 2026",
    "theme": "提振消费",
    "notice_number": "质协〔2026〕1号",
    "opens_on": date(2026, 3, 1),
    "closes_on": date(2026, 3, 31),
    "pledge_valid_until": date(2027, 3, 14),
    "scopes": ("comprehensive", "product", "service"),
    "clauses": (Clause(id="refund", zh="七日无理由退货"), Clause(id="reply", zh="三日内答复投诉")),
    "overlap": "one_per_scope",
}

_numbers = count(1)


def salt(number: int) -> bytes:
    """A salt of 16 bytes that is the same in every run."""
    return sha256(f"salt {number}".encode()).digest()[:16]


def sign(
    event: Event,
    *,
    subject: str = ENTERPRISE,
    by: Speaker,
    iat: int,
    sealed: bool | None = None,
    cti: bytes | None = None,
    origin: str = ORIGIN,
) -> tuple[bytes, bytes | None]:
    """The statement and, if sealed, its body. `sealed` None: as the catalogue wants it, open where both may be."""
    number = next(_numbers)
    cti = cti or sha256(f"cti {number}".encode()).digest()[:16]
    if sealed is None:
        sealed = SPECS[type(event).__name__].form == "sealed"
    claims = Claims(subject, by.party, origin, iat, cti)
    if not sealed:
        return make_statement(event, claims, by.signer), None
    return make_sealed(event, claims, by.signer, salt(number))


def usual_speaker(event: Event) -> Speaker:
    """Who says such a thing where a test does not say who: the organizer, as far as one officer of it may."""
    if isinstance(event, StatementRepudiated | EntryMisattributed):
        return ROOT
    return ORGANIZER_2 if isinstance(event, FulfilmentAssessed | ReportVerified | ReportInvalidated) else ORGANIZER


def speaker_of(subject: str) -> Speaker:
    """The enterprise speaking for itself."""
    return Speaker(own_party(subject), signer_for(subject), "owner")


def _of(kind: type[Any], defaults: dict[str, Any], given: dict[str, Any]) -> Any:
    return kind(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def party_enrolled(**given: Any) -> PartyEnrolled:
    event: PartyEnrolled = _of(PartyEnrolled, {"name_zh": "某单位"}, given)
    return event


def key_enrolled(signer: Signer, party: str, *, origin: str = ORIGIN, **given: Any) -> KeyEnrolled:
    defaults = {
        "key": signer.public.cose_key.hex(),
        "proof": prove_possession(signer, party, origin).hex(),
        "officer": "owner",
        "valid_from": TODAY,
    }
    event: KeyEnrolled = _of(KeyEnrolled, defaults, given)
    return event


def campaign_opened(**given: Any) -> CampaignOpened:
    event: CampaignOpened = _of(CampaignOpened, _TERMS, given)
    return event


def campaign_corrected(corrects: int, **given: Any) -> CampaignCorrected:
    """The same terms, but for what is given."""
    defaults = {**_TERMS, "corrects": corrects, "correction": "笔误"}
    event: CampaignCorrected = _of(CampaignCorrected, defaults, given)
    return event


def registered(**given: Any) -> EnterpriseRegistered:
    defaults = {"name": "北京某某有限公司", "category": "organization", "size_band": "small", "size_source": "年报"}
    event: EnterpriseRegistered = _of(EnterpriseRegistered, defaults, given)
    return event


def pledge_made(**given: Any) -> PledgeMade:
    defaults = {
        "campaign": CAMPAIGN,
        "scope": "comprehensive",
        "reason": "2026 年 3·15 信用承诺",
        "content": "产品和服务符合声明。",
        "liability": "违诺则退一赔三。",
        "made_on": TODAY,
        "accepting_body": "某质量检验协会",
        "accepting_code": "51100000500000005N",
        "disclosure": "public",
        "clauses": ("refund", "reply"),
    }
    event: PledgeMade = _of(PledgeMade, defaults, given)
    return event


def code(serial: int = 1, day: date = TODAY, division: str = "110108") -> str:
    """A pledge code: division, date, serial."""
    return f"{division}{day:%Y%m%d}{serial:06d}"


def pledge_published(statement_id: bytes, **given: Any) -> PledgePublished:
    defaults = {
        "pledge": statement_id.hex(),
        "code": code(),
        "valid_from": TODAY,
        "valid_until": date(2027, 3, 14),
    }
    event: PledgePublished = _of(PledgePublished, defaults, given)
    return event


def pledge_withdrawn(**given: Any) -> PledgeWithdrawn:
    event: PledgeWithdrawn = _of(PledgeWithdrawn, {"code": code(), "ends_on": TODAY}, given)
    return event


def pledge_revoked(**given: Any) -> PledgeRevoked:
    event: PledgeRevoked = _of(PledgeRevoked, {"code": code(), "ends_on": TODAY, "ground": "fraud"}, given)
    return event


def assessed(**given: Any) -> FulfilmentAssessed:
    defaults = {
        "code": code(),
        "period_from": TODAY,
        "period_until": TODAY,
        "result": "full",
        "assessor": "某质量检验协会",
        "assessor_code": "51100000500000005N",
    }
    event: FulfilmentAssessed = _of(FulfilmentAssessed, defaults, given)
    return event


def outcome(number: int = 1, **given: Any) -> ComplaintOutcomeRecorded:
    defaults = {
        "case": f"{number:032x}",
        "channel": "12315",
        "product_class": "小家电",
        "issue": "质量",
        "received": "2026-01",
        "accepted": "2026-01",
        "forwarded": "2026-01",
        "reply_due": "2026-02",
        "replied": "2026-02",
        "closed": "2026-02",
        "reply": "timely",
        "outcome": "settled",
        "notified_on": date(2026, 3, 2),
    }
    event: ComplaintOutcomeRecorded = _of(ComplaintOutcomeRecorded, defaults, given)
    return event


def replied(outcome_entry: int, **given: Any) -> ComplaintReplied:
    event: ComplaintReplied = _of(ComplaintReplied, {"outcome_entry": outcome_entry, "text": "已退款并致歉。"}, given)
    return event


def corrected(corrects: int, **given: Any) -> ComplaintOutcomeCorrected:
    defaults = {"corrects": corrects, "explanation": "录入有误", "reply": "timely", "outcome": "agreed"}
    event: ComplaintOutcomeCorrected = _of(ComplaintOutcomeCorrected, defaults, given)
    return event
