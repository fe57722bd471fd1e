"""The client behind a request, to be counted and not to be read: its address under a secret of the service."""

from __future__ import annotations

import hmac

from api.http.clients import client_key
from api.service.service import Service

__all__ = ["client_hash"]


def client_hash(service: Service, host: str, use: bytes) -> bytes:
    """32 bytes, of a client the same for one `use` and others for another. Raises `Unavailable`."""
    return hmac.digest(service.store.desk_sessions.challenge_secret(), use + client_key(host).encode(), "sha256")
