"""What is said at the field of a reason, by which something is refused and which somebody reads."""

from __future__ import annotations

from api.pages.words import Word
from ledger.errors import Malformed, Refused

__all__ = ["reason_flaw"]


def reason_flaw(error: Malformed | Refused) -> Word:
    """What is wrong with a reason: no line of text at all, or a rule's own words, such as for personal data."""
    if isinstance(error, Refused):
        return Word(error.zh.replace("reason ", "理由", 1), error.en)
    return Word("请写一行理由，至多 512 个字符；对方会看到", "write a reason of one line, 512 characters at most")
