"""Lists inside a cell: parts separated by ；, indicators as `name=value unit method`. Written and read back exactly.

A backslash before one of the marks ； ; = | makes it an ordinary sign.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ledger.domain.events.declaration import Indicator

__all__ = ["indicators_in", "indicators_text", "join", "split"]

_MARKS: Final = "；;=＝|｜"
_ESCAPED: Final = re.compile(rf"([\\{_MARKS}])")


def split(text: str) -> list[str]:
    """The parts of a cell, trimmed, empty ones kept."""
    return [_plain(part) for part in _cut(text, "；;\n")]


def join(parts: Sequence[str | None]) -> str:
    """`split` undone; "" if no part says anything."""
    return "；".join(_escape(part or "") for part in parts) if any(parts) else ""


def indicators_in(text: str) -> list[Indicator | None]:
    """`能效=3.5 W/W GB 21455-2019；…`, or with bars where something has spaces or is left out: `外观=无 划痕||目测`.

    None stands for a part without a name or without a value.
    """
    return [_indicator(part) for part in _cut(text, "；;\n") if part.strip()]


def indicators_text(indicators: Sequence[Indicator]) -> str:
    """`indicators_in` undone."""
    return "；".join(_said(one) for one in indicators)


def _indicator(part: str) -> Indicator | None:
    name, *rest = _cut(part, "=＝")
    if len(rest) != 1:
        return None
    bars = _cut(rest[0], "|｜")
    given = bars if len(bars) > 1 else rest[0].split(None, 2)
    value, unit, method, *more = [*map(_plain, given), *[""] * 3][: max(3, len(given))]
    if not _plain(name) or not value or more:
        return None
    return Indicator(name=_plain(name), value=value, unit=unit or None, method=method or None)


def _said(one: Indicator) -> str:
    parts = [_escape(one.value), _escape(one.unit or ""), _escape(one.method or "")]
    if any(len(part.split()) > 1 for part in parts[:2]) or (one.method and not one.unit):
        return f"{_escape(one.name)}={'|'.join(parts)}"
    return f"{_escape(one.name)}={' '.join(filter(None, parts))}"


def _cut(text: str, marks: str) -> list[str]:
    """Parts between marks, with their backslashes."""
    return _masked(text, marks).split("\0")


def _masked(text: str, marks: str) -> str:
    """The text with every mark that stands for itself replaced by NUL, which no cell holds."""
    out, escaped = [], False
    for char in text.replace("\0", " "):
        out.append("\0" if char in marks and not escaped else char)
        escaped = char == "\\" and not escaped
    return "".join(out)


def _plain(part: str) -> str:
    return re.sub(rf"\\([\\{_MARKS}])", r"\1", part).strip()


def _escape(text: str) -> str:
    return _ESCAPED.sub(r"\\\1", text)
