"""What an address may ask of a desk's page, in the words that its form has: for forms, and for what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Final

from api.http.errors import InvalidRequest
from api.pages.words import Word

__all__ = ["PARAMETER_WORDS", "not_from_the_page_before", "require_choice", "unknown_parameter"]

_PLACE: Final = Word("翻页的位置", "the place in the list")
#: By its name in an address, whatever page it is of.
PARAMETER_WORDS: Final[Mapping[str, Word]] = {
    "after": _PLACE,
    "as_of": Word("日期", "day"),
    "asked": Word("刚才的请求", "what was just asked for"),
    "back": Word("办完后去的页面", "the page to go on at"),
    "before": _PLACE,
    "campaign": Word("活动", "campaign"),
    "cursor": _PLACE,
    "day": Word("日期", "day"),
    "due": Word("期限", "due"),
    "enterprise": Word("企业", "enterprise"),
    "first": Word("记录起", "from entry"),
    "from": Word("起", "from"),
    "holder": Word("经办人", "officer"),
    "issuer": Word("签发者", "issuer"),
    "last": Word("记录止", "to entry"),
    "q": Word("查找", "what is looked for"),
    "rows": Word("每页行数", "rows on a page"),
    "rule": Word("原因", "reason"),
    "scope": Word("承诺范围", "scope"),
    "sealed": Word("密封", "sealed"),
    "sort": Word("排序", "order"),
    "stage": Word("状态", "state"),
    "state": Word("状态", "state"),
    "status": Word("结果", "result"),
    "subject": Word("企业或主体", "enterprise or party"),
    "tree_size": Word("账本的记录数", "size of the log"),
    "type": Word("事项类型", "type of event"),
    "until": Word("止", "until"),
}


def require_choice(rule: str, name: str, value: str, choices: Mapping[str, Word]) -> None:
    """Raises `InvalidRequest` for a `value` that the filter `name` does not have, with those that it has, in words."""
    if value in choices:
        return
    label, there = PARAMETER_WORDS[name], choices.values()
    raise InvalidRequest(
        rule,
        f"“{label.zh}”没有地址所写的选项；可选：{_zh(there)}",
        f"“{label.en}” is not what the address says; it is one of: {_en(there)}",
    )


def not_from_the_page_before(rule: str) -> InvalidRequest:
    """For a place in a list that no page of it gave. To be raised."""
    return InvalidRequest(
        rule,
        "地址中翻页的位置有误；请从名单的第一页翻起",
        "the address has a place in the list that no page of it gave; begin at the first page",
    )


def unknown_parameter(known: Set[str]) -> InvalidRequest:
    """For an address with a parameter that its page does not know. To be raised."""
    # not repeated: it may be somebody's number
    there = [PARAMETER_WORDS[name] for name in sorted(known)]
    return InvalidRequest(
        "request.unknown_parameter",
        f"地址中有本页不认识的条件；{f'本页认识：{_zh(there)}' if there else '本页不带条件'}",
        "the address asks for something that this page does not know; "
        + (f"it knows: {_en(there)}" if there else "it takes no conditions"),
    )


def _zh(words: Iterable[Word]) -> str:
    return "、".join(dict.fromkeys(one.zh for one in words))


def _en(words: Iterable[Word]) -> str:
    return ", ".join(dict.fromkeys(one.en for one in words))
