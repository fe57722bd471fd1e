"""The national template of complaint outcomes: a mapping like any other, which comes with the product."""

from __future__ import annotations

from functools import cache
from typing import Final

from api.importing.source_mapping import SourceMapping, parse_mapping
from api.importing.table_reader import ENTRIES, Column

__all__ = ["COLUMNS", "HEADER", "OUTCOME_WORDS", "REPLY_WORDS", "national_mapping"]

REPLY_WORDS: Final = {"timely": "按期答复", "late": "逾期答复", "none": "未答复"}
OUTCOME_WORDS: Final = {
    "settled": "和解",
    "agreed": "调解达成",
    "explained": "已答复说明",
    "ended_without_agreement": "终止调解",
    "refused": "拒绝调解",
    "withdrawn": "撤回",
    "transferred": "移送",
    "not_accepted": "不予受理",
}
HEADER: Final = (
    "案件编号", "企业名称", "统一社会信用代码", "投诉渠道", "商品或服务类别", "投诉问题", "收到月份", "受理月份",
    "转办月份", "答复期限月份", "答复月份", "办结月份", "答复情况", "办理结果", "原因", "有实质性答复", "告知企业日期",
    "公布日期", "承诺编码", "涉及承诺条款", "事由编号", ENTRIES,
)  # fmt: skip
COLUMNS: Final = tuple(Column(name, required=name != ENTRIES) for name in HEADER)

_DOCUMENT: Final = """
[source]
name = "national-template"
[subject]
id = "uscc"
name = "企业名称"
code = "统一社会信用代码"
[fields]
case = "案件编号"
channel = "投诉渠道"
product_class = "商品或服务类别"
issue = "投诉问题"
received = "收到月份"
accepted = "受理月份"
forwarded = "转办月份"
reply_due = "答复期限月份"
replied = "答复月份"
closed = "办结月份"
reason = "原因"
notified_on = "告知企业日期"
effective_on = "公布日期"
pledge = "承诺编码"
clauses = "涉及承诺条款"
fact_id = "事由编号"
substantive_reply = {{ column = "有实质性答复", map = {{ "是" = "true", "否" = "false" }} }}
[fields.reply]
column = "答复情况"
map = {{ {replies} }}
[fields.outcome]
column = "办理结果"
in_progress = ["办理中", "调解中", "待答复"]
map = {{ {outcomes} }}
"""


@cache
def national_mapping() -> SourceMapping:
    """The template's mapping; a case without a notice to the enterprise needs a ground given with the import."""

    def pairs(words: dict[str, str]) -> str:
        return ", ".join(f'"{word}" = "{meaning}"' for meaning, word in words.items())

    return parse_mapping(_DOCUMENT.format(replies=pairs(REPLY_WORDS), outcomes=pairs(OUTCOME_WORDS)))
