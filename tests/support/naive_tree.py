"""RFC 6962 §2.1, word for word and slow: recursion over lists of entries. Pins the fast tree.

Nothing of `ledger` is used here, so that the two cannot share a mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def mth(entries: Sequence[bytes]) -> bytes:
    """MTH(D[n]), the Merkle tree hash (RFC 6962 §2.1)."""
    n = len(entries)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = largest_power_of_two_below(n)
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]), the audit path of the m-th entry (RFC 6962 §2.1.1)."""
    n = len(entries)
    if n == 1:
        return []
    k = largest_power_of_two_below(n)
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def proof(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]), the consistency proof from the first m entries (RFC 6962 §2.1.2)."""
    return subproof(m, entries, known=True)


def subproof(m: int, entries: Sequence[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) (RFC 6962 §2.1.2)."""
    n = len(entries)
    if m == n:
        return [] if known else [mth(entries)]
    k = largest_power_of_two_below(n)
    if m <= k:
        return [*subproof(m, entries[:k], known=known), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], known=False), mth(entries[:k])]


def largest_power_of_two_below(n: int) -> int:
    """The k with k < n ≤ 2k."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k
