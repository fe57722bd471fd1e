"""What a log sends to a witness: the size that the witness knows, a consistency proof, the new checkpoint.

C2SP tlog-witness v1.0.0, "add-checkpoint".
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ledger.errors import Malformed
from ledger.limits import PROOF_HASHES_MAX, TREE_SIZE_MAX, WITNESS_REQUEST_BYTES_MAX
from ledger.tlog.checkpoint import Checkpoint, EmptyRoot, parse_checkpoint
from ledger.tlog.hashing import HASH_BYTES
from ledger.tlog.note import parse_note
from ledger.tlog.vkey import decode_base64, encode_base64

__all__ = ["AddCheckpoint", "format_request", "parse_request"]

_OLD: Final = re.compile("old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The request of a log to have its checkpoint cosigned (C2SP tlog-witness).

    `old` leaves, at most 63 hashes of 32 bytes, and a signed checkpoint, of which nothing is verified yet.

    Raises `Malformed` for impossible values.
    """

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.old <= TREE_SIZE_MAX:
            raise Malformed(f"not a tree size: {self.old}")
        if len(self.proof) > PROOF_HASHES_MAX or any(len(one) != HASH_BYTES for one in self.proof):
            raise Malformed(f"a consistency proof is at most {PROOF_HASHES_MAX} hashes of {HASH_BYTES} bytes")

    @property
    def text(self) -> bytes:
        """The checkpoint without its signatures. Raises `Malformed`."""
        return parse_note(self.note).text

    @property
    def origin(self) -> str:
        """The name of the log that the checkpoint is said to be of: its first line, unverified. Raises `Malformed`."""
        return self.text.split(b"\n", 1)[0].decode()

    @property
    def checkpoint(self) -> Checkpoint:
        """What the checkpoint says, unverified. Raises `Malformed`."""
        return parse_checkpoint(self.text)


def format_request(request: AddCheckpoint) -> bytes:
    """The body of `POST /add-checkpoint`."""
    lines = [f"old {request.old}\n", *(f"{encode_base64(one)}\n" for one in request.proof), "\n"]
    return "".join(lines).encode() + request.note


def parse_request(body: bytes) -> AddCheckpoint:
    """The inverse of `format_request`. Raises `Malformed`; canonical form only."""
    if len(body) > WITNESS_REQUEST_BYTES_MAX:
        raise Malformed(f"a request has at most {WITNESS_REQUEST_BYTES_MAX} bytes")
    head, blank, note = body.partition(b"\n\n")
    try:
        old, *proof = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("a request is ASCII text before its checkpoint") from None
    match = _OLD.fullmatch(old)
    if not blank or match is None:
        raise Malformed("a request begins with the line `old <size>` and has an empty line before the checkpoint")
    request = AddCheckpoint(int(match[1]), tuple(decode_base64(line) for line in proof), note)
    with suppress(EmptyRoot):  # which is told apart when it is known who signed it (`rules.authenticate`)
        parse_checkpoint(request.text)
    return request
