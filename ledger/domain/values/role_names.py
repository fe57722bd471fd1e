"""The Chinese names of roles, one for each, wherever a person reads who may sign or who signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["ROLE_NAMES", "roles_named"]

ROLE_NAMES: Final[Mapping[str, str]] = {
    "root": "信任根",
    "registrar": "登记员",
    "organizer": "组织方",
    "approver": "审批方",
    "regulator": "监管机关",
    "laboratory": "检验检测机构",
    "handling_body": "投诉承办单位",
    "data_officer": "数据专员",
    "log_operator": "账本运营方",
    # whom the catalogue means beside those who hold a role (`ledger.domain.rules.spec.Who`)
    "self": "企业自己",
    "party": "主体自己",
    "old_key": "原密钥",
}


def roles_named(roles: Iterable[str]) -> str:
    """Several roles in one line, in the order of the list."""
    among = frozenset(roles)
    return "、".join(name for role, name in ROLE_NAMES.items() if role in among)
