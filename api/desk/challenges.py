"""Sign-in challenges: made and known again by a secret of the service, kept by nobody until they are answered.

A nonce is 16 random bytes and 16 of an HMAC over them, the log and the time until which it is good. So nobody fills
a table by asking, and any process over the same database knows what another one made.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from typing import Final

from ledger.cose.sign_in_answer import NONCE_BYTES
from ledger.errors import Refuted
from ledger.limits import CHALLENGE_SECONDS_MAX

__all__ = ["Challenge", "Challenges"]

_RANDOM_BYTES: Final = NONCE_BYTES // 2
_USE: Final = b"credit-ledger sign-in challenge\n"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A sign-in challenge. `nonce` of 32 bytes, good until `expires_at` (Unix seconds)."""

    nonce: bytes
    expires_at: int


@dataclass(frozen=True, slots=True)
class Challenges:
    """Of one log, by one secret."""

    secret: bytes
    log: str

    def make(self, now: int) -> Challenge:
        random, expires_at = os.urandom(_RANDOM_BYTES), now + CHALLENGE_SECONDS_MAX
        return Challenge(random + self._mark(random, expires_at), expires_at)

    def check(self, challenge: Challenge, now: int) -> None:
        """Raises `Refuted` for one that was not made here, or whose time is over. Whether it was answered before is
        for the table to say."""
        random, mark = challenge.nonce[:_RANDOM_BYTES], challenge.nonce[_RANDOM_BYTES:]
        if not 0 <= challenge.expires_at < 2**63 or not hmac.compare_digest(
            mark, self._mark(random, challenge.expires_at)
        ):
            raise Refuted("the challenge is not of this service")
        if now > challenge.expires_at:
            raise Refuted(f"a challenge is good for {CHALLENGE_SECONDS_MAX} s: ask for a new one")

    def _mark(self, random: bytes, expires_at: int) -> bytes:
        said = b"".join((_USE, self.log.encode(), b"\n", random, expires_at.to_bytes(8, "big")))
        return hmac.digest(self.secret, said, "sha256")[:_RANDOM_BYTES]
