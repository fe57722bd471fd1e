"""What a verification gives back: never a boolean, always the verified thing and how it was verified."""

from __future__ import annotations

from msgspec import Struct

from ledger.cose.receipt import VerifiedReceipt
from ledger.cose.standing_token import VerifiedStanding
from ledger.cose.statement import VerifiedStatement
from ledger.domain.events.base import Closed, Event
from ledger.tlog.checkpoint import VerifiedCheckpoint

__all__ = ["Remark", "Verified", "VerifiedEntry", "VerifiedHead", "VerifiedSignedStanding"]


class Remark(Struct, frozen=True):
    """One line for people, in Chinese and English."""

    zh: str
    en: str


class Verified(Struct, frozen=True, kw_only=True):
    """`steps`: what was checked, in order. `not_shown`: what this kind of verification cannot show at all."""

    steps: tuple[Remark, ...]
    not_shown: tuple[Remark, ...]


class VerifiedEntry(Verified, frozen=True, kw_only=True):
    """A statement that is in the log and whose issuer was entitled to make it.

    `event` is `Closed` for a sealed statement whose body was not given: then the entitlement was not checked,
    and the steps say so. `disputed`: signed in a time since when the key is now known to be compromised.
    """

    statement: VerifiedStatement
    receipt: VerifiedReceipt
    event: Event | Closed
    disputed: bool


class VerifiedSignedStanding(Verified, frozen=True, kw_only=True):
    """What the log operator said of an enterprise, and still says."""

    standing: VerifiedStanding


class VerifiedHead(Verified, frozen=True, kw_only=True):
    """A tree head that the log signed."""

    checkpoint: VerifiedCheckpoint
