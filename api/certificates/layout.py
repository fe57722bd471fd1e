"""What stands on a certificate, from the entries that it rests on. Pure: the same entries give the same words.

What an enterprise wrote is left out where it holds a word that the registration policy forbids on certificates
(示范, 免检, …). Names are not: an enterprise bears the one that it was registered with, and for the title of its
campaign the organizer answers, with the basis that it stated at the opening.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

from msgspec import Struct

from ledger.domain.events.base import Event, Line, Recorded
from ledger.domain.events.campaign import CampaignCorrected, CampaignOpened, CampaignTerms
from ledger.domain.events.enterprise import EnterpriseRegistered, EnterpriseRenamed
from ledger.domain.events.pledge import PledgeMade, PledgePublished, PledgeReplaced
from ledger.domain.events.policy import RegistrationPolicyAdopted
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import POLICY
from ledger.errors import Refuted

__all__ = ["Certificate", "Grounds", "Particulars", "Place", "certificate_of"]

_E = TypeVar("_E", bound=Event)

_SCOPES: Final = {
    "comprehensive": "综合承诺 · comprehensive",
    "product": "产品质量承诺 · products",
    "service": "服务质量承诺 · services",
    "product_and_service": "产品和服务质量承诺 · products and services",
}
_NAME_NOT_SHOWN: Final = "（名称依规定不公开）"
_TEXT_NOT_SHOWN: Final = "（原文含有不得印入公告的词语，全文见承诺页）"


class Place(NamedTuple):
    """Where the pledge stands in the log: the proof of its receipt. `root` and `leaf` of 32 bytes."""

    tree_size: int
    leaf_index: int
    root: bytes
    leaf: bytes


class Particulars(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a certificate says beyond its entries; attached to it as `certificate.json`.

    `issued_at` in Unix seconds; `page` is the address at which the pledge's current state is shown; `set_by` names the
    versions of what set it: others may set other bytes.
    """

    v: int
    issued_at: int
    page: Line
    set_by: Line

    @property
    def issued_on(self) -> date:
        """The calendar date of issue in Asia/Shanghai."""
        return shanghai_date(self.issued_at)


class Grounds(Struct, frozen=True, kw_only=True):
    """The entries that a certificate rests on. `names`: the registration and renames that may be shown, in log order;
    `corrections` likewise. `policy` is the registration policy, for the words that it forbids. `demo`: whether the
    log is a demonstration."""

    origin: str
    demo: bool
    pledge: Recorded
    publication: Recorded
    campaign: Recorded
    policy: Recorded
    names: tuple[Recorded, ...]
    corrections: tuple[Recorded, ...]
    place: Place


class LabelledField(Struct, frozen=True):
    """A line of the certificate; `exact`: digits and letters that must be read one by one."""

    zh: str
    en: str
    value: str
    exact: bool = False


class Certificate(Struct, frozen=True, kw_only=True):
    """The model that the template sets. Hexadecimal values are whole; `year`, `month`, `day` are those of issue."""

    demo: bool
    origin: str
    name: str
    former_names: str
    campaign_zh: str
    campaign_en: str
    title: str
    basis: str
    fields: tuple[LabelledField, ...]
    content: str
    clauses: tuple[str, ...]
    liability: str
    corrections: tuple[str, ...]
    log: tuple[LabelledField, ...]
    page: str
    year: int
    month: int
    day: int


def certificate_of(grounds: Grounds, particulars: Particulars) -> Certificate:
    """The model of a certificate. Raises `Refuted` where the entries do not belong together."""
    pledge, publication = _event(grounds.pledge, PledgeMade), _event(grounds.publication, PledgePublished)
    campaign, policy = _terms(grounds.campaign), _event(grounds.policy, RegistrationPolicyAdopted)
    corrections = [_event(at, PledgeReplaced) for at in grounds.corrections]
    _check_belonging(grounds, pledge, publication, corrections)
    content, liability, until = pledge.content, pledge.liability or "", publication.valid_until
    for correction in corrections:
        content, liability = correction.content or content, correction.liability or liability
        until = correction.valid_until or until
    words = policy.certificate_words_forbidden
    name, former = _names(grounds.names, particulars.issued_on)
    by_id = {clause.id: clause.zh for clause in campaign.clauses}
    return Certificate(
        demo=grounds.demo,
        origin=grounds.origin,
        name=name,
        former_names="、".join(former),
        campaign_zh=campaign.name_zh,
        campaign_en=campaign.name_en,
        title=campaign.certificate_title or "",
        basis=campaign.certificate_basis or "",
        fields=(
            LabelledField("承诺编码", "publication code", publication.code, exact=True),
            _code(grounds),
            LabelledField("承诺类别", "scope", _SCOPES[pledge.scope]),
            LabelledField("承诺期限", "term", f"{_day(publication.valid_from)}至{_day(until)}"),
            LabelledField("作出日期", "pledged on", _day(pledge.made_on)),
            LabelledField("公布日期", "published on", _day(publication.effective_on)),
            LabelledField("受理单位", "accepted by", _allowed(pledge.accepting_body, words)),
            LabelledField("制发日期", "issued on", _day(particulars.issued_on)),
        ),
        content=_allowed(content, words),
        clauses=tuple(_allowed(by_id[clause], words) for clause in pledge.clauses),
        liability=_allowed(liability, words),
        corrections=tuple(
            f"{_day(correction.effective_on)}更正（第 {at.index} 条记录）"
            for at, correction in zip(grounds.corrections, corrections, strict=True)
        ),
        log=(
            LabelledField("账本", "log", grounds.origin),
            LabelledField("记录序号", "leaf index", str(grounds.place.leaf_index)),
            LabelledField("树大小", "tree size", str(grounds.place.tree_size)),
            LabelledField("树根", "root", grounds.place.root.hex(), exact=True),
            LabelledField("叶哈希", "leaf hash", grounds.place.leaf.hex(), exact=True),
            LabelledField("声明摘要", "SHA-256", grounds.pledge.statement_id.hex(), exact=True),
        ),
        page=particulars.page,
        year=particulars.issued_on.year,
        month=particulars.issued_on.month,
        day=particulars.issued_on.day,
    )


