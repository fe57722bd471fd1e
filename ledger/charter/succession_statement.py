"""The statement by which the root gives a log new keys, from a size of its tree on."""

from __future__ import annotations

from hashlib import sha256

from ledger.charter.charter import LogAnchors
from ledger.cose.statement import Claims, make_statement
from ledger.domain.events.party import (
    SuccessionReason,
    TrustAnchorsSucceeded,
)
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.values.dates import shanghai_date
from ledger.keys.log_keys import LogKeys
from ledger.keys.signer import Signer

__all__ = ["make_succession"]


def make_succession(*, root: Signer, keys: LogKeys, from_size: int, reason: SuccessionReason, now: int) -> bytes:
    """The root's statement that `keys` sign trees of `from_size` entries and more, signed at `now` (Unix seconds)."""
    anchors = LogAnchors.of(keys)
    event = TrustAnchorsSucceeded(
        v=1,
        effective_on=shanghai_date(now),
        from_size=from_size,
        checkpoint_vkey=anchors.checkpoint_vkey,
        receipt_key=anchors.receipt.cose_key.hex(),
        standing_key=anchors.standing.cose_key.hex(),
        reason=reason,
    )
    cti = sha256(f"{anchors.origin}\nsuccession\n{anchors.checkpoint_vkey}\n{from_size}".encode()).digest()[:16]
    return make_statement(event, Claims(ROOT_PARTY, ROOT_PARTY, anchors.origin, now, cti), root)
