"""The lines of the report on an evidence archive, in Chinese and English: each says no more than what was checked."""

from __future__ import annotations

from typing import Final

from ledger.verifier.formats.manifest import ArchiveManifest, ExportedBy
from ledger.verifier.report import RULES_AND_TREE, Remark, in_log_order

UNSIGNED: Final = Remark(
    "清单未签名：无从得知由谁导出；其中的声明、收据和证明各自成立",
    "the manifest is UNSIGNED: nothing shows who exported it; what is inside holds by itself",
)


def formed(files: int) -> Remark:
    return Remark(
        f"档案格式唯一，共 {files} 个文件，与清单逐一相符：无缺、无多、摘要一致",
        f"the archive is in its one form; its {files} files are those of the manifest: none missing, none added, "
        "each with its digest",
    )


def located(entries: int, size: int) -> Remark:
    return Remark(
        f"共 {entries} 条声明：收据全部有效，且逐一证明在检查点（{size} 条）的树中",
        f"all {entries} statements: their receipts hold, and each is shown to be in the checkpoint's tree of {size}",
    )


def in_order(entries: int, sealed: int, closed: int) -> Remark:
    without = Remark(
        f"{closed} 条密封记录的正文不在档案中，内容与权限未核对",
        f"{closed} SEALED BODIES ARE NOT INSIDE: what they say, and whether it may be said, was NOT checked",
    )
    return in_log_order(entries, sealed - closed, without if closed else None)


def disputed(entries: list[int]) -> Remark:
    named = ", ".join(map(str, entries[:20])) + (" …" if len(entries) > 20 else "")
    return Remark(
        f"有争议：第 {named} 条签名时，其密钥可能已泄露（据此后的记录）",
        f"DISPUTED: a later entry says that the key may have been compromised when these were signed: {named}",
    )


def about(manifest: ArchiveManifest, attachments: int) -> Remark:
    entries, left = len(manifest.entries), len(manifest.left_out)
    zh = f"{entries} 条" if entries else "没有任何记录"
    en = f"{entries} entries" if entries else "NO ENTRIES"
    return Remark(
        f"{manifest.subject} 在 {manifest.period_from} 至 {manifest.period_until} 登记的记录：{zh}；"
        f"附件 {attachments} 个与承诺值一致；未收入的 {left} 项均在清单中说明",
        f"about {manifest.subject}, recorded from {manifest.period_from} to {manifest.period_until}: {en}; "
        f"{attachments} attachments are those that were committed to; the manifest says of {left} items why they "
        "are left out",
    )


def signed(by: ExportedBy, roles: list[str]) -> Remark:
    named = ", ".join(roles) or "self"
    return Remark(
        f"清单由 {by.party} 的密钥 {by.kid[:16]}… 签名，该密钥当日有效（角色：{named}）；导出目的：{by.purpose}",
        f"the manifest is signed by key {by.kid[:16]}… of {by.party}, valid on that day (roles: {named}); "
        f"purpose: {by.purpose}",
    )


def complete(entries: int, size: int) -> Remark:
    return Remark(
        f"完整性证明成立：前 {size} 条中，该期间关于该企业的记录恰为所示 {entries} 条之内，无一缺漏",
        f"the completeness bundle holds: of the first {size} entries of the log, none about the enterprise in the "
        f"period is missing among the {entries} shown",
    )


def not_shown(manifest: ArchiveManifest, *, complete: bool, accesses: bool) -> tuple[Remark, ...]:
    """What this archive cannot show."""
    remarks: list[Remark] = []
    if not complete:
        remarks.append(
            Remark(
                "该期间的记录是否齐全：档案不含完整性证明，须向服务索取或审计",
                "that the entries of the period are all there are: the archive has no completeness bundle; ask the "
                "service for one, or audit the log",
            )
        )
    bodies = sum(one.what == "body" for one in manifest.left_out)
    if bodies:
        remarks.append(
            Remark(
                f"{bodies} 条未收入正文的内容",
                f"what the {bodies} bodies that were left out say",
            )
        )
    if accesses:
        remarks.append(
            Remark(
                "查阅日志是否齐全：它是服务方的陈述，每日摘要登记在册，须取得当日全部记录才能核对",
                "that the access log is all there is: it is the service's word; the digest of each day is registered, "
                "and takes all rows of the day to check",
            )
        )
    return (
        *remarks,
        Remark(
            f"检查点（{manifest.tree_size} 条）之后登记的更正、撤回、否认、密钥撤销或正文删除",
            f"what was registered after the checkpoint of {manifest.tree_size} entries: corrections, withdrawals, "
            "repudiations, revocations of keys, erasures",
        ),
        RULES_AND_TREE,
    )
