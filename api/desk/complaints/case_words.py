"""The words of complaint files, in both languages: stages, clocks, channels, issues, outcomes, steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.desk.complaints.case_file import Stage
from api.desk.complaints.case_steps import Channel, Issue
from api.desk.complaints.legal_terms import Term
from api.pages.words import Word
from ledger.domain.events.complaint import Outcome, Reply

__all__ = ["CHANNELS", "CLOCKS", "ISSUES", "OUTCOMES", "REPLIES", "STAGES", "STEPS"]

STAGES: Final[Mapping[Stage, Word]] = {
    "registered": Word("已登记", "registered", "watch"),
    "accepted": Word("已受理", "accepted", "pledged"),
    "declined": Word("不予受理", "declined", "closed"),
    "forwarded": Word("已转办", "forwarded", "pledged"),
    "replied": Word("企业已答复", "replied to", "pledged"),
    "mediated": Word("已调解", "mediated", "pledged"),
    "closed": Word("已办结", "closed", "normal"),
    "notified": Word("已告知", "parties told", "normal"),
    "published": Word("已公布", "published", "good"),
}
CLOCKS: Final[Mapping[Term, Word]] = {
    "accept": Word("决定是否受理", "decide on acceptance"),
    "forward": Word("转办企业", "forward to the enterprise"),
    "reply": Word("企业答复", "the enterprise's reply"),
    "mediate": Word("办结", "end the mediation and close"),
    "notify": Word("告知双方", "tell the parties"),
    "publish": Word("公布结果", "publish the outcome"),
}
CHANNELS: Final[Mapping[Channel, Word]] = {
    "web": Word("网页", "web form"),
    "telephone": Word("电话", "telephone"),
    "letter": Word("来信", "letter"),
    "visit": Word("来访", "visit"),
    "platform": Word("全国12315平台", "12315 platform"),
}
ISSUES: Final[Mapping[Issue, Word]] = {
    "quality": Word("产品质量", "product quality"),
    "safety": Word("人身财产安全", "safety"),
    "counterfeit": Word("假冒", "counterfeit"),
    "contract": Word("合同履行", "performance of contract"),
    "service": Word("售后服务", "after-sales service"),
    "price": Word("价格", "price"),
    "advertising": Word("广告宣传", "advertising"),
    "other": Word("其他", "other"),
}
OUTCOMES: Final[Mapping[Outcome, Word]] = {
    "settled": Word("双方和解", "settled"),
    "agreed": Word("调解达成协议", "agreed in mediation"),
    "explained": Word("已答复说明", "explained"),
    "ended_without_agreement": Word("终止调解", "ended without agreement"),
    "refused": Word("企业拒绝调解", "mediation refused by the enterprise"),
    "withdrawn": Word("投诉人撤回", "withdrawn by the complainant"),
    "transferred": Word("移送其他机关", "transferred to another body"),
    "not_accepted": Word("不予受理", "not accepted"),
}
REPLIES: Final[Mapping[Reply, Word]] = {
    "timely": Word("按期答复", "replied in time"),
    "late": Word("逾期答复", "replied late", "watch"),
    "none": Word("未答复", "no reply", "alert"),
}
STEPS: Final[Mapping[str, Word]] = {
    "registered": Word("登记", "registered"),
    "identified": Word("确定企业", "enterprise named"),
    "accepted": Word("受理", "accepted"),
    "declined": Word("不予受理", "declined"),
    "forwarded": Word("转办", "forwarded"),
    "replied": Word("企业答复", "the enterprise replied"),
    "mediated": Word("调解", "mediation"),
    "closed": Word("办结", "closed"),
    "notified": Word("告知", "parties told"),
    "published": Word("公布", "published"),
    "suspended": Word("中止计时", "clocks suspended"),
    "resumed": Word("恢复计时", "clocks resumed"),
    "handed_over": Word("移交", "handed over"),
    "noted": Word("内部备注", "internal note"),
    "told": Word("告诉投诉人", "said to the complainant"),
}
