"""Checkpoints: the signed heads of a log's tree (C2SP tlog-checkpoint v1.0.0)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ledger.errors import Malformed, Refuted
from ledger.limits import CHECKPOINT_BYTES_MAX, TREE_SIZE_MAX
from ledger.tlog.hashing import EMPTY_ROOT, HASH_BYTES
from ledger.tlog.note import NoteSigner, Verifier, open_note, sign_note
from ledger.tlog.vkey import decode_base64, encode_base64

__all__ = [
    "Checkpoint",
    "EmptyRoot",
    "VerifiedCheckpoint",
    "format_checkpoint",
    "open_checkpoint",
    "parse_checkpoint",
    "sign_checkpoint",
]

_SIZE: Final = re.compile("0|[1-9][0-9]{0,18}")
_LINE: Final = re.compile(r"[^\x00-\x1f\ud800-\udfff]+")
_LINES_MIN: Final = 3


class EmptyRoot(Malformed):
    """A checkpoint of no entries with another root than the empty tree has: a witness answers it like a false proof."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says its tree is: `size` leaves with `root` (32 bytes). Nobody has verified it yet.

    `extensions` are lines that other logs may add; this one adds none. Raises `Malformed` for impossible values.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(_LINE.fullmatch(line) for line in (self.origin, *self.extensions)):
            raise Malformed("a checkpoint's lines are not empty and have no control characters")
        if not 0 <= self.size <= TREE_SIZE_MAX or len(self.root) != HASH_BYTES:
            raise Malformed("a checkpoint is of a size below 2^63 and a root of 32 bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise EmptyRoot("the empty tree has but one root")


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint(Checkpoint):
    """A checkpoint that the log's key signed: only `open_checkpoint` gives one."""


def format_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The note text: origin, size, base64 root, extensions, a line each (C2SP tlog-checkpoint, "Note text")."""
    lines = (checkpoint.origin, str(checkpoint.size), encode_base64(checkpoint.root), *checkpoint.extensions, "")
    return "\n".join(lines).encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The inverse of `format_checkpoint`: a note's text without its signatures, not verified. Raises `Malformed`."""
    if len(text) > CHECKPOINT_BYTES_MAX:
        raise Malformed(f"a checkpoint has at most {CHECKPOINT_BYTES_MAX} bytes")
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Malformed("a checkpoint is UTF-8 text") from None
    if lines.pop() or len(lines) < _LINES_MIN:
        raise Malformed("a checkpoint is at least three lines")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise Malformed(f"not a tree size: {size[:80]!r}")
    return Checkpoint(origin, int(size), decode_base64(root), tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The checkpoint as a note signed by the log (C2SP tlog-checkpoint, "Signatures").

    Raises `Malformed` unless the signer's name is the origin: nobody else may speak for the log.
    """
    if signer.key.name != checkpoint.origin:
        raise Malformed(f"the key {signer.key.name} does not sign for {checkpoint.origin}")
    return sign_note(format_checkpoint(checkpoint), [signer])


def open_checkpoint(data: bytes, *keys: Verifier, origin: str | None = None) -> VerifiedCheckpoint:
    """Read a signed checkpoint and verify that one of the log's `keys` signed it (C2SP tlog-checkpoint).

    It must be of the log `origin`; without one, of the log that the key that signed is named after. Signatures
    of others, such as witnesses, are left alone. Raises `Malformed`, `Refuted`.
    """
    if len(data) > CHECKPOINT_BYTES_MAX:
        raise Malformed(f"a checkpoint has at most {CHECKPOINT_BYTES_MAX} bytes")
    note = open_note(data, keys)
    head = parse_checkpoint(note.text)
    origins = [line.name for line in note.verified] if origin is None else [origin]
    if head.origin not in origins:
        raise Refuted(f"the checkpoint is of {head.origin}, not of {origins[0]}")
    return VerifiedCheckpoint(head.origin, head.size, head.root, head.extensions)
