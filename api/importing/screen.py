"""Looks for personal data that must not reach the log: mobile numbers and identity numbers in free text.

Names of persons cannot be recognised; a person has to approve free text before it is shown.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

__all__ = ["Personal", "personal_data_in"]

Personal = Literal["mobile number", "identity number"]

_APART: Final = re.compile(r"(?<=\d)[ \t\-‐‑–—.]+(?=\d)")
# 11 digits from 13 to 19, with or without the country's code
_MOBILE: Final = re.compile(r"(?<![0-9A-Za-z])(?:(?:\+|00)?86)?1[3-9]\d{9}(?![0-9A-Za-z])")
# GB 11643: division, day of birth, sequence, check character; 15 digits until 1999. The check is not
# computed: a mistyped number is personal data, too.
_IDENTITY: Final = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}"
    r"(?:(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx]"
    r"|\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})(?![0-9A-Za-z])"
)


def personal_data_in(text: str) -> Personal | None:
    """The first kind of personal number in `text`, in full width or with gaps, too; None if there is none."""
    folded = unicodedata.normalize("NFKC", text)
    for form in (folded, _APART.sub("", folded)):
        if _IDENTITY.search(form):
            return "identity number"
        if _MOBILE.search(form):
            return "mobile number"
    return None
