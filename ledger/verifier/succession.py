"""The log's own keys after they were succeeded: what the root said of them, shown from the trust anchors on.

Who has an older trust file is shown the root's statements (as evidence of any entry, `/entries/{index}/evidence`, holds
them), each with its receipt. A succession is announced under a tree that the keys before it sign, so that one leads
to the next.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.cose.receipt import detach, parse_receipt
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.party import TrustAnchorsSucceeded
from ledger.domain.state.party import ROOT_PARTY
from ledger.errors import Malformed, Refuted
from ledger.verifier.entry_location import Roots, locate
from ledger.verifier.formats.evidence import EVENTS
from ledger.verifier.issuer_keys import IssuerChain
from ledger.verifier.trust import Trust

__all__ = ["renewed"]


def renewed(trust: Trust, governing: Iterable[bytes]) -> Trust:
    """`trust` with the successions of the log's keys that these transparent statements show.

    `governing`: statements about parties and policies, in any order, entry 0 among them; others are left alone.
    In these steps, where there is a succession that `trust` does not know:

    1. each statement is where its receipt says, in a tree that a key signed which is in force at its size
    2. entry 0 is in the charter of the trust file, and names its first keys
    3. from there on entry by entry, as evidence is checked (`ledger.verifier.issuer_keys`); a succession is the root's,
      and its keys are believed from its size on

    Raises `Refuted`, `Malformed`, `Uncheckable` (what is shown lacks something that it rests on).
    """
    shown = list(governing)
    if not any(_succession(trust, one) for one in shown):
        return trust
    ordered: dict[int, bytes] = {}
    for one in shown:
        same = ordered.setdefault(_index(one), one)
        if detach(same)[0] != detach(one)[0]:
            raise Refuted("two statements are shown at one position of the log")
    roots, chain = Roots(), None
    for _, transparent in sorted(ordered.items()):
        located = locate(transparent, trust, roots)  # 1
        if chain is None:
            chain = IssuerChain(trust, located)  # 2
            continue
        event = decode_event(located.statement)
        if not isinstance(event, EVENTS):
            continue
        chain.take(located)  # 3
        if isinstance(event, TrustAnchorsSucceeded):
            trust = trust.succeeded(event)
    return trust


def _succession(trust: Trust, transparent: bytes) -> bool:
    """Whether it says of keys that `trust` does not know. Nothing is verified."""
    statement = parse_statement(detach(transparent)[0])
    if statement.subject != ROOT_PARTY or statement.sealed:
        return False
    event = decode_event(statement)
    known = {one.from_size for one in trust.successions}
    return isinstance(event, TrustAnchorsSucceeded) and event.from_size not in known


def _index(transparent: bytes) -> int:
    receipts = detach(transparent)[1]
    if not receipts:
        raise Malformed("a statement is shown without a receipt")
    return parse_receipt(receipts[0]).index
