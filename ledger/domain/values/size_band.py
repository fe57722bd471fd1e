"""Size bands of enterprises, as the statistical standard for small and medium-sized enterprises names them."""

from __future__ import annotations

from typing import Literal

__all__ = ["SizeBand"]

SizeBand = Literal["micro", "small", "medium", "large"]
