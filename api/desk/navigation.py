"""What stands at the top of a desk: the rooms that are for whoever is signed in. A new room has a line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from api.desk.roles import Officer
from api.pages.words import Word

__all__ = ["ROOMS", "Room", "room_at", "rooms_of"]


class Room(NamedTuple):
    """A line of the desks' navigation: its Chinese address, what it is called, for whom it is.

    `shown(officer)` says whether the room is this officer's; None for rooms before the sign-in, which are everybody's.
    """

    path: str
    word: Word
    shown: Callable[[Officer], bool] | None


#: In the order in which they stand. Whether an address answers is decided where it is answered.
ROOMS: Final = (
    Room("/desk", Word("工作台", "Desk"), lambda officer: True),
    Room("/desk/pending", Word("等候公布", "Waiting"), lambda one: one.sees_all_pending or one.enterprise is not None),
    Room("/desk/enterprise", Word("本企业", "My enterprise"), lambda one: one.enterprise is not None),
    Room("/desk/registrar", Word("密钥登记", "Keys to enrol"), lambda one: one.enrols_keys),
    Room("/desk/releases", Word("签发", "Releases"), lambda officer: True),
    Room("/desk/roster", Word("导入名单", "Roster"), lambda one: one.imports_rosters),
    Room("/desk/act", Word("办理事项", "Acts"), lambda officer: True),
    Room("/desk/explorer", Word("事件检索", "All events"), lambda officer: officer.sees_closed),
    Room("/desk/accesses", Word("查阅日志", "Access log"), lambda one: one.sees_closed or one.enterprise is not None),
    Room("/desk/erasures", Word("删除与保全", "Erasures"), lambda one: "data_officer" in one.roles),
    Room("/desk/archive", Word("证据档案", "Evidence"), lambda officer: officer.sees_closed),
    Room("/desk/policies", Word("规则", "Policies"), lambda officer: officer.compares_policies),
    Room("/desk/audits", Word("审计", "Audits"), lambda officer: officer.watches_log),
    Room("/desk/log", Word("账本与见证", "Log"), lambda officer: officer.watches_log),
    Room("/desk/complaints", Word("投诉办理", "Complaints"), lambda one: "handling_body" in one.roles),
    Room("/desk/outbox", Word("待发通知", "Outbox"), lambda officer: officer.sees_outbox),
    Room("/desk/notices", Word("邮件通知", "Notices by mail"), lambda officer: True),
    Room("/desk/officers", Word("经办人与密钥", "Officers"), lambda officer: True),
    Room("/desk/key", Word("我的密钥", "My key"), None),
)


def rooms_of(officer: Officer | None) -> Sequence[Room]:
    """The rooms that somebody may go to; `officer` is None before the sign-in."""
    return [room for room in ROOMS if room.shown is None or (officer is not None and room.shown(officer))]


def room_at(path: str) -> Room | None:
    """The room that an address is in; None for addresses that are in none, such as those of programs."""
    path = path.partition("?")[0].removeprefix("/en")
    found = [room for room in ROOMS if path == room.path or path.startswith((f"{room.path}/", f"{room.path}."))]
    return max(found, key=lambda room: len(room.path), default=None)
