"""The lines of the report on a completeness bundle, in Chinese and English: each says no more than what was checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.domain.state.completeness_map import MapRoot
from ledger.verifier.report import RULES_AND_TREE, Remark, in_log_order
from ledger.verifier.trust import Trust

NOT_SHOWN: Final = (
    Remark(
        "映射本身是否如实：映射对运营方的约束仅以有人重放全部日志为限（一条命令：credit-ledger map check）",
        "that the map itself is right: it binds the service only as far as somebody replays the log, "
        "which is one command: credit-ledger map check",
    ),
    Remark(
        "映射根覆盖范围之后的记录是否齐全，以及检查点之后的任何记录",
        "that the entries since the map's size are all there are, and anything after the checkpoint",
    ),
    RULES_AND_TREE,
)


def located(entries: int, trust: Trust) -> Remark:
    return Remark(
        f"共 {entries} 条声明，均为日志 {trust.origin} 所收，收据全部有效",
        f"all {entries} statements are meant for {trust.origin}, and their receipts hold",
    )


def one_log(trees: int, size: int) -> Remark:
    return Remark(
        f"收据所涉 {trees} 棵树逐一证明为检查点（{size} 条）的前身：同一本日志，只增不改",
        f"the {trees} trees of the receipts are beginnings of the checkpoint's, of {size} entries: one log",
    )


def streams(subjects: Sequence[str]) -> Remark:
    first, *rest = subjects
    return Remark(
        f"{first} 及其所依据的 {len(rest)} 个记录流，各条归属与顺序无误",
        f"the stream of {first} and the {len(rest)} that it rests on hold entries of their own, in the log's order",
    )


def in_order(entries: int, sealed: int, closed: int) -> Remark:
    without = Remark(
        f"{closed} 条密封记录的正文不公开，内容与权限未核对，不计入",
        f"{closed} SEALED BODIES ARE NOT PUBLIC: what they say was not checked, and counts for nothing",
    )
    return in_log_order(entries, sealed - closed, without if closed else None)


def rooted(root: MapRoot, issuer: str) -> Remark:
    return Remark(
        f"映射根由 {issuer} 登记为第 {root.index} 条，覆盖前 {root.tree_size} 条、{root.subjects} 个主体",
        f"the map's root was registered by {issuer} as entry {root.index}, over the first {root.tree_size} entries "
        f"of {root.subjects} subjects",
    )


def complete(subject: str, entries: int, root: MapRoot, others: int) -> Remark:
    size = root.tree_size
    if entries == 0:
        return Remark(
            f"映射证明：前 {size} 条中没有关于 {subject} 的任何记录；其余 {others} 个记录流完整",
            f"the map shows that none of the first {size} entries is about {subject}; {others} other streams are whole",
        )
    return Remark(
        f"截至第 {size} 条，{subject} 的记录恰为所示 {entries} 条，无一缺漏；其余 {others} 个记录流亦然",
        f"up to size {size}, {subject} has exactly the {entries} entries shown, none is hidden; so it is with "
        f"the other {others} streams",
    )


def since(entries: int, root: MapRoot, size: int) -> Remark:
    return Remark(
        f"此后至 {size} 条之间另示 {entries} 条：均在日志中，但是否齐全尚无证明",
        f"of the entries from {root.tree_size} to {size}, {entries} are shown: they are in the log, but nobody "
        "shows yet that they are all",
    )
