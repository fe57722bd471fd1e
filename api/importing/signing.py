"""Plans → signed statements. What names a statement (`cti`) and salts a body derives from the row itself.

So a second import of the same row, from whatever table, signed by whatever key, says the same thing under the same
name, and the service answers that it knows it. The derivation needs the importer's secret: nobody else can guess the
names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from api.client.signed_uploads import Uploader
from api.importing.enterprise_identity import identity_bytes
from api.importing.row_plan import PledgeWork, SingleWork, Work
from ledger.cose.cbor import encode
from ledger.cose.sign1 import split
from ledger.cose.statement import Claims, make_sealed, make_statement
from ledger.domain.events.base import Event
from ledger.domain.events.enterprise import EnterpriseRegistered
from ledger.domain.events.pledge import PledgePublished
from ledger.keys.naming_secret import NamingSecret
from ledger.keys.signer import Signer

__all__ = [
    "Scribe",
    "SignedItem",
    "SigningContext",
    "entering_event",
    "pledge_code",
    "publication_event",
    "published_code",
]

_SERIALS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class SignedItem:
    """A signed statement, its body if it is sealed, and the SHA-256 of its payload."""

    statement: bytes
    body: bytes | None
    statement_id: bytes
    payload_sha256: bytes

    @property
    def cbor(self) -> bytes:
        """As an item of a batch: `statement`, or `[statement, body]`."""
        return encode(self.statement if self.body is None else [self.statement, self.body])


def pledge_code(division: str, made_on: date, identity: bytes, step: int) -> str:
    """The 20 digits of a pledge's code: division, day, and a serial that derives from what makes the row itself.

    `step` counts serials that were taken: the next one is tried (linear probing).
    """
    serial = (int.from_bytes(sha256(identity).digest()) + step) % _SERIALS
    return f"{division}{made_on:%Y%m%d}{serial:06}"


def published_code(work: PledgeWork, step: int) -> str:
    """The code under which a pledge is published: that which the table gives, else one that was not taken."""
    return work.given_code or pledge_code(work.division, work.pledge.made_on, work.identity, step)


def entering_event(work: Work, today: date) -> EnterpriseRegistered:
    """What enters the enterprise of a row; without evidence beside anything sealed."""
    evidence = work.evidence if isinstance(work, PledgeWork) and not work.sealed else None
    return work.who.registered(today, evidence)


def publication_event(work: PledgeWork, pledge: str, code: str, today: date) -> PledgePublished:
    """What publishes a row's pledge, whose statement has the SHA-256 `pledge`."""
    return PledgePublished(
        v=1,
        effective_on=today,
        pledge=pledge,
        code=code,
        valid_from=work.pledge.made_on,
        valid_until=work.valid_until,
    )


@dataclass(frozen=True, slots=True)
class SigningContext:
    """For which log, on which Asia/Shanghai day and by which clock (Unix seconds) the scribes of an import sign."""

    audience: str
    today: date
    clock: Callable[[], int]


class Scribe:
    """Signs statements as `issuer`, named by `secret`.

    `entering` signs what enters enterprises, where that is not for `issuer` to say.
    """

    def __init__(
        self,
        signer: Signer,
        issuer: str,
        secret: NamingSecret,
        at: SigningContext,
        entering: Scribe | None = None,
    ) -> None:
        self._signer = signer
        self.issuer = issuer
        self._secret = secret
        self._audience = at.audience
        self._today = at.today
        self._clock = at.clock
        self._entering = entering or self

    @property
    def uploader(self) -> Uploader:
        """Who signs for the files that its statements name."""
        return Uploader(self.issuer, self._audience, self._signer, self._clock)

    def name(self, work: Work) -> bytes:
        """The `cti` of the pledge or the one statement."""
        return self._name(work.event if isinstance(work, SingleWork) else work.pledge, work.identity)

    def enterprise(self, work: Work) -> SignedItem:
        """EnterpriseRegistered: sealed for individual businesses, and without evidence beside anything sealed."""
        event = entering_event(work, self._today)
        subject = work.who.subject
        return self._entering._write(event, subject, identity_bytes(subject), sealed=work.who.individual)

    def content(self, work: Work, today: date | None = None, *, late: bool = False) -> SignedItem:
        """The pledge or the one statement, as it is (or, given `today`, would have been) recorded."""
        if isinstance(work, SingleWork):
            event = work.recorded(today or self._today, late=late)
            return self._write(event, work.who.subject, work.identity, sealed=work.sealed)
        return self._write(work.made(today or self._today), work.who.subject, work.identity, sealed=work.sealed)

    def publication(self, work: PledgeWork, pledge_id: bytes, step: int, today: date | None = None) -> SignedItem:
        """PledgePublished for the pledge whose statement has this SHA-256, as of now or (given `today`) of then."""
        event = publication_event(work, pledge_id.hex(), published_code(work, step), today or self._today)
        return self._write(event, work.who.subject, work.identity, sealed=work.sealed)

    def _write(self, event: Event, subject: str, identity: bytes, *, sealed: bool) -> SignedItem:
        claims = Claims(subject, self.issuer, self._audience, self._clock(), self._name(event, identity))
        body: bytes | None = None
        if sealed:
            salt = self._secret.derive(f"import {type(event).__name__} salt", identity, 32)
            statement, body = make_sealed(event, claims, self._signer, salt)
        else:
            statement = make_statement(event, claims, self._signer)
        payload = split(statement)[2]
        assert payload is not None  # it was made just now, and taken apart by who made it
        return SignedItem(statement, body, sha256(statement).digest(), sha256(payload).digest())

    def _name(self, event: Event, identity: bytes) -> bytes:
        return self._secret.derive(f"import {type(event).__name__} cti", identity)
