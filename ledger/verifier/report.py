"""What a verification gives back: never a boolean, always the verified thing and how it was verified.

Also the lines that several reports have, in Chinese and English: each says no more than what was checked.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from ledger.cose.acknowledgement import Acknowledgement
from ledger.cose.receipt import VerifiedReceipt
from ledger.cose.standing_token import VerifiedStanding
from ledger.cose.statement import VerifiedStatement
from ledger.domain.events.base import Closed, Event
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.verifier.trust import Trust

__all__ = [
    "RULES_AND_TREE",
    "Remark",
    "Verified",
    "VerifiedAcknowledgement",
    "VerifiedEntry",
    "VerifiedHead",
    "VerifiedSignedStanding",
    "anchored",
    "in_log_order",
]


class Remark(Struct, frozen=True):
    """One line for people, in Chinese and English."""

    zh: str
    en: str


class Verified(Struct, frozen=True, kw_only=True):
    """The report of a verification that holds.

    `steps`: what was checked, in order. `not_shown`: what this kind of verification cannot show at all.
    """

    steps: tuple[Remark, ...]
    not_shown: tuple[Remark, ...]


class VerifiedEntry(Verified, frozen=True, kw_only=True):
    """A statement that is in the log and whose issuer was entitled to make it.

    `event` is `Closed` for a sealed statement whose body was not given: then the entitlement was not checked,
    and the steps say so. `disputed`: signed in a time since when the key is now known to be compromised.
    """

    statement: VerifiedStatement
    receipt: VerifiedReceipt
    event: Event | Closed
    disputed: bool


class VerifiedSignedStanding(Verified, frozen=True, kw_only=True):
    """What the log operator said of an enterprise, and still says."""

    standing: VerifiedStanding


class VerifiedAcknowledgement(Verified, frozen=True, kw_only=True):
    """That the log operator had a statement, and since when."""

    acknowledged: Acknowledgement


class VerifiedHead(Verified, frozen=True, kw_only=True):
    """A tree head that the log signed."""

    checkpoint: VerifiedCheckpoint


RULES_AND_TREE: Final = Remark(
    "登记当时的全部业务规则及唯一性（须审计），日志是否向所有人出示同一棵树（须有见证方）",
    "all rules of registration, and what must be unique (an audit does), and that everybody is shown the same tree "
    "(witnesses do)",
)


def anchored(trust: Trust) -> Remark:
    return Remark(
        f"第 0 条记录属于信任文件所列章程 {trust.charter.hex()[:16]}…，所列密钥一致",
        f"entry 0 is in the charter {trust.charter.hex()[:16]}… of the trust file, and names the same keys",
    )


def in_log_order(entries: int, bodies: int, besides: Remark | None) -> Remark:
    """`bodies`: how many sealed ones there are. `besides`: what to say of those that are not there."""
    zh = f"{entries} 条声明按日志顺序逐条核对：签名、密钥有效期、权限；{bodies} 条密封正文与承诺值一致"
    en = (
        f"all {entries} statements, in the log's order: signature, validity of the key, entitlement; "
        f"{bodies} sealed bodies are those that were committed to"
    )
    return Remark(zh, en) if besides is None else Remark(f"{zh}; {besides.zh}", f"{en}; {besides.en}")
