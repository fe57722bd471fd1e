"""Offline verification of a statement in the log, in these steps, which the code follows and the report repeats:

1. If the trust file demands a quorum of witnesses, a tlog-proof is there. Each tlog-proof that is given holds: the
   entry is where its receipt says, in a tree that the log signed, a quorum cosigned, and no receipt contradicts.
2. The statement is in the one form that statements have, meant for this log, and every receipt on it holds:
   it is a leaf of a tree whose root the log signed, with the key for a tree of that size: that of the trust file, or
   of a succession that the root announced in the evidence (`ledger.verifier.succession`).
3. So is every entry of the evidence; they stand in log order; no two receipts show two trees of one size, and
   the log's time never goes back.
4. Entry 0 is in the charter that the trust file names. It names the root key, and the log's keys of the file.
5. From there on, entry by entry: each was signed by a key of its issuer that was valid there, by an issuer
   entitled to it, within the rules; each new key proves its possession.
6. The statement was signed by a key of its issuer that was valid at its position.
7. Its content is well-formed; a sealed one's is the body that it commits to; a new key proves its possession.
8. Its issuer was entitled, by the catalogue and the roles it held there, to say this about such a subject.
9. What the evidence holds of later entries does not dispute the key.

What cannot be shown offline is in the report too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ledger.cose.statement import VerifiedStatement, decode_event
from ledger.domain.events.base import Closed, Event
from ledger.domain.events.party import TrustAnchorsEstablished
from ledger.domain.events.pledge import GroundText
from ledger.domain.payload import decode_body
from ledger.errors import Refuted, Uncheckable
from ledger.verifier import statement_wording as wording
from ledger.verifier.checkpoint import check_witnessed
from ledger.verifier.entry_location import Located, Roots, check_order, locate
from ledger.verifier.formats.evidence import parse_evidence
from ledger.verifier.issuer_keys import IssuerChain, check_entitled, check_new_key
from ledger.verifier.report import VerifiedEntry, anchored
from ledger.verifier.succession import renewed
from ledger.verifier.trust import Trust

__all__ = ["ground_of", "is_ground", "verify_entry"]


def verify_entry(
    transparent: bytes,
    evidence: bytes | None,
    trust: Trust,
    body: bytes | None = None,
    proofs: Sequence[bytes] = (),
) -> VerifiedEntry:
    """Verify a transparent statement with the evidence about its issuer, and its body if it has one.

    `proofs` are C2SP tlog-proofs: of the statement, and of as many entries of the evidence as one has.

    Raises `Refuted` (something does not hold), `Malformed` (something is not what it claims to be),
    `Uncheckable` (something needed was not given: evidence, a key, a quorum).
    """
    if not proofs:  # 1, continued below, where the receipts are verified
        trust.demand_nothing_of_witnesses()

    shown = () if evidence is None else parse_evidence(evidence)
    trust = renewed(trust, shown)
    roots = Roots()  # 2
    target = locate(transparent, trust, roots)
    steps = [wording.located(target, trust)]

    if evidence is None:  # 3
        raise Uncheckable("no evidence about the issuer was given: it is served at /entries/{index}/evidence")
    entries = [locate(entry, trust, roots) for entry in shown]
    check_order(entries)
    others = [entry for entry in entries if entry.index != target.index]
    steps.insert(0, check_witnessed(target, others, proofs, trust, roots))
    steps.append(wording.in_order(len(entries)))

    chain = IssuerChain(trust, entries[0])  # 4
    steps.append(anchored(trust))

    before = [entry for entry in entries[1:] if entry.index < target.index]  # 5
    after = [entry for entry in entries[1:] if entry.index >= target.index]
    for entry in before:
        chain.take(entry)
    steps.append(wording.chained(len(before)))

    if target.index == 0:  # 6: the trust anchors themselves, which the chain began with
        _same(entries[0], target)
        statement = chain.anchors
    else:
        statement = chain.signed(target)
    steps.append(wording.signed(target, chain))

    event = _content(target, statement, body)  # 7
    steps.append(wording.decoded(statement, event, body))

    if not isinstance(event, Closed):  # 8
        check_entitled(statement, event, chain.governance)
    steps.append(wording.entitled(statement, event, chain))

    for entry in after:  # 9
        if entry.index == target.index:
            _same(entry, target)
        chain.take(entry)
    disputed = chain.governance.disputed(statement.kid, target.index, target.receipt.iat)
    steps.append(wording.later(len(after), disputed))

    return VerifiedEntry(
        steps=tuple(steps),
        not_shown=wording.NOT_SHOWN if trust.quorum is None else wording.NOT_SHOWN_WITNESSED,
        statement=statement,
        receipt=target.receipt,
        event=event,
        disputed=disputed,
    )


def ground_of(event: Event | Closed) -> str | None:
    """The digest of the text that an open statement names and an archive holds beside it; None for every other."""
    if isinstance(event, Closed) or event.text_type is not GroundText:
        return None  # a mark's seed is named like a text, but it is a secret
    return event.named_text


def is_ground(event: Event | Closed, body: bytes) -> bool:
    """Whether `body` is the text that the statement names. Raises `Malformed` for a text in no form that texts have."""
    return ground_of(event) == hashlib.sha256(body).hexdigest() and isinstance(decode_body(body)[1], GroundText)


def _same(entry: Located, target: Located) -> None:
    if entry.statement.raw != target.statement.raw:
        raise Refuted(f"two statements are shown at one position of the log: {target.index}")


def _content(target: Located, statement: VerifiedStatement, body: bytes | None) -> Event | Closed:
    event = decode_event(statement, body)
    if body is not None and not statement.sealed:
        _check_ground(event, body)
    if isinstance(event, TrustAnchorsEstablished) and target.index != 0:
        raise Refuted("trust anchors are established by entry 0 and never again")
    if isinstance(event, Event):
        check_new_key(statement, event)
    return event


def _check_ground(event: Event | Closed, body: bytes) -> None:
    """The one body that an open statement may come with: the text that a revocation names by its digest."""
    if ground_of(event) != hashlib.sha256(body).hexdigest():
        raise Refuted("the body that was given does not belong to this statement")
    if not isinstance(decode_body(body)[1], GroundText):
        raise Refuted("the body that the statement names is not the text of a ground")
