"""Marks (专用标识): licensed to a live pledge, suspended, reinstated, revoked, misused.

First what is said, then what it adds up to; what may be said is in `mark_rules.py`, when a licence holds in
`mark_state.py`, the serials of a licence in `serials.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from immutables import Map
from msgspec import Meta, Struct
from msgspec.structs import replace

from ledger.domain.declaration import Product
from ledger.domain.event import Digest, Event, Line, NamedText, Recorded, Text
from ledger.domain.pledge import PledgeCode
from ledger.limits import MARK_SERIALS_MAX

MarkRange = Annotated[str, Meta(pattern="^[0-9a-f]{10}\\Z")]
By = Literal["licensee", "third_party"]


class MarkLicensed(Event, frozen=True, kw_only=True, tag="MarkLicensed"):
    """The enterprise may put the mark, with `count` serials of a random `range`, on products from a day to another.

    `serials_root` (RFC 6962, SHA-256) fixes the issued serials, `seed` is the digest of the `MarkSeed` that makes
    them: it stays with the service. The licence ends with the pledge, at the latest.
    """

    pledge: PledgeCode
    range: MarkRange
    count: Annotated[int, Meta(ge=1, le=MARK_SERIALS_MAX)]
    serials_root: Digest
    seed: Digest
    products: Annotated[tuple[Product, ...], Meta(min_length=1, max_length=256)]
    valid_from: date
    valid_until: date


class MarkSeed(NamedText, frozen=True, kw_only=True, tag="MarkSeed"):
    """The body behind `MarkLicensed.seed`: 32 secret bytes in hexadecimal. Never shown to anybody."""

    secret: Digest


class MarkSuspended(Event, frozen=True, kw_only=True, tag="MarkSuspended"):
    """From `effective_on` on the licence of this range does not hold, until it is reinstated."""

    range: MarkRange
    ground: Literal["misuse_suspected", "product_in_question", "pledge_in_question", "at_request", "other"]


class MarkReinstated(Event, frozen=True, kw_only=True, tag="MarkReinstated"):
    """From `effective_on` on a suspended licence holds again."""

    range: MarkRange


class MarkRevoked(Event, frozen=True, kw_only=True, tag="MarkRevoked"):
    """From `effective_on` on the licence does not hold, for good."""

    range: MarkRange
    ground: Literal["misuse", "product_nonconforming", "pledge_broken", "at_request", "other"]


class MarkMisuseFound(Event, frozen=True, kw_only=True, tag="MarkMisuseFound"):
    """Sealed. The mark was put where it does not belong. By a third party it never counts against the enterprise.

    `range`: of the serials concerned, where they are known.
    """

    by: By
    range: MarkRange | None = None
    text: Text
    fact_id: Line | None = None


class Turn(Struct, frozen=True, gc=False):
    """The suspension, reinstatement or revocation at `index`: the licence is in `state` from `effective_on`."""

    index: int
    effective_on: date
    state: Literal["suspended", "valid", "revoked"]


class Licence(Struct, frozen=True, gc=False):
    """The `MarkLicensed` at `index`, with what was said of it since, in log order."""

    index: int
    effective_on: date
    pledge: str
    range: str
    count: int
    valid_from: date
    valid_until: date
    turns: tuple[Turn, ...] = ()


class Misuse(Struct, frozen=True, gc=False):
    """The `MarkMisuseFound` at `index`."""

    index: int
    effective_on: date
    by: By
    range: str | None
    fact_id: str | None


class Marks(Struct, frozen=True):
    """Licences by range, findings of misuse by entry. Only the latter are sealed, and can be forgotten."""

    licences: Map[str, Licence] = Map()
    misuses: Map[int, Misuse] = Map()


def licensed(marks: Marks, at: Recorded, event: MarkLicensed) -> Marks:
    licence = Licence(
        at.index, event.effective_on, event.pledge, event.range, event.count, event.valid_from, event.valid_until
    )
    return replace(marks, licences=marks.licences.set(event.range, licence))


def suspended(marks: Marks, at: Recorded, event: MarkSuspended) -> Marks:
    return _turned(marks, event.range, Turn(at.index, event.effective_on, "suspended"))


def reinstated(marks: Marks, at: Recorded, event: MarkReinstated) -> Marks:
    return _turned(marks, event.range, Turn(at.index, event.effective_on, "valid"))


def revoked(marks: Marks, at: Recorded, event: MarkRevoked) -> Marks:
    return _turned(marks, event.range, Turn(at.index, event.effective_on, "revoked"))


def misused(marks: Marks, at: Recorded, event: MarkMisuseFound) -> Marks:
    misuse = Misuse(at.index, event.effective_on, event.by, event.range, event.fact_id)
    return replace(marks, misuses=marks.misuses.set(at.index, misuse))


def forget(marks: Marks, index: int) -> Marks:
    """As if the finding at `index` had always been closed."""
    return replace(marks, misuses=marks.misuses.delete(index)) if index in marks.misuses else marks


def _turned(marks: Marks, range_: str, turn: Turn) -> Marks:
    licence = marks.licences.get(range_)
    if licence is None:  # the rules see to it that there is one
        return marks
    return replace(marks, licences=marks.licences.set(range_, replace(licence, turns=(*licence.turns, turn))))
