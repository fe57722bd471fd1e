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
    `work` is what is done there, where that is somebody's daily work: the first page of the desk says it.
    """

    path: str
    word: Word
    shown: Callable[[Officer], bool] | None
    work: Word | None = None


#: In the order in which they stand. Whether an address answers is decided where it is answered.
ROOMS: Final = (
    Room("/desk", Word("工作台", "Desk"), lambda officer: True),
    Room("/desk/pending", Word("等候公布", "Waiting"), lambda one: one.sees_all_pending or one.enterprise is not None),
    Room("/desk/enterprise", Word("本企业", "My enterprise"), lambda one: one.enterprise is not None),
    Room(
        "/desk/registrar",
        Word("密钥登记", "Keys to enrol"),
        lambda one: one.enrols_keys,
        Word(
            "有人申请登记或恢复密钥：核对指纹，批准或拒绝。",
            "Somebody asked for a key: compare its thumbprint, approve or refuse.",
        ),
    ),
    Room("/desk/releases", Word("签发", "Releases"), lambda officer: True),
    Room(
        "/desk/roster",
        Word("导入名单", "Roster"),
        lambda one: one.imports_rosters,
        Word("一次登记一份名单：先试运行，再签名。", "A roster at once: a dry run first, then its signing."),
    ),
    Room(
        "/desk/act",
        Word("办理事项", "Acts"),
        lambda officer: True,
        Word("您的主体可以签名的全部声明，每种一张表单。", "All that your party may sign, a form for each."),
    ),
    Room(
        "/desk/explorer",
        Word("事件检索", "All events"),
        lambda officer: officer.sees_closed,
        Word("查找任一记录，写明事由后查阅不公开的正文。", "Find any entry; read a closed body by saying why."),
    ),
    Room("/desk/accesses", Word("查阅日志", "Access log"), lambda one: one.sees_closed or one.enterprise is not None),
    Room(
        "/desk/erasures",
        Word("删除与保全", "Erasures"),
        lambda one: "data_officer" in one.roles,
        Word("哪些可以依法删除，哪些受保全。", "What can be erased, and what is held."),
    ),
    Room("/desk/archive", Word("证据档案", "Evidence"), lambda officer: officer.sees_closed),
    Room(
        "/desk/policies",
        Word("规则", "Policies"),
        lambda officer: officer.compares_policies,
        Word(
            "规则的提案会改变谁的状况；由审批方批准。",
            "Whose standing a proposed policy would change; approvers approve it.",
        ),
    ),
    Room("/desk/audits", Word("审计", "Audits"), lambda officer: officer.watches_log),
    Room(
        "/desk/log",
        Word("账本与见证", "Log"),
        lambda officer: officer.watches_log,
        Word("运行状态、检查点和见证人。", "Whether it is ready, its checkpoints, its witnesses."),
    ),
    Room(
        "/desk/complaints",
        Word("投诉办理", "Complaints"),
        lambda one: "handling_body" in one.roles,
        Word("先到期的在前，逾期和即将到期的已标出。", "Due first; what is overdue or due soon is marked."),
    ),
    Room(
        "/desk/outbox",
        Word("待发通知", "Outbox"),
        lambda officer: officer.sees_outbox,
        Word("未能发出的邮件、待打印的信函。", "Mails that could not be sent, letters to be printed."),
    ),
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
    below = [room for room in ROOMS if room.path != "/desk"]  # which all of them are below
    found = [room for room in below if path == room.path or path.startswith((f"{room.path}/", f"{room.path}."))]
    if path == "/desk":
        return ROOMS[0]
    return max(found, key=lambda room: len(room.path), default=None)
