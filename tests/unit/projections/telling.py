"""The facts of `standing_cases.toml`, told as a stream of real events: each fact by the word that it begins with.

`as = "甲"` names a fact's entry, and `"@甲"` names it again where another fact is about it. A fact that begins with
`say` is an event by its type; what the case leaves out of it is filled in from `_USUAL`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.domain.rules.catalogue import SPECS
from tests.unit.projections import stream as say
from tests.unit.projections.stream import Stream, day

__all__ = ["CASES", "a_stream", "tell"]

CASES: Final[list[dict[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("standing_cases.toml").read_text(encoding="utf-8")
)["case"]
PERIOD: Final = ("2026-03-15", "2026-09-14")

# What an event of the type also says, and no case depends on.
_USUAL: Final[Mapping[str, Mapping[str, Any]]] = {
    "FindingRecorded": {"authority": "市场监督管理局", "decided_on": "2026-03-01", "result": "failed"},
    "FindingAnnulled": {"explanation": "复查合格", "authority": "市场监督管理局"},
    "PublicRecordCited": {
        "authority": "市场监督管理局",
        "document_no": "〔2026〕1号",
        "address": "https://www.gsxt.gov.cn/1",
        "decided_on": "2026-03-01",
        "checked_on": "2026-03-02",
        "recheck_by": "2036-01-01",
    },
    "PublicRecordRechecked": {"checked_on": "2026-03-02"},
    "MarkMisuseFound": {"text": "超出许可的产品使用标识"},
    "ReportSubmitted": {
        "number": "2026-0001",
        "cma": "220000000001",
        "laboratory": "检验检测院",
        "standards": ["GB 4706.1-2024"],
        "conclusion": "qualified",
        "product": {"name": "电热水壶"},
        "issued_on": "2026-03-01",
    },
    "ReportInvalidated": {"text": "报告数据不实"},
    "BreachFound": {"breached_on": "2026-03-20", "heard_on": "2026-03-25", "explanation": "未按承诺退货"},
    "BreachCorrected": {"explanation": "复核"},
    "AgreementPerformed": {},
    "AgreementDefaulted": {"explanation": "逾期未付款"},
    "StandardDeclared": {"title": "电热水壶", "kind": "enterprise"},
    "StandardRevised": {"title": "电热水壶", "kind": "enterprise"},
    "StandardAbolished": {},
    "RepairApplied": {"made_good": "已全额退款并整改"},
    "RepairApproved": {"explanation": "经核查属实"},
    "RepairRefused": {"explanation": "整改未完成"},
    "RepairRescinded": {"explanation": "材料虚假"},
    "ObjectionFiled": {"ground": "抽查的批次不是我公司产品"},
    "ObjectionUpheld": {"explanation": "批号核对有误"},
    "ObjectionRejected": {"explanation": "批号核对无误"},
}


def a_stream(facts: list[dict[str, Any]]) -> tuple[Stream, dict[str, int]]:
    """An enterprise that was registered as a micro enterprise, and its facts; the entries that have a name."""
    stream = Stream()
    stream.say(say.registered())
    named: dict[str, int] = {}
    for fact in facts:
        tell(stream, fact, named)
    return stream, named


def tell(stream: Stream, fact: dict[str, Any], named: dict[str, int]) -> None:
    """Record one fact."""
    given: dict[str, Any] = {key: _entry(value, named) for key, value in fact.items()}
    name = given.pop("as", None)
    verb = next(iter(given))
    about = given.pop(verb)
    entry = _VERBS[verb](stream, about, given)
    if name is not None:
        named[name] = entry


def _entry(value: Any, named: Mapping[str, int]) -> Any:
    return named[value[1:]] if isinstance(value, str) and value.startswith("@") else value


def _pledge(stream: Stream, number: int, given: dict[str, Any]) -> int:
    return stream.pledge(number, **{"from_on" if key == "from" else key: value for key, value in given.items()})


def _assessed(stream: Stream, number: int, given: dict[str, Any]) -> int:
    period = tuple(given.pop("period", PERIOD))
    more = {key: given[key] for key in ("fact", "assessor") if key in given}
    return stream.say(say.assessed(number, given["on"], given["result"], period, **more))


def _outcome(stream: Stream, on: str, given: dict[str, Any]) -> int:
    times = given.pop("times", 0)
    given = {key: None if value is False else value for key, value in given.items()}  # TOML has no word for none
    for number in range(times):
        entry = stream.say(say.outcome(on, **{**given, "issue": f"{given.get('reply')} {number}"}))
    return entry if times else stream.say(say.outcome(on, **given))


def _correct(stream: Stream, entry: int, given: dict[str, Any]) -> int:
    return stream.say(say.corrected(entry, **given))


def _size(stream: Stream, band: str, given: dict[str, Any]) -> int:
    return stream.say(say.sized(given["on"], band))


def _withdraw(stream: Stream, number: int, given: dict[str, Any]) -> int:
    return stream.say(say.withdrawn(number, given["on"], given["ends"]))


def _revoke(stream: Stream, number: int, given: dict[str, Any]) -> int:
    return stream.say(say.revoked(number, **given))


def _replace(stream: Stream, number: int, given: dict[str, Any]) -> int:
    return stream.say(say.replaced(number, given["on"], valid_until=day(given["valid_until"])))


def _repudiate(stream: Stream, entry: int, given: dict[str, Any]) -> int:
    return stream.say(say.repudiated(entry, given["on"]))


def _erase(stream: Stream, entry: int, given: dict[str, Any]) -> int:
    return stream.say(say.erased(entry, given["on"]))


def _say(stream: Stream, name: str, given: dict[str, Any]) -> int:
    """An event by its type; one with a pledge's number has its code."""
    spec = SPECS[name]
    content = {**_USUAL[name], **given, "type": name, "v": 1}
    content["effective_on"] = content.pop("on")
    if isinstance(content.get("code"), int):
        content["code"] = say.code(content["code"])
    event = msgspec.convert(content, spec.event)
    return stream.say((event, spec.form == "sealed"))


_VERBS: Final = {
    "pledge": _pledge,
    "assessed": _assessed,
    "outcome": _outcome,
    "correct": _correct,
    "size": _size,
    "withdraw": _withdraw,
    "revoke": _revoke,
    "replace": _replace,
    "repudiate": _repudiate,
    "erase": _erase,
    "say": _say,
}
