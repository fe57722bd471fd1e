"""What is wrong with a row, said so that the person who made the table can put it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ledger.domain.values.enterprise_code import masked
from ledger.errors import LedgerError

__all__ = ["Unreadable", "ValidationError", "Verdict", "excerpt"]

Verdict = Literal["flagged", "refused"]

_EXCERPT_CHARS_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class ValidationError:
    """Why a row is not registered. `rule` is stable and dotted; `zh` and `en` name column, value and remedy.

    `refused`: the row cannot be registered as it stands. `flagged`: a person has to look at it and decide.
    """

    verdict: Verdict
    rule: str
    column: str
    zh: str
    en: str


class Unreadable(LedgerError):
    """A cell that does not say what its column asks for; the reason in both languages, without the column."""

    def __init__(self, rule: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.rule = rule
        self.zh = zh
        self.en = en


def excerpt(value: str) -> str:
    """A value as a message quotes it: on one line, cut to 40 characters, resident identity numbers masked."""
    line = " ".join(masked(value).split())
    return f"「{line if len(line) <= _EXCERPT_CHARS_MAX else line[:_EXCERPT_CHARS_MAX] + '…'}」"
