"""The parts of the read models that nouns other than pledges bring: a line for each."""

from __future__ import annotations

from typing import Final

from projections.part import Part

__all__ = ["PARTS"]

PARTS: Final[tuple[Part, ...]] = ()
