"""The log's keys after a succession, as a follower or a mirror comes upon them.

A checkpoint that no known key signed may be one of keys that succeeded. The log's evidence about its root says so, or
does not; then it is what it looks like.
"""

from __future__ import annotations

from typing import NamedTuple

from api.monitor.checkpoint_growth import Inconsistent, KnownCheckpoint, look
from api.monitor.log_source import LogSource
from ledger.errors import LedgerError, Unavailable
from ledger.verifier import Trust
from ledger.verifier.formats.evidence import parse_evidence
from ledger.verifier.succession import renewed

__all__ = ["RenewedTrust", "look_renewed", "with_evidence"]


class RenewedTrust(NamedTuple):
    """The newest checkpoint, whom to believe from now on, and the evidence for that where it is news."""

    head: KnownCheckpoint
    trust: Trust
    evidence: bytes | None = None


def look_renewed(source: LogSource, trust: Trust, kept: KnownCheckpoint | None) -> RenewedTrust:
    """As `look`, and where no known key signed the checkpoint, under keys that the root says succeeded them."""
    try:
        return RenewedTrust(look(source, trust, kept), trust)
    except Inconsistent as found:
        if found.kind != "not_signed":
            raise
        try:
            evidence = source.evidence()
            newer = with_evidence(trust, evidence)
        except Unavailable:
            raise
        except LedgerError:  # none, or evidence that shows nothing
            raise found from None
        if newer is trust:
            raise
        return RenewedTrust(look(source, newer, kept), newer, evidence)


def with_evidence(trust: Trust, evidence: bytes) -> Trust:
    """`trust` with the successions of the log's keys that the evidence shows. Raises as `renewed` does."""
    return renewed(trust, parse_evidence(evidence))
