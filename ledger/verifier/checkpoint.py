"""Offline verification of what the log itself signs: a checkpoint, a current standing.

A checkpoint: 1. the note is in canonical form, and a quorum of witnesses cosigned it if the trust file demands one;
2. it is signed by a checkpoint key of the file; 3. it is of the file's log.
A signed standing: 1. no quorum is demanded: it is the operator's word, which witnesses know nothing of; 2. its key is
a standing key of the trust file; 3. signature, log and validity hold.
"""

from __future__ import annotations

from typing import Final

from ledger.cose.standing_token import standing_kid, verify_standing
from ledger.errors import Uncheckable
from ledger.verifier.quorum import quorum_remark, require_head
from ledger.verifier.report import Remark, VerifiedHead, VerifiedSignedStanding
from ledger.verifier.statement_wording import NO_QUORUM
from ledger.verifier.trust import Trust

__all__ = ["verify_head", "verify_signed_standing"]

_NOT_SHOWN: Final = (
    Remark(
        "日志是否向所有人出示同一棵树: 须与他人所见比对, 或有见证方联署",
        "that the log shows everybody the same tree: compare with others, or ask for witnesses",
    ),
    Remark("各条记录本身是否合规: 须审计", "that the entries under it are in order: an audit shows that"),
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
                f"日志 {head.origin}, 共 {head.size} 条, 根 {head.root.hex()}",
                f"it is of {head.origin}: {head.size} entries, root {head.root.hex()}",
            ),
        ),
        not_shown=_NOT_SHOWN if trust.quorum is None else _NOT_SHOWN[1:],
        checkpoint=head,
    )


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
                f"日志 {standing.origin} 就 {standing.subject} 签发, 还有 {left} 秒有效",
                f"it is of {standing.origin} about {standing.subject}, and holds for {left} s more",
            ),
        ),
        not_shown=(
            Remark(
                "这是运营方的一句话: 所依据的记录是否齐全、计算是否正确, 须用完整性证明重算",
                "it is the operator's word: a completeness bundle lets you compute the standing again from the entries",
            ),
            Remark("签发之后新登记的记录", "what was registered since it was signed"),
        ),
        standing=standing,
    )
