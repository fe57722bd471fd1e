"""What became of every row: for the person who handed the table in, and for a program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from api.importing.table_writer import csv_table
from api.importing.validation_errors import ValidationError

__all__ = ["HIDDEN", "ImportReport", "RowReason", "RowReport", "Status", "reasons_of"]

Status = Literal["accepted", "already registered", "flagged", "refused", "not sent"]

_HEADER: Final = ("row", "name", "code", "status", "rule", "why_zh", "why_en", "subject", "entries", "pledge_code")


@dataclass(frozen=True, slots=True)
class RowReason:
    """A rule, stable and dotted, and what it says to a person."""

    rule: str
    zh: str
    en: str


_BETWEEN: Final = {"zh": "；", "en": "; "}
HIDDEN: Final = RowReason(
    "row.hidden",
    "该行在文件中被隐藏（筛选或手动），仍已处理；请核实",
    "the file hides this row, by a filter or by hand; it was dealt with all the same: find out whether that is meant",
)


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of one row, and why.

    `row` as a spreadsheet counts. `entries`: leaf indices of what the row is in the book.

    `not sent`: the import was stopped, or the service was not reached, before the row's fate was known.
    """

    row: int
    name: str
    code: str
    status: Status
    reasons: tuple[RowReason, ...] = ()
    subject: str | None = None
    entries: tuple[int, ...] = ()
    pledge_code: str | None = None

    def line(self, language: Literal["zh", "en"] = "en") -> str:
        """`accepted`, `already registered`, `flagged: why`, `refused: why`, `not sent: why`."""
        why = _BETWEEN[language].join(getattr(reason, language) for reason in self.reasons)
        return f"{self.status}: {why}" if why else self.status


@dataclass(frozen=True, slots=True)
class ImportReport:
    """One report per row, in the table's order. `dry_run`: nothing was sent, `accepted` means it would have been.

    `stopped` says why the import ended early, None if it did not; run again, it goes on where it ended.
    """

    file_name: str
    file_sha256: str
    rows: tuple[RowReport, ...]
    dry_run: bool = False
    stopped: str | None = None

    def counts(self) -> dict[Status, int]:
        """How many rows ended in which way."""
        return dict(Counter(row.status for row in self.rows))

    def reasons(self) -> dict[str, int]:
        """How many rows each rule kept out, or has something to say about; a row may have several reasons."""
        return dict(Counter(reason.rule for row in self.rows for reason in row.reasons).most_common())

    def to_csv(self) -> bytes:
        """For a spreadsheet: UTF-8 with a byte order mark, no cell that would be run."""
        lines = [
            (
                row.row,
                row.name,
                row.code,
                row.status,
                "; ".join(reason.rule for reason in row.reasons),
                _BETWEEN["zh"].join(reason.zh for reason in row.reasons),
                _BETWEEN["en"].join(reason.en for reason in row.reasons),
                row.subject,
                " ".join(str(entry) for entry in row.entries),
                row.pledge_code,
            )
            for row in self.rows
        ]
        return csv_table([_HEADER, *lines])

    def to_json(self) -> bytes:
        """For a program: the report's fields, `counts` and `reasons` beside them."""
        document = {"counts": self.counts(), "reasons": self.reasons(), **msgspec.to_builtins(self)}
        return msgspec.json.format(msgspec.json.encode(document), indent=1)


def reasons_of(flaws: Iterable[ValidationError]) -> tuple[RowReason, ...]:
    return tuple(RowReason(flaw.rule, flaw.zh, flaw.en) for flaw in flaws)
