"""A small log on paper: keys, a charter, entries, receipts and evidence, without storage, sequencer or rules.

It registers whatever it is told to, also what a real log would refuse: the verifier has to notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from ledger.cose.receipt import attach, encode_receipt, receipt_protected, sign_root
from ledger.cose.statement import Claims, make_sealed, make_statement, parse_statement
from ledger.domain.events.base import Event, Recorded
from ledger.domain.events.party import KeyEnrolled, PartyEnrolled, RoleGranted, TrustAnchorsEstablished
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer, new_key
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.note import NoteSigner
from ledger.verifier.formats.evidence import encode_evidence, select
from ledger.verifier.trust import Trust
from ledger.verifier.trust_file import TrustedKey, TrustFile, parse_trust
from tests.support.naive_tree import mth, path

ORIGIN = "ledger.example/2026"
START = 1_773_500_000  # 2026-03-14 in Asia/Shanghai
DAY = date(2026, 3, 14)
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class _Head:
    size: int
    at: int
    protected: bytes
    signature: bytes


class PaperLog:
    """Entries are added, then covered by `commit`; the first commit is the charter's."""

    def __init__(self, *, root: Signer | None = None) -> None:
        self.root = root or new_key("ed25519")
        self.checkpoint_key = NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
        self.receipt_key, self.standing_key = new_key("p256"), new_key("p256")
        self.certificate_key = new_key("p256")
        self.entries: list[bytes] = []
        self.bodies: dict[int, bytes] = {}
        self.recorded: list[Recorded] = []
        self.heads: list[_Head] = []
        self._pending: list[tuple[bytes, Event]] = []

    def add(
        self,
        event: Event,
        subject: str,
        issuer: str,
        signer: Signer,
        *,
        sealed: bool = False,
        audience: str = ORIGIN,
    ) -> int:
        """Put a statement into the log at the next index, which is returned."""
        index = len(self.entries)
        cti = index.to_bytes(16, "big")
        claims = Claims(subject, issuer, audience, START, cti)
        if sealed:
            statement, self.bodies[index] = make_sealed(event, claims, signer, cti)
        else:
            statement = make_statement(event, claims, signer)
        return self.put(statement, event)

    def put(self, statement: bytes, event: Event) -> int:
        """Put a statement that is already signed into the log."""
        index = len(self.entries)
        self.entries.append(statement)
        self._pending.append((statement, event))
        return index

    def commit(self, at: int = START) -> None:
        """Sign a checkpoint over everything added so far, at the Unix time `at`."""
        size = len(self.entries)
        protected = receipt_protected(self.receipt_key.alg, self.receipt_key.kid, ORIGIN, size, at)
        self.heads.append(_Head(size, at, protected, sign_root(protected, mth(self.entries), self.receipt_key)))
        for statement, event in self._pending:
            parsed = parse_statement(statement)
            self.recorded.append(parsed.recorded(event, index=len(self.recorded), version=1, recorded_at=at))
        self._pending.clear()

    def receipt(self, index: int, *, head: int | None = None) -> bytes:
        """The receipt at the first checkpoint that covers the entry, or at checkpoint number `head`."""
        covering = self.heads[head] if head is not None else next(h for h in self.heads if h.size > index)
        entries = self.entries[: covering.size]
        return encode_receipt(covering.protected, covering.signature, covering.size, index, path(index, entries))

    def transparent(self, index: int, *, head: int | None = None) -> bytes:
        return attach(self.entries[index], [self.receipt(index, head=head)])

    def evidence_of(self, indices: Iterable[int]) -> bytes:
        return encode_evidence([self.transparent(index) for index in indices])

    def evidence(self, index: int) -> bytes:
        """What the service would serve as evidence for an entry."""
        at = self.recorded[index]
        return self.evidence_of(select(self.recorded, at.issuer, at.kid))

    def note(self) -> bytes:
        """The newest checkpoint, signed."""
        entries = self.entries[: self.heads[-1].size]
        return sign_checkpoint(Checkpoint(ORIGIN, len(entries), mth(entries)), self.checkpoint_key)

    def trust_file(self, witness_policy: str = "") -> TrustFile:
        return TrustFile(
            origin=ORIGIN,
            checkpoint_vkeys=(self.checkpoint_key.key.format(),),
            receipt_keys=(TrustedKey.of(self.receipt_key.public, self.receipt_key.alg),),
            standing_keys=(TrustedKey.of(self.standing_key.public, self.standing_key.alg),),
            charter=mth(self.entries[: self.heads[0].size]).hex(),
            witness_policy=witness_policy,
            certificate_keys=(TrustedKey.of(self.certificate_key.public, self.certificate_key.alg),),
        )

    def trust(self) -> Trust:
        return parse_trust(self.trust_file().format())

    def fork(self, size: int) -> PaperLog:
        """Another log under the same keys, with the first `size` entries."""
        other = PaperLog(root=self.root)
        other.checkpoint_key, other.receipt_key = self.checkpoint_key, self.receipt_key
        other.standing_key, other.entries = self.standing_key, self.entries[:size]
        return other

    def establish(self, *, demo: bool = False) -> int:
        """Entry 0."""
        return self.add(replace(self.anchors(), demo=demo), "party:root", "party:root", self.root)

    def anchors(self) -> TrustAnchorsEstablished:
        """What entry 0 says."""
        return TrustAnchorsEstablished(
            v=1,
            effective_on=DAY,
            origin=ORIGIN,
            name_zh="根",
            name_en="root",
            root_key=self.root.public.cose_key.hex(),
            root_officer="root-officer",
            checkpoint_vkey=self.checkpoint_key.key.format(),
            receipt_key=self.receipt_key.public.cose_key.hex(),
            standing_key=self.standing_key.public.cose_key.hex(),
        )

    def enrol(
        self, party: str, signer: Signer, *roles: str, by: tuple[str, Signer] | None = None
    ) -> tuple[int, int, list[int]]:
        """Enrol a party with one key and these roles, which the root gives; the indices of party, key and roles."""
        issuer, key = by or ("party:root", self.root)
        enrolled = self.add(PartyEnrolled(v=1, effective_on=DAY, name_zh="主体"), party, issuer, key)
        keyed = self.add(enrolment(signer, party), party, issuer, key)
        granted = [
            self.add(RoleGranted(v=1, effective_on=DAY, role=role), party, "party:root", self.root)  # type: ignore[arg-type]
            for role in roles
        ]
        return enrolled, keyed, granted


def enrolment(signer: Signer, party: str, *, valid_from: date = DAY, valid_until: date | None = None) -> KeyEnrolled:
    """The enrolment of a key for a party, with its proof of possession."""
    return KeyEnrolled(
        v=1,
        effective_on=DAY,
        key=signer.public.cose_key.hex(),
        proof=prove_possession(signer, party, ORIGIN).hex(),
        officer=f"officer-{signer.kid.hex()[:8]}",
        valid_from=valid_from,
        valid_until=valid_until,
    )
