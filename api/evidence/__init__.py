"""Evidence archives: one enterprise and period in one file, for an authority that checks it offline.

source (a service, or its database) ─ gather ─► material ─ build ─► ZIP ─ check ─► what holds, and what cannot be known

What an archive's statements prove is in `ledger/verifier/evidence_archive.py`; here are the standings and the readable
page.
"""

from api.evidence.archive_builder import build
from api.evidence.archive_check import CheckedArchive, check_archive
from api.evidence.gather import Wanted, gather

__all__ = ["CheckedArchive", "Wanted", "build", "check_archive", "gather"]
