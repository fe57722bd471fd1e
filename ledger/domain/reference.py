"""The reference page of all events, from their definitions: what each says, who signs it, its fields, an example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from inspect import getdoc
from typing import Any, Final

from msgspec import UNSET, inspect

from ledger.domain.events.base import Event
from ledger.domain.examples import example, of_the_book
from ledger.domain.payload import encode_payload
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.spec import EventSpec

__all__ = ["events_page"]

_COMMON: Final = frozenset(Event.__struct_fields__)
_SIGNERS: Final = {"self": "the enterprise itself", "party": "the party itself", "old_key": "the key that it replaces"}
_FORMS: Final = {"open": "open", "sealed": "sealed", "either": "open, or sealed where the rules ask for it"}
_HEAD: Final = """\
# Events

Made from the definitions in `ledger/domain/` by `credit-ledger reference -o docs/reference/events.md`; a test fails
when this page is out of date. Every event has `v` (schema version, 1) and `effective_on` (the Asia/Shanghai date from
which it counts), and may have `legal_basis` (what it rests on) and `late_ground` (why it is recorded later than the
registration policy allows without one). A sealed event's payload in the log is a commitment; what is listed here is its
body, which has a `salt` besides.

An example has the fields that its event needs, and is what `statement new TYPE --data @FILE` takes; `statement new TYPE
--template` prints one with every field. What only your book can say is named above the example: put in your own
values, and the day as `effective_on`. Tests take each example as it stands here, put in those of a book, sign and
register it.

"""


def events_page() -> str:
    """Markdown: a table of contents, then a section for each event, in the order of the catalogue."""
    streams: dict[str, list[EventSpec]] = {}
    for spec in SPECS.values():
        streams.setdefault(", ".join(sorted(spec.streams)), []).append(spec)
    parts = [_HEAD]
    for stream, specs in streams.items():
        parts.append(f"- **{stream}**: " + ", ".join(f"[{one.name}](#{one.name.lower()})" for one in specs) + "\n")
    parts.extend("\n" + "\n".join(_section(spec)) + "\n" for spec in SPECS.values())
    return "".join(parts)


def _section(spec: EventSpec) -> Iterator[str]:
    yield f"## {spec.name}\n"
    own = spec.event.__doc__  # one that is inherited says nothing of this event
    if own and own != Event.__doc__:
        yield (getdoc(spec.event) or "") + "\n"
    signers = ", ".join(_SIGNERS.get(one, one.replace("_", " ")) for one in sorted(spec.signers))
    yield f"Signed by: {signers}. Form: {_FORMS[spec.form]}." + (" May take effect later." if spec.begins_later else "")
    rule = (getdoc(spec.decide) or "").strip()
    if rule:
        yield f"Rule (`{spec.decide.__module__}.{spec.decide.__name__}`): {rule}\n"
    info = inspect.type_info(spec.event)
    assert isinstance(info, inspect.StructType)  # events are structs
    fields = [field for field in info.fields if field.name not in _COMMON]
    if fields:
        yield "| field | type | |\n|---|---|---|"
        yield "\n".join(f"| `{field.encode_name}` | {_type(field.type)} | {_need(field)} |" for field in fields) + "\n"
    of_yours = of_the_book(spec.event)
    if of_yours:
        yield f"Of your book: {', '.join(f'`{name}`' for name in of_yours)}.\n"
    shown = json.dumps(json.loads(encode_payload(example(spec.event))), ensure_ascii=False, indent=1)
    yield f"```json\n{shown}\n```"


def _need(field: inspect.Field) -> str:
    return "required" if field.required else "optional"


def _type(info: Any) -> str:
    match info:
        case inspect.UnionType():
            return " or ".join(_type(one) for one in info.types if not isinstance(one, inspect.NoneType))
        case inspect.LiteralType():
            return ", ".join(f"`{value}`" for value in info.values)
        case inspect.StrType():
            return _text(info)
        case inspect.IntType():
            bounds = [f"{word} {bound}" for word, bound in (("from", info.ge), ("to", info.le)) if bound is not None]
            return " ".join(["integer", *bounds])
        case inspect.BoolType():
            return "true or false"
        case inspect.DateType():
            return "date"
        case inspect.VarTupleType():
            most = "" if info.max_length is None else f"at most {info.max_length} "
            return f"list, {most}of {_type(info.item_type)}"
        case inspect.DictType():
            return f"table from {_type(info.key_type)} to {_type(info.value_type)}"
        case inspect.StructType():
            inner = ", ".join(
                f"`{field.encode_name}`{'' if field.required and field.default is UNSET else '?'}"
                for field in info.fields
            )
            return f"object with {inner}"
    raise TypeError(f"no words for {info}")


def _text(info: inspect.StrType) -> str:
    if info.pattern is not None:
        return "text like `" + info.pattern.replace("\\Z", "$").replace("|", "\\|") + "`"
    return f"text, at most {info.max_length} characters" if info.max_length else "text"
