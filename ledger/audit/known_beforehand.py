"""What was known of the log beforehand: its charter and keys by the trust file, its checkpoints by others, and what an
earlier audit left."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from ledger.audit.checkpoints import CheckpointChain
from ledger.audit.findings import Findings
from ledger.audit.governance_timeline import Timeline
from ledger.audit.sources.source import AuditSource
from ledger.audit.tree import Tree
from ledger.domain.events.party import TrustAnchorsEstablished
from ledger.errors import LedgerError
from ledger.keys.algorithms import decode_key
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.tree import Edge
from ledger.verifier import Trust
from ledger.verifier.trust import KeySuccession

__all__ = ["Audited", "Known", "check_charter", "compare_known"]

_CHARTER_MAX: Final = 4_096  # entries


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


def compare_known(known: Known, tree: Tree, end: int, findings: Findings) -> int:
    """Compare with what others saw of the log; below which entry signatures were verified already.

    `end`: the size of the newest tree; `tree` has the roots at all sizes that are asked for.
    """
    agreed = 0
    for head in sorted(known.heads, key=lambda one: one.size):
        if head.size > end:
            findings.add("log.shrunk", f"the log signed {head.size} entries, here are {end}", size=head.size)
        elif head.size and tree.roots.get(head.size) not in (None, head.root):
            here = tree.roots[head.size].hex()
            detail = (
                f"signed elsewhere is root {head.root.hex()}, here it is {here}; the trees part at an entry "
                f"from {agreed} to {head.size - 1}"
            )
            findings.add("log.fork", detail, size=head.size)
        else:
            agreed = head.size
    audited = known.audited
    if audited is None:
        return 0
    if audited.size > end:
        findings.add("log.shrunk", f"audited were {audited.size} entries, here are {end}", size=audited.size)
        return 0
    if audited.size and tree.roots.get(audited.size, b"").hex() != audited.root:
        detail = f"audited was root {audited.root}, here it is {tree.roots.get(audited.size, b'').hex() or 'unknown'}"
        findings.add("log.fork", detail, size=audited.size)
        return 0
    return audited.size


def check_charter(
    source: AuditSource, trust: Trust, chain: CheckpointChain, timeline: Timeline, findings: Findings
) -> int:
    """The number of entries of the charter, by the root that the trust file names."""
    if chain.sizes and chain.root(0) == trust.charter:
        size = chain.sizes[0]
    else:
        size = _charter_by_root(source, trust)
        if not size or (source.tables and chain.sizes):
            findings.add("log.charter", f"root {trust.charter.hex()}", size=size or None)
    anchors = timeline.final.anchors
    if anchors is not None:
        _check_anchors(anchors, trust, findings)
        _check_successions(timeline, trust, findings)
    elif chain.sizes:
        findings.add("log.anchors", "no entry names any", entry=0)
    return size


def _charter_by_root(source: AuditSource, trust: Trust) -> int:
    edge = Edge.empty()
    for leaf in source.leaves():
        if leaf.hashed is None or edge.size >= _CHARTER_MAX:
            return 0
        edge = edge.grow([leaf.hashed]).edge
        if edge.root() == trust.charter:
            return edge.size
    return 0


def _check_successions(timeline: Timeline, trust: Trust, findings: Findings) -> None:
    """The successions of the log's keys: those that its root announced, and no others."""
    try:
        announced = [KeySuccession.of(event) for event in timeline.final.successions]
    except LedgerError as error:
        findings.add("log.anchors", f"a succession of keys: {error}")
        return
    if announced != list(trust.successions):
        sizes = [one.from_size for one in announced], [one.from_size for one in trust.successions]
        findings.add("log.anchors", f"keys succeed from sizes {sizes[0]}, believed were {sizes[1]}")


def _check_anchors(anchors: TrustAnchorsEstablished, trust: Trust, findings: Findings) -> None:
    try:
        known = (
            anchors.origin == trust.origin
            and anchors.checkpoint_vkey in {key.format() for key in trust.first_vkeys}
            and decode_key(bytes.fromhex(anchors.receipt_key)).kid in trust.first_receipt_keys
            and decode_key(bytes.fromhex(anchors.standing_key)).kid in trust.first_standing_keys
        )
    except LedgerError:
        known = False
    if not known:
        findings.add("log.anchors", entry=0)
