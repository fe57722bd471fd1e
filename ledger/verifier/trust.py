"""The trust file: all that a verifier believes beforehand. Small JSON, to be compared out of band.

    {"origin": "…", "checkpoint_vkeys": ["…"], "receipt_keys": [{"kid": "<hex>", "alg": "ES256", "pem": "…"}],
     "standing_keys": […], "certificate_keys": […], "charter": "<hex>", "witness_policy": "<C2SP tlog-policy text>",
     "successions": [{"from_size": 4000, "checkpoint_vkey": "…", "receipt_key": {…}, "standing_key": {…}}]}

`charter` is the Merkle root of the log's first checkpoint, which covers the charter and nothing else.
`certificate_keys` are those that sign the PDFs of published pledges; a log may have none. `successions`, where there
are any: trees of `from_size` entries and more are signed with these keys and no others, until the next one's size;
smaller trees with those before. A standing, which expires within a day, may be signed with any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from ledger.domain.events.base import Digest, Line
from ledger.domain.events.party import TrustAnchorsEstablished, TrustAnchorsSucceeded
from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.keys.algorithms import ALGORITHMS, PublicKey, decode_key, load_pem
from ledger.keys.log_keys import LogKeys
from ledger.limits import TRUST_BYTES_MAX
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.note import parse_note
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import LogLine, Policy, parse_policy

__all__ = [
    "KeySuccession",
    "Trust",
    "TrustFile",
    "TrustedKey",
    "TrustedSuccession",
    "parse_trust",
    "trusted_certificate_keys",
]

_ALG: Final = {"ed25519": -8, "p256": -7}  # the numbers that the log's signers write (`ledger.keys.signer`)


class TrustedKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key of the log: thumbprint in hexadecimal, the name of its algorithm, SubjectPublicKeyInfo in PEM."""

    kid: Digest
    alg: str
    pem: str

    @classmethod
    def of(cls, key: PublicKey, alg: int) -> TrustedKey:
        """The row for `key`, which signs with COSE algorithm `alg`."""
        return cls(kid=key.kid.hex(), alg=ALGORITHMS[alg].name, pem=key.pem)

    @classmethod
    def of_event(cls, key: str) -> TrustedKey:
        """The row for a key as events name it: a COSE_Key in hexadecimal. Raises `Malformed`."""
        public = decode_key(bytes.fromhex(key))
        return cls.of(public, _ALG[public.kind])

    def load(self) -> PublicKey:
        """The key itself. Raises `Malformed` where the row contradicts itself."""
        key = load_pem(self.pem)
        if key.kid.hex() != self.kid:
            raise Malformed(f"trust file: key {self.kid[:16]}… has another thumbprint: {key.kid.hex()[:16]}…")
        if self.alg not in {row.name for row in ALGORITHMS.values() if row.kind == key.kind}:
            raise Malformed(f"trust file: key {self.kid[:16]}… does not sign with {self.alg!r:.40}")
        return key


class TrustedSuccession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log's keys for trees of `from_size` entries and more."""

    from_size: Annotated[int, msgspec.Meta(ge=2)]
    checkpoint_vkey: Line
    receipt_key: TrustedKey
    standing_key: TrustedKey

    @classmethod
    def of(cls, event: TrustAnchorsSucceeded) -> TrustedSuccession:
        """As the root announced it. Raises `Malformed`."""
        return cls(
            from_size=event.from_size,
            checkpoint_vkey=event.checkpoint_vkey,
            receipt_key=TrustedKey.of_event(event.receipt_key),
            standing_key=TrustedKey.of_event(event.standing_key),
        )


class TrustFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written. A field that this version does not know might be a demand: it is refused."""

    origin: Line
    checkpoint_vkeys: tuple[Line, ...]
    receipt_keys: tuple[TrustedKey, ...]
    standing_keys: tuple[TrustedKey, ...]
    charter: Digest
    witness_policy: str = ""
    certificate_keys: tuple[TrustedKey, ...] = ()
    successions: tuple[TrustedSuccession, ...] = ()

    @classmethod
    def of_log(
        cls,
        anchors: TrustAnchorsEstablished,
        successions: Iterable[TrustAnchorsSucceeded],
        charter: bytes,
        witness_policy: str = "",
        certificate_keys: tuple[TrustedKey, ...] = (),
    ) -> TrustFile:
        """What a log says of itself: its first keys, those that succeeded them, the root of its charter.

        `certificate_keys`: what no event names (`trusted_certificate_keys`)."""
        return cls(
            origin=anchors.origin,
            checkpoint_vkeys=(anchors.checkpoint_vkey,),
            receipt_keys=(TrustedKey.of_event(anchors.receipt_key),),
            standing_keys=(TrustedKey.of_event(anchors.standing_key),),
            charter=charter.hex(),
            witness_policy=witness_policy,
            certificate_keys=certificate_keys,
            successions=tuple(TrustedSuccession.of(event) for event in successions),
        )

    def renewed(self, trust: Trust) -> TrustFile:
        """The file with the successions that `trust` knows."""
        rows = tuple(
            TrustedSuccession(
                from_size=one.from_size,
                checkpoint_vkey=one.checkpoint_vkey.format(),
                receipt_key=TrustedKey.of(one.receipt_key, _ALG[one.receipt_key.kind]),
                standing_key=TrustedKey.of(one.standing_key, _ALG[one.standing_key.kind]),
            )
            for one in trust.successions
        )
        return msgspec.structs.replace(self, successions=rows)

    def format(self) -> bytes:
        """The file's bytes, for people to read and compare. Without a succession it says nothing of any."""
        content = msgspec.to_builtins(self)
        if not self.successions:
            del content["successions"]
        return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


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


def trusted_certificate_keys(keys: LogKeys) -> tuple[TrustedKey, ...]:
    """The row about the key that signs certificates, none for a log without one."""
    signer = keys.certificate
    return () if signer is None else (TrustedKey.of(signer.public, signer.alg),)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed, ready to use; `charter` is a root of 32 bytes.

    The `first_…` keys, those of receipts and standings by thumbprint, hold up to the first of `successions`, which
    are in order of size. Ask for keys by `vkeys_at`, `receipt_key` and `standing_key`.
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
        policy = _listing(self.policy, self.vkeys, [found.checkpoint_vkey])
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


def parse_trust(data: bytes) -> Trust:
    """Read a trust file. Raises `Malformed`."""
    if len(data) > TRUST_BYTES_MAX:
        raise Malformed(f"a trust file has at most {TRUST_BYTES_MAX} bytes")
    try:
        file = msgspec.json.decode(data, type=TrustFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a trust file: {error}") from None
    vkeys = tuple(VerifierKey.parse(text) for text in file.checkpoint_vkeys)
    successions = _successions(file)
    if any(key.name != file.origin for key in vkeys):
        raise Malformed("trust file: a checkpoint key that is not named after the origin")
    return Trust(
        file.origin,
        vkeys,
        _by_kid(file.receipt_keys),
        _by_kid(file.standing_keys),
        bytes.fromhex(file.charter),
        _listing(_policy(file.witness_policy), vkeys, [one.checkpoint_vkey for one in successions]),
        _by_kid(file.certificate_keys),
        successions,
    )


def _successions(file: TrustFile) -> tuple[KeySuccession, ...]:
    found = tuple(
        KeySuccession(
            one.from_size, VerifierKey.parse(one.checkpoint_vkey), one.receipt_key.load(), one.standing_key.load()
        )
        for one in file.successions
    )
    if any(one.checkpoint_vkey.name != file.origin for one in found):
        raise Malformed("trust file: a checkpoint key that is not named after the origin")
    if any(after.from_size <= before.from_size for before, after in pairwise(found)):
        raise Malformed("trust file: the successions of keys are not in order of their sizes")
    return found


def _listing(policy: Policy | None, known: Sequence[VerifierKey], keys: Sequence[VerifierKey]) -> Policy | None:
    """The policy with `keys` among its logs, where it lists one of those `known` that they succeed."""
    if policy is None or not {log.key for log in policy.logs} & set(known):
        return policy
    listed = {log.key for log in policy.logs}
    return replace(policy, logs=(*policy.logs, *(LogLine(key) for key in keys if key not in listed)))


def _by_kid(rows: Iterable[TrustedKey]) -> Mapping[bytes, PublicKey]:
    keys = [row.load() for row in rows]
    return MappingProxyType({key.kid: key for key in keys})


def _policy(text: str) -> Policy | None:
    """The policy of witnesses; None for no lines at all, which demand nothing. Raises `Malformed`."""
    if all(not line.strip() or line.lstrip().startswith("#") for line in text.split("\n")):
        return None
    try:
        return parse_policy(text.encode())
    except (Malformed, UnicodeEncodeError) as error:
        raise Malformed(f"trust file: the witness policy: {error}") from error
