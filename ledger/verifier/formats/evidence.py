"""Evidence about an issuer: its format, and which entries of the log belong in it.

Deterministic CBOR: {"typ": "application/vnd.credit-ledger.evidence+cbor", "v": 1, "entries": [+ bstr]}. The
entries are transparent statements in strictly increasing order of leaf index, the first being entry 0 of the
log: the chain from the trust anchors to the issuer's key and roles. What they prove is for
`ledger.verifier.issuer_keys`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ledger.cose import headers
from ledger.cose.cbor import decode, encode
from ledger.domain.events.base import Recorded
from ledger.domain.events.party import (
    KeyEnrolled,
    KeyRecovered,
    KeyRevoked,
    KeyRotated,
    PartyEnrolled,
    RoleGranted,
    RoleRevoked,
    TrustAnchorsEstablished,
    TrustAnchorsSucceeded,
)
from ledger.domain.events.policy import (
    RegistrationPolicyAdopted,
    RegistrationPolicyApproved,
    RegistrationPolicyProposed,
)
from ledger.domain.state.party import ROOT_PARTY, kid_of
from ledger.errors import Malformed
from ledger.limits import EVIDENCE_BYTES_MAX, EVIDENCE_ENTRIES_MAX

__all__ = ["EVENTS", "encode_evidence", "parse_evidence", "select"]

_VERSION: Final = 1

#: The events that may be evidence: who there is, with which keys and roles, and how long a recovery waits
EVENTS: Final = (
    TrustAnchorsEstablished,
    TrustAnchorsSucceeded,
    PartyEnrolled,
    KeyEnrolled,
    KeyRotated,
    KeyRecovered,
    KeyRevoked,
    RoleGranted,
    RoleRevoked,
    RegistrationPolicyAdopted,
    RegistrationPolicyProposed,
    RegistrationPolicyApproved,
)


def encode_evidence(entries: Sequence[bytes]) -> bytes:
    """The evidence of these transparent statements, which must be in log order. Raises `Malformed` for too many."""
    data = encode({"typ": headers.EVIDENCE, "v": _VERSION, "entries": list(entries)})
    parse_evidence(data)
    return data


def parse_evidence(data: bytes) -> tuple[bytes, ...]:
    """The transparent statements in it, none of them verified. Raises `Malformed`."""
    if len(data) > EVIDENCE_BYTES_MAX:
        raise Malformed(f"evidence has at most {EVIDENCE_BYTES_MAX} bytes")
    match decode(data):
        case {"typ": headers.EVIDENCE, "v": 1, "entries": [*entries], **others} if not others:
            found = tuple(entry for entry in entries if isinstance(entry, bytes))
            if 0 < len(found) == len(entries) <= EVIDENCE_ENTRIES_MAX:
                return found
    raise Malformed(f"not evidence of version {_VERSION}: typ, v and a list of entries, one at least")


def select(governing: Iterable[Recorded], issuer: str, kid: bytes) -> list[int]:
    """The leaf indices of all entries that show who `issuer` is and what its key `kid` is worth, in order.

    `governing` are the events of all governing streams in log order. For the issuer, and for whoever signed any
    of what is selected: its enrolment, the history of its roles, and that of the key with those that it came
    from, as far as the log goes: a later revocation is part of it. Of the root, everything.
    """
    streams: dict[str, list[Recorded]] = {}
    for at in governing:
        if isinstance(at.event, EVENTS):
            streams.setdefault(at.subject, []).append(at)
    chosen: dict[int, Recorded] = {}
    asked: set[tuple[str, bytes | None]] = set()
    open_: list[tuple[str, bytes | None]] = [(ROOT_PARTY, None), (issuer, kid)]
    while open_:
        party, key = open_.pop()
        if (party, key) in asked:
            continue
        asked.add((party, key))
        for at in streams.get(party, ()):
            about = _keys(at)
            if at.index in chosen or not (key is None or not about or key in about):
                continue
            chosen[at.index] = at
            open_.append((at.issuer, at.kid))
            open_ += [(party, other) for other in about[1:]]  # the key that this one came from
            if isinstance(at.event, KeyRecovered):
                open_.append(("policy", None))  # its waiting period
    return sorted(chosen)


def _keys(at: Recorded) -> tuple[bytes, ...]:
    """The thumbprints that an event of a party's stream is about, the newest first; none: it is about the party."""
    match at.event:
        case KeyEnrolled():
            return (kid_of(at.event.key),)
        case KeyRotated() | KeyRecovered():
            return kid_of(at.event.key), bytes.fromhex(at.event.replaces)
        case KeyRevoked():
            return (bytes.fromhex(at.event.kid),)
    return ()
