"""What witnesses say: every cosignature that is kept or shown, and how far the quorum of the trust file reaches."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from ledger.audit.checkpoints import CheckpointChain
from ledger.audit.findings import Findings
from ledger.audit.sources.source import AuditSource
from ledger.errors import LedgerError, Uncheckable
from ledger.limits import AUDIT_UNWITNESSED_SECONDS_MAX
from ledger.store.cosignatures import CosignatureRow
from ledger.tlog.checkpoint import Checkpoint, format_checkpoint
from ledger.tlog.cosignature import CosignerKey
from ledger.tlog.note import Signature
from ledger.tlog.witness_policy import Policy
from ledger.verifier import Trust

__all__ = ["check_cosignatures"]

_TABLE: Final = "ledger.cosignatures"


def check_cosignatures(source: AuditSource, chain: CheckpointChain, trust: Trust, findings: Findings) -> None:
    """Verify all of them, and find the newest checkpoint that has the quorum."""
    check = _Check(chain, trust, findings)
    for row in source.cosignatures():
        check.take(row)
    if trust.policy is not None and trust.policy.demands and chain.sizes:
        _quorum(check.finish(), trust.policy, chain, findings)


class _Check:
    """Takes those of the largest trees first."""

    def __init__(self, chain: CheckpointChain, trust: Trust, findings: Findings) -> None:
        self._chain = chain
        self._trust = trust
        self._findings = findings
        witnesses = () if trust.policy is None else trust.policy.witnesses
        self._keys = [(witness.name, CosignerKey(witness.key)) for witness in witnesses]
        self._size = 0
        self._names: set[str] = set()
        self._witnessed: int | None = None

    def take(self, row: CosignatureRow) -> None:
        if row.tree_size != self._size:
            self._end_size()
            self._size, self._names = row.tree_size, set()
        name = self._verified(row)
        if name is not None:
            self._names.add(name)

    def finish(self) -> int | None:
        """The size of the newest checkpoint that has the quorum."""
        self._end_size()
        return self._witnessed

    def _end_size(self) -> None:
        policy = self._trust.policy
        if self._witnessed is None and self._names and policy is not None and policy.reached(self._names):
            self._witnessed = self._size

    def _verified(self, row: CosignatureRow) -> str | None:
        """The witness, by its name in the policy, if the cosignature holds and its columns say so."""
        place = f"{_TABLE} {row.tree_size} {row.name}"
        root = None if row.tree_size is None else self._chain.root_at(row.tree_size)
        if root is None:
            if row.tree_size is not None and row.tree_size in self._chain.sizes:
                self._findings.note("not_compared", "cosignatures: no root was signed", size=row.tree_size, row=place)
            else:
                self._findings.add("table.unknown", "no checkpoint of this size", size=row.tree_size, row=place)
            return None
        text = format_checkpoint(Checkpoint(self._trust.origin, row.tree_size, root))
        # A name or key id that was changed does not make it a stranger's: whose it is, the signature says.
        near = [(name, key) for name, key in self._keys if key.name == row.name or key.key_id == row.key_id]
        error = ""
        for name, key in near:
            try:
                key.open(text, Signature(key.name, key.key_id, row.signature or b""))
            except Uncheckable as uncheckable:
                self._findings.note("not_compared", str(uncheckable), size=row.tree_size, row=place)
                return None
            except LedgerError as refuted:
                error = error or str(refuted)
                continue
            if (key.name, key.key_id) == (row.name, row.key_id):
                return name
            detail = f"{_said(row)} stands where {key.name}+{key.key_id.hex()} signed"
            self._findings.add("checkpoint.cosignature", detail, size=row.tree_size, row=place)
            return None
        if any((key.name, key.key_id) == (row.name, row.key_id) for _, key in near):
            self._findings.add("checkpoint.cosignature", error, size=row.tree_size, row=place)
        else:
            self._findings.note("cosigner_unknown", _said(row), size=row.tree_size, row=place)
        return None


def _said(row: CosignatureRow) -> str:
    return f"{row.name}+{(row.key_id or b'').hex()}"


def _quorum(witnessed: int | None, policy: Policy, chain: CheckpointChain, findings: Findings) -> None:
    """The quorum comes some seconds after a checkpoint, so the newest may lack it; one a day older must not."""
    end = chain.sizes[-1]
    if witnessed is None:
        detail = f"the quorum {policy.quorum!r:.80} of witnesses is on no checkpoint that is shown"
        findings.add("checkpoint.quorum", detail, size=end, row=_TABLE)
        return
    if witnessed >= end:
        return
    detail = f"the quorum {policy.quorum!r:.80} of witnesses is on that of size {witnessed}"
    if _waits(witnessed, chain.sizes, chain.times) > AUDIT_UNWITNESSED_SECONDS_MAX:
        findings.add("checkpoint.quorum", detail, size=end, row=_TABLE)
    else:
        findings.note("not_witnessed_yet", detail, size=end)


def _waits(witnessed: int, sizes: Sequence[int], times: Sequence[int]) -> int:
    """Seconds from the first checkpoint after that size to the newest; 0 where times are not known."""
    return times[-1] - times[bisect_right(sizes, witnessed)]
