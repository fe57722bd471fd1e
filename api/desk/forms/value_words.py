"""What forms call the values of the catalogue's closed lists, and its nouns, Chinese and English. A test lacks none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.desk.roles import ROLES
from api.pages.words import OUTCOMES, RESULTS, SCOPES, SIZES, Word

__all__ = ["NOUNS", "VALUES", "value_word"]

#: The closed lists, by `field.value` or by the value alone.
VALUES: Final[Mapping[str, Word]] = {
    **{value: Word(zh, en) for value, (zh, en, _) in ROLES.items()},
    **{f"size_band.{value}": Word(zh, en) for value, (zh, en, _) in SIZES.items()},
    **{value: Word(zh, en) for value, (zh, en, _) in SIZES.items()},
    **{f"scope.{value}": Word(zh, en) for value, (zh, en, _) in SCOPES.items()},
    **{f"scopes.{value}": Word(zh, en) for value, (zh, en, _) in SCOPES.items()},
    **{f"outcome.{value}": Word(zh, en) for value, (zh, en, _) in OUTCOMES.items()},
    **{f"result.{value}": Word(zh, en) for value, (zh, en, _) in RESULTS.items()},
    **{
        value: Word(zh, en)
        for value, zh, en in (
            ("planned", "计划内更替", "planned"),
            ("lost", "遗失", "lost"),
            ("compromised", "泄露", "compromised"),
            ("retired", "不再使用", "retired"),
            ("superseded", "已被替换", "superseded"),
            ("minor", "轻微", "minor"),
            ("general", "一般", "general"),
            ("severe", "严重", "severe"),
            ("WATCH", "关注", "WATCH"),
            ("ALERT", "警示", "ALERT"),
            ("LISTED", "列入名单", "LISTED"),
            ("one_per_scope", "每一范围一份", "one for each scope"),
            ("one_per_enterprise", "每家企业一份", "one for each enterprise"),
            ("organization", "企业或其他组织", "an organization"),
            ("individual_business", "个体工商户", "an individual business"),
            ("disclosure.public", "公开", "public"),
            ("disclosure.limited", "部分公开", "limited"),
            ("disclosure.none", "不公开", "not public"),
            ("ground.fraud", "弄虚作假", "fraud"),
            ("ground.breach", "违反承诺", "breach"),
            ("ground.ineligible", "不符合条件", "not eligible"),
            ("other", "其他", "other"),
            ("reply.timely", "按期", "in time"),
            ("reply.late", "逾期", "late"),
            ("reply.none", "未答复", "none"),
            ("kind.enterprise", "企业标准", "the enterprise's own standard"),
            ("kind.existing", "已有标准", "an existing standard"),
            ("misuse_suspected", "涉嫌滥用", "misuse is suspected"),
            ("product_in_question", "产品存疑", "the product is in question"),
            ("pledge_in_question", "承诺存疑", "the pledge is in question"),
            ("at_request", "应企业要求", "at its request"),
            ("misuse", "滥用", "misuse"),
            ("product_nonconforming", "产品不合格", "the product does not conform"),
            ("pledge_broken", "违反承诺", "the pledge was broken"),
            ("licensee", "被许可企业", "the licensee"),
            ("third_party", "第三方", "a third party"),
            ("nonconforming", "不再合格", "it does not conform"),
            ("discontinued", "停产", "discontinued"),
            ("basis_invalid", "依据的报告无效", "its basis is invalid"),
            ("qualified", "合格", "qualified"),
            ("unqualified", "不合格", "unqualified"),
            ("values_only", "仅出具检测数据", "values only"),
            ("fault.enterprise", "企业", "the enterprise"),
            ("fault.laboratory", "检验检测机构", "the laboratory"),
            ("spot_check", "监督抽查", "a spot check"),
            ("below_mandatory", "低于强制性标准", "below the mandatory standard"),
            ("penalty", "行政处罚", "a penalty"),
            ("serious_list", "严重违法失信名单", "the list of serious violators"),
            ("abnormal_list", "经营异常名录", "the list of abnormal operations"),
            ("passed", "合格", "passed"),
            ("failed", "不合格", "failed"),
            ("application/json", "JSON", "JSON"),
            ("application/pdf", "PDF", "PDF"),
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel (xlsx)", "Excel (xlsx)"),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word (docx)", "Word (docx)"),
            ("text/csv", "CSV", "CSV"),
            ("text/plain", "纯文本", "plain text"),
            ("image/png", "PNG 图片", "PNG"),
            ("image/jpeg", "JPEG 图片", "JPEG"),
        )
    },
}

#: What the acts about each noun are called: by the file of `ledger/domain/events/`.
NOUNS: Final[Mapping[str, Word]] = {
    "party": Word("主体、密钥和角色", "Parties, keys and roles"),
    "policy": Word("规则和日历", "Policies and calendars"),
    "campaign": Word("承诺活动", "Campaigns"),
    "enterprise": Word("企业", "Enterprises"),
    "pledge": Word("承诺", "Pledges"),
    "complaint": Word("投诉办理结果", "Complaint outcomes"),
    "declaration": Word("标准自我声明", "Declared standards"),
    "mark": Word("专用标识", "Marks"),
    "listing": Word("稳定合格产品", "Listings"),
    "inspection_report": Word("检验检测报告", "Inspection reports"),
    "finding": Word("行政结论和公开记录", "Findings and public records"),
    "breach": Word("违诺", "Breaches"),
    "agreement": Word("调解协议", "Agreements"),
    "repair": Word("信用修复", "Repair"),
    "objection": Word("异议", "Objections"),
    "repudiation": Word("否认、归属和删除", "Disowning, misattribution, erasure"),
    "legal_hold": Word("保全", "Legal holds"),
    "attachment": Word("附件", "Attachments"),
    "annex": Word("公开附件", "Public annexes"),
    "completeness_map": Word("完整性映射", "Completeness map"),
    "history": Word("历史", "History"),
    "access_log": Word("查阅日志", "Access log"),
}


def value_word(field: str, value: str) -> Word:
    """What a value of a closed list is called. Raises `KeyError` for one that has no word yet."""
    return VALUES.get(f"{field}.{value}") or VALUES[value]
