"""How a demonstration's parties speak: statements signed with the demonstration's keys, sent one by one over HTTP.

Each has a `cti` made of its party, subject and a name within the story: said again, it is registered already, and its
entry is the one of before. So a story that was stopped is simply told again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from api.client.client import Client, Waiting
from ledger.cose.statement import Claims, make_sealed, make_statement
from ledger.domain.events.base import Event, NamedText
from ledger.domain.events.party import KeyEnrolled, PartyEnrolled
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.payload import encode_body
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.values.subject import own_party
from ledger.errors import AlreadyRegistered, Malformed
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer

__all__ = ["LATE", "Voice"]

#: Why what a demonstration says of the past is recorded only now.
LATE: Final = "演示数据 · demonstration"


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks for the parties in `signers` (`organizer`, and `organizer-2` for its second officer) to the log `origin`.

    `now` is when everything is signed (Unix seconds), `today` its date. `own_key` gives the key of an enterprise,
    by its code. `pause(0)` raises `Unavailable` when nothing more is to be said. Every method may raise what the
    service refuses, and `Busy` or `Unavailable` where it does not answer in time.
    """

    client: Client
    origin: str
    signers: Mapping[str, Signer]
    own_key: Callable[[str], Signer]
    now: int
    today: date
    pause: Callable[[float], None]

    def says(self, who: str, code: str, event: Event, name: str = "") -> int:
        """`who` says `event` about the enterprise of a code; the entry's leaf index. `name` tells events of a type
        apart. `who` is a name of `signers`, or `self` for the enterprise."""
        done = self._say(who, f"uscc:{code}", event, name)
        if isinstance(done, Waiting):
            raise Malformed(f"the service says that a {type(event).__name__} waits, which none does")
        return done

    def says_of_campaign(self, who: str, campaign: str, event: Event) -> int:
        """The same about a campaign, such as `campaign:2026`."""
        done = self._say(who, campaign, event, "")
        if isinstance(done, Waiting):
            raise Malformed("the service says that a campaign waits, which none does")
        return done

    def pledges(self, code: str, event: PledgeMade) -> bytes | None:
        """The enterprise's own pledge, which waits for its publication: its statement id; None if it was published."""
        done = self._say("self", f"uscc:{code}", event, event.campaign)
        return done.statement_id if isinstance(done, Waiting) else None

    def statement_id(self, code: str, entry: int) -> bytes:
        """SHA-256 of the signed statement of an entry about the enterprise."""
        events = self.client.json(f"/v1/enterprises/{code}/events?after={entry - 1}&limit=1")["events"]
        return bytes.fromhex(events[0]["statement_id"])

    def enrols(self, code: str, name: str) -> None:
        """The registrar enrols the enterprise as a party of this name, with its first key."""
        party, key = own_party(f"uscc:{code}"), self.own_key(code)
        self._say("registrar", party, PartyEnrolled(v=1, effective_on=self.today, name_zh=name), "")
        enrolled = KeyEnrolled(
            v=1,
            effective_on=self.today,
            key=key.public.cose_key.hex(),
            proof=prove_possession(key, party, self.origin).hex(),
            officer="enterprise-1",
            valid_from=self.today,
        )
        self._say("registrar", party, enrolled, "")

    def text(self, make: Callable[[str], NamedText], name: str) -> str:
        """Upload a text that an open statement will name (`make` is given its salt); its digest in hexadecimal."""
        salt = sha256(f"demonstration text {name}".encode()).digest()[:16]
        body = encode_body(make(salt.hex()), salt)
        return self.client.put_body(body).hex()

    def _say(self, who: str, subject: str, event: Event, name: str) -> int | Waiting:
        self.pause(0)
        own = who == "self"
        kind = type(event).__name__
        known = f"demonstration {who} {subject} {kind} {name}".encode()
        issuer = own_party(subject) if own else f"party:{who.removesuffix('-2')}"
        signer = self.own_key(subject.removeprefix("uscc:")) if own else self.signers[who]
        claims = Claims(subject, issuer, self.origin, self.now, sha256(known).digest()[:16])
        if SPECS[kind].form == "sealed":
            statement, body = make_sealed(event, claims, signer, sha256(b"salt of " + known).digest()[:16])
        else:
            statement, body = make_statement(event, claims, signer), None
        try:
            done = self.client.submit(statement, body)
        except AlreadyRegistered as before:
            return before.index
        return done if isinstance(done, Waiting) else done.index
