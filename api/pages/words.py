"""What pages call the closed lists of the book, Chinese and English: states, scopes, outcomes, tones of levels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from api.evidence.index_page_labels import EVENTS
from ledger.domain.state.complaint import OWED_NO_REPLY

__all__ = [
    "GROUNDS",
    "ITEM_STATES",
    "OUTCOMES",
    "PLEDGE_STATES",
    "RESULTS",
    "SCOPES",
    "SIZES",
    "TONES",
    "Word",
    "event_word",
    "pledge_word",
    "reply_word",
]


class Word(NamedTuple):
    """A term in both languages, and the tone in which it is set (a class of `look.css`), or none."""

    zh: str
    en: str
    tone: str = "normal"


#: The class of `look.css` in which each level is set; the word and a sign always stand beside it.
TONES: Final[Mapping[str, str]] = {
    "GOOD": "good",
    "PLEDGED": "pledged",
    "NORMAL": "normal",
    "UNRATED": "normal",
    "WATCH": "watch",
    "ALERT": "alert",
    "REVOKED": "closed",
    "LISTED": "closed",
}
SIZES: Final = {
    "micro": Word("微型企业", "micro enterprise"),
    "small": Word("小型企业", "small enterprise"),
    "medium": Word("中型企业", "medium enterprise"),
    "large": Word("大型企业", "large enterprise"),
}
SCOPES: Final = {
    "comprehensive": Word("综合承诺", "comprehensive pledge"),
    "product": Word("产品质量承诺", "pledge on product quality"),
    "service": Word("服务质量承诺", "pledge on service quality"),
    "product_and_service": Word("产品和服务质量承诺", "pledge on the quality of products and services"),
}
PLEDGE_STATES: Final = {
    "upcoming": Word("尚未生效", "not yet in force"),
    "live": Word("期限内", "in force", "pledged"),
    "expired": Word("期限已满", "term over"),
    "withdrawn": Word("企业已撤回", "withdrawn by the enterprise", "watch"),
    "revoked": Word("已撤销", "revoked", "closed"),
    "repudiated": Word("声明被否认", "repudiated", "closed"),
    "misattributed": Word("主体有误", "about somebody else", "closed"),
}
#: Why an organizer revoked a pledge (`PledgeRevoked.ground`).
GROUNDS: Final = {
    "fraud": Word("因欺诈取得，予以撤销", "revoked for fraud"),
    "breach": Word("因违诺，予以撤销", "revoked for breach"),
    "ineligible": Word("不符合参加条件，予以撤销", "revoked as ineligible"),
    "other": Word("因其他理由，予以撤销", "revoked on other grounds"),
}
RESULTS: Final = {
    "full": Word("全部履行", "kept in full", "good"),
    "partial": Word("部分履行", "kept in part", "watch"),
    "none": Word("全部未履行", "not kept", "alert"),
}
OUTCOMES: Final = {
    "settled": Word("和解", "settled"),
    "agreed": Word("调解达成", "agreed in mediation"),
    "explained": Word("已答复说明", "answered and explained"),
    "ended_without_agreement": Word("终止调解", "mediation ended without agreement"),
    "refused": Word("拒绝调解", "mediation refused", "watch"),
    "withdrawn": Word("消费者撤回", "withdrawn by the consumer"),
    "transferred": Word("移送", "transferred"),
    "not_accepted": Word("不予受理", "not accepted"),
}
_REPLIES: Final = {
    "timely": Word("按期", "in time"),
    "late": Word("逾期", "late", "watch"),
    "none": Word("未答复", "none", "watch"),
}
_NONE_THEN: Final = Word("办结时未答复", "none when it was closed", "watch")  # and one came afterwards
_NONE_OWED: Final = Word("无须答复", "none owed")
ITEM_STATES: Final = {
    "current": Word("现行", "current", "pledged"),
    "revised": Word("已修订", "revised"),
    "abolished": Word("已废止", "abolished"),
    "repudiated": Word("已否认", "repudiated", "closed"),
    "upcoming": Word("尚未开始", "not begun"),
    "valid": Word("有效", "in force", "pledged"),
    "suspended": Word("已暂停", "suspended", "watch"),
    "revoked": Word("已撤销", "revoked", "closed"),
    "ended": Word("已终止", "ended"),
    "void": Word("自始无效", "void", "closed"),
    "listed": Word("在列", "listed", "pledged"),
    "over": Word("期满", "over"),
    "delisted": Word("已移出", "delisted", "watch"),
}
_HUMPS: Final = re.compile("(?<!^)(?=[A-Z])")


def pledge_word(pledge: Mapping[str, Any]) -> Word:
    """The state of a pledge as its document gives it; of one that is in force and was ended, until when."""
    end = pledge.get("end")
    if end and pledge["state"] == "live":
        zh, en = ("撤回", "withdrawn") if end["how"] == "withdrawn" else ("撤销", "revoked")
        return Word(f"已{zh}，{end['ends_on']} 止", f"{en}, ends on {end['ends_on']}", "watch")
    return PLEDGE_STATES.get(pledge["state"], Word("已终止", "ended"))


def reply_word(reply: str, outcome: str, *, afterwards: bool = False) -> Word:
    """Whether the enterprise replied; silence where no reply was owed (`OWED_NO_REPLY`) is no failing, and said so.

    `afterwards`: whether it replied once the outcome was on record.
    """
    if reply == "none" and outcome in OWED_NO_REPLY:
        return _NONE_OWED
    return _NONE_THEN if reply == "none" and afterwards else _REPLIES[reply]


def event_word(kind: str) -> Word:
    """The name of an event type."""
    return Word(EVENTS.get(kind, kind), _HUMPS.sub(" ", kind).lower().capitalize())
