"""An event's content as rows of a label and a value, and which other entries it names. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, get_type_hints

from api.evidence.labels import FIELDS
from api.pages.words import Word
from ledger.domain.events.base import Closed, EntryIndex, Event, Recorded

__all__ = ["FieldRow", "field_rows", "named_entries", "names_statement"]

_SKIPPED: Final = frozenset({"type", "v", "salt"})
_COMMON: Final[Mapping[str, str]] = {"effective_on": "生效日期"}
_SAID: Final = {True: Word("是", "yes"), False: Word("否", "no")}


class FieldRow(NamedTuple):
    """A field by its name in both languages, one within another with a dot between; `value` is shown as text."""

    label: Word
    value: Word


def field_rows(content: Mapping[str, Any]) -> list[FieldRow]:
    """Of decoded JSON, in its order; what every payload has, and the salt, are left out."""
    return list(_rows(content, "", ""))


def named_entries(event: Event | Closed) -> list[int]:
    """The leaf indices that an event's fields name."""
    kind: type[Any] = type(event)
    found = (getattr(event, name) for name in _entry_fields(kind))
    return [one for one in found if one is not None]


def names_statement(at: Recorded, statement_id: str, code: str | None) -> bool:
    """Whether the event names a statement by its SHA-256 (hexadecimal), or a pledge by its code."""
    if isinstance(at.event, Closed):
        return False
    return any(
        value == statement_id or (code is not None and value == code and name in ("code", "pledge"))
        for name in at.event.__struct_fields__
        if isinstance(value := getattr(at.event, name), str)
    )


def _rows(content: Mapping[str, Any], zh: str, en: str) -> Iterator[FieldRow]:
    for name, value in content.items():
        if value is None or (not zh and name in _SKIPPED):
            continue
        called = FIELDS.get(name) or _COMMON.get(name) or name
        label = Word(f"{zh}{called}", f"{en}{name.replace('_', ' ')}")
        yield from _said(value, label)


def _said(value: Any, label: Word) -> Iterator[FieldRow]:
    if isinstance(value, bool):
        yield FieldRow(label, _SAID[value])
    elif isinstance(value, Mapping):
        yield from _rows(value, f"{label.zh} · ", f"{label.en} · ")
    elif isinstance(value, list):
        if all(not isinstance(one, Mapping | list) for one in value):
            text = "\n".join(str(one) for one in value)
            yield FieldRow(label, Word(text, text))
        else:
            for number, one in enumerate(value, 1):
                yield from _said(one, Word(f"{label.zh} {number}", f"{label.en} {number}"))
    else:
        yield FieldRow(label, Word(str(value), str(value)))


@cache
def _entry_fields(kind: type[Any]) -> tuple[str, ...]:
    """Those whose values are leaf indices, by their definition."""
    if not issubclass(kind, Event):
        return ()
    hints = get_type_hints(kind, include_extras=True)
    return tuple(name for name in kind.__struct_fields__ if hints[name] in (EntryIndex, EntryIndex | None))
