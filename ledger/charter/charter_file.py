"""The file that a charter travels in: a CBOR sequence (RFC 8742) of its signed statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ledger.cose.cbor import item_end
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.party import (
    TrustAnchorsEstablished,
)
from ledger.errors import Malformed

__all__ = ["charter_origin", "read_charter", "write_charter"]

_COSE_SIGN1: Final = 0xD2  # tag 18


def write_charter(statements: Iterable[bytes]) -> bytes:
    """The charter's file: a CBOR sequence (RFC 8742)."""
    return b"".join(statements)


def read_charter(data: bytes) -> list[bytes]:
    """The statements of a charter's file. Form only: `Sequencer.bootstrap` checks them. Raises `Malformed`."""
    statements: list[bytes] = []
    start = 0
    while start < len(data):
        # a statement is a tagged item: one byte (COSE_Sign1, RFC 9052 §4.2), then an array
        if data[start] != _COSE_SIGN1:
            raise Malformed(f"the charter holds something else than a signed statement at byte {start}")
        end = item_end(data, start + 1)
        statements.append(parse_statement(data[start:end]).raw)
        start = end
    if not statements:
        raise Malformed("an empty charter")
    return statements


def charter_origin(statements: Sequence[bytes]) -> str:
    """The name of the log that a charter is for. Raises `Malformed`."""
    event = decode_event(parse_statement(statements[0]))
    if not isinstance(event, TrustAnchorsEstablished):
        raise Malformed("a charter begins with the trust anchors")
    return event.origin
