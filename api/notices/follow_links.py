"""The address at which a follow is confirmed and ended: its id, and what only who got the mail has."""

from __future__ import annotations

import hmac
from typing import Final

from api.service.service import Service
from ledger.store.desk_follows import MailFollow
from ledger.store.receiver_encryption import link_token

__all__ = ["follow_link", "followed_by"]

_DIGITS: Final = 32


def follow_link(service: Service, id: bytes, language: str) -> str:
    """The whole address."""
    base = f"{service.public_url}{'' if language == 'zh' else '/en'}"
    return f"{base}/follow/{id.hex()}{link_token(service.notice_keys, id)}"


def followed_by(service: Service, name: str) -> MailFollow | None:
    """The follow whose address has this last part; None for any other."""
    if len(name) != 2 * _DIGITS or not all(digit in "0123456789abcdef" for digit in name):
        return None
    id = bytes.fromhex(name[:_DIGITS])
    if not hmac.compare_digest(name[_DIGITS:], link_token(service.notice_keys, id)):
        return None
    return service.store.follows.get(id)
