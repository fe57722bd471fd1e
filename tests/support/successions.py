"""Successions of the log's own keys, by a label each."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ledger.domain.events.party import TrustAnchorsSucceeded
from tests.support.charter import ORIGIN
from tests.support.keys import log_keys, signer_for
from tests.support.statements import TODAY

__all__ = ["succession"]


def succession(label: str, from_size: int, **given: Any) -> TrustAnchorsSucceeded:
    """Keys of a label: those of another test log, under this one's name."""
    vkey = log_keys(ORIGIN).checkpoint.key
    named = _replace_key(vkey.format(), signer_for(f"{label} checkpoint").public.cose_key[-32:])
    event = TrustAnchorsSucceeded(
        v=1,
        effective_on=TODAY,
        from_size=from_size,
        checkpoint_vkey=named,
        receipt_key=signer_for(f"{label} receipt", "p256").public.cose_key.hex(),
        standing_key=signer_for(f"{label} standing", "p256").public.cose_key.hex(),
        reason="planned",
    )
    return replace(event, **given)


def _replace_key(vkey: str, key: bytes) -> str:
    parsed = log_keys(ORIGIN).checkpoint.key
    assert parsed.format() == vkey
    return type(parsed)(parsed.name, parsed.type, key).format()
