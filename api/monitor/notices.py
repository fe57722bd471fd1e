"""What a follower tells of an entry: who said what about whom, from the signed bytes alone."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import msgspec

from ledger.cose.statement import SEALED_TOPIC, VerifiedStatement, decode_event
from ledger.domain.events.base import Closed, Event
from ledger.errors import Malformed

__all__ = ["Noticed", "notice"]


@dataclass(frozen=True, slots=True)
class Noticed:
    """Entry `index` of a log, checked against the tree of `tree_size` entries and its signature.

    `event` is None where the content is sealed and its body not public, or of a type that this version does not know.
    """

    origin: str
    index: int
    tree_size: int
    statement: VerifiedStatement
    event: Event | None
    closed: bool

    @property
    def type(self) -> str:
        """The type's name; `sealed` where no more may be known."""
        if self.event is not None:
            return type(self.event).__name__
        return SEALED_TOPIC if self.closed else "unknown"

    @property
    def issued_at(self) -> str:
        """The issuer's own time, RFC 3339. When it was recorded is in its receipt."""
        moment = datetime.datetime.fromtimestamp(self.statement.iat, datetime.UTC)
        return moment.isoformat().replace("+00:00", "Z")

    def document(self) -> dict[str, Any]:
        """For programs: the words of `/v1/events`, as far as the log itself says them."""
        document: dict[str, Any] = {
            "origin": self.origin,
            "entry": self.index,
            "tree_size": self.tree_size,
            "subject": self.statement.subject,
            "type": self.type,
            "issuer": self.statement.issuer,
            "kid": self.statement.kid.hex(),
            "issued_at": self.issued_at,
            "statement_id": self.statement.statement_id.hex(),
            "sealed": self.statement.sealed,
        }
        if self.event is not None:
            document["event"] = msgspec.to_builtins(self.event)
        return document

    def line(self) -> str:
        """For people."""
        said = self.type
        if self.closed:
            said = "密封，正文未公开 / sealed, its body is not public"
        elif self.event is None:
            said = "本版本不认识的类型 / of a type that this version does not know"
        return f"{self.index}  {self.issued_at}  {self.statement.subject}  {said}  ← {self.statement.issuer}"


def notice(origin: str, index: int, tree_size: int, statement: VerifiedStatement, body: bytes | None) -> Noticed:
    """Take apart a verified entry. Raises `Refuted` for a body that is not the one that was committed to."""
    try:
        event = decode_event(statement, body)
    except Malformed:
        return Noticed(origin, index, tree_size, statement, None, closed=False)
    if isinstance(event, Closed):
        return Noticed(origin, index, tree_size, statement, None, closed=True)
    return Noticed(origin, index, tree_size, statement, event, closed=False)
