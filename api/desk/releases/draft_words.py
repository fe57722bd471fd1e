"""A draft in the words of its form: every field a line, nested ones by their path; for the page and for its program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from api.desk.forms.fields import FormField, fields_of, text_field
from api.desk.releases.draft_content import Drafted
from api.pages.words import Word

__all__ = ["Line", "lines_of", "words_of"]

_UNREAD: Final = frozenset(("secret",))  # the seed of marks is for nobody to read
_FLAGS: Final = {True: Word("是", "yes"), False: Word("否", "no")}


class Line(NamedTuple):
    """A field: its path, what it is called, what stands in it."""

    path: str
    label: Word
    value: Word


def lines_of(draft: Drafted) -> tuple[list[Line], list[Line]]:
    """What is drafted, and the text for people that comes with it (empty without one)."""
    text, said = text_field(draft.spec.event), []
    if text is not None and draft.text is not None and text[1].name not in _UNREAD:
        content = {name: value for name, value in draft.text.items() if name == text[1].name}
        said = list(_lines(content, {text[1].name: text[1]}, ""))
    return list(_lines(draft.fields, _by_name(fields_of(draft.spec.event)), "")), said


def words_of(draft: Drafted) -> dict[str, Word]:
    """By path what a field is called, by `path=value` what a value of a closed list is; places in lists left out."""
    text = text_field(draft.spec.event)
    fields = fields_of(draft.spec.event) if text is None else (*fields_of(draft.spec.event), text[1])
    return dict(_words(fields, ""))


def _by_name(fields: Sequence[FormField]) -> Mapping[str, FormField]:
    return {field.name: field for field in fields}


def _lines(content: Mapping[str, Any], fields: Mapping[str, FormField], path: str) -> Iterator[Line]:
    for name, value in content.items():
        field = fields.get(name)
        here = f"{path}.{name}" if path else name
        label = Word(name, name) if field is None else field.label
        inner = _by_name(() if field is None else field.fields)
        if isinstance(value, Mapping):
            yield from _lines(value, inner, here)
        elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
            for place, one in enumerate(value, start=1):
                yield from _lines(one, inner, f"{here}[{place}]")
        elif isinstance(value, list):
            words = [_word(one, field) for one in value]
            yield Line(here, label, Word("、".join(one.zh for one in words), ", ".join(one.en for one in words)))
        else:
            yield Line(here, label, _word(value, field))


def _word(value: object, field: FormField | None) -> Word:
    if isinstance(value, bool):
        return _FLAGS[value]
    choices = {one.value: one.word for one in (() if field is None else field.choices)}
    return choices.get(str(value), Word(str(value), str(value)))


def _words(fields: Sequence[FormField], path: str) -> Iterator[tuple[str, Word]]:
    for field in fields:
        here = f"{path}.{field.name}" if path else field.name
        yield here, field.label
        for choice in field.choices:
            yield f"{here}={choice.value}", choice.word
        yield from _words(field.fields, here)
