"""What a webhook is told (Standard Webhooks 1.0.0): an entry exactly as the public feed has it, or a challenge.

    {"type": "ledger.entry", "timestamp": …, "data": a line of /v1/events}
    {"type": "ledger.challenge", "timestamp": …, "data": {"challenge": …}}     answered by {"challenge": the same}

`webhook-id` is the same at every try of one message, also when it is played again: a receiver tells a repeat by it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from api.monitor.webhook import signature
from ledger.errors import Malformed
from ledger.store.desk_webhooks import WebhookFilter

__all__ = [
    "WebhookMessage",
    "WebhookReceiver",
    "answers_challenge",
    "challenge",
    "entry_message",
    "parse_receiver",
    "told_to",
]

_USE: Final = b"credit-ledger webhook challenge\n"


class WebhookReceiver(Struct, frozen=True):
    """Where to, and signed with what; encrypted at rest."""

    url: str
    secret: bytes


class WebhookMessage(NamedTuple):
    """What is posted, under an id of its own."""

    id: str
    body: bytes

    def headers(self, secret: bytes, now: int) -> dict[str, str]:
        """Those of one try."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "credit-ledger",
            "webhook-id": self.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature([secret], self.id, now, self.body),
        }


class _Event(Struct, frozen=True):
    type: str
    campaign: str | None = None
    code: str | None = None


class _Line(Struct, frozen=True):
    entry: int
    subject: str
    recorded_at: str
    event: _Event | None = None


def told_to(line: bytes, wanted: WebhookFilter, campaign_of: Callable[[str, str], str | None]) -> bool:
    """Whether a line of the feed is for who wants these. It goes by what the line itself shows: of a closed entry
    nobody learns its type. `campaign_of(subject, code)` knows in which campaign a published pledge is."""
    said = msgspec.json.decode(line, type=_Line)
    if wanted.subjects and said.subject not in wanted.subjects:
        return False
    if wanted.types and (said.event is None or said.event.type not in wanted.types):
        return False
    if not wanted.campaigns:
        return True
    campaign = said.subject if said.subject.startswith("campaign:") else None
    if campaign is None and said.event is not None:
        campaign = said.event.campaign or (campaign_of(said.subject, said.event.code) if said.event.code else None)
    return campaign in wanted.campaigns


def entry_message(origin: str, line: bytes) -> WebhookMessage:
    """A line of the feed as a message."""
    said = msgspec.json.decode(line, type=_Line)
    log = sha256(origin.encode()).hexdigest()[:16]
    document = {"type": "ledger.entry", "timestamp": said.recorded_at, "data": Raw(line.rstrip(b"\n"))}
    return WebhookMessage(f"entry_{log}_{said.entry}", msgspec.json.encode(document))


def challenge(id: bytes, secret: bytes, now: int) -> WebhookMessage:
    """What only a receiver that wants to be told answers as it should."""
    at = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
    document = {"type": "ledger.challenge", "timestamp": at, "data": {"challenge": _expected(id, secret)}}
    return WebhookMessage(f"challenge_{id.hex()}", msgspec.json.encode(document))


def answers_challenge(content: bytes, id: bytes, secret: bytes) -> bool:
    """Whether the receiver said the challenge again, as `{"challenge": …}`."""
    try:
        said = msgspec.json.decode(content, type=_ChallengeAnswer).challenge
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return hmac.compare_digest(said.encode(), _expected(id, secret).encode())


class _ChallengeAnswer(Struct, frozen=True):
    challenge: str


def _expected(id: bytes, secret: bytes) -> str:
    return hmac.digest(secret, _USE + id, "sha256").hex()


def parse_receiver(content: bytes) -> WebhookReceiver:
    """Raises `Malformed`."""
    try:
        return msgspec.json.decode(content, type=WebhookReceiver)
    except msgspec.MsgspecError:
        raise Malformed("not a webhook's receiver") from None
