"""Mapping files (TOML): how another source's table of complaint outcomes maps onto the book's fields.

    [source]
    name = "cfpb"                     # stable: part of what makes a case itself
    late_ground = "historical …"      # optional: why it is recorded late; replaces no notice
    headerless = true                 # optional: the file has no header; columns are named A, B, … AA as a sheet's

    [subject]
    id = "local"                      # "uscc", "lei" or "local"
    registry = "cfpb"                 # for "local": local:<registry>/<slug of the name>
    name = "Company"                  # the column with the enterprise's name
    code = "USCC"                     # for "uscc" and "lei": the column with the code

    [fields]                          # field = "column", or a table with
    case = "Complaint ID"             #   column   or   columns = [..]  (joined by " / ", empty ones left out)
    received = { column = "Date received", format = ["%Y-%m-%d", "%m/%d/%Y"] }
    outcome = { column = "Response", map = { "Closed" = "explained" }, in_progress = ["In progress"] }
    reason = { column = "Response", map = { "Closed" = "…" }, unmapped = "absent" }
    channel = { value = "web" }       #   value: the same for every row

Required fields: case, channel, product_class, issue, received, closed, reply, outcome; forwarded and replied where
`reply` can be timely or late (`replied` is left out of rows without a reply). `pledge` is the code of a pledge whose
`clauses` (ids, separated) the case concerns. Values are never guessed: what `map` does not name is refused, or left
out where an optional field says `unmapped = "absent"`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from api.importing.table_reader import Column
from ledger.domain.events.complaint import Outcome, Reply
from ledger.errors import Malformed
from ledger.limits import IMPORT_MAPPING_BYTES_MAX

__all__ = [
    "DATES",
    "LINES",
    "MONTHS",
    "REQUIRED",
    "Field",
    "MappedSource",
    "SourceMapping",
    "SubjectRule",
    "parse_mapping",
    "read_mapping",
]

REQUIRED: Final = ("case", "channel", "product_class", "issue", "received", "closed", "reply", "outcome")
MONTHS: Final = ("received", "accepted", "forwarded", "reply_due", "replied", "closed")
DATES: Final = ("effective_on", "notified_on")
LINES: Final = ("channel", "product_class", "issue", "reason", "fact_id")
FIELDS: Final = ("case", *LINES, *MONTHS, *DATES, "reply", "outcome", "substantive_reply", "pledge", "clauses")
_CLOSED_LISTS: Final = {
    "outcome": get_args(Outcome),
    "reply": get_args(Reply),
    "substantive_reply": ("true", "false"),
}

_Name = Annotated[str, Meta(min_length=1, max_length=200)]


class MappedSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the table comes from."""

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}\\Z")]
    late_ground: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    headerless: bool = False


class SubjectRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a row's enterprise gets its subject id."""

    id: Literal["uscc", "lei", "local"]
    name: _Name
    registry: Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}\\Z")] | None = None
    code: _Name | None = None


class Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a field's value comes from. `format`: `strptime`'s notation, or several in the order in which
    they are tried; without it, any clear notation."""

    column: _Name | None = None
    columns: tuple[_Name, ...] = ()
    value: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    format: _Name | Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=8)] | None = None
    map: dict[str, str] | None = None
    in_progress: tuple[str, ...] = ()
    unmapped: Literal["refuse", "absent"] = "refuse"

    @property
    def formats(self) -> tuple[str, ...]:
        """The notations of a date; empty for any clear one."""
        return (self.format,) if isinstance(self.format, str) else self.format or ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns that the value is made of."""
        return self.columns or ((self.column,) if self.column else ())


