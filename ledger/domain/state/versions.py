"""The versions of what an entry says: itself, what corrected it, and the later looks at a public record."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain.state.breach import BREACHES, Breach, corrections, root_of
from ledger.domain.state.complaint import OUTCOMES, outcome_root
from ledger.domain.state.finding import FINDINGS, Cited, rechecks
from ledger.domain.state.record import EnterpriseRecord

__all__ = ["versions_of"]


def versions_of(record: EnterpriseRecord, entry: int) -> Iterator[int]:
    """The leaf indices of all versions, `entry` first; repudiated ones too: somebody signed them."""
    yield entry
    outcome = outcome_root(record, entry)
    if outcome is not None:
        found = [outcome, *(one.index for one in OUTCOMES.of(record).by_entry[outcome].corrections)]
    else:
        found = [*_breaches(record, entry), *_looks(record, entry)]
    yield from (one for one in found if one != entry)


def _breaches(record: EnterpriseRecord, entry: int) -> Iterator[int]:
    breaches = BREACHES.of(record)
    root = root_of(breaches, entry)
    if isinstance(root, Breach):
        yield root.index
        yield from (one.index for one in corrections(breaches, root))


def _looks(record: EnterpriseRecord, entry: int) -> Iterator[int]:
    findings = FINDINGS.of(record)
    cited = findings.entries.get(entry)
    if isinstance(cited, Cited):
        yield from (one.index for one in rechecks(findings, cited, ()))
