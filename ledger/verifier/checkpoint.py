"""Offline verification of what the log itself signs: a checkpoint, a current standing, an acknowledgement.

With a checkpoint also what witnesses add, the quorum: the log showed them the tree in which a statement is, so it shows
no other to anybody. That is checked from C2SP tlog-proofs under the policy of the trust file, and against the receipts
of the same run.

A checkpoint: 1. the note is in canonical form, and a quorum of witnesses cosigned it if the trust file demands one;
2. it is signed by a checkpoint key of the file; 3. it is of the file's log.
A signed standing: 1. no quorum is demanded: it is the operator's word, which witnesses know nothing of; 2. its key is
a standing key of the trust file; 3. signature, log and validity hold.
An acknowledgement: 1. as of a standing; 2. its key is a receipt key of the trust file; 3. signature and log hold; 4.
the statement that was given with it is the one that it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Final

from ledger.cose.acknowledgement import acknowledgement_kid, verify_acknowledgement
from ledger.cose.standing_token import standing_kid, verify_standing
from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tlog_proof import TlogProof, parse_proof, verify_proof
from ledger.tlog.witness_policy import NONE, Cosigned, Policy
from ledger.verifier.entry_location import Located, Roots
from ledger.verifier.report import Remark, VerifiedAcknowledgement, VerifiedHead, VerifiedSignedStanding
from ledger.verifier.statement_wording import NO_QUORUM
from ledger.verifier.trust import Trust

__all__ = [
    "check_witnessed",
    "quorum_remark",
    "require_head",
    "verify_head",
    "verify_signed_acknowledgement",
    "verify_signed_standing",
]

_SHANGHAI: Final = timezone(timedelta(hours=8))
_NO_POLICY: Final = Policy((), (), (), NONE)

_NOT_SHOWN: Final = (
    Remark(
        "日志是否向所有人出示同一棵树：须与他人所见比对，或有见证方联署",
        "that the log shows everybody the same tree: compare with others, or ask for witnesses",
    ),
    Remark("各条记录本身是否合规：须审计", "that the entries under it are in order: an audit shows that"),
)


def verify_head(note: bytes, trust: Trust) -> VerifiedHead:
    """Verify a C2SP checkpoint under the trust file's keys and its policy of witnesses.

    Raises `Refuted`, `Malformed`, `Uncheckable`.
    """
    cosigned = require_head(note, trust)
    head = cosigned.checkpoint
    return VerifiedHead(
        steps=(
            NO_QUORUM if trust.quorum is None else quorum_remark(cosigned),
            Remark("检查点由信任文件所列密钥签名", "the checkpoint is signed by a key of the trust file"),
            Remark(
                f"日志 {head.origin}，共 {head.size} 条，根 {head.root.hex()}",
                f"it is of {head.origin}: {head.size} entries, root {head.root.hex()}",
            ),
        ),
        not_shown=_NOT_SHOWN if trust.quorum is None else _NOT_SHOWN[1:],
        checkpoint=head,
    )


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


def verify_signed_standing(token: bytes, trust: Trust, now: int) -> VerifiedSignedStanding:
    """Verify a signed standing at `now` (Unix seconds). Raises `Refuted`, `Malformed`, `Uncheckable`."""
    trust.demand_nothing_of_witnesses()
    kid = standing_kid(token)
    key = trust.standing_key(kid)
    if key is None:
        raise Uncheckable(f"the trust file has no standing key {kid.hex()}")
    standing = verify_standing(token, key, trust.origin, now)
    left = standing.expires_at - now
    return VerifiedSignedStanding(
        steps=(
            NO_QUORUM,
            Remark("由信任文件所列的践诺状况密钥签名", "signed by a standing key of the trust file"),
            Remark(
                f"日志 {standing.origin} 就 {standing.subject} 签发，还有 {left} 秒有效",
                f"it is of {standing.origin} about {standing.subject}, and holds for {left} s more",
            ),
        ),
        not_shown=(
            Remark(
                "这是运营方的一句话：所依据的记录是否齐全、计算是否正确，须用完整性证明重算",
                "it is the operator's word: a completeness bundle lets you compute the standing again from the entries",
            ),
            Remark("签发之后新登记的记录", "what was registered since it was signed"),
        ),
        standing=standing,
    )


def verify_signed_acknowledgement(
    token: bytes, trust: Trust, statement: bytes | None = None
) -> VerifiedAcknowledgement:
    """Verify an acknowledgement, and that it is about `statement` (the signed one, without receipts), if that is given.

    Raises `Refuted`, `Malformed`, `Uncheckable`.
    """
    trust.demand_nothing_of_witnesses()
    kid = acknowledgement_kid(token)
    key = trust.acknowledgement_key(kid)
    if key is None:
        raise Uncheckable(f"the trust file has no receipt key {kid.hex()}")
    said = verify_acknowledgement(token, key, trust.origin)
    at, digest = datetime.fromtimestamp(said.received_at, _SHANGHAI).isoformat(), said.statement_id.hex()
    if statement is not None and sha256(statement).digest() != said.statement_id:
        raise Refuted(f"it acknowledges another statement, with SHA-256 {digest}")
    about = Remark("所附声明即其所指", "the statement beside it is the one that it acknowledges")
    which = Remark(
        f"它所指的是哪份声明：请附上 SHA-256 为 {digest} 的声明",
        f"which statement it is about: add the one with SHA-256 {digest}",
    )
    return VerifiedAcknowledgement(
        steps=(
            NO_QUORUM,
            Remark("由信任文件所列的收据密钥签名", "signed by a receipt key of the trust file"),
            Remark(
                f"日志 {said.origin} 于 {at} 收到关于 {said.subject} 的声明，SHA-256 {digest}",
                f"{said.origin} had a statement about {said.subject} at {at}, with SHA-256 {digest}",
            ),
            *(() if statement is None else (about,)),
        ),
        not_shown=(
            *((which,) if statement is None else ()),
            Remark(
                "声明后来是否公布、退回或取下：它不是收据，不证明声明在日志中",
                "what became of it, published, refused or taken down: it is no receipt, and does not show that it is "
                "in the log",
            ),
            Remark(
                "这是运营方的一句话：见证方对此一无所知", "it is the operator's word, of which witnesses know nothing"
            ),
        ),
        acknowledged=said,
    )
