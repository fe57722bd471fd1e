"""Who the parties are, shown from the trust anchors on: the fold of evidence, entry by entry, each one checked.

A statement of the chain counts only if its issuer's key was valid at its position, its signature holds, its
issuer was entitled to it by the catalogue, a new key proves its possession, and the domain's own rule lets it
pass. The rules are those of `ledger.domain`: the very ones that registration applied.
"""

from __future__ import annotations

from ledger.cose.statement import Statement, VerifiedStatement, decode_event, verify_statement
from ledger.domain.events.base import Closed, Event
from ledger.domain.events.party import KeyEnrolled, KeyRecovered, KeyRotated, TrustAnchorsEstablished
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.spec import Context
from ledger.domain.state.governance import Governance, evolve_governance
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import kind
from ledger.errors import LedgerError, Malformed, Refused, Refuted, Uncheckable
from ledger.keys.algorithms import PublicKey, decode_key
from ledger.keys.keyring import Keyring
from ledger.keys.proof_of_possession import check_possession
from ledger.verifier.entry_location import Located
from ledger.verifier.formats.evidence import EVENTS
from ledger.verifier.trust import Trust

__all__ = ["IssuerChain", "check_entitled", "check_new_key"]

# A rule that refuses because something is not there: the evidence may just lack it
_LACKING = frozenset({"key.unknown", "party.not_enrolled", "policy.none_in_force"})


class IssuerChain:
    """The governance that evidence shows, growing with each `take`. Used for one verification."""

    def __init__(self, trust: Trust, first: Located, events: tuple[type[Event], ...] = EVENTS) -> None:
        """Begin with entry 0, which names the root key; `events` have a place here. Raises `Refuted`, `Malformed`.

        The tree of its receipt must be the charter of the trust file: this is what anchors everything else.
        """
        self._trust = trust
        self._events = events
        statement, event = first.statement, _event(first, events)
        if first.index != 0 or not isinstance(event, TrustAnchorsEstablished):
            raise Refuted("evidence begins with entry 0, which establishes the trust anchors")
        if first.receipt.root != trust.charter:
            raise Refuted("the trust anchors are not in the charter that the trust file names")
        if (statement.issuer, statement.subject) != (ROOT_PARTY, ROOT_PARTY):
            raise Refuted(f"trust anchors are established by {ROOT_PARTY} for itself")
        self.anchors = verify_statement(statement, _hex_key(event.root_key))
        self._charter_size = first.receipt.tree_size
        self._versions: dict[str, int] = {}
        self.governance = Governance.empty()
        self._compare(event)
        self._decide(first, event, event.root_officer, frozenset(("root",)))
        self._grow(first, event)

    def take(self, entry: Located) -> VerifiedStatement:
        """Check one more entry of the evidence and fold it in; entries come in log order.

        Raises `Refuted`, `Malformed`, `Uncheckable` (the evidence lacks what this entry rests on).
        """
        event = _event(entry, self._events)
        verified = self.signed(entry)
        check_entitled(entry.statement, event, self.governance)
        check_new_key(entry.statement, event)
        officer = self.governance.officer(entry.statement.kid)
        assert officer is not None  # `signed` found the key
        self._decide(entry, event, officer, self.governance.roles(entry.statement.issuer))
        self._grow(entry, event)
        return verified

    def signed(self, entry: Located) -> VerifiedStatement:
        """Check a statement's signature under its issuer's key, valid at its position as far as is shown here.

        Raises `Refuted`, or `Uncheckable` if the evidence does not enrol that key.
        """
        statement, today = entry.statement, shanghai_date(entry.receipt.iat)
        try:
            key = Keyring(self.governance).signing_key(statement.kid, statement.issuer, today)
        except Refused as refusal:
            raise _as_verdict(entry, refusal) from None
        return verify_statement(statement, key)

    def said(self, statement: VerifiedStatement, body: bytes | None) -> Event | Closed:
        """What a statement of another stream says at this position, by somebody entitled to say it.

        Raises `Refuted`, `Malformed`. Without its body a sealed one is `Closed`, of which nothing is checked.
        """
        event = decode_event(statement, body)
        if isinstance(event, Event):
            check_entitled(statement, event, self.governance)
            check_new_key(statement, event)
        return event

    def _decide(self, entry: Located, event: Event, officer: str, roles: frozenset[str]) -> None:
        statement, receipt = entry.statement, entry.receipt
        context = Context(
            index=receipt.index,
            recorded_at=receipt.iat,
            today=shanghai_date(receipt.iat),
            iat=statement.iat,
            subject=statement.subject,
            issuer=statement.issuer,
            kid=statement.kid,
            officer=officer,
            roles=roles,
            sealed=False,
            commitment=None,
            statement_id=statement.statement_id,
            governance=self.governance,
            bootstrap=receipt.index < self._charter_size,
        )
        try:
            SPECS[type(event).__name__].decide(self.governance, event, context)
        except Refused as refusal:
            raise _as_verdict(entry, refusal) from None

    def _grow(self, entry: Located, event: Event) -> None:
        subject = entry.statement.subject
        version = self._versions[subject] = self._versions.get(subject, 0) + 1
        self.governance = evolve_governance(self.governance, entry.recorded(event, version))

    def _compare(self, anchors: TrustAnchorsEstablished) -> None:
        """The charter and the trust file must mean the same log. Raises `Refuted`."""
        if anchors.origin != self._trust.origin:
            raise Refuted(f"the charter is of the log {anchors.origin!r:.80}, not of {self._trust.origin!r:.80}")
        if _hex_key(anchors.receipt_key).kid not in self._trust.first_receipt_keys:
            raise Refuted("the charter names a receipt key that the trust file does not have")
        if anchors.checkpoint_vkey not in {key.format() for key in self._trust.first_vkeys}:
            raise Refuted("the charter names a checkpoint key that the trust file does not have")
        if _hex_key(anchors.standing_key).kid not in self._trust.first_standing_keys:
            raise Refuted("the charter names a standing key that the trust file does not have")


