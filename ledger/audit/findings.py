"""What an audit found: each broken promise with its place, bounded in number, counted in full; its totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct, field

from ledger.audit.promises import NOTICES, PROMISES

__all__ = ["AuditFinding", "AuditResult", "Findings", "Remarked"]

KEPT_PER_CODE_MAX: Final = 100
_DETAIL_MAX: Final = 600


class AuditFinding(Struct, frozen=True, omit_defaults=True):
    """A broken promise, or a notice. Of the places those are given that apply: leaf index, subject, tree size, row.

    `row` is `table key`. `consequence`: it was only looked at because of another finding.
    """

    code: str
    zh: str
    en: str
    detail: str = ""
    entry: int | None = None
    subject: str | None = None
    size: int | None = None
    row: str | None = None

    @property
    def place(self) -> str:
        """Where it is, in a few words."""
        said = []
        if self.entry is not None:
            said.append(f"entry {self.entry}")
        if self.size is not None:
            said.append(f"size {self.size}")
        if self.row is not None:
            said.append(self.row)
        if self.subject is not None:
            said.append(self.subject)
        return ", ".join(said) or "log"


class Remarked(Struct, frozen=True):
    """Findings or notices that passed between processes: those kept, and how many there were of each code."""

    kept: list[AuditFinding]
    counts: dict[str, int]


class AuditResult(Struct):
    """What an audit found and how much it looked at."""

    origin: str
    size: int = 0
    root: str = ""
    note: str = ""
    checkpoints: int = 0
    entries: int = 0
    signatures: int = 0
    bodies: int = 0
    judged: int = 0
    facts: int = 0
    seconds: float = 0.0
    tables: bool = False
    timed: bool = True
    resumed_from: int = 0
    findings: list[AuditFinding] = field(default_factory=list)
    notices: list[AuditFinding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notice_counts: dict[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether all that was to be looked at could be: what could not be reached is nobody's broken promise."""
        return "not_reached" not in self.notice_counts

    @property
    def clean(self) -> bool:
        """Whether everything was looked at and nothing found."""
        return not self.counts and self.complete

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings (they stand, whatever else could not be reached), 2 it could not be completed."""
        return 1 if self.counts else 0 if self.complete else 2


class Findings:
    """Gathers both kinds. Past `KEPT_PER_CODE_MAX` of a code they are counted only."""

    def __init__(self) -> None:
        self.findings: list[AuditFinding] = []
        self.notices: list[AuditFinding] = []
        self.counts: Counter[str] = Counter()
        self.notice_counts: Counter[str] = Counter()

    def add(
        self,
        code: str,
        detail: str = "",
        *,
        entry: int | None = None,
        subject: str | None = None,
        size: int | None = None,
        row: str | None = None,
    ) -> None:
        """A broken promise, by its code in `PROMISES`."""
        self.counts[code] += 1
        if self.counts[code] <= KEPT_PER_CODE_MAX:
            zh, en = PROMISES[code]
            self.findings.append(AuditFinding(code, zh, en, detail[:_DETAIL_MAX], entry, subject, size, row))

    def note(
        self,
        code: str,
        detail: str = "",
        *,
        entry: int | None = None,
        subject: str | None = None,
        size: int | None = None,
        row: str | None = None,
    ) -> None:
        """Something to know, by its code in `NOTICES`."""
        self.notice_counts[code] += 1
        if self.notice_counts[code] <= KEPT_PER_CODE_MAX:
            zh, en = NOTICES[code]
            self.notices.append(AuditFinding(code, zh, en, detail[:_DETAIL_MAX], entry, subject, size, row))

    def take(self, found: Remarked, noted: Remarked) -> None:
        """What another process gathered."""
        for finding in found.kept:
            if sum(1 for one in self.findings if one.code == finding.code) < KEPT_PER_CODE_MAX:
                self.findings.append(finding)
        for finding in noted.kept:
            if sum(1 for one in self.notices if one.code == finding.code) < KEPT_PER_CODE_MAX:
                self.notices.append(finding)
        self.counts.update(found.counts)
        self.notice_counts.update(noted.counts)

    def given(self) -> tuple[Remarked, Remarked]:
        """For another process."""
        return Remarked(self.findings, dict(self.counts)), Remarked(self.notices, dict(self.notice_counts))

    def entries_with(self, codes: Iterable[str]) -> set[int]:
        """The entries that findings of these codes are about, as far as they were kept."""
        wanted = frozenset(codes)
        return {one.entry for one in self.findings if one.code in wanted and one.entry is not None}
