"""Numbers of standards: the one way of writing each, its shape, and what makes two of them the same.

`Q/CSGD 003-2018` (enterprise: Q/, the enterprise's code, a serial, the year), `GB/T 19001-2016` and `GB 4806.7-2016`
(national), `QB/T 1014-2010` (industry), `DB31/T 1073-2017` (local), `T/CAQI 10-2016` (group).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ledger.errors import Refused

__all__ = ["check_number", "fold_number", "is_enterprise_number", "number_key"]

_DASHES: Final = re.compile("[\u2010-\u2015\u2212\u2e3a\u2e3b]")  # GB/T 1.1-2020 prints a long one before the year
_YEAR: Final = r"(?:-(?:(?:19|20)[0-9]{2}|[0-9]{2}))?"  # two digits until 1995; an undated reference has none
_SERIAL: Final = r"[0-9]{1,6}(?:\.[0-9]{1,4}){0,3}"
_SHAPES: Final = re.compile(
    rf"Q/[A-Z0-9(][A-Z0-9()./ -]{{0,40}}[0-9][A-Z]?{_YEAR}"
    rf"|GB(?:J|/T|/Z)? ?{_SERIAL}{_YEAR}"
    rf"|DB(?:S?[0-9]{{2}}|[0-9]{{4}}|[0-9]{{6}})(?:/T|/Z|/)? ?{_SERIAL}{_YEAR}"
    rf"|T/[A-Z0-9]{{2,12}} ?{_SERIAL}(?:/T ?[0-9]{{1,4}})?{_YEAR}"
    rf"|(?!GB|DB)[A-Z]{{2,3}}(?:/T|/Z)? ?{_SERIAL}{_YEAR}"
)


def fold_number(text: str) -> str:
    """A number as people type it, folded: NFKC, upper case, plain hyphens, single spaces, none beside a mark."""
    folded = _DASHES.sub("-", unicodedata.normalize("NFKC", text)).upper()
    return re.sub(r" ?([-/.()]) ?", r"\1", " ".join(folded.split()))


def number_key(number: str) -> str:
    """What two ways of writing one folded number have in common: `Q/CSGD003-2018` is `Q/CSGD 003-2018`."""
    return number.replace(" ", "")


def is_enterprise_number(number: str) -> bool:
    """Whether the standard is an enterprise's own."""
    return number.startswith("Q/")


def check_number(number: str) -> None:
    """Raises `Refused` where `number` is not written in its folded form, or is no number of a standard."""
    folded = fold_number(number)
    if folded != number:
        raise Refused(
            "standard.number_not_folded",
            f"标准编号须为半角大写，空格和连接号须规范：应写作 {folded}",
            f"a standard's number is written in half-width capitals with single spaces and plain hyphens: {folded}",
            number,
        )
    if _SHAPES.fullmatch(number) is None:
        raise Refused(
            "standard.number_shape",
            "不是标准编号：例如 Q/CSGD 003-2018、GB/T 19001-2016、DB31/T 1073-2017、T/CAQI 10-2016",
            "not a standard's number, such as Q/CSGD 003-2018, GB/T 19001-2016, DB31/T 1073-2017 or T/CAQI 10-2016",
            number,
        )
