"""The lines of the report on a statement, in Chinese and English: each says no more than what was checked."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

from ledger.cose.statement import VerifiedStatement
from ledger.domain.events.base import Closed, Event
from ledger.domain.values.role_names import roles_named
from ledger.verifier.entry_location import Located
from ledger.verifier.issuer_keys import IssuerChain
from ledger.verifier.report import Remark
from ledger.verifier.trust import Trust

_SHANGHAI: Final = timezone(timedelta(hours=8))

NO_QUORUM: Final = Remark("信任文件不要求见证方联署", "the trust file demands no quorum of witnesses")

NOT_SHOWN: Final = (
    Remark(
        "离线证据可能缺少密钥撤销或角色收回的记录：它们是否存在，只有联网查询或审计全部日志才知道",
        "a revocation of a key or a role that the evidence leaves out: only the service or an audit of the log tells",
    ),
    Remark(
        "此后对本条记录的更正、撤回、否认或正文删除",
        "what was registered about this statement later: corrections, withdrawals, repudiations, erasures",
    ),
    Remark(
        "日志是否向所有人出示同一棵树（须有见证方），以及登记当时的其他业务规则（须审计）",
        "that everybody is shown the same tree (witnesses do that), and all rules of registration (an audit does)",
    ),
)

NOT_SHOWN_WITNESSED: Final = (
    *NOT_SHOWN[:2],
    Remark(
        "没有树证明的证据记录是否也在见证方联署的树中，以及登记当时的其他业务规则（须审计）",
        "that evidence without a tlog-proof is in the tree of the witnesses, too, and all rules of registration"
        " (an audit does)",
    ),
)


def located(target: Located, trust: Trust) -> Remark:
    at = datetime.fromtimestamp(target.receipt.iat, _SHANGHAI).isoformat()
    index, size = target.index, target.receipt.tree_size
    return Remark(
        f"声明在日志 {trust.origin} 中：第 {index} 条，树大小 {size}，登记时间 {at}，收据签名有效",
        f"the statement is entry {index} of {trust.origin}, under a signed tree of {size} entries, recorded at {at}",
    )


def in_order(entries: int) -> Remark:
    return Remark(
        f"证据共 {entries} 条记录，收据全部有效，顺序与日志一致，各棵树互不矛盾",
        f"all {entries} entries of the evidence are in the log, in its order, under trees that do not contradict",
    )


def chained(entries: int) -> Remark:
    return Remark(
        f"此前 {entries} 条主体、密钥和角色记录逐条核对：签名、密钥有效期、权限、规则、密钥持有证明",
        f"the {entries} entries that lead to the issuer hold: signature, validity, entitlement, rules, possession",
    )


def signed(target: Located, chain: IssuerChain) -> Remark:
    issuer, kid = target.statement.issuer, target.statement.kid.hex()[:16]
    record = chain.governance.parties.get(issuer)
    name = "" if record is None else f" ({record.name_zh})"
    return Remark(
        f"由 {issuer}{name} 的密钥 {kid}… 签名，该密钥在此位置有效",
        f"signed by key {kid}… of {issuer}{name}, which was valid at this position",
    )


def decoded(statement: VerifiedStatement, event: Event | Closed, body: bytes | None) -> Remark:
    if isinstance(event, Closed):
        return Remark(
            "内容已密封，未提供正文：仅核对了承诺值的格式，内容未核对",
            "the content is sealed and its body was not given: what it says was NOT checked",
        )
    name = type(event).__name__
    if statement.sealed:
        return Remark(f"正文与密封承诺值一致：{name}", f"the body is the one that was committed to: {name}")
    if body is not None:
        return Remark(f"内容：{name}，理由正文与摘要一致", f"content: {name}; the text of the ground is the one named")
    return Remark(f"内容格式正确：{name}", f"the content is well-formed: {name}")


def entitled(statement: VerifiedStatement, event: Event | Closed, chain: IssuerChain) -> Remark:
    if isinstance(event, Closed):
        return Remark(
            "签发者有无权限签发该内容：未核对（内容密封）",
            "whether the issuer was entitled to say it was NOT checked: the content is sealed",
        )
    held = chain.governance.roles(statement.issuer)
    return Remark(
        f"签发者有权就 {statement.subject} 签发此类声明（角色：{roles_named(held or ('self',))}）",
        f"the issuer was entitled to say this about {statement.subject} (roles: {', '.join(sorted(held)) or 'self'})",
    )


def later(entries: int, disputed: bool) -> Remark:
    if disputed:
        return Remark(
            "有争议：此后的记录表明，签名时该密钥可能已泄露",
            "DISPUTED: a later entry says that the key may have been compromised when this was signed",
        )
    if entries == 0:
        return Remark(
            "证据不含后续记录，对该密钥后来是否撤销不置一词",
            "the evidence holds no later entries: it says nothing about the signing key's later fate",
        )
    return Remark(
        f"证据所含的 {entries} 条后续记录没有使该签名密钥受到质疑",
        f"none of the {entries} later entries in the evidence disputes the signing key",
    )
