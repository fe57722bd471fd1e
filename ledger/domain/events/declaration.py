"""Self-declared standards (产品和服务标准自我声明公开): what is said when one is declared, revised, abolished.

What it adds up to is in `ledger/domain/state/declaration.py`, what may be said in `ledger/domain/rules/declaration.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.domain.events.base import Annex, EntryIndex, Event, Line, PaperEvidence
from ledger.limits import STANDARD_INDICATORS_MAX, STANDARD_PRODUCTS_MAX

__all__ = [
    "BelowRecommendedNoted",
    "Indicator",
    "Product",
    "StandardAbolished",
    "StandardDeclared",
    "StandardRevised",
]

StandardNumber = Annotated[
    str, Meta(min_length=3, max_length=64)
]  # `ledger/domain/values/standard_number.py` says in which form
Barcode = Annotated[str, Meta(pattern="^(?:[0-9]{8}|[0-9]{12,14})\\Z")]  # GTIN, GB 12904


class Product(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A product or service that is made to the standard."""

    name: Line
    model: Line | None = None
    product_class: Line | None = None
    brand: Line | None = None
    barcode: Barcode | None = None


class Indicator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the standard promises of a product: the value as it is written, its unit, the standard of the test."""

    name: Line
    value: Line
    unit: Line | None = None
    method: Line | None = None


class _Content(Event, frozen=True, kw_only=True):
    """A whole version. `kind`: the enterprise's own standard, or an existing one that it works to.

    `executed`: the standards that it names. Products and indicators that are too many for an entry lie in `annex`.
    `evidence`: where the organizer records it for the enterprise.
    """

    number: StandardNumber
    title: Line
    kind: Literal["enterprise", "existing"]
    executed: Annotated[tuple[StandardNumber, ...], Meta(max_length=64)] = ()
    products: Annotated[tuple[Product, ...], Meta(max_length=STANDARD_PRODUCTS_MAX)] = ()
    indicators: Annotated[tuple[Indicator, ...], Meta(max_length=STANDARD_INDICATORS_MAX)] = ()
    published_on: date | None = None
    implemented_on: date | None = None
    annex: Annex | None = None
    evidence: PaperEvidence | None = None


class StandardDeclared(_Content, frozen=True, kw_only=True, tag="StandardDeclared"):
    """The enterprise declares to the public by which standard it works (现行)."""


class StandardRevised(_Content, frozen=True, kw_only=True, tag="StandardRevised"):
    """A complete new version (修订) of the declaration at `declaration`; the old ones stay."""

    declaration: EntryIndex


class StandardAbolished(Event, frozen=True, kw_only=True, tag="StandardAbolished"):
    """The declaration holds no more from `effective_on` (废止); all its versions stay readable."""

    declaration: EntryIndex
    reason: Line | None = None
    evidence: PaperEvidence | None = None


class BelowRecommendedNoted(Event, frozen=True, kw_only=True, tag="BelowRecommendedNoted"):
    """Sealed. An indicator of the version at entry `version` lies below the recommended standard's; no breach."""

    version: EntryIndex
    indicator: Line
    recommended: StandardNumber
    recommended_value: Line | None = None
    explanation: Line | None = None
