"""A demonstration's pledges besides the roster's: those of a year ago with their assessment, and those of today.

A year ago the organizer recorded them from paper; in the campaign that is open now enterprises sign their own, and
some wait for their publication.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from api.demo.sample_roster import CLAUSES, SampleCampaign, SampleEnterprise
from api.demo.voice import LATE, Voice
from ledger.domain.events.base import PaperEvidence
from ledger.domain.events.campaign import CampaignOpened
from ledger.domain.events.enterprise import EnterpriseRegistered
from ledger.domain.events.pledge import FulfilmentAssessed, GroundText, PledgeMade, PledgePublished, PledgeRevoked

__all__ = [
    "BODY",
    "BODY_CODE",
    "Told",
    "assess",
    "open_campaign",
    "pledge_before",
    "publish",
    "revoke_for_fraud",
    "sample_campaign",
    "wait",
]

BODY: Final = "质量诚信承诺受理单位（示例）"
BODY_CODE: Final = "51100000500000315Q"
_LIABILITY: Final = "如违反上述承诺，自愿接受公开曝光、撤销公告和专用标识，并依法承担赔偿责任。"
_UNMET: Final = {
    "partial": ("未在七日内答复两件消费者诉求；其余条款已履行。", "已约谈企业负责人，责令限期整改并公开说明。"),
    "none": ("抽查中六项承诺均无履行记录，企业未提供任何材料。", "公开曝光，暂停专用标识许可，移送监管部门处理。"),
}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What the stories go by: the roster's campaign with its pledge codes by enterprise code, and the year before's.

    `roster` is the SHA-256 of the roster's file, which is what the organizer's records rest on.
    """

    campaign: SampleCampaign
    before: SampleCampaign
    codes: Mapping[str, str]
    roster: str

    def code_of(self, enterprise: SampleEnterprise) -> str:
        return self.codes[enterprise.code]

    def register(self, voice: Voice, enterprise: SampleEnterprise, row: int) -> None:
        """Enter an enterprise that the roster does not have."""
        registered = EnterpriseRegistered(
            v=1,
            effective_on=self.before.opens_on,
            late_ground=LATE,
            name=enterprise.name,
            category="organization",
            division=enterprise.division,
            industry=enterprise.industry,
            size_band="small",
            size_source="企业自报",
            evidence=PaperEvidence(file=self.roster, row=row),
        )
        voice.says("organizer", enterprise.code, registered)


def sample_campaign(campaign: SampleCampaign) -> CampaignOpened:
    """The opening of a year's 3·15 campaign."""
    year = campaign.opens_on.year
    return CampaignOpened(
        v=1,
        effective_on=campaign.opens_on,
        late_ground=LATE,
        name_zh=f"{year} 年 3·15 产品和服务质量诚信承诺（演示）",
        name_en=f"3·15 pledge on the quality of products and services, {year} (demonstration)",
        theme="演示：守诺",
        notice_number=f"演示〔{year}〕1号",
        opens_on=campaign.opens_on,
        closes_on=campaign.closes_on,
        pledge_valid_until=campaign.pledge_valid_until,
        scopes=("comprehensive", "product", "service", "product_and_service"),
        clauses=CLAUSES,
        overlap="one_per_scope",
        certificate_title="产品和服务质量诚信承诺企业（演示）",
        certificate_basis=f"演示〔{year}〕1号第三条",
    )


def pledge_before(voice: Voice, told: Told, enterprise: SampleEnterprise) -> str:
    """The enterprise's pledge in the campaign a year before the roster's, recorded from paper; its code."""
    campaign = told.before
    made_on = campaign.closes_on - 2 * _DAY
    pledge = PledgeMade(
        v=1,
        effective_on=made_on,
        late_ground=LATE,
        campaign=f"campaign:{campaign.opens_on.year}",
        scope="comprehensive",
        reason="参加“产品和服务质量诚信承诺”活动",
        content="；".join(clause.zh for clause in CLAUSES) + "。",
        liability=_LIABILITY,
        made_on=made_on,
        accepting_body=BODY,
        accepting_code=BODY_CODE,
        disclosure="public",
        clauses=tuple(clause.id for clause in CLAUSES),
        evidence=PaperEvidence(file=told.roster, row=1),
    )
    entry = voice.says("organizer", enterprise.code, pledge, "before")
    code = f"{enterprise.division}{campaign.closes_on:%Y%m%d}{int(enterprise.code[-5:-1], 36) % 10**6:06}"
    published = PledgePublished(
        v=1,
        effective_on=campaign.closes_on,
        late_ground=LATE,
        pledge=voice.statement_id(enterprise.code, entry).hex(),
        code=code,
        valid_from=campaign.closes_on,
        valid_until=campaign.pledge_valid_until,
    )
    voice.says("organizer", enterprise.code, published, "before")
    return code


