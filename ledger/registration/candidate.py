"""What a statement says: its content, the body or text that belongs to it, the keys and files that it names."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

from ledger.cose.statement import VerifiedStatement, decode_event
from ledger.domain.events.base import Annex, Closed, Event
from ledger.domain.events.free_text import refuse_personal_data, refuse_residents
from ledger.domain.events.party import (
    KeyEnrolled,
    KeyRecovered,
    KeyRotated,
    TrustAnchorsEstablished,
    TrustAnchorsSucceeded,
)
from ledger.domain.payload import decode_body
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.spec import EventSpec
from ledger.domain.values.text import check_text
from ledger.errors import Malformed, Refused, Refuted
from ledger.keys.algorithms import decode_key
from ledger.keys.proof_of_possession import check_possession
from ledger.limits import BODY_BYTES_MAX
from ledger.store.contract import Fact
from ledger.tlog.vkey import ED25519, VerifierKey

__all__ = ["Candidate", "MissingBody", "candidate_of", "content_of"]


class MissingBody(Refused):
    """The body with this `commitment` (SHA-256) must come with the statement, or be uploaded before it."""

    def __init__(self, commitment: bytes) -> None:
        super().__init__(
            "body.missing",
            "缺少密封正文：请先上传正文，或随声明一并提交",
            "the body is missing: upload it before, or send it with the statement",
            commitment.hex(),
        )
        self.commitment = commitment


class Candidate(Struct, frozen=True):
    """A statement that may be registered as far as can be said without its position.

    `identity` is (`iss`, `cti`): the same statement twice is one event. `commitment` and `body`: of a sealed
    statement, or of the text that an open one names by digest.
    """

    statement: VerifiedStatement
    event: Event
    spec: EventSpec
    identity: Fact
    commitment: bytes | None
    body: bytes | None
    annexes: tuple[Annex, ...] = ()

    @property
    def topic(self) -> str:
        """What anybody may know of the type: the name of an open statement's event, else `sealed`."""
        return "sealed" if self.statement.sealed else self.spec.name


def content_of(statement: VerifiedStatement, body: bytes | None, origin: str) -> Candidate:
    """The candidate that a statement of the log `origin` is, whose signature holds: its content and body checked.

    Raises `Malformed`, `Refuted` (body, proof of possession), `MissingBody`, `Refused`.
    """
    if statement.commitment is not None and body is None:
        raise MissingBody(statement.commitment)
    event = decode_event(statement, body)
    if isinstance(event, Closed):  # not with a body
        raise MissingBody(event.commitment)
    return candidate_of(statement, event, body, origin)


def candidate_of(statement: VerifiedStatement, event: Event, body: bytes | None, origin: str) -> Candidate:
    """As `content_of`, of a statement whose `event` was decoded already from it, or from its body."""
    encoded = statement.payload if body is None or statement.commitment is None else body
    check_text(encoded, event)
    refuse_residents(statement.subject, encoded)
    commitment = statement.commitment
    spec = SPECS[type(event).__name__]
    if "enterprise" in spec.streams:  # others are about organizations, which may well name a telephone number
        refuse_personal_data(event)
    text = None if statement.sealed else event.named_text
    if text is not None:
        commitment = bytes.fromhex(text)
        _named_text(event, commitment, body)
    if body is not None and commitment is None:
        raise Malformed("an open statement comes without a body")
    _keys_named(event, statement.subject, origin)
    identity = Fact("cti", f"{statement.issuer}/{statement.cti.hex()}")
    # A file that a sealed content names is not public.
    annexes = () if spec.annexes is None or statement.sealed else spec.annexes(event)
    return Candidate(statement, event, spec, identity, commitment, body, annexes)


def _named_text(event: Event, commitment: bytes, body: bytes | None) -> None:
    """The text that an open statement names by its digest comes with it, and is of the kind that belongs there."""
    if body is None:
        raise MissingBody(commitment)
    if sha256(body).digest() != commitment:
        raise Refuted("the body does not hash to the digest that the statement names")
    if len(body) > BODY_BYTES_MAX:
        raise Malformed(f"a body has at most {BODY_BYTES_MAX} bytes")
    text = decode_body(body)[1]
    if type(text) is not event.text_type:
        raise Malformed(f"the body behind the digest is no {event.text_type and event.text_type.__name__}")
    check_text(body, text)
    refuse_personal_data(text)


def _keys_named(event: Event, subject: str, origin: str) -> None:
    """Keys that a statement brings in are of our kinds, and whoever is to have them has them."""
    if isinstance(event, KeyEnrolled | KeyRotated | KeyRecovered):
        check_possession(bytes.fromhex(event.proof), bytes.fromhex(event.key), subject, origin)
    elif isinstance(event, TrustAnchorsEstablished | TrustAnchorsSucceeded):
        if isinstance(event, TrustAnchorsEstablished):
            if event.origin != origin:
                raise Refused(
                    "statement.other_log", "信任根属于另一账本", "the anchors are another log's", event.origin
                )
            decode_key(bytes.fromhex(event.root_key))
        if VerifierKey.parse(event.checkpoint_vkey).type != ED25519:
            raise Malformed("a log signs its checkpoints with a plain Ed25519 key (C2SP tlog-checkpoint)")
        for key in (event.receipt_key, event.standing_key):
            decode_key(bytes.fromhex(key))
