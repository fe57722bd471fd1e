"""Where notices go to, as it is stored: under a key of each row's own, outside of the database (`key_folder.py`).

Whoever destroys the key has erased the address in every copy of the database, too.
"""

from __future__ import annotations

import hmac
from typing import Final

from ledger.errors import Misconfigured
from ledger.store.key_folder import KeyFolder, decrypt, encrypt

__all__ = ["address_hash", "decrypt_receiver", "encrypt_receiver", "link_token", "make_own_secret"]

_USE: Final = b"credit-ledger receiver\0"
_HASH_USE: Final = b"credit-ledger address\0"
_LINK_USE: Final = b"credit-ledger link\0"
_OWN: Final = "0" * 32  # the folder's own secret, of no row
_TOKEN_BYTES: Final = 16


def encrypt_receiver(keys: KeyFolder, id: bytes, content: bytes) -> bytes:
    """Nonce and ciphertext, bound to the row's id, under a fresh key that is durable on return."""
    return encrypt(keys.make(id.hex()), _USE + id, content)


def decrypt_receiver(keys: KeyFolder, id: bytes, stored: bytes) -> bytes | None:
    """What was encrypted; None once its key is destroyed. Raises `Corrupted` where row and content do not belong
    together."""
    secret = keys.get(id.hex())
    return None if secret is None else decrypt(secret, _USE + id, stored, f"the stored receiver {id.hex()}")


def make_own_secret(keys: KeyFolder) -> None:
    """The folder's own secret, if there is none yet: by it addresses are told apart, and links are not to be guessed.

    At a start, before anybody asks for it.
    """
    if keys.get(_OWN) is None:
        keys.make(_OWN)


def address_hash(keys: KeyFolder, address: str) -> bytes:
    """32 bytes by which an address is known again, and nothing is known of it without the folder."""
    return hmac.digest(_own(keys), _HASH_USE + address.encode(), "sha256")


def link_token(keys: KeyFolder, id: bytes) -> str:
    """What stands in the links of a mail beside the row's id, 32 hexadecimal digits: only who got the mail has it."""
    return hmac.digest(_own(keys), _LINK_USE + id, "sha256")[:_TOKEN_BYTES].hex()


def _own(keys: KeyFolder) -> bytes:
    secret = keys.get(_OWN)
    if secret is None:
        raise Misconfigured(f"{keys.folder} has lost the service's own secret")
    return secret.key