def assess(
    voice: Voice,
    enterprise: SampleEnterprise,
    code: str,
    campaign: SampleCampaign,
    result: Literal["full", "partial", "none"],
) -> None:
    """Another officer than the one who published the pledge of `campaign` says how the whole term was kept."""
    unmet, follows = _UNMET.get(result, (None, None))
    assessed = FulfilmentAssessed(
        v=1,
        effective_on=voice.today,
        late_ground=LATE,
        code=code,
        period_from=campaign.closes_on,
        period_until=campaign.pledge_valid_until,
        result=result,
        unmet=unmet,
        accountability=follows,
        assessor=BODY,
        assessor_code=BODY_CODE,
    )
    voice.says("organizer-2", enterprise.code, assessed)


def revoke_for_fraud(voice: Voice, enterprise: SampleEnterprise, code: str, ground: str) -> None:
    """The pledge is revoked for fraud; the ground in words is a text of its own. It ends tomorrow, as this may be said
    a moment after midnight."""
    text = voice.text(lambda salt: GroundText(v=1, salt=salt, text=ground), code)
    revoked = PledgeRevoked(
        v=1, effective_on=voice.today, code=code, ends_on=voice.today + _DAY, ground="fraud", ground_text=text
    )
    voice.says("organizer", enterprise.code, revoked)


def open_campaign(voice: Voice) -> tuple[str, SampleCampaign]:
    """A campaign that is open now: its subject and its window, from ten days ago to fifty days ahead."""
    window = SampleCampaign(voice.today - 10 * _DAY, voice.today + 50 * _DAY)
    subject = "campaign:assured-consumption"
    opened = CampaignOpened(
        v=1,
        effective_on=window.opens_on,
        name_zh="放心消费承诺（演示，正在进行）",
        name_en="Pledge for consumption without worry (demonstration, open now)",
        theme="演示：放心消费",
        notice_number=f"演示〔{window.opens_on.year}〕2号",
        opens_on=window.opens_on,
        closes_on=window.closes_on,
        pledge_valid_until=window.pledge_valid_until,
        scopes=("product", "service"),
        clauses=CLAUSES[:4],
        overlap="one_per_enterprise",
    )
    voice.says_of_campaign("organizer", subject, opened)
    return subject, window


def wait(voice: Voice, enterprise: SampleEnterprise, campaign: tuple[str, SampleCampaign]) -> bytes | None:
    """The enterprise signs a pledge of its own, which waits: its statement id. None if it was published before."""
    pledge = PledgeMade(
        v=1,
        effective_on=voice.today,
        campaign=campaign[0],
        scope="product",
        reason="参加“放心消费承诺”活动",
        content="；".join(clause.zh for clause in CLAUSES[:4]) + "。",
        liability=_LIABILITY,
        made_on=voice.today,
        accepting_body=BODY,
        accepting_code=BODY_CODE,
        disclosure="public",
        clauses=tuple(clause.id for clause in CLAUSES[:4]),
    )
    return voice.pledges(enterprise.code, pledge)


def publish(
    voice: Voice, enterprise: SampleEnterprise, pledge: bytes, campaign: tuple[str, SampleCampaign], number: int
) -> None:
    """The organizer publishes a pledge that waits. The serial lies beyond those that an import gives."""
    published = PledgePublished(
        v=1,
        effective_on=voice.today,
        pledge=pledge.hex(),
        code=f"{enterprise.division}{voice.today:%Y%m%d}{900_001 + number}",
        valid_from=voice.today,
        valid_until=campaign[1].pledge_valid_until,
    )
    voice.says("organizer", enterprise.code, published)
