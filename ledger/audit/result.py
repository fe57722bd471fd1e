"""What an audit is given of earlier ones and of others, and what it leaves."""

from __future__ import annotations

from msgspec import Struct, field

from ledger.audit.findings import AuditFinding
from ledger.tlog.checkpoint import VerifiedCheckpoint

__all__ = ["AuditResult", "Audited", "Known"]


class Audited(Struct, frozen=True):
    """What an earlier audit left: that the tree of this size and root was in order."""

    origin: str
    size: int
    root: str
    note: str = ""


class Known(Struct, frozen=True):
    """What is known of the log from elsewhere: what an earlier audit left, and checkpoints that the log signed.

    They must be of the same tree.
    """

    heads: tuple[VerifiedCheckpoint, ...] = ()
    audited: Audited | None = None


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
