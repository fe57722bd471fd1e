"""From the definition of an event to the fields of its form: kind, bounds, closed lists, words in both languages.

The one place that knows how a type of the catalogue is filled in by a person. What is absent is written as the
definition would write it: the browser makes the same bytes as `ledger/domain/payload.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, get_args

from msgspec import NODEFAULT, Meta, inspect

from api.desk.forms.labels import help_of, label_of
from api.desk.forms.refusals import rules_about
from api.desk.forms.value_words import value_word
from api.pages.words import Word
from ledger.domain.events.base import Annex, Digest, Event, Hex, Month, NamedText
from ledger.limits import ANNEX_BYTES_MAX

__all__ = ["MADE_BY_THE_BROWSER", "Choice", "FormField", "Kind", "fields_of", "paths_of", "text_field"]

#: How it is filled in. `lines`: a list, one item a line; `choices`: several of a closed list; `pairs`: a table with
#: free keys, one a line; `group`: fields together; `list`: groups, as many as one likes.
Kind = Literal[
    "line", "text", "date", "month", "number", "digest", "choice", "flag", "lines", "choices", "pairs", "group", "list"
]
_COMMON: Final = frozenset(("v",))
_LONG_FROM: Final = 1_000  # characters; what may be longer gets a field of several lines

#: What the browser makes by itself: nobody types it, and no address fills it in.
MADE_BY_THE_BROWSER: Final = frozenset((("MarkLicensed", "serials_root"), ("MarkLicensed", "seed")))

#: The field that names the digest of a text that comes with an open statement, by the text's type.
_NAMED_BY: Final = {"GroundText": "ground_text", "MarkSeed": "seed"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a closed list, and whether it is chosen to begin with."""

    value: str
    word: Word
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form. `pattern`, lengths and bounds are those of one item where it is a list of `lines`.

    `items_min` and `items_max`: of a list, `of` what each of its items is; `on`: ticked to begin with. `absent`: the
    JSON to write where nothing was filled in, None to leave it out; `omits`: the JSON that is left out though it was
    filled in. `file`: `digest` where a file's SHA-256 goes here, `annex` where a file fills the group,
    of `file_bytes_max` bytes at most. `rules`: the refusals of the service that are about this field.
    """

    name: str
    label: Word
    help: Word | None
    kind: Kind
    required: bool
    pattern: str | None = None
    length_min: int | None = None
    length_max: int | None = None
    least: int | None = None
    most: int | None = None
    items_min: int = 0
    items_max: int | None = None
    choices: Sequence[Choice] = ()
    fields: Sequence[FormField] = ()
    of: Kind | None = None
    on: bool = False
    absent: str | None = None
    omits: str | None = None
    file: Literal["digest", "annex"] | None = None
    file_bytes_max: int | None = None
    rules: str = ""


@cache
def fields_of(event: type[Event]) -> tuple[FormField, ...]:
    """The fields of an event's form, in the order of its definition; what every event has comes last. Raises
    `KeyError` where a field has no label yet, `TypeError` for a type that nobody knows how to fill in."""
    info = inspect.type_info(event)
    assert isinstance(info, inspect.StructType)  # events are structs
    common = Event.__struct_fields__
    own = [one for one in info.fields if one.name not in common]
    general = [one for one in info.fields if one.name in common and one.name not in _COMMON]
    return tuple(_field(info, one) for one in [*own, *general])


@cache
def text_field(event: type[Event]) -> tuple[str, FormField] | None:
    """The field that names the text which an open statement of the kind brings, and how that text is filled in; None
    for events that name none."""
    if event.text_type is None:
        return None
    info = inspect.type_info(event.text_type)
    assert isinstance(info, inspect.StructType)  # texts are structs
    (own,) = (one for one in info.fields if one.name not in NamedText.__struct_fields__)
    name = _NAMED_BY[event.text_type.__name__]
    needed = next(one.required for one in inspect.type_info(event).fields if one.encode_name == name)  # type: ignore[attr-defined]
    return name, _with(_field(info, own), required=needed)


def paths_of(fields: Sequence[FormField], before: str = "") -> Iterator[str]:
    """The names by which an address may fill in a form, nested ones with dots; `N` stands for a place in a list."""
    for field in fields:
        path = f"{before}{field.name}"
        if field.kind == "group":
            yield from paths_of(field.fields, f"{path}.")
        elif field.kind == "list":
            yield from paths_of(field.fields, f"{path}.N.")
        else:
            yield path


def _field(owner: inspect.StructType, field: inspect.Field) -> FormField:
    name, event = field.encode_name, owner.cls.__name__
    absent = None if field.required or owner.cls.__struct_config__.omit_defaults else _json(field.default)
    omits = _json(field.default) if not field.required and owner.cls.__struct_config__.omit_defaults else None
    made = _filled_in(field.type, event, name, label_of(event, name), help_of(event, name), required=field.required)
    flag = made.kind == "flag" and field.default is True
    chosen = field.default if made.kind == "choices" and field.default is not NODEFAULT else ()
    choices = [Choice(one.value, one.word, one.value in chosen) for one in made.choices]
    if made.kind in ("lines", "choices", "pairs", "list") and field.required:
        absent = "{}" if made.kind == "pairs" else "[]"
    if made.kind == "choices" and chosen:
        omits = None  # the encoder leaves out empty lists alone
    return _with(made, absent=absent, omits=omits, on=flag, choices=choices, rules=" ".join(rules_about(name)))


def _filled_in(info: Any, owner: str, name: str, label: Word, help_: Word | None, *, required: bool) -> FormField:
    """The field of a type, without what its place says of it."""
    plain = FormField(name, label, help_, "line", required)
    match info:
        case inspect.UnionType():
            (inner,) = (one for one in info.types if not isinstance(one, inspect.NoneType))
            return _filled_in(inner, owner, name, label, help_, required=required)
        case inspect.LiteralType():
            choices = [Choice(str(value), value_word(name, str(value))) for value in info.values]
            return _with(plain, kind="choice", choices=choices)
        case inspect.StrType():
            return _text(plain, info)
        case inspect.IntType():
            least = info.ge if info.gt is None else info.gt + 1
            return _with(plain, kind="number", least=least, most=info.le)
        case inspect.BoolType():
            return _with(plain, kind="flag")
        case inspect.DateType():
            return _with(plain, kind="date")
        case inspect.StructType():
            fields = tuple(_field(info, one) for one in info.fields)
            if info.cls is Annex:
                return _with(plain, kind="group", fields=fields, file="annex", file_bytes_max=ANNEX_BYTES_MAX)
            return _with(plain, kind="group", fields=fields)
        case inspect.DictType():
            return _table(plain, info, owner, name)
        case inspect.VarTupleType():
            least, most = info.min_length or 0, info.max_length
            if isinstance(info.item_type, inspect.StructType):
                fields = tuple(_field(info.item_type, one) for one in info.item_type.fields)
                return _with(plain, kind="list", fields=fields, items_min=least, items_max=most)
            item = _filled_in(info.item_type, owner, name, label, help_, required=True)
            kind = "choices" if item.kind == "choice" else "lines"
            return _with(item, kind=kind, of=item.kind, required=required, items_min=least, items_max=most)
    raise TypeError(f"nobody knows how to fill in {info}")


def _text(plain: FormField, info: inspect.StrType) -> FormField:
    pattern = None if info.pattern is None else info.pattern.removeprefix("^").removesuffix("\\Z")
    bounded = _with(plain, pattern=pattern, length_min=info.min_length, length_max=info.max_length)
    if info.pattern == _pattern(Month):
        return _with(bounded, kind="month")
    if info.pattern == _pattern(Digest):
        return _with(bounded, kind="digest", file="digest", length_max=64)
    long = info.max_length is not None and info.max_length >= _LONG_FROM
    return _with(bounded, kind="text" if long and (pattern is None or info.pattern == _pattern(Hex)) else "line")


def _table(plain: FormField, info: inspect.DictType, owner: str, name: str) -> FormField:
    """A table: of a closed list of keys a group with a field for each, of free ones a line for each."""
    if not isinstance(info.key_type, inspect.LiteralType):
        value = _filled_in(info.value_type, owner, name, plain.label, None, required=True)
        return _with(plain, kind="pairs", least=value.least, most=value.most)
    fields = [
        _filled_in(info.value_type, owner, str(key), value_word(name, str(key)), None, required=True)
        for key in info.key_type.values
    ]
    return _with(plain, kind="group", fields=tuple(fields))


def _pattern(kind: Any) -> str | None:
    (found,) = (one.pattern for one in get_args(kind) if isinstance(one, Meta))
    return found


def _json(value: Any) -> str:
    return json.dumps([] if value == () else value)


def _with(field: FormField, **changes: Any) -> FormField:
    return FormField(**{name: getattr(field, name) for name in FormField.__slots__} | changes)
