"""A sample of any event, made from its type alone: for the reference page, and for tests over the whole catalogue.

Every string type of the catalogue has a pattern or a length; `_STRINGS` holds one value for each. A type that none of
them fits is an error here, so that a new event comes with a sample.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import inspect

from ledger.domain.events.base import Event

__all__ = ["sample"]

_DAY: Final = date(2026, 3, 16)
# By name of the field, where a value of the right form would tell a reader nothing.
_NAMED: Final[dict[str, Any]] = {
    "v": 1,
    "name": "某某电器有限公司",
    "name_zh": "某某质量检验协会",
    "name_en": "A Quality Inspection Association",
    "content": "产品符合所执行的标准；出现质量问题按承诺处理。",
    "liability": "违反承诺的，依法承担责任，并按承诺退货或更换。",
    "accepting_body": "某某质量检验协会",
    "accepting_code": "51100000500000000X",
    "assessor": "某某质量检验协会",
    "assessor_code": "51100000500000000X",
    "authority": "某某市市场监督管理局",
    "address": "https://www.example.gov.cn/notice/1",
    "correction": "主题漏字",
    "document_no": "某市监罚 [2026] 1 号",
    "evidence": "登记通知书",
    "explanation": "经核查，情况如上。",
    "ground": "依申请",
    "notice_number": "质协 [2026] 1 号",
    "number": "1 号",
    "size_source": "2025 年度报告",
    "theme": "守诺践诺",
    "title": "关于开展承诺活动的通知",
    "word": "与事实不符",
    "zh": "产品符合所执行的标准",
    "en": "Products meet their standards",
    "officer": "officer-1",
    "root_officer": "officer-1",
    "reason": "参加“3·15”产品和服务质量诚信承诺活动",
    "text": "已按约定为消费者更换产品。",
    "ends_on": date(2027, 3, 14),
    "valid_until": date(2027, 3, 14),
    "closes_on": date(2026, 3, 15),
    "opens_on": date(2026, 3, 1),
    "year": 2026,
    "count": 1000,
}
_STRINGS: Final = (
    "文字",
    "ab" * 32,
    "ab" * 16,
    "ab" * 5,
    "2026-03",
    "campaign:2026",
    "110000" + "20260316" + "000001",
    "110000",
    "C38",
    "PledgeMade",
    "spot_check.failed_general",
    "wo-guanyuan",
    "Q/CSGD 003-2018",
    "https://www.example.gov.cn/notice/1",
    "6901234567892",
    "application/pdf",
)


def sample(event: type[Event]) -> Event:
    """An event with every field filled, valid by its type; whether the rules would let it be said is another matter."""
    made: Event = msgspec.convert(_struct(inspect.type_info(event)), event)
    return made


def _struct(info: Any) -> dict[str, Any]:
    if isinstance(info, inspect.StructType):
        fields = {field.encode_name: _value(field.type, field.name) for field in info.fields}
        return {**fields, **({info.tag_field: info.tag} if info.tag_field else {})}
    raise TypeError(f"no struct: {info}")


def _value(info: Any, name: str) -> Any:
    if name in _NAMED and _fits(_NAMED[name], info):
        return _NAMED[name]
    match info:
        case inspect.UnionType():
            return _value(next(one for one in info.types if not isinstance(one, inspect.NoneType)), name)
        case inspect.StructType():
            return _struct(info)
        case inspect.LiteralType():
            return "public" if name == "disclosure" else info.values[0]
        case inspect.StrType():
            return _string(info)
        case inspect.IntType():
            return max(info.ge or 0, (info.gt or -1) + 1)
        case inspect.BoolType():
            return True
        case inspect.DateType():
            return _DAY
        case inspect.VarTupleType() | inspect.ListType() | inspect.SetType() | inspect.FrozenSetType():
            return [_value(info.item_type, name)]
        case inspect.DictType():
            return _table(info)
    raise TypeError(f"no sample for {info}: add one")


def _table(info: inspect.DictType) -> dict[str, Any]:
    keys = info.key_type.values if isinstance(info.key_type, inspect.LiteralType) else [_value(info.key_type, "")]
    return {str(key): _value(info.value_type, "") for key in keys}


def _string(info: inspect.StrType) -> str:
    for candidate in _STRINGS:
        if _fits(candidate, info):
            return candidate
    raise TypeError(f"no sample of a string with the pattern {info.pattern}: add one")


def _fits(value: Any, info: Any) -> bool:
    if isinstance(info, inspect.UnionType):
        return any(_fits(value, one) for one in info.types)
    if isinstance(info, inspect.StrType):
        return (
            isinstance(value, str)
            and (info.pattern is None or re.search(info.pattern, value) is not None)
            and len(value) >= (info.min_length or 0)
            and (info.max_length is None or len(value) <= info.max_length)
        )
    if isinstance(info, inspect.IntType):
        return (
            isinstance(value, int) and (info.ge is None or value >= info.ge) and (info.le is None or value <= info.le)
        )
    return isinstance(info, inspect.DateType) and isinstance(value, date)