def _check_belonging(
    grounds: Grounds, pledge: PledgeMade, publication: PledgePublished, corrections: Sequence[PledgeReplaced]
) -> None:
    """All about one enterprise and one public pledge of one campaign. Raises `Refuted`."""
    if pledge.disclosure != "public":
        raise Refuted("the pledge is not for the public: nothing of it is announced")
    if publication.pledge != grounds.pledge.statement_id.hex():
        raise Refuted("what was published is another pledge")
    if grounds.campaign.subject != pledge.campaign:
        raise Refuted(f"the pledge is of {pledge.campaign}, not of {grounds.campaign.subject}")
    if grounds.policy.subject != POLICY:
        raise Refuted("the registration policy is not one")
    if grounds.place.leaf_index != grounds.pledge.index:
        raise Refuted("the pledge's receipt is that of another entry")
    if any(correction.code != publication.code for correction in corrections):
        raise Refuted("a correction is of another pledge")
    subject = grounds.pledge.subject
    if any(at.subject != subject for at in (grounds.publication, *grounds.names, *grounds.corrections)):
        raise Refuted("the entries are about several enterprises")
    for row in (grounds.names, grounds.corrections):
        if sorted({at.index for at in row}) != [at.index for at in row]:
            raise Refuted("names or corrections are not in the order of the log")
    known = {clause.id for clause in _terms(grounds.campaign).clauses}
    if not known.issuperset(pledge.clauses):
        raise Refuted("the pledge names a clause that its campaign does not have")


def _terms(at: Recorded) -> CampaignTerms:
    """Of the opening, or of the correction that stands in its place."""
    if isinstance(at.event, CampaignCorrected):
        return at.event
    return _event(at, CampaignOpened)


def _event(at: Recorded, kind: type[_E]) -> _E:
    if not isinstance(at.event, kind):
        raise Refuted(f"entry {at.index} is no {kind.__name__}, or its content is closed")
    return at.event


def _names(entries: Sequence[Recorded], day: date) -> tuple[str, list[str]]:
    """The name in effect on a day, and those before it that are others, each once, oldest first."""
    known: list[tuple[date, int, str]] = []
    for at in entries:
        if not isinstance(at.event, EnterpriseRegistered | EnterpriseRenamed):
            raise Refuted(f"entry {at.index} gives no name")
        if at.event.effective_on <= day:
            known.append((at.event.effective_on, at.index, at.event.name))
    names = [name for _, _, name in sorted(known)]
    if not names:
        return _NAME_NOT_SHOWN, []
    return names[-1], [name for name in dict.fromkeys(names) if name != names[-1]]


def _code(grounds: Grounds) -> LabelledField:
    """What the enterprise is known by: the code in its subject id, else the one that it was registered with."""
    prefix, _, rest = grounds.pledge.subject.partition(":")
    if prefix == "uscc":
        return LabelledField("统一社会信用代码", "enterprise code", rest, exact=True)
    if prefix == "lei":
        return LabelledField("法人识别编码", "LEI", rest, exact=True)
    codes = [at.event.code for at in grounds.names if isinstance(at.event, EnterpriseRegistered) and at.event.code]
    return LabelledField("登记代码", "registered code", codes[-1] if codes else rest, exact=True)


def _allowed(text: str, words: Sequence[str]) -> str:
    return _TEXT_NOT_SHOWN if any(word in text for word in words) else text


def _day(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
