"""Marks (专用标识): licensed to a live pledge, suspended, reinstated, revoked, misused.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/mark.py`, when a licence holds
in `ledger/domain/state/licence_periods.py`, the serials of a licence in `ledger/domain/values/mark_serials.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.domain.events.base import Digest, Event, Line, NamedText, Text
from ledger.domain.events.declaration import Product
from ledger.domain.events.pledge import PledgeCode
from ledger.limits import MARK_SERIALS_MAX

MarkRange = Annotated[str, Meta(pattern="^[0-9a-f]{10}\\Z")]
By = Literal["licensee", "third_party"]


class MarkSeed(NamedText, frozen=True, kw_only=True, tag="MarkSeed"):
    """The body behind `MarkLicensed.seed`: 32 secret bytes in hexadecimal. Never shown to anybody."""

    secret: Digest


class MarkLicensed(Event, frozen=True, kw_only=True, tag="MarkLicensed"):
    """The enterprise may put the mark, with `count` serials of a random `range`, on products from a day to another.

    `serials_root` (RFC 6962, SHA-256) fixes the issued serials, `seed` is the digest of the `MarkSeed` that makes
    them: it stays with the service. The licence ends with the pledge, at the latest.
    """

    text_type: ClassVar[type[NamedText] | None] = MarkSeed

    pledge: PledgeCode
    range: MarkRange
    count: Annotated[int, Meta(ge=1, le=MARK_SERIALS_MAX)]
    serials_root: Digest
    seed: Digest
    products: Annotated[tuple[Product, ...], Meta(min_length=1, max_length=256)]
    valid_from: date
    valid_until: date

    @property
    def named_text(self) -> str:
        return self.seed


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
