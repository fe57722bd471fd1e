"""Text into HTML, harmlessly: nothing that came from outside is ever markup, a script, or turns the writing around."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.evidence.index_page_labels import FIELDS

__all__ = ["both", "fields", "said", "shown"]

# What does not show, or turns the direction of writing: control characters, zero-width ones, marks and isolates
_HIDDEN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_SKIPPED: Final = frozenset(("type", "v", "effective_on"))


def shown(text: object) -> str:
    """Any text as HTML, isolated from what stands around it; characters that do not show are named instead."""
    named = _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", str(text))
    return f"<bdi>{html.escape(named)}</bdi>"


def both(zh: str, en: str) -> str:
    """A line in Chinese, and the same in English after it. Both are ours, or are shown already."""
    return f'<span lang="zh">{zh}</span> <span class="en" lang="en">{en}</span>'


def fields(content: Mapping[str, Any]) -> str:
    """The fields of an event as a list of definitions; those that every event has are left out."""
    rows = []
    for name, value in content.items():
        if name in _SKIPPED or value is None:
            continue
        zh = FIELDS.get(name)
        label = shown(name) if zh is None else both(zh, shown(name))
        rows.append(f"<dt>{label}</dt><dd>{said(value)}</dd>")
    return f"<dl>{''.join(rows)}</dl>" if rows else ""


def said(value: Any) -> str:
    """A value of decoded JSON."""
    if isinstance(value, bool):
        return both("是", "yes") if value else both("否", "no")
    if isinstance(value, Mapping):
        return fields(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return f"<ul>{''.join(f'<li>{said(one)}</li>' for one in value)}</ul>"
    return shown(value)
