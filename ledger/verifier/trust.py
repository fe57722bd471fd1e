"""What a verifier believes of a log beforehand: its keys by the size of the tree, its charter, its witnesses.

As a file: `trust_file.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ledger.domain.events.party import TrustAnchorsSucceeded
from ledger.errors import Refuted, Uncheckable
from ledger.keys.algorithms import PublicKey, decode_key
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.note import parse_note
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import LogLine, Policy

__all__ = ["KeySuccession", "Trust", "listing"]


@dataclass(frozen=True, slots=True)
class KeySuccession:
    """Keys of the log that hold for trees of `from_size` entries and more."""

    from_size: int
    checkpoint_vkey: VerifierKey
    receipt_key: PublicKey
    standing_key: PublicKey

    @classmethod
    def of(cls, event: TrustAnchorsSucceeded) -> KeySuccession:
        """Raises `Malformed`."""
        receipt, standing = (decode_key(bytes.fromhex(key)) for key in (event.receipt_key, event.standing_key))
        return cls(event.from_size, VerifierKey.parse(event.checkpoint_vkey), receipt, standing)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed, ready to use; `charter` is a root of 32 bytes.

    The `first_…` keys, those of receipts and standings by thumbprint, hold up to the first of `successions`, which
    are in order of size. Ask for keys by `vkeys_at`, `receipt_key`, `standing_key` and `acknowledgement_key`.
    """

    origin: str
    first_vkeys: tuple[VerifierKey, ...]
    first_receipt_keys: Mapping[bytes, PublicKey]
    first_standing_keys: Mapping[bytes, PublicKey]
    charter: bytes
    policy: Policy | None
    certificate_keys: Mapping[bytes, PublicKey] = field(default_factory=dict)
    successions: tuple[KeySuccession, ...] = ()

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        """All keys that ever sign checkpoints of this log."""
        return (*self.first_vkeys, *(one.checkpoint_vkey for one in self.successions))

    def vkeys_at(self, size: int) -> tuple[VerifierKey, ...]:
        """The keys that may sign the checkpoint of a tree of `size` entries."""
        found = self._succession_at(size)
        return self.first_vkeys if found is None else (found.checkpoint_vkey,)

    def vkeys_of(self, note: bytes) -> tuple[VerifierKey, ...]:
        """The keys that may sign this checkpoint, by the size that it says. Raises `Malformed`; verifies nothing."""
        return self.vkeys_at(parse_checkpoint(parse_note(note).text).size)

    def receipt_key(self, kid: bytes, size: int) -> PublicKey:
        """The key by its thumbprint, which may sign receipts of a tree of `size` entries.

        Raises `Uncheckable` for one that the file does not have, `Refuted` for one of trees of other sizes.
        """
        found = self._succession_at(size)
        keys = self.first_receipt_keys if found is None else {found.receipt_key.kid: found.receipt_key}
        key = keys.get(kid)
        if key is not None:
            return key
        if kid in self.first_receipt_keys or any(kid == one.receipt_key.kid for one in self.successions):
            raise Refuted(f"receipt key {kid.hex()[:16]}… is not the one for a tree of {size} entries")
        raise Uncheckable(
            f"the trust file has no receipt key {kid.hex()}; where the log has succeeded its keys, "
            "`charter renew-trust` brings the file up to date"
        )

    def standing_key(self, kid: bytes) -> PublicKey | None:
        """The key by its thumbprint, which may sign standings; None for one that the file does not have."""
        for one in self.successions:
            if one.standing_key.kid == kid:
                return one.standing_key
        return self.first_standing_keys.get(kid)

    def acknowledgement_key(self, kid: bytes) -> PublicKey | None:
        """The receipt key by its thumbprint, which may sign acknowledgements, whatever the size of the tree: what waits
        is in none; None for one that the file does not have."""
        for one in self.successions:
            if one.receipt_key.kid == kid:
                return one.receipt_key
        return self.first_receipt_keys.get(kid)

    def succeeded(self, event: TrustAnchorsSucceeded) -> Trust:
        """With a succession that was verified. Raises `Refuted` where it contradicts one that is believed already."""
        found = KeySuccession.of(event)
        if found.checkpoint_vkey.name != self.origin:
            raise Refuted("a checkpoint key that succeeds is not named after the origin")
        known = {one.from_size: one for one in self.successions}
        if found.from_size in known:
            if known[found.from_size] != found:
                raise Refuted(f"the log's keys from size {found.from_size} on are others than the trust file says")
            return self
        if self.successions and found.from_size < self.successions[-1].from_size:
            raise Refuted(f"the trust file knows nothing of a succession of keys at size {found.from_size}")
        policy = listing(self.policy, self.vkeys, [found.checkpoint_vkey])
        return replace(self, policy=policy, successions=(*self.successions, found))

    def _succession_at(self, size: int) -> KeySuccession | None:
        return next((one for one in reversed(self.successions) if one.from_size <= size), None)

    @property
    def quorum(self) -> str | None:
        """The name of the quorum of witnesses that is demanded, None if none is."""
        return self.policy.quorum if self.policy is not None and self.policy.demands else None

    def demand_nothing_of_witnesses(self) -> None:
        """Raises `Uncheckable` where the file demands a quorum of witnesses, which a receipt does not carry."""
        if self.quorum is not None:
            raise Uncheckable(
                f"the trust file demands the quorum {self.quorum!r:.80} of witnesses, which only a tlog-proof shows "
                "(/entries/{index}/proof)"
            )


def listing(policy: Policy | None, known: Sequence[VerifierKey], keys: Sequence[VerifierKey]) -> Policy | None:
    """The policy with `keys` among its logs, where it lists one of those `known` that they succeed."""
    if policy is None or not {log.key for log in policy.logs} & set(known):
        return policy
    listed = {log.key for log in policy.logs}
    return replace(policy, logs=(*policy.logs, *(LogLine(key) for key in keys if key not in listed)))
