"""Self-declared standards with sensible defaults."""

from __future__ import annotations

from typing import Any

from ledger.domain.events.declaration import (
    BelowRecommendedNoted,
    Indicator,
    Product,
    StandardAbolished,
    StandardDeclared,
    StandardRevised,
)
from tests.support.statements import TODAY

__all__ = ["INDICATOR", "NUMBER", "PRODUCT", "abolished", "declared", "noted", "revised"]

NUMBER = "Q/CSGD 003-2018"
PRODUCT = Product(name="家用电热水壶", model="K-1", product_class="厨房电器", brand="某某", barcode="6901234567892")
INDICATOR = Indicator(name="泄漏电流", value="≤ 0.25", unit="mA", method="GB 4706.1-2005")


def declared(**given: Any) -> StandardDeclared:
    return StandardDeclared(**{**_content(), **given})


def revised(declaration: int, **given: Any) -> StandardRevised:
    return StandardRevised(**{**_content(), "declaration": declaration, **given})


def abolished(declaration: int, **given: Any) -> StandardAbolished:
    return StandardAbolished(**{"v": 1, "effective_on": TODAY, "declaration": declaration, **given})


def noted(version: int, **given: Any) -> BelowRecommendedNoted:
    content = {"indicator": INDICATOR.name, "recommended": "GB/T 22089-2008", "recommended_value": "≤ 0.2 mA"}
    return BelowRecommendedNoted(**{"v": 1, "effective_on": TODAY, "version": version, **content, **given})


def _content() -> dict[str, Any]:
    return {
        "v": 1,
        "effective_on": TODAY,
        "number": NUMBER,
        "title": "家用电热水壶",
        "kind": "enterprise",
        "executed": ("GB 4706.1-2005",),
        "products": (PRODUCT,),
        "indicators": (INDICATOR,),
    }
