"""The trust file of a log that begins with a charter: the log's public keys, and the root of its first checkpoint."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from ledger.errors import Malformed
from ledger.keys.log_keys import LogKeys
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tree import Edge
from ledger.verifier import TrustedKey, TrustFile, trusted_certificate_keys

__all__ = ["TRUST", "charter_root", "renewed_trust", "trust_of"]

TRUST: Final = ".trust.json"


def charter_root(statements: list[bytes]) -> bytes:
    """The root of the log's first checkpoint, which covers the charter and nothing else."""
    return Edge.empty().grow([leaf_hash(statement) for statement in statements]).root


def trust_of(keys: LogKeys, statements: list[bytes]) -> bytes:
    return TrustFile(
        origin=keys.origin,
        checkpoint_vkeys=(keys.checkpoint.key.format(),),
        receipt_keys=(TrustedKey.of(keys.receipt.public, keys.receipt.alg),),
        standing_keys=(TrustedKey.of(keys.standing.public, keys.standing.alg),),
        charter=charter_root(statements).hex(),
        certificate_keys=trusted_certificate_keys(keys),
    ).format()


def renewed_trust(trust: bytes, statements: list[bytes]) -> bytes:
    """The trust file of a charter to which something was added. Raises `Malformed`."""
    try:
        found = msgspec.json.decode(trust, type=TrustFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the trust file beside the charter is none: {error}") from None
    return replace(found, charter=charter_root(statements).hex()).format()
