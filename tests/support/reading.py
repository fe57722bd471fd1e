"""Signed requests to read what is not public."""

from __future__ import annotations

import base64
import time
from hashlib import sha256
from itertools import count

from ledger.cose.access_token import AccessRequest, sign_access
from tests.support.charter import ORIGIN, Speaker

__all__ = ["authorization", "token"]

_numbers = count(1)


def token(
    by: Speaker,
    resource: str,
    content: bytes | None = None,
    *,
    purpose: str = "核查",
    issued_at: int | None = None,
    origin: str = ORIGIN,
    cti: bytes | None = None,
) -> bytes:
    """A token for one request, issued now unless said otherwise."""
    digest = None if content is None else sha256(content).hexdigest()
    return sign_access(
        AccessRequest(content=digest, purpose=purpose, resource=resource),
        party=by.party,
        origin=origin,
        issued_at=int(time.time()) if issued_at is None else issued_at,
        cti=cti or sha256(f"access {time.time_ns()} {next(_numbers)}".encode()).digest()[:16],
        signer=by.signer,
    )


def authorization(data: bytes) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": "COSE " + base64.urlsafe_b64encode(data).rstrip(b"=").decode()}
