"""An event's own fields as a person gives them: an example to edit, questions field by field, all faults at once."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import click
import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from ledger.domain.events.base import Event
from ledger.domain.samples import sample
from ledger.errors import Malformed

__all__ = ["ask", "faults", "require_faultless", "template"]

# What every event has and the command fills in, or leaves out: not of the example.
_GENERAL: Final = frozenset(field.encode_name for field in fields(Event))


def template(event: type[Event]) -> dict[str, Any]:
    """An example of the data that the type takes, every field filled; to be edited, not to be sent."""
    filled = msgspec.to_builtins(sample(event))
    return {name: value for name, value in filled.items() if name not in _GENERAL and name != "type"}


def require_faultless(event: type[Event], document: dict[str, Any]) -> None:
    """Tell all that is wrong with the fields of an event, a line each; raises `Malformed` with how many."""
    found = list(faults(event, document))
    for one in found:
        click.echo(one, err=True)
    if found:
        raise Malformed(f"--data does not fit {event.__name__}: {len(found)} 处不符 / faults, see above")


def faults(kind: type[Struct], document: object, path: str = "") -> Iterator[str]:
    """Each field that is missing, unknown or wrong, with its path and what it takes."""
    if not isinstance(document, dict):
        yield f"{path or 'data'}：应为对象 / takes an object"
        return
    known = {field.encode_name: field for field in fields(kind)}
    tag = kind.__struct_config__.tag_field
    for name in document:
        if name not in known and name != tag:
            yield f"{_at(path, name)}：没有此字段 / no such field; there are {', '.join(sorted(known))}"
    for name, field in known.items():
        if name in document:
            yield from _value_faults(field.type, document[name], _at(path, name))
        elif field.default is NODEFAULT and field.default_factory is NODEFAULT:
            yield f"{_at(path, name)}：缺少 / missing{_choices_of(field.type)}"


def ask(event: type[Event], given: dict[str, Any]) -> dict[str, Any]:
    """Ask for each field that is not given, on the terminal; an optional one may be left empty. JSON for what is
    more than a line. Asks again until the answer fits."""
    example = template(event)
    answers = dict(given)
    for field in fields(event):
        name = field.encode_name
        if name in _GENERAL or name in given:
            continue
        answer = _asked(field, example.get(name))
        if answer is not None:
            answers[name] = answer
    return answers


def _asked(field: FieldInfo, example: object) -> Any:
    name, kind = field.encode_name, field.type
    optional = field.default is not NODEFAULT or field.default_factory is not NODEFAULT
    shown = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
    hint = _choices_of(kind) or f"（如 / such as {shown}）"
    while True:
        text = click.prompt(
            f"{name}{hint}{' [可空 / may be empty]' if optional else ''}", default="", show_default=False
        )
        if not text:
            if optional:
                return None
            continue
        value = _parsed(kind, text)
        wrong = list(_value_faults(kind, value, name))
        if not wrong:
            return value
        for one in wrong:
            click.echo(one, err=True)


def _parsed(kind: Any, text: str) -> Any:
    """As JSON where the field is no string, date or word; as it stands otherwise."""
    plain = _plain(kind)
    if plain in (str, date) or get_origin(plain) is Literal:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _value_faults(kind: Any, value: object, path: str) -> Iterator[str]:
    plain = _plain(kind)
    if isinstance(plain, type) and issubclass(plain, Struct) and value is not None:
        yield from faults(plain, value, path)
        return
    item = _plain(get_args(plain)[0]) if get_origin(plain) is tuple and get_args(plain)[-1] is Ellipsis else None
    if isinstance(item, type) and issubclass(item, Struct) and isinstance(value, list):
        for place, one in enumerate(value, start=1):
            yield from faults(item, one, f"{path}[{place}]")
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        if not (isinstance(item, type) and issubclass(item, Struct) and "`$[" in str(error)):  # said above, all of them
            yield f"{path}: {str(error).split(' - at `')[0]}{_choices_of(kind)}"


def _plain(kind: Any) -> Any:
    """A type without its bounds and without the choice of leaving it out."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        rest = [one for one in get_args(kind) if one is not type(None)]
        return _plain(rest[0]) if len(rest) == 1 else kind
    return kind


def _choices_of(kind: Any) -> str:
    """The words of an enumeration, also where a list of them is meant."""
    plain = _plain(kind)
    if get_origin(plain) is tuple:
        plain = _plain(get_args(plain)[0])
    return f"（可选 / one of {', '.join(map(str, get_args(plain)))}）" if get_origin(plain) is Literal else ""


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
