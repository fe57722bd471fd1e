"""Whether to cosign: the checks of C2SP tlog-witness, "add-checkpoint", in its order. Pure.

As the standard's main branch has them since v1.0.0: another root for the size that was cosigned is answered like a
proof that does not hold, and so is a root of an empty tree that is not the empty one.

Each refusal is an error of its own, since logs act on which it is; HTTP statuses are given at the edge.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import LedgerError, Malformed, NotFound, Refuted, Uncheckable
from ledger.tlog.checkpoint import EmptyRoot, VerifiedCheckpoint, open_checkpoint
from ledger.tlog.cosignature import verifier_of
from ledger.tlog.hashing import EMPTY_ROOT
from ledger.tlog.proof import verify_consistency
from ledger.witness.add_checkpoint import AddCheckpoint
from ledger.witness.known_logs import KnownLogs

__all__ = ["Conflict", "CosignedHead", "NotConsistent", "NotSigned", "UnknownLog", "authenticate", "decide"]


class UnknownLog(NotFound):
    """The checkpoint is of a log that this witness does not know (404)."""


class NotSigned(Refuted):
    """No key that the witness knows of the log signed the checkpoint (403)."""


class Conflict(LedgerError):
    """What the log takes for the newest tree that was cosigned is not (409). `size` is what the witness knows.

    `fork`: the log showed another tree of that very size, as witnesses of v1.0.0 say it; this one answers 422.
    """

    def __init__(self, size: int, *, fork: bool = False) -> None:
        super().__init__(
            f"another tree of {size} entries was cosigned" if fork else f"the newest tree cosigned has {size} entries"
        )
        self.size = size
        self.fork = fork


class NotConsistent(Refuted):
    """What is shown does not extend the cosigned tree: a false proof, or another tree of its very size (422)."""


@dataclass(frozen=True, slots=True)
class CosignedHead:
    """The newest tree of a log that the witness cosigned."""

    size: int
    root: bytes

    @classmethod
    def none(cls) -> CosignedHead:
        """Of a log that it has never cosigned: as good as an empty tree."""
        return cls(0, EMPTY_ROOT)


def authenticate(request: AddCheckpoint, logs: KnownLogs) -> VerifiedCheckpoint:
    """The checkpoint, known to be of the log that it names, whatever the witness saw before.

    Raises `UnknownLog`, `NotSigned`, `NotConsistent` (no entries under a root that is not empty), `Malformed`.
    """
    origin = request.origin
    keys = logs.get(origin)
    if keys is None:
        raise UnknownLog(f"this witness does not know the log {origin!r:.200}")
    try:
        checkpoint = open_checkpoint(request.note, *(verifier_of(key) for key in keys), origin=origin)
    except EmptyRoot as error:  # found after the signature
        raise NotConsistent(str(error)) from error
    except (Refuted, Uncheckable) as error:
        raise NotSigned(str(error)) from error
    if request.old > checkpoint.size:
        raise Malformed(f"the old size {request.old} is larger than the checkpoint's {checkpoint.size}")
    return checkpoint


def decide(checkpoint: VerifiedCheckpoint, request: AddCheckpoint, seen: CosignedHead) -> CosignedHead:
    """What is to be remembered before the checkpoint is cosigned. Raises `Conflict`, `NotConsistent`."""
    if request.old != seen.size:
        raise Conflict(seen.size)
    if checkpoint.size == seen.size and checkpoint.root != seen.root:
        raise NotConsistent(f"another tree of {seen.size} entries was cosigned")
    if request.old == 0:
        if request.proof:
            raise NotConsistent("from the empty tree there is nothing to prove")
        return CosignedHead(checkpoint.size, checkpoint.root)
    try:
        verify_consistency(seen.size, checkpoint.size, seen.root, checkpoint.root, request.proof)
    except (Refuted, Malformed) as error:
        raise NotConsistent(str(error)) from error
    return CosignedHead(checkpoint.size, checkpoint.root)
