"""What witnesses add: the log showed them the tree in which a statement is, so it shows no other to anybody.

Checked from C2SP tlog-proofs under the policy of the trust file, and against the receipts of the same run.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tlog_proof import TlogProof, parse_proof, verify_proof
from ledger.tlog.witness_policy import NONE, Cosigned, Policy
from ledger.verifier.entry_location import Located, Roots
from ledger.verifier.report import Remark
from ledger.verifier.statement_wording import NO_QUORUM
from ledger.verifier.trust import Trust

__all__ = ["check_witnessed", "quorum_remark", "require_head"]

_NO_POLICY = Policy((), (), (), NONE)


def check_witnessed(
    target: Located, others: Sequence[Located], proofs: Sequence[bytes], trust: Trust, roots: Roots
) -> Remark:
    """Check every tlog-proof that was given; the target needs one if the trust file demands a quorum.

    Raises `Refuted` (a proof that does not hold, or is of something else, or shows another tree than a receipt),
    `Malformed`, `Uncheckable` (no proof, or no quorum).
    """
    found = {proof.index: proof for proof in map(parse_proof, proofs)}
    if len(found) != len(proofs):
        raise Malformed("two tlog-proofs are of one entry")
    known = {entry.index: entry for entry in (*others, target)}
    for index in found.keys() - known.keys():
        raise Refuted(f"the tlog-proof is of entry {index}, which is not what is verified")
    if target.index not in found:
        trust.demand_nothing_of_witnesses()
    if not found:
        return NO_QUORUM
    heads = {index: _check(known[index], proof, trust, roots) for index, proof in found.items()}
    if target.index not in heads:
        return Remark(
            f"{len(heads)} 条证据记录附有树证明，成立；声明本身没有",
            f"{len(heads)} entries of the evidence have a tlog-proof, which holds; the statement itself has none",
        )
    return quorum_remark(heads[target.index], sum(index != target.index for index in heads), len(others))


def require_head(note: bytes, trust: Trust) -> Cosigned:
    """A checkpoint under the trust file's keys and its policy. Raises `Refuted`, `Malformed`, `Uncheckable`."""
    if not trust.first_vkeys:
        raise Uncheckable("the trust file has no checkpoint key")
    cosigned = (trust.policy or _NO_POLICY).require(note, *trust.vkeys_of(note))
    if cosigned.checkpoint.origin != trust.origin:
        raise Refuted(f"the checkpoint is of {cosigned.checkpoint.origin!r:.80}, not of {trust.origin!r:.80}")
    return cosigned


def quorum_remark(cosigned: Cosigned, evidence: int = 0, of_evidence: int = 0) -> Remark:
    """What was checked of witnesses, for a report."""
    size, names = cosigned.checkpoint.size, ", ".join(sorted(cosigned.cosignatures))
    if cosigned.quorum == NONE:
        return Remark(
            f"树证明成立：在检查点密钥所签 {size} 条记录的树中；信任文件不要求见证方联署",
            f"the tlog-proof holds in the signed tree of {size} entries; the trust file demands no quorum of witnesses",
        )
    also = (
        (
            f"；证据 {of_evidence} 条中 {evidence} 条同样",
            f"; so are {evidence} of {of_evidence} entries of the evidence",
        )
        if of_evidence
        else ("", "")
    )
    return Remark(
        f"见证达到法定数 {cosigned.quorum}：{names} 联署了 {size} 条记录的树{also[0]}",
        f"the quorum {cosigned.quorum} of witnesses cosigned the tree of {size} entries: {names}{also[1]}",
    )


def _check(entry: Located, proof: TlogProof, trust: Trust, roots: Roots) -> Cosigned:
    cosigned = require_head(proof.checkpoint, trust)
    verify_proof(proof, leaf_hash(entry.statement.raw), trust.policy or _NO_POLICY, *trust.vkeys_of(proof.checkpoint))
    head = cosigned.checkpoint
    receipt = roots.seen.get(head.size)
    if receipt is not None and receipt.root != head.root:
        raise Refuted(f"the log signed two different trees of {head.size} entries, one for witnesses")
    return cosigned
