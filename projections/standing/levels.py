"""The eight levels, their names in Chinese and English, and the fixed sentence that stands beside each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["WORDS", "Level", "Words"]


class Level(StrEnum):
    """How an enterprise stands with its word (践诺状况). The order of definition is no ranking."""

    GOOD = "GOOD"
    PLEDGED = "PLEDGED"
    NORMAL = "NORMAL"
    WATCH = "WATCH"
    ALERT = "ALERT"
    REVOKED = "REVOKED"
    LISTED = "LISTED"
    UNRATED = "UNRATED"


class Words(NamedTuple):
    zh: str
    en: str
    sentence_zh: str
    sentence_en: str


WORDS: Final[dict[Level, Words]] = {
    Level.GOOD: Words(
        "践诺良好",
        "Pledge kept",
        "践诺良好说的是守诺，不是产品质量。",
        "This says that a pledge was kept. It does not vouch for the quality of products.",
    ),
    Level.PLEDGED: Words(
        "已承诺",
        "Pledged",
        "已公开承诺，尚未完成一个期间的全面履约评估。",
        "A public pledge is live; no completed period of it has been assessed as kept in full.",
    ),
    Level.NORMAL: Words(
        "正常",
        "Normal",
        "目前没有达到关注程度的记录。",
        "Nothing on record reaches the level of attention.",
    ),
    Level.WATCH: Words(
        "关注",
        "Watch",
        "有记录达到关注程度，每条记录及其到期日期见下。",
        "Records reach the level of attention; each is listed with the date on which it changes.",
    ),
    Level.ALERT: Words(
        "警示",
        "Alert",
        "有记录达到警示程度，每条记录及其到期日期见下。",
        "Records reach the level of alert; each is listed with the date on which it changes.",
    ),
    Level.REVOKED: Words(
        "承诺已撤销",
        "Pledge revoked",
        "组织方因弄虚作假撤销了其承诺。",
        "The organizer revoked its pledge for fraud.",
    ),
    Level.LISTED: Words(
        "列入严重违法失信名单",
        "Listed",
        "现被列入严重违法失信名单，以列入机关公布为准。",
        "It is on a current statutory list of seriously dishonest entities; the listing authority's notice prevails.",
    ),
    Level.UNRATED: Words(
        "无记录",
        "No record",
        "无记录不代表好坏。",
        "Having no record says nothing, good or bad.",
    ),
}
