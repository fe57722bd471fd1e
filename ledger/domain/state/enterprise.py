"""The parts of an enterprise's record that are about the enterprise itself, and about its entries."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from ledger.domain.values.size_band import SizeBand

__all__ = ["Ceased", "EntryRef", "Named", "Overridden", "Registration", "Repudiation", "Sized"]


class Registration(Struct, frozen=True, gc=False):
    """The `EnterpriseRegistered` at `index`; name and size are in the record's histories."""

    index: int
    effective_on: date
    category: Literal["organization", "individual_business"]
    code: str | None
    division: str | None
    industry: str | None
    sealed: bool


class Named(Struct, frozen=True, gc=False):
    """A name, from `effective_on`, by the entry at `index`."""

    index: int
    effective_on: date
    name: str


class Sized(Struct, frozen=True, gc=False):
    """A size band, from `effective_on`, by the entry at `index`."""

    index: int
    effective_on: date
    band: SizeBand


class Ceased(Struct, frozen=True, gc=False):
    """A merger (`into` its successor) or deregistration (`into` None), by the entry at `index`."""

    index: int
    effective_on: date
    into: str | None


class Overridden(Struct, frozen=True, gc=False):
    """A code that was said to be real, by the entry at `index`."""

    index: int
    code: str


class Repudiation(Struct, frozen=True, gc=False):
    """The `StatementRepudiated` or `EntryMisattributed` at `index`. Either way the entry counts for nothing."""

    index: int
    effective_on: date
    how: Literal["repudiated", "misattributed"] = "repudiated"


class EntryRef(Struct, frozen=True, gc=False):
    """What must be known of any entry of the stream. `about`: the pledge's statement id or the outcome's index.

    `type` is None where the entry is closed. `has_body`: sealed, or open and naming a text of its own.
    """

    type: str | None
    issuer: str
    kid: bytes
    sealed: bool
    has_body: bool
    about: bytes | int | None
