"""Signing for an upload, as a client: it then counts towards the party's quota, not towards that of the address."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from ledger.cose.access_token import AccessRequest, sign_access
from ledger.keys.signer import Signer

__all__ = ["Uploader"]

_RANDOM_BYTES: Final = 16


def _now() -> float:
    return time.time()


@dataclass(frozen=True, slots=True)
class Uploader:
    """A party that uploads to the log `origin`, with one of its keys. `clock` in Unix seconds."""

    party: str
    origin: str
    signer: Signer
    clock: Callable[[], float] = field(default=_now, repr=False)

    def authorization(self, path: str, content: bytes) -> str:
        """The header of a request that brings this very content to `path`; good for some minutes."""
        token = sign_access(
            AccessRequest(content=sha256(content).hexdigest(), purpose="upload", resource=path),
            party=self.party,
            origin=self.origin,
            issued_at=int(self.clock()),
            cti=secrets.token_bytes(_RANDOM_BYTES),
            signer=self.signer,
        )
        return "COSE " + base64.urlsafe_b64encode(token).rstrip(b"=").decode()
