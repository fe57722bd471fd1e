"""What a scanned mark is worth, today and on the day of production: as a document, for programs and pages alike.

What is known of the serial's range comes from `mark_ranges.py`; that it is genuine is seen by the seed alone.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from api.http.enterprise_ids import name_of
from api.http.errors import InvalidRequest
from api.service.mark_ranges import KnownRange, MarkRanges, ScannedLicence
from ledger.domain.state.licence_periods import MarkState, state_on
from ledger.domain.values.mark_serials import Serial, check, fold, parse
from ledger.errors import Malformed, Refuted

__all__ = ["produced_on", "scanned_mark"]

_SAID: Final[dict[MarkState, tuple[str, str]]] = {
    "upcoming": ("许可尚未开始", "the licence has not begun"),
    "valid": ("标识许可有效", "the mark is licensed"),
    "suspended": ("标识许可已暂停", "the licence is suspended"),
    "revoked": ("标识许可已撤销", "the licence was revoked"),
    "ended": ("标识许可已终止", "the licence has ended"),
    "void": ("标识许可自始无效", "the licence is void from the beginning"),
}
_PRODUCED: Final = {
    True: ("生产当日，该产品获准使用标识", "on the day of production the mark was licensed"),
    False: ("生产当日，该产品未获准使用标识", "on the day of production the mark was not licensed"),
}


async def scanned_mark(ranges: MarkRanges, typed: str, today: date, production: date | None) -> dict[str, Any] | None:
    """The document about a serial as it was scanned or typed; None for one that was never issued.

    Raises `Unavailable`.
    """
    text = fold(typed)
    try:
        serial = parse(text)
        known = await ranges.known(serial.range)
        if known is not None:
            check(serial, known.seed, known.count)
    except (Malformed, Refuted):
        return None
    return None if known is None else _document(text, serial, known, today, production)


def _document(text: str, serial: Serial, known: KnownRange, today: date, production: date | None) -> dict[str, Any]:
    licence = known.licence
    state = state_on(licence.spans, today).state
    zh, en = _SAID[state]
    document: dict[str, Any] = {
        "serial": text,
        "on": today,
        "state": state,
        "state_zh": zh,
        "state_en": en,
        "enterprise": {"id": name_of(known.subject), "subject": known.subject, "name": licence.name},
        "products": licence.products,
        "licensed_from": licence.valid_from,
        "licensed_until": _until(licence),
        "history": [{"from_on": span.from_on, "state": span.state} for span in licence.spans[1:]],
        "turns": licence.turns,
        "pledge": licence.pledge,
        "licence_entry": known.entry,
        "range": serial.range,
    }
    if production is not None:
        on_that_day = state_on(licence.spans, production).state
        licensed = on_that_day == "valid"
        said_zh, said_en = _PRODUCED[licensed]
        document["produced"] = {
            "on": production,
            "state": on_that_day,
            "licensed": licensed,
            "zh": said_zh,
            "en": said_en,
        }
    return document


def _until(licence: ScannedLicence) -> date | None:
    """The last day of the licence as it stands: the day before it was revoked, else its own or the pledge's last."""
    revoked = next((span.from_on for span in licence.spans if span.state == "revoked"), None)
    return licence.last_day if revoked is None else date.fromordinal(revoked.toordinal() - 1)


def produced_on(text: str | None, today: date) -> date | None:
    """The day that was asked for, if one was. Raises `InvalidRequest` for what is no day up to today."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.max
    if day > today:
        raise InvalidRequest(
            "mark.produced_on",
            f"生产日期应为今日或更早的日期（YYYY-MM-DD）：{text[:40]}",
            f"the date of production is today or earlier (YYYY-MM-DD): {text[:40]}",
        )
    return day