class SourceMapping(Struct, frozen=True, kw_only=True):
    """A mapping that has been checked: `parse_mapping` makes it."""

    source: MappedSource
    subject: SubjectRule
    fields: dict[str, Field]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns that the mapping reads, each required."""
        named = [self.subject.name, *([self.subject.code] if self.subject.code else [])]
        named += [column for field in self.fields.values() for column in field.sources]
        return tuple(Column(name) for name in dict.fromkeys(named))


class _Document(Struct, forbid_unknown_fields=True):
    source: MappedSource
    subject: SubjectRule
    fields: dict[str, str | Field]


def read_mapping(path: Path) -> SourceMapping:
    """Raises `Malformed`, naming file and key, or `OSError`."""
    if path.stat().st_size > IMPORT_MAPPING_BYTES_MAX:
        raise Malformed(f"{path.name}: a mapping file has at most {IMPORT_MAPPING_BYTES_MAX:,} bytes")
    try:
        return parse_mapping(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise Malformed(f"{path.name}: a mapping file is in UTF-8") from None
    except Malformed as error:
        raise Malformed(f"{path.name}: {error}") from None


def parse_mapping(text: str) -> SourceMapping:
    """Raises `Malformed`, naming the key that is wrong and what may stand there."""
    if len(text) > IMPORT_MAPPING_BYTES_MAX:
        raise Malformed(f"a mapping file has at most {IMPORT_MAPPING_BYTES_MAX:,} bytes")
    try:
        document = msgspec.convert(tomllib.loads(text), _Document)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Malformed(f"not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise Malformed(_with_key(str(error))) from None
    _check_subject(document.subject)
    fields = {name: Field(column=one) if isinstance(one, str) else one for name, one in document.fields.items()}
    _check_fields(fields)
    return SourceMapping(source=document.source, subject=document.subject, fields=fields)


def _check_subject(rule: SubjectRule) -> None:
    if rule.id == "local" and (rule.registry is None or rule.code is not None):
        raise Malformed('subject: id = "local" needs `registry`, and no `code`')
    if rule.id != "local" and (rule.code is None or rule.registry is not None):
        raise Malformed(f'subject: id = "{rule.id}" needs `code`, the column that holds it, and no `registry`')


def _check_fields(fields: dict[str, Field]) -> None:
    """All that are needed are there, and each is one that can be."""
    for name in REQUIRED:
        if name not in fields:
            raise Malformed(f"fields.{name}: is missing; required are {', '.join(REQUIRED)}")
    for name, field in fields.items():
        _check_source(name, field)
        _check_words(name, field)
    replies = fields["reply"]
    if {replies.value, *(replies.map or {}).values()} & {"timely", "late"}:
        for name in ("forwarded", "replied"):
            if name not in fields:
                raise Malformed(f"fields.{name}: is missing; a reply, timely or late, has the month of {name}")
    if "notified_on" not in fields:
        raise Malformed(
            "fields.notified_on: is missing; an outcome needs the day on which the enterprise was told that it would "
            "be published, and no ground for recording it late replaces that"
        )


def _check_source(name: str, field: Field) -> None:
    """Where the value comes from: one place, which is of a kind that the field can have."""
    key = f"fields.{name}"
    if name not in FIELDS:
        raise Malformed(f"{key}: there is no such field; possible are {', '.join(FIELDS)}")
    if sum((field.column is not None, bool(field.columns), field.value is not None)) != 1:
        raise Malformed(f"{key}: give one of `column`, `columns` and `value`")
    if field.value is not None and (field.map is not None or field.format is not None or field.in_progress):
        raise Malformed(f"{key}: `value` stands alone")
    dated = name in MONTHS or name in DATES
    if field.format is not None and not dated:
        raise Malformed(f"{key}.format: only for dates: {', '.join((*MONTHS, *DATES))}")
    if dated and (field.columns or field.map is not None or field.value is not None):
        raise Malformed(f"{key}: a date comes from one `column`, with or without `format`")
    if name == "case" and field.value is not None:
        raise Malformed(f"{key}: a case is named by a column, or it would be the same for every row")


def _check_words(name: str, field: Field) -> None:
    """What the source's words mean: a field of a closed list says it of each."""
    key = f"fields.{name}"
    if field.in_progress and name != "outcome":
        raise Malformed(f"{key}.in_progress: only for outcome")
    if field.unmapped == "absent" and (name in REQUIRED or field.map is None):
        raise Malformed(f'{key}.unmapped: "absent" is for optional fields that have a `map`')
    allowed = _CLOSED_LISTS.get(name)
    if allowed is None:
        return
    given = {"value": field.value} if field.value is not None else field.map
    if given is None:
        raise Malformed(f"{key}: needs a `map` onto {', '.join(allowed)}")
    for word, meaning in given.items():
        if meaning not in allowed:
            raise Malformed(f'{key}.map."{word}": {meaning!r} is none of {", ".join(allowed)}')


def _with_key(error: str) -> str:
    """msgspec's `… - at `$.fields[...].map`` → the key first."""
    what, found, path = error.partition(" - at `$")
    return f"{path.rstrip('`').lstrip('.') or 'the file'}: {what}" if found else error
