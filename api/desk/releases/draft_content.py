"""What a draft says: its JSON as forms hand it over, the event that it stands for, and whether a statement says it.

    {"type": "PledgeExtended", "subject": "uscc:…", "fields": {…}}

`fields` as in docs/reference/events.md, without `type` and `v`. Without `effective_on` the event counts from the day
of its release. `sealed` (true or false) where the type leaves the choice; `text` (`{"field", "content"}`) is the text
that an open statement names by digest in `field`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec

from ledger.domain.events.base import Event, NamedText
from ledger.domain.payload import decode_body, decode_payload, encode_payload
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.spec import EventSpec
from ledger.domain.values.subject import parse
from ledger.errors import Malformed
from ledger.limits import DRAFT_BYTES_MAX
from ledger.registration import Candidate

__all__ = ["Drafted", "drafted"]

_DIGEST: Final = "0" * 64  # of a text that has no salt yet
_SALT: Final = "0" * 64


class _Text(msgspec.Struct, forbid_unknown_fields=True):
    field: str
    content: dict[str, Any]


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    subject: str
    fields: dict[str, Any]
    sealed: bool | None = None
    text: _Text | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft taken apart. `subject` in its one form."""

    spec: EventSpec
    subject: str
    sealed: bool
    fields: Mapping[str, Any]
    text_field: str | None
    text: Mapping[str, Any] | None

    def event(self, on: date, digest: str = _DIGEST) -> Event:
        """The event that it stands for when it is released on a day. Raises `Malformed`, naming the field."""
        named = {} if self.text_field is None else {self.text_field: digest}
        content = {"v": 1, "effective_on": on.isoformat(), **self.fields, **named, "type": self.spec.name}
        try:
            event: Event = msgspec.convert(content, self.spec.event)
        except msgspec.ValidationError as error:
            raise Malformed(f"{self.spec.name}: {error}") from None
        return decode_payload(encode_payload(event))

    def said_by(self, candidate: Candidate, on: date) -> bool:
        """Whether a statement released on that day says this, all of it and nothing else."""
        statement = candidate.statement
        if (statement.subject, statement.sealed) != (self.subject, self.sealed) or candidate.spec is not self.spec:
            return False
        digest = candidate.event.named_text or _DIGEST
        if self.event(on, digest) != candidate.event:
            return False
        if self.text is None or candidate.body is None:
            return self.text is None
        salt, text = decode_body(candidate.body)
        return text == _named_text(self.spec, self.text, salt.hex())


def drafted(document: str, today: date) -> Drafted:
    """The draft that a JSON document is. Raises `Malformed` with what is wrong, the field named."""
    if len(document.encode()) > DRAFT_BYTES_MAX:
        raise Malformed(f"a draft has at most {DRAFT_BYTES_MAX} bytes")
    try:
        found = msgspec.json.decode(document, type=_Document)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(f"not a draft: {error}") from None
    spec = SPECS.get(found.type)
    if spec is None:
        raise Malformed(f"not a draft: there is no event type {found.type[:60]!r}")
    sealed = spec.form == "sealed" if found.sealed is None else found.sealed
    if not spec.takes(sealed=sealed):
        raise Malformed(f"{spec.name} is said {'openly' if sealed else 'in sealed form'}")
    text = found.text
    if text is not None:
        if sealed or spec.event.text_type is None:
            raise Malformed(f"{spec.name} names no text in this form")
        _named_text(spec, text.content, _SALT)
    draft = Drafted(
        spec,
        parse(found.subject),
        sealed,
        found.fields,
        None if text is None else text.field,
        None if text is None else text.content,
    )
    event = draft.event(today)
    if text is not None and event.named_text != _DIGEST:
        raise Malformed(f"{spec.name} names no text in {text.field[:60]!r}")
    return draft


def _named_text(spec: EventSpec, content: Mapping[str, Any], salt: str) -> NamedText:
    assert spec.event.text_type is not None  # the caller looked
    try:
        return msgspec.convert({"v": 1, **content, "salt": salt}, spec.event.text_type)
    except msgspec.ValidationError as error:
        raise Malformed(f"text: {error}") from None
