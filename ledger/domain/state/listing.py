"""Listings (稳定合格产品调查): products that a survey found to conform steadily, for a window of time; all open.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/listing.py`.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Final

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.declaration import Product
from ledger.domain.events.listing import ProductDelisted, ProductListed
from ledger.domain.state.slot import Slot, only_open
from ledger.domain.state.step import in_slot
from ledger.domain.values.text import fold_text

__all__ = ["LISTINGS", "STEPS"]


class Delisting(Struct, frozen=True, gc=False):
    """The `ProductDelisted` at `index`."""

    index: int
    effective_on: date


class Listing(Struct, frozen=True, gc=False):
    """The `ProductListed` at `index`, by `issuer`; `product` is its key, `delistings` are in log order."""

    index: int
    effective_on: date
    issuer: str
    product: str
    window_from: date
    window_until: date
    delistings: tuple[Delisting, ...] = ()

    def delisted(self, repudiated: Container[int]) -> Delisting | None:
        """By which entry it was ended, unless that was repudiated."""
        return next((one for one in self.delistings if one.index not in repudiated), None)

    def covers(self, first: date, last: date, repudiated: Container[int]) -> bool:
        """Whether it holds on any day from `first` to `last`."""
        end = self.delisted(repudiated)
        begun = self.window_from <= last and first <= self.window_until
        return begun and (end is None or max(first, self.window_from) < end.effective_on)


class Listings(Struct, frozen=True):
    """By the entry that listed, and the entries of a product by its key."""

    by_entry: Map[int, Listing] = Map()
    by_product: Map[str, tuple[int, ...]] = Map()


def product_key(product: Product) -> str:
    """What makes two listings be of one product: its barcode, or name, model and brand, however they are typed."""
    if product.barcode is not None:
        return product.barcode
    return "\n".join(fold_text(part or "") for part in (product.name, product.model, product.brand))


def listed(listings: Listings, at: Recorded, event: ProductListed) -> Listings:
    key = product_key(event.product)
    listing = Listing(at.index, event.effective_on, at.issuer, key, event.window_from, event.window_until)
    return Listings(
        listings.by_entry.set(at.index, listing),
        listings.by_product.set(key, (*listings.by_product.get(key, ()), at.index)),
    )


def delisted(listings: Listings, at: Recorded, event: ProductDelisted) -> Listings:
    listing = listings.by_entry.get(event.listing)
    if listing is None:  # the rules see to it that there is one
        return listings
    ended = replace(listing, delistings=(*listing.delistings, Delisting(at.index, event.effective_on)))
    return replace(listings, by_entry=listings.by_entry.set(event.listing, ended))


LISTINGS: Final[Slot[Listings]] = Slot("listings", Listings(), forget=only_open)

STEPS: Final = (
    in_slot(LISTINGS, ProductListed, listed, textual=True),
    in_slot(LISTINGS, ProductDelisted, delisted, textual=True),
)
