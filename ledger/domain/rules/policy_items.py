"""The names of everything that a standing policy can set a rule on: what the nouns of the catalogue find and hold.

The one list. A policy that names anything else is refused, and a noun that produces anything else fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["FINDINGS", "HOLDS", "LISTED_ONLY_BY"]

# By item: what it is called in Chinese and English.
FINDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "complaint.late_reply": ("投诉逾期答复", "a complaint answered late"),
    "complaint.no_reply": ("投诉不答复", "a complaint not answered"),
    "complaint.refused_without_reply": ("拒绝调解且无实质性答复", "mediation refused without an answer in substance"),
    "agreement.defaulted": ("调解协议不履行", "a mediated agreement not performed"),
    "spot_check.failed_general": ("监督抽查不合格（一般）", "a spot check failed"),
    "spot_check.failed_severe": ("监督抽查不合格（严重）", "a spot check failed, with severe findings"),
    "penalty.cited_general": ("行政处罚（一般）", "a penalty"),
    "penalty.cited_severe": ("行政处罚（严重）", "a penalty for a severe violation"),
    "declaration.below_mandatory": ("自我声明低于强制性标准", "a declared standard below the mandatory one"),
    "report.invalidated": ("检验检测报告无效", "a test report found invalid"),
    "breach.found_general": ("违诺（一般）", "a breach of a pledge"),
    "breach.found_severe": ("违诺（严重）", "a severe breach of a pledge"),
    "pledge.partly_fulfilled": ("承诺部分未履行", "a pledge kept in part"),
    "pledge.not_fulfilled": ("承诺全部未履行", "a pledge not kept"),
}
HOLDS: Final[Mapping[str, tuple[str, str]]] = {
    "listing.serious": ("列入严重违法失信名单", "on the list of seriously dishonest entities"),
    "listing.abnormal": ("列入经营异常名录", "on the list of abnormal operations"),
    "mark.misused": ("专用标识使用不当", "misuse of the mark"),
}
# LISTED repeats what a statute's list says: nothing else may lead to it.
LISTED_ONLY_BY: Final = frozenset(("listing.serious",))
