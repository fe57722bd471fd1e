"""Listings (稳定合格产品调查): products that a survey found to conform steadily, for a window of time; all open.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/listing.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.domain.events.base import Digest, EntryIndex, Event, Line
from ledger.domain.events.declaration import Product


class Basis(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a listing rests on: a test report by number and laboratory; the digest of its file, where there is one."""

    report: Line
    laboratory: Line
    sha256: Digest | None = None


class ProductListed(Event, frozen=True, kw_only=True, tag="ProductListed"):
    """The product was surveyed and conformed steadily; listed from `window_from` to `window_until`, both included."""

    survey: Line
    product: Product
    window_from: date
    window_until: date
    basis: Annotated[tuple[Basis, ...], Meta(min_length=1, max_length=64)]


class ProductDelisted(Event, frozen=True, kw_only=True, tag="ProductDelisted"):
    """From `effective_on` on the listing at entry `listing` does not hold."""

    listing: EntryIndex
    reason: Literal["nonconforming", "discontinued", "basis_invalid", "at_request", "other"]
