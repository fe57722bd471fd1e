"""What an audit can find, by code, and what it found: each broken promise with its place, and the totals.

`PROMISES` and `NOTICES` are the list of all codes, in Chinese and English; programs match on the codes. What is found
is bounded in number and counted in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import Struct, field

__all__ = ["NOTICES", "PROMISES", "AuditFinding", "AuditResult", "Findings", "Promise", "Remarked"]

KEPT_PER_CODE_MAX: Final = 100
_DETAIL_MAX: Final = 600


class Promise(NamedTuple):
    """What must be so. For a notice: what there is to know."""

    zh: str
    en: str


PROMISES: Final[dict[str, Promise]] = {
    "log.charter": Promise("日志以信任文件所列的章程开始", "the log begins with the charter that the trust file names"),
    "log.anchors": Promise(
        "第 0 条记录所列的密钥与信任文件一致，此后的更替均由根密钥声明",
        "entry 0 names the keys of the trust file, and the root announced what succeeded them",
    ),
    "log.fork": Promise("日志只有一棵树：同一大小只有一个根", "the log is one tree: a size has one root only"),
    "log.shrunk": Promise("日志只增不减", "the log only grows"),
    "log.order": Promise("记录编号连续，不缺不重", "entries are numbered without gaps, each number once"),
    "tile.altered": Promise("每个瓦片由其下的记录算得", "every tile follows from the entries below it"),
    "tile.missing": Promise("每个满瓦片都在", "every full tile is there"),
    "tile.unknown": Promise("没有多余的瓦片", "there is no tile that the tree does not have"),
    "checkpoint.note": Promise(
        "检查点由日志密钥签名，格式规范", "a checkpoint is signed by the log's key, in its one form"
    ),
    "checkpoint.receipt": Promise("收据的根签名有效", "the signature that all receipts of a checkpoint share holds"),
    "checkpoint.root": Promise("检查点的根由其下的记录算得", "a checkpoint's root follows from the entries under it"),
    "checkpoint.columns": Promise("检查点的各列与所签内容一致", "a checkpoint's columns say what was signed"),
    "checkpoint.chain": Promise("检查点首尾相接，不分叉", "checkpoints follow one another without gap or fork"),
    "checkpoint.time": Promise("检查点时间从不倒退", "the time of checkpoints never goes back"),
    "checkpoint.missing": Promise("每条记录都在某个检查点之下", "every entry lies under a checkpoint"),
    "checkpoint.cosignature": Promise("见证方的联署有效", "a witness's cosignature holds"),
    "checkpoint.quorum": Promise(
        "检查点达到信任文件所要求的见证法定数，至多迟一日",
        "a checkpoint has the quorum of witnesses that the trust file demands, at most a day behind the newest",
    ),
    "entry.altered": Promise("记录的字节就是树中的字节", "an entry's bytes are those that the tree was made of"),
    "entry.missing": Promise("登记过的记录都在", "no entry that was registered is missing"),
    "entry.leaf_hash": Promise("叶哈希由记录算得", "a leaf hash follows from its entry"),
    "entry.form": Promise("声明格式规范，只有一种编码", "a statement is in its one canonical form"),
    "entry.audience": Promise("声明是给本账本的", "a statement is meant for this log"),
    "entry.key": Promise("签名密钥在该位置有效", "the signing key is valid at the entry's position"),
    "entry.signature": Promise("声明签名有效", "a statement's signature holds"),
    "entry.columns": Promise("各列与声明一致", "the columns beside a statement say what it says"),
    "entry.content": Promise("内容合乎其类型", "the content is what its type asks for"),
    "entry.not_entitled": Promise("签发者有权作出该声明", "the issuer was entitled to say it"),
    "entry.rule": Promise("登记时合乎当时的规则", "the entry kept the rules of its time"),
    "entry.time": Promise("签发时间与登记时间相符", "the time of issue fits that of recording"),
    "stream.gap": Promise("同一主体的记录编号连续", "the versions of a stream have no gap and no double"),
    "body.altered": Promise("正文与承诺值一致", "a body is the one that was committed to"),
    "body.missing": Promise("正文除依记录删除外都在", "a body is there unless an entry erased it"),
    "body.not_erased": Promise("已登记删除的正文不再存在", "a body that an entry erased is gone"),
    "body.public": Promise("正文的公开标志合乎规则", "whether a body may be shown is as the rules have it"),
    "body.unknown": Promise("没有不属于任何记录的正文", "there is no body without an entry"),
    "fact.missing": Promise("每个唯一事实都在表中", "every unique fact is in the table"),
    "fact.altered": Promise("唯一事实记在其记录名下", "a unique fact is of the entry that made it"),
    "fact.unknown": Promise("没有任何记录未作出的唯一事实", "there is no unique fact that no entry made"),
    "fact.before": Promise(
        "先于某事的记录，在其发生之后不再出现", "what may only be said before something is not said after it"
    ),
    "fact.twice": Promise("唯一的事实只有一次", "what must be unique is said once"),
    "annex.altered": Promise("附录与其摘要和长度一致", "an annex has the digest and length that its entry names"),
    "annex.missing": Promise("记录所列附录都在", "every annex that an entry names is there"),
    "annex.taken_down": Promise("已撤下的附录不再提供", "an annex that was taken down is not there any more"),
    "annex.unknown": Promise("没有不属于任何记录的附录", "there is no annex without an entry"),
    "attachment.altered": Promise("附件的登记项与记录一致", "what is kept of an attachment is what its entry says"),
    "attachment.missing": Promise("附件除依记录删除外都在", "an attachment is there unless an entry erased it"),
    "attachment.not_erased": Promise("已登记删除的附件不再存在", "an attachment that an entry erased is gone"),
    "access.digest": Promise(
        "每日访问记录与公布的摘要一致", "the accesses of a day have the digest that was published"
    ),
    "access.order": Promise("访问记录编号连续", "accesses are numbered without gaps"),
    "table.double": Promise("每个键只有一行", "a key has one row"),
    "table.unknown": Promise("表中的各行有所归属", "every row belongs to something that there is"),
    "schema.migrations": Promise("数据库结构由本产品的迁移建成", "the schema is made by this product's migrations"),
    "projection.row": Promise("读模型的各行由记录算得", "the rows of the read models follow from the entries"),
    "projection.unknown": Promise("读模型没有多余的行", "the read models have no row that nothing gives rise to"),
    "projection.position": Promise("读模型的进度与日志相符", "the position of the read models fits the log"),
    "standing.served": Promise("所示践诺状况由记录算得", "a standing that is served follows from the entries"),
    "map.root": Promise(
        "所公布的完整性映射根由记录算得", "a published root of the completeness map follows from the entries"
    ),
}

NOTICES: Final[dict[str, Promise]] = {
    "late": Promise("迟延登记，已写明理由", "recorded late, with its ground"),
    "disputed": Promise(
        "签名密钥当时可能已泄露：须确认或否认",
        "signed while its key may have been compromised: to be confirmed or repudiated",
    ),
    "not_judged": Promise(
        "规则未能核对：所依据的内容已删除、未公开或有误",
        "its rules could not be judged: what they rest on is erased, closed or broken",
    ),
    "annex_taken_down": Promise("附录已撤下：内容未核对", "an annex was taken down: what it held was not checked"),
    "closed": Promise("正文未公开或已删除：内容未核对", "its body is closed or erased: what it says was not checked"),
    "fact_of_erased": Promise(
        "正文已删除，其唯一事实无从核对", "a unique fact of an erased body: nothing left to derive it from"
    ),
    "not_reached": Promise("未能取得，因而未核对", "could not be reached, and so was not checked"),
    "projection_behind": Promise("读模型落后于日志", "the read models are behind the log"),
    "time_unknown": Promise(
        "收据不全，登记时间不明：依日期的规则未核对",
        "receipts are missing, so the time of recording is not known: rules about dates not judged",
    ),
    "not_compared": Promise("因所依据的记录有误而未比对", "not compared, since what it rests on is broken"),
    "standing_not_compared": Promise(
        "其践诺状况未比对：所依据的内容未全部公开，或账本此间又有新记录",
        "its standing was not compared: not all that it rests on is public, or the book went on meanwhile",
    ),
    "cosigner_unknown": Promise(
        "信任文件不认识该见证方", "a cosignature of a witness that the trust file does not know"
    ),
    "not_witnessed_yet": Promise(
        "最新检查点尚未达到见证法定数", "the newest checkpoint does not have its quorum of witnesses yet"
    ),
    "not_in_view": Promise("本次审计看不到", "out of sight for this audit"),
}


class AuditFinding(Struct, frozen=True, omit_defaults=True):
    """A broken promise, or a notice. Of the places those are given that apply: leaf index, subject, tree size, row.

    `row` is `table key`. `consequence`: it was only looked at because of another finding.
    """

    code: str
    zh: str
    en: str
    detail: str = ""
    entry: int | None = None
    subject: str | None = None
    size: int | None = None
    row: str | None = None

    @property
    def place(self) -> str:
        """Where it is, in a few words."""
        said = []
        if self.entry is not None:
            said.append(f"entry {self.entry}")
        if self.size is not None:
            said.append(f"size {self.size}")
        if self.row is not None:
            said.append(self.row)
        if self.subject is not None:
            said.append(self.subject)
        return ", ".join(said) or "log"


class Remarked(Struct, frozen=True):
    """Findings or notices that passed between processes: those kept, and how many there were of each code."""

    kept: list[AuditFinding]
    counts: dict[str, int]


class AuditResult(Struct):
    """What an audit found and how much it looked at."""

    origin: str
    size: int = 0
    root: str = ""
    note: str = ""
    checkpoints: int = 0
    entries: int = 0
    signatures: int = 0
    bodies: int = 0
    judged: int = 0
    facts: int = 0
    seconds: float = 0.0
    tables: bool = False
    timed: bool = True
    resumed_from: int = 0
    findings: list[AuditFinding] = field(default_factory=list)
    notices: list[AuditFinding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notice_counts: dict[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether all that was to be looked at could be: what could not be reached is nobody's broken promise."""
        return "not_reached" not in self.notice_counts

    @property
    def clean(self) -> bool:
        """Whether everything was looked at and nothing found."""
        return not self.counts and self.complete

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings (they stand, whatever else could not be reached), 2 it could not be completed."""
        return 1 if self.counts else 0 if self.complete else 2


class Findings:
    """Gathers both kinds. Past `KEPT_PER_CODE_MAX` of a code they are counted only."""

    def __init__(self) -> None:
        self.findings: list[AuditFinding] = []
        self.notices: list[AuditFinding] = []
        self.counts: Counter[str] = Counter()
        self.notice_counts: Counter[str] = Counter()

    def add(
        self,
        code: str,
        detail: str = "",
        *,
        entry: int | None = None,
        subject: str | None = None,
        size: int | None = None,
        row: str | None = None,
    ) -> None:
        """A broken promise, by its code in `PROMISES`."""
        self.counts[code] += 1
        if self.counts[code] <= KEPT_PER_CODE_MAX:
            zh, en = PROMISES[code]
            self.findings.append(AuditFinding(code, zh, en, detail[:_DETAIL_MAX], entry, subject, size, row))

    def note(
        self,
        code: str,
        detail: str = "",
        *,
        entry: int | None = None,
        subject: str | None = None,
        size: int | None = None,
        row: str | None = None,
    ) -> None:
        """Something to know, by its code in `NOTICES`."""
        self.notice_counts[code] += 1
        if self.notice_counts[code] <= KEPT_PER_CODE_MAX:
            zh, en = NOTICES[code]
            self.notices.append(AuditFinding(code, zh, en, detail[:_DETAIL_MAX], entry, subject, size, row))

    def take(self, found: Remarked, noted: Remarked) -> None:
        """What another process gathered."""
        for finding in found.kept:
            if sum(1 for one in self.findings if one.code == finding.code) < KEPT_PER_CODE_MAX:
                self.findings.append(finding)
        for finding in noted.kept:
            if sum(1 for one in self.notices if one.code == finding.code) < KEPT_PER_CODE_MAX:
                self.notices.append(finding)
        self.counts.update(found.counts)
        self.notice_counts.update(noted.counts)

    def given(self) -> tuple[Remarked, Remarked]:
        """For another process."""
        return Remarked(self.findings, dict(self.counts)), Remarked(self.notices, dict(self.notice_counts))

    def entries_with(self, codes: Iterable[str]) -> set[int]:
        """The entries that findings of these codes are about, as far as they were kept."""
        wanted = frozenset(codes)
        return {one.entry for one in self.findings if one.code in wanted and one.entry is not None}