def check_entitled(statement: Statement, event: Event, governance: Governance) -> None:
    """Check that the issuer may say this, about such a subject, in this form. Raises `Refuted`.

    By the catalogue: a role that the issuer holds in `governance`, the enterprise about itself, or the key that
    is being replaced.
    """
    spec = SPECS[type(event).__name__]
    if kind(statement.subject) not in spec.streams:
        raise Refuted(f"{spec.name} is not said about {statement.subject}")
    if not spec.takes(sealed=statement.sealed):
        raise Refuted(f"{spec.name} is always {spec.form}")
    if not spec.entitles(statement.issuer, statement.subject, governance.roles(statement.issuer)):
        raise Refuted(f"{statement.issuer} was not entitled to {spec.name}, as far as the evidence shows")
    if isinstance(event, KeyRotated) and bytes.fromhex(event.replaces) != statement.kid:
        raise Refuted("a rotation is signed by the key that it replaces")


def check_new_key(statement: Statement, event: Event) -> None:
    """Check that a key which the event brings in is held by the party it is for. Raises `Refuted`, `Malformed`."""
    if isinstance(event, KeyEnrolled | KeyRotated | KeyRecovered):
        check_possession(bytes.fromhex(event.proof), bytes.fromhex(event.key), statement.subject, statement.audience)


def _event(entry: Located, events: tuple[type[Event], ...]) -> Event:
    event = decode_event(entry.statement)
    if not isinstance(event, events):
        raise Malformed(f"entry {entry.index} has no place in evidence: {type(event).__name__}")
    return event


def _hex_key(key: str) -> PublicKey:
    return decode_key(bytes.fromhex(key))


def _as_verdict(entry: Located, refusal: Refused) -> LedgerError:
    """A rule's refusal as a verdict on what is shown: it breaks a rule, or something is not there to judge by."""
    verdict = Uncheckable if refusal.rule in _LACKING else Refuted
    return verdict(f"entry {entry.index}, as far as the evidence shows: {refusal}")
