"""Rows of a table as people write them: `7,12,30-40`."""

from __future__ import annotations

from ledger.errors import Malformed
from ledger.limits import IMPORT_ROWS_MAX

__all__ = ["row_numbers"]


def row_numbers(text: str) -> frozenset[int]:
    """Row numbers and ranges of them, separated by commas. Raises `Malformed`."""
    rows: set[int] = set()
    for part in text.replace("，", ",").replace(" ", "").split(","):
        first, _, last = part.partition("-")
        digits = first + (last or first)
        if part and not (
            digits.isascii() and first.isdigit() and digits.isdigit() and int(last or first) <= IMPORT_ROWS_MAX
        ):
            raise Malformed(f"{part[:40]!r} is neither a row nor a range of rows")
        rows.update(range(int(first), int(last or first) + 1) if part else ())
    return frozenset(rows)
