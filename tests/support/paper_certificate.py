"""A certificate of a pledge in a paper log, made from the real parts, and forged where a test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.certificates.attached import AttachedEntry, AttachedFile, attachments_of, grounds_of
from api.certificates.layout import Certificate, Grounds, Particulars, Place, certificate_of
from api.certificates.pdf import SET_BY, typeset
from api.certificates.signature import signed
from api.certificates.x509 import self_signed
from ledger.charter.default_policies import default_registration_policy
from ledger.domain.events.base import Event
from ledger.domain.events.campaign import CampaignOpened, Clause
from ledger.domain.events.enterprise import EnterpriseRegistered, EnterpriseRenamed
from ledger.domain.events.pledge import PledgeMade, PledgePublished, PledgeReplaced
from ledger.keys.signer import Signer
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.note import NoteSigner
from tests.support.keys import signer_for
from tests.support.naive_tree import mth
from tests.support.paper_log import DAY, ORIGIN, START, PaperLog

__all__ = ["CODE", "SUBJECT", "PaperCertificate"]

SUBJECT = "uscc:91350100M0001TGQXM"
CODE = "51010020260314000001"
CAMPAIGN = "campaign:2026"
_UNTIL = date(2027, 3, 14)


def _same(certificate: Certificate) -> Certificate:
    return certificate


@dataclass
class PaperCertificate:
    """A log with one public pledge. `given`: other fields of the pledge; `campaign`: of its campaign. Keys are those of
    the label `keys`, the same in every run."""

    given: dict[str, Any] = field(default_factory=dict)
    campaign: dict[str, Any] = field(default_factory=dict)
    name: str = "福州某某有限公司"
    renamed: str | None = None
    corrected: dict[str, Any] | None = None
    demo: bool = False
    keys: str = "paper certificate"

    def __post_init__(self) -> None:
        self.log, self.organizer = self._log(), signer_for(f"{self.keys} organizer", "p256")
        self.log.establish(demo=self.demo)
        self.log.enrol("party:organizer", self.organizer, "organizer")
        self.log.commit()
        self.entries: dict[str, int] = {}
        self._say("policy", default_registration_policy(DAY), "policy")
        self._say("campaign", self._opened(), CAMPAIGN)
        named = EnterpriseRegistered(v=1, effective_on=DAY, name=self.name, category="organization")
        self._say("name-1", named, SUBJECT)
        if self.renamed is not None:
            self._say("name-2", EnterpriseRenamed(v=1, effective_on=DAY, name=self.renamed, evidence="证"), SUBJECT)
        self._say("pledge", self._pledge(), SUBJECT)
        self.say_published()
        if self.corrected is not None:
            slip = PledgeReplaced(v=1, effective_on=DAY, code=CODE, slip="笔误", **self.corrected)
            self._say("correction-1", slip, SUBJECT)

    def say_published(self, *, pledge: int | None = None, subject: str = SUBJECT) -> None:
        """Publish the pledge, or another entry as if it were one."""
        at = self.log.recorded[self.entries["pledge"] if pledge is None else pledge]
        published = PledgePublished(
            v=1, effective_on=DAY, pledge=at.statement_id.hex(), code=CODE, valid_from=DAY, valid_until=_UNTIL
        )
        self._say("publication", published, subject)

    def attached(self) -> dict[str, AttachedEntry]:
        """In the order in which certificates have them."""
        order = sorted(self.entries, key=lambda name: (_ORDER.index(name.partition("-")[0]), name))
        return {
            name: AttachedEntry(self.log.transparent(self.entries[name]), self.log.evidence(self.entries[name]))
            for name in order
        }

    def grounds(self) -> Grounds:
        index = self.entries["pledge"]
        size = next(head.size for head in self.log.heads if head.size > index)
        place = Place(size, index, mth(self.log.entries[:size]), leaf_hash(self.log.entries[index]))
        recorded = {name: self.log.recorded[self.entries[name]] for name in self.attached()}
        return grounds_of(recorded, place, ORIGIN, demo=self.demo)

    def particulars(self, **given: Any) -> Particulars:
        page = f"https://ledger.example/p/{CODE}"
        return Particulars(**{"v": 1, "issued_at": START + 600, "page": page, "set_by": SET_BY, **given})

    def model(self) -> Certificate:
        return certificate_of(self.grounds(), self.particulars())

    def attachments(self, **given: Any) -> list[AttachedFile]:
        return attachments_of(self.attached(), self.particulars(**given))

    def unsigned(self, forge: Callable[[Certificate], Certificate] = _same, **given: Any) -> bytes:
        """Set; with `forge`, from another model than the entries give."""
        at = self.particulars(**given).issued_at
        return typeset(forge(self.model()), self.attachments(**given), at)

    def pdf(
        self, forge: Callable[[Certificate], Certificate] = _same, *, signer: Signer | None = None, **given: Any
    ) -> bytes:
        """Set and signed, by the log's key or by another."""
        key = signer or self.log.certificate_key
        at = self.particulars(**given).issued_at
        return signed(self.unsigned(forge, **given), key, self_signed(key, ORIGIN), at)

    def pdf_with(self, attached: Sequence[AttachedFile]) -> bytes:
        """What the entries say, signed by the log's key, with other files attached."""
        key, at = self.log.certificate_key, self.particulars().issued_at
        return signed(typeset(self.model(), attached, at), key, self_signed(key, ORIGIN), at)

    def _log(self) -> PaperLog:
        log = PaperLog(root=signer_for(f"{self.keys} root"))
        log.checkpoint_key = NoteSigner(
            ORIGIN, Ed25519PrivateKey.from_private_bytes(sha256(self.keys.encode()).digest())
        )
        log.receipt_key = signer_for(f"{self.keys} receipt", "p256")
        log.standing_key = signer_for(f"{self.keys} standing", "p256")
        log.certificate_key = signer_for(f"{self.keys} certificate", "p256")
        return log

    def _say(self, name: str, event: Event, subject: str) -> None:
        self.entries[name] = self.log.add(event, subject, "party:organizer", self.organizer)
        self.log.commit(START + 60 * len(self.entries))

    def _opened(self) -> CampaignOpened:
        fields: dict[str, Any] = {
            "name_zh": "2026 年 3·15 信用承诺",
            "name_en": "3·15 pledge 2026",
            "theme": "提振消费",
            "notice_number": "质协〔2026〕1号",
            "opens_on": DAY,
            "closes_on": DAY,
            "pledge_valid_until": _UNTIL,
            "scopes": ("comprehensive",),
            "clauses": (Clause(id="refund", zh="七日无理由退货"), Clause(id="best", zh="做最佳企业")),
            "overlap": "one_per_scope",
        }
        return CampaignOpened(v=1, effective_on=DAY, **{**fields, **self.campaign})

    def _pledge(self) -> PledgeMade:
        fields: dict[str, Any] = {
            "campaign": CAMPAIGN,
            "scope": "comprehensive",
            "reason": "2026 年 3·15 信用承诺",
            "content": "产品和服务符合声明。",
            "liability": "违诺则退一赔三。",
            "made_on": DAY,
            "accepting_body": "某质量检验协会",
            "accepting_code": "51100000500000005D",
            "disclosure": "public",
            "clauses": ("refund",),
        }
        return PledgeMade(v=1, effective_on=DAY, **{**fields, **self.given})


_ORDER = ["pledge", "publication", "campaign", "policy", "name", "correction"]
