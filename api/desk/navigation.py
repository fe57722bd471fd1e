"""Which desks somebody finds at the top of every desk page: a line for each, and for whom it is.

Whoever is not meant is refused at the address itself; this only leaves out what would be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from api.desk.roles import Officer
from api.pages.words import Word

__all__ = ["NAVIGATION", "DeskLink", "links_for"]


class DeskLink(NamedTuple):
    """`address` of the Chinese page; `shown` decides for somebody who is signed in."""

    address: str
    word: Word
    shown: Callable[[Officer], bool]


def _everybody(officer: Officer) -> bool:
    return True


NAVIGATION: Final[tuple[DeskLink, ...]] = (
    DeskLink("/desk", Word("工作台", "Desk"), _everybody),
    DeskLink(
        "/desk/pending",
        Word("等候公布", "Waiting"),
        lambda officer: officer.sees_all_pending or officer.enterprise is not None,
    ),
    DeskLink("/desk/explorer", Word("事件检索", "All events"), lambda officer: officer.sees_closed),
    DeskLink(
        "/desk/accesses",
        Word("查阅日志", "Access log"),
        lambda officer: officer.sees_closed or officer.enterprise is not None,
    ),
    DeskLink("/desk/archive", Word("证据档案", "Evidence"), lambda officer: officer.sees_closed),
    DeskLink("/desk/log", Word("账本与见证", "Log"), lambda officer: officer.watches_log),
    DeskLink("/desk/policies", Word("规则", "Policies"), lambda officer: officer.compares_policies),
    DeskLink("/desk/key", Word("我的密钥", "My key"), _everybody),
)


def links_for(officer: Officer | None) -> list[DeskLink]:
    """Of whoever is signed in; before the sign-in (None) that of keys alone."""
    if officer is None:
        return [one for one in NAVIGATION if one.address == "/desk/key"]
    return [one for one in NAVIGATION if one.shown(officer)]
