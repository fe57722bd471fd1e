"""The audit: everything that the book promises, computed again from its bytes and a trust file alone.

`audit.py` is the way in; `sources/` says where bytes come from; each other file checks one kind of promise.
"""

from ledger.audit.audit import AuditWorkers, FurtherChecks, run_audit
from ledger.audit.findings import AuditFinding, AuditResult, Findings
from ledger.audit.governance_timeline import Timeline
from ledger.audit.known_beforehand import Audited, Known
from ledger.audit.sources.source import AuditSource

__all__ = [
    "AuditFinding",
    "AuditResult",
    "AuditSource",
    "AuditWorkers",
    "Audited",
    "Findings",
    "FurtherChecks",
    "Known",
    "Timeline",
    "run_audit",
]
