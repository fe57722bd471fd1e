"""What an event is: the base of every payload type, and the envelope in which a registered one is folded.

Payloads are canonical JSON (RFC 8785): ASCII keys in sorted order, no floating-point numbers. `msgspec`
encodes a typed struct to exactly that form, so `encode(decode(payload)) == payload` is the canonical
check and the schema check in one (tests pin it to the `rfc8785` package).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.values.media_types import AnnexMediaType
from ledger.limits import ANNEX_BYTES_MAX

__all__ = [
    "Annex",
    "Closed",
    "Digest",
    "EntryIndex",
    "Event",
    "Hex",
    "Line",
    "Month",
    "NamedText",
    "PaperEvidence",
    "Recorded",
    "Text",
]

Line = Annotated[str, Meta(min_length=1, max_length=512)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}\\Z")]  # SHA-256, lower-case hexadecimal
Hex = Annotated[str, Meta(pattern="^(?:[0-9a-f]{2})+\\Z", max_length=4096)]
EntryIndex = Annotated[int, Meta(ge=0)]  # the leaf index of an entry, from 0
Month = Annotated[str, Meta(pattern="^[0-9]{4}-(?:0[1-9]|1[0-2])\\Z")]


class PaperEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an organizer's statement about somebody else rests on: row `row` (from 1) of a file by SHA-256."""

    file: Digest
    row: Annotated[int, Meta(ge=1, le=1_000_000)]


class Annex(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public file that an entry names, by SHA-256, length in bytes and what it is; stored with the entry."""

    sha256: Digest
    bytes: Annotated[int, Meta(ge=1, le=ANNEX_BYTES_MAX)]
    media_type: AnnexMediaType


class NamedText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Base of the texts that an open statement names by digest, kept like a body; not events."""

    v: int
    salt: Annotated[str, Meta(pattern="^[0-9a-f]{32,128}\\Z")]


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type"):
    """Fields that every event has. Subclasses set `tag=` to their type name and add their own.

    `v` is the schema version (1); `effective_on` the Asia/Shanghai calendar date from which the event
    counts; `legal_basis` what it rests on; `late_ground` why it is recorded later than the registration
    policy allows without one (a late roster, a historical import).

    `text_type` is the type of the text that an open statement of the kind may name by digest, None where it names
    none: `named_text` is that digest.
    """

    text_type: ClassVar[type[NamedText] | None] = None

    v: int
    effective_on: date
    legal_basis: Line | None = None
    late_ground: Line | None = None

    @property
    def named_text(self) -> str | None:
        """The SHA-256, in hexadecimal, of the text that this one names; None where it names none."""
        return None


@dataclass(frozen=True, slots=True)
class Closed:
    """Stands for a sealed event whose body is not there (erased, or not given): it counts for nothing."""

    commitment: bytes


class Recorded(Struct, frozen=True):
    """An event at its place in the log.

    `index` is the leaf index (from 0), `version` the event's number in its subject's stream (from 1),
    `recorded_at` the Unix second of the checkpoint that first covered it, `statement_id` the SHA-256 of
    the statement's bytes, `kid` the thumbprint of the signing key (RFC 9679, 32 bytes), `iat` the issuer's
    own time. `sealed` says that the content came from a body.
    """

    index: int
    subject: str
    version: int
    recorded_at: int
    statement_id: bytes
    issuer: str
    kid: bytes
    iat: int
    sealed: bool
    event: Event | Closed
