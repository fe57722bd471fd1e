"""What is said about listings."""

from __future__ import annotations

from datetime import date
from typing import Any

from ledger.domain.events.listing import Basis, ProductDelisted, ProductListed
from tests.support.marks import KETTLE
from tests.support.statements import TODAY

__all__ = ["delisted", "listed"]


def listed(**given: Any) -> ProductListed:
    defaults = {
        "v": 1,
        "effective_on": TODAY,
        "survey": "2026 年稳定合格产品调查",
        "product": KETTLE,
        "window_from": TODAY,
        "window_until": date(2026, 12, 31),
        "basis": (Basis(report="检字 2026-001", laboratory="某检验院", sha256="ab" * 32),),
    }
    event: ProductListed = ProductListed(**{**defaults, **given})
    return event


def delisted(listing: int, on: date = TODAY) -> ProductDelisted:
    return ProductDelisted(v=1, effective_on=on, listing=listing, reason="nonconforming")
