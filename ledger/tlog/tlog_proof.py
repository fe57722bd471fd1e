"""Proofs that stand alone: an entry's inclusion in a tree that witnesses cosigned (C2SP tlog-proof)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ledger.errors import Malformed
from ledger.limits import PROOF_HASHES_MAX, TLOG_PROOF_BYTES_MAX, TREE_SIZE_MAX
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.hashing import HASH_BYTES
from ledger.tlog.note import parse_note
from ledger.tlog.proof import verify_inclusion
from ledger.tlog.vkey import VerifierKey, decode_base64, encode_base64
from ledger.tlog.witness_policy import Cosigned, Policy

__all__ = ["HEADER", "TlogProof", "VerifiedProof", "format_proof", "parse_proof", "verify_proof"]

HEADER: Final = "c2sp.org/tlog-proof@v1\n"
_INDEX: Final = re.compile("index (0|[1-9][0-9]{0,18})")
_EXTRA: Final = "extra "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """What a proof says; nobody has verified it. `hashes` of 32 bytes, leaf to root; `checkpoint` the signed note.

    `extra` is for applications and not authenticated: ours leave it out. Raises `Malformed` for impossible values.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.index <= TREE_SIZE_MAX:
            raise Malformed(f"not the index of an entry: {self.index}")
        if len(self.hashes) > PROOF_HASHES_MAX or any(len(one) != HASH_BYTES for one in self.hashes):
            raise Malformed(f"a proof is at most {PROOF_HASHES_MAX} hashes of {HASH_BYTES} bytes")
        parse_checkpoint(parse_note(self.checkpoint).text)


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """Entry `index` is in the tree of `cosigned`: only `verify_proof` gives one."""

    index: int
    cosigned: Cosigned


def format_proof(proof: TlogProof) -> bytes:
    """The proof as text ("Format")."""
    lines = [HEADER]
    if proof.extra:
        lines.append(f"{_EXTRA}{encode_base64(proof.extra)}\n")
    lines.append(f"index {proof.index}\n")
    lines += [f"{encode_base64(one)}\n" for one in proof.hashes]
    lines.append("\n")
    return "".join(lines).encode() + proof.checkpoint


def parse_proof(data: bytes) -> TlogProof:
    """The inverse of `format_proof`. Raises `Malformed`; canonical form only."""
    if len(data) > TLOG_PROOF_BYTES_MAX:
        raise Malformed(f"a tlog-proof has at most {TLOG_PROOF_BYTES_MAX} bytes")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("a tlog-proof is ASCII text before its checkpoint") from None
    if not blank or f"{lines[0]}\n" != HEADER:
        raise Malformed("not a tlog-proof")
    extra = b""
    if len(lines) > 1 and lines[1].startswith(_EXTRA):
        extra = decode_base64(lines.pop(1).removeprefix(_EXTRA))
        if not extra:
            raise Malformed("a tlog-proof without extra data has no line for it")
    match = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    if match is None:
        raise Malformed("a tlog-proof names the index of its entry")
    return TlogProof(int(match[1]), tuple(decode_base64(line) for line in lines[2:]), checkpoint, extra)


def verify_proof(proof: TlogProof, leaf_hash: bytes, policy: Policy, *log_keys: VerifierKey) -> VerifiedProof:
    """Check that the leaf is where the proof says, in a tree that satisfies the policy (RFC 9162 §2.1.3.2).

    `log_keys` as in `Policy.require`. Raises `Refuted`, `Malformed`, `Uncheckable` (no quorum).
    """
    cosigned = policy.require(proof.checkpoint, *log_keys)
    head = cosigned.checkpoint
    verify_inclusion(proof.index, head.size, leaf_hash, head.root, proof.hashes)
    return VerifiedProof(proof.index, cosigned)
