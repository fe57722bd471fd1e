"""An event's content as rows of a label and a value, and which other entries it names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

from api.desk.forms.labels import LABELS
from api.desk.forms.value_words import VALUES, value_word
from api.pages.words import Word
from ledger.domain.events.base import Closed, EntryIndex, Event, Recorded
from ledger.domain.rules.catalogue import SPECS

__all__ = ["FieldRow", "field_rows", "named_entries", "names_statement"]

_SKIPPED: Final = frozenset({"type", "v", "salt"})
_LONG: Final = re.compile(r"[0-9a-f]{40,}")
_SAID: Final = {True: Word("是", "yes"), False: Word("否", "no")}


class FieldRow(NamedTuple):
    """A field by its name in both languages, one within another with a dot between; `value` is shown as text."""

    label: Word
    value: Word

    @property
    def digits(self) -> list[str]:
        """Digests, keys, signatures, one a line, which nobody reads to the end; empty for a value of another kind."""
        lines = self.value.zh.splitlines()
        return lines if all(_LONG.fullmatch(one) for one in lines) else []


def field_rows(content: Mapping[str, Any]) -> list[FieldRow]:
    """Of a decoded payload, in its order; what every payload has, and the salt, are left out.

    Values of closed lists are said in words.
    """
    owner = str(content.get("type", ""))
    closed = _fields(owner, Literal) if owner in SPECS else ()
    rows: list[FieldRow] = []
    for name, value in content.items():
        if value is None or name in _SKIPPED:
            continue
        label = LABELS.get(f"{owner}.{name}") or _label(name)
        known = name in closed and (f"{name}.{value}" in VALUES or value in VALUES)
        rows.extend([FieldRow(label, value_word(name, value))] if known else _said(value, label))
    return rows


def named_entries(event: Event | Closed) -> list[int]:
    """The leaf indices that an event's fields name."""
    if isinstance(event, Closed):
        return []
    found = (getattr(event, name) for name in _fields(type(event).__name__, EntryIndex))
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


def _said(value: Any, label: Word) -> Iterator[FieldRow]:
    if isinstance(value, bool):
        yield FieldRow(label, _SAID[value])
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if inner is not None:
                yield from _said(inner, _within(label, _label(name)))
    elif isinstance(value, list):
        if any(isinstance(one, Mapping | list) for one in value):
            for number, one in enumerate(value, 1):
                yield from _said(one, Word(f"{label.zh} {number}", f"{label.en} {number}"))
        else:
            text = "\n".join(str(one) for one in value)
            yield FieldRow(label, Word(text, text))
    else:
        yield FieldRow(label, Word(str(value), str(value)))


def _label(name: str) -> Word:
    """A key of a table, too, which has no label but itself."""
    return LABELS.get(name) or Word(name, name.replace("_", " "))


def _within(outer: Word, inner: Word) -> Word:
    return Word(f"{outer.zh} · {inner.zh}", f"{outer.en} · {inner.en}")


@cache
def _fields(type_name: str, of: Any) -> frozenset[str]:
    """The fields of an event type, optional or not, that are defined as `EntryIndex`, or as some `Literal`."""
    kind = SPECS[type_name].event
    hints = get_type_hints(kind, include_extras=True)
    return frozenset(
        name
        for name in kind.__struct_fields__
        if any(one == of or get_origin(one) is of for one in (hints[name], *get_args(hints[name])))
    )
