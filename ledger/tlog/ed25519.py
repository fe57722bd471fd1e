"""The one place where an Ed25519 public key is read: of issuers, of logs, of witnesses.

RFC 8032 lets verifiers differ on points that no honest key generator makes. Under a point of small order anything
verifies; a coordinate written in a second way would be one key under two names. Such keys are refused as they come in,
so that no two verifiers of ours, in whatever language, can come to different verdicts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.errors import Malformed

__all__ = ["read_ed25519"]

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
# y coordinates of the points whose order divides 8 (RFC 8032 §5.1)
_SMALL_Y: Final = frozenset(
    {
        0,
        1,
        _P - 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)


@lru_cache(maxsize=16_384)
def read_ed25519(data: bytes) -> Ed25519PublicKey:
    """The key of these 32 bytes (RFC 8032 §5.1.5); keys that were read are kept.

    Raises `Malformed` for other lengths, a point that is not on the curve, one of small order, and one that is not in
    its canonical form (§5.1.3).
    """
    if len(data) != 32:
        raise Malformed("an Ed25519 key has 32 bytes")
    y = int.from_bytes(data, "little") & ((1 << 255) - 1)
    if y >= _P or y in _SMALL_Y:
        raise Malformed("an Ed25519 key of small order, or not in its canonical form (RFC 8032 §5.1.3)")
    # x² = (y² - 1) / (d·y² + 1) has a root just where the product of both is a square (Euler's criterion).
    if pow((y * y - 1) * (_D * y * y + 1), (_P - 1) // 2, _P) != 1:
        raise Malformed("an Ed25519 key that is no point of its curve")
    return Ed25519PublicKey.from_public_bytes(data)
