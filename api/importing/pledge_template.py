"""The national template of pledges and their fulfilment: its columns, and the words of its closed lists.

`NATIONAL_HEADER` is the template as it is published, its twenty columns in their order. `HEADER` is that of a
campaign's roster, with the scope, which the national template does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from api.importing.table_reader import ENTRIES, Column
from ledger.domain.events.campaign import Scope
from ledger.domain.events.enterprise import SizeBand

__all__ = ["COLUMNS", "FULFILMENT_COLUMNS", "FULFILMENT_HEADER", "HEADER", "NATIONAL_HEADER"]

NUMBER: Final = "序号"
NAME: Final = "承诺人名称"
CATEGORY: Final = "承诺人类别"
CODE: Final = "承诺人代码"
DIVISION: Final = "行政区划"
INDUSTRY: Final = "所属行业"
SIZE: Final = "企业规模"
KIND: Final = "承诺类型"
SCOPE: Final = "承诺范围"
REASON: Final = "承诺事由"
CONTENT: Final = "承诺内容"
LIABILITY: Final = "违诺责任"
MADE_ON: Final = "承诺作出日期"
VALID_UNTIL: Final = "承诺有效期"
BODY: Final = "承诺受理单位"
BODY_CODE: Final = "承诺受理单位代码"
DISCLOSURE: Final = "公开类型"
CONTACT: Final = "联系人"
TELEPHONE: Final = "联系电话"
REMARK: Final = "备注"

PLEDGE_CODE: Final = "承诺编码"
FULFILLED: Final = "承诺履行状态"
UNMET: Final = "未履行的承诺内容"
ACCOUNTABILITY: Final = "违诺责任追究内容"
ASSESSED_ON: Final = "认定日期"
ASSESSOR: Final = "认定单位"
ASSESSOR_CODE: Final = "认定单位代码"
PERIOD_FROM: Final = "评估期间起"
PERIOD_UNTIL: Final = "评估期间止"

HEADER: Final = (
    NUMBER, NAME, CATEGORY, CODE, DIVISION, INDUSTRY, SIZE, KIND, SCOPE, REASON, CONTENT, LIABILITY, MADE_ON,
    VALID_UNTIL, BODY, BODY_CODE, DISCLOSURE, CONTACT, TELEPHONE, REMARK,
)  # fmt: skip

# The national template names these in full.
NATIONAL_ASSESSED_ON: Final = "承诺履行状态认定日期"
NATIONAL_ASSESSOR: Final = "承诺履行状态认定单位"
NATIONAL_ASSESSOR_CODE: Final = "承诺履行状态认定单位代码"
NATIONAL_HEADER: Final = (
    PLEDGE_CODE, NAME, CATEGORY, CODE, KIND, REASON, CONTENT, LIABILITY, MADE_ON, VALID_UNTIL, FULFILLED, UNMET,
    ACCOUNTABILITY, NATIONAL_ASSESSED_ON, NATIONAL_ASSESSOR, NATIONAL_ASSESSOR_CODE, BODY, BODY_CODE, DISCLOSURE,
    REMARK,
)  # fmt: skip

FULFILMENT_HEADER: Final = (
    PLEDGE_CODE, NAME, CODE, FULFILLED, UNMET, ACCOUNTABILITY, ASSESSED_ON, ASSESSOR, ASSESSOR_CODE, PERIOD_FROM,
    PERIOD_UNTIL, ENTRIES,
)  # fmt: skip

_ASSESSED: Final = (
    Column(UNMET, required=False),
    Column(ACCOUNTABILITY, required=False),
    Column(ASSESSED_ON, required=False, also=(NATIONAL_ASSESSED_ON,)),
    Column(ASSESSOR, required=False, also=(NATIONAL_ASSESSOR,)),
    Column(ASSESSOR_CODE, required=False, also=(NATIONAL_ASSESSOR_CODE,)),
    Column(PERIOD_FROM, required=False),
    Column(PERIOD_UNTIL, required=False),
    Column(ENTRIES, required=False),
)

# What is read. Contact persons and telephone numbers are in the header above, and not in this list.
COLUMNS: Final = (
    Column(PLEDGE_CODE, required=False),
    Column(NAME, also=("企业名称",)),
    Column(CATEGORY, required=False),
    Column(CODE, also=("统一社会信用代码",)),
    Column(DIVISION, required=False, also=("行政区划代码",)),
    Column(INDUSTRY, required=False),
    Column(SIZE, required=False),
    Column(KIND),
    Column(SCOPE, required=False),
    Column(REASON),
    Column(CONTENT),
    Column(LIABILITY),
    Column(MADE_ON, also=("作出承诺日期",)),
    Column(VALID_UNTIL, required=False, also=("承诺有效期至",)),
    Column(BODY),
    Column(BODY_CODE),
    Column(DISCLOSURE),
    Column(REMARK, required=False),
    Column(FULFILLED, required=False),
    *_ASSESSED,
)
FULFILMENT_COLUMNS: Final = (
    Column(PLEDGE_CODE),
    Column(NAME, required=False, also=("企业名称",)),
    Column(CODE, also=("统一社会信用代码",)),
    Column(FULFILLED),
    *_ASSESSED,
)

SELF_DISCIPLINE: Final = "行业自律型"
SCOPES: Final[Mapping[str, Scope]] = {
    "综合信用承诺": "comprehensive",
    "专项承诺：产品质量": "product",
    "专项承诺：服务质量": "service",
    "专项承诺：产品和服务质量": "product_and_service",
}
DISCLOSURES: Final[Mapping[str, Literal["public", "limited", "none"]]] = {
    "可向社会公开": "public",
    "特定范围内公开": "limited",
    "不可公开": "none",
}
SIZES: Final[Mapping[str, SizeBand]] = {"微型": "micro", "小型": "small", "中型": "medium", "大型": "large"}
RESULTS: Final[Mapping[str, Literal["full", "partial", "none"]]] = {
    "全部履行": "full",
    "部分履行": "partial",
    "全部未履行": "none",
}
ORGANIZATION: Final = "法人及非法人组织"
INDIVIDUAL: Final = "个体工商户"
