"""The trust file: all that a verifier believes beforehand. Small JSON, to be compared out of band.

    {"origin": "…", "checkpoint_vkeys": ["…"], "receipt_keys": [{"kid": "<hex>", "alg": "ES256", "pem": "…"}],
     "standing_keys": […], "certificate_keys": […], "charter": "<hex>", "witness_policy": "<C2SP tlog-policy text>"}

`charter` is the Merkle root of the log's first checkpoint, which covers the charter and nothing else.
`certificate_keys` are those that sign the PDFs of published pledges; a log may have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from ledger.domain.events.base import Digest, Line
from ledger.errors import Malformed, Uncheckable
from ledger.keys.algorithms import ALGORITHMS, PublicKey, load_pem
from ledger.keys.log_keys import LogKeys
from ledger.limits import TRUST_BYTES_MAX
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import Policy, parse_policy

__all__ = ["Trust", "TrustFile", "TrustedKey", "parse_trust", "trusted_certificate_keys"]


class TrustedKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key of the log: thumbprint in hexadecimal, the name of its algorithm, SubjectPublicKeyInfo in PEM."""

    kid: Digest
    alg: str
    pem: str

    @classmethod
    def of(cls, key: PublicKey, alg: int) -> TrustedKey:
        """The row for `key`, which signs with COSE algorithm `alg`."""
        return cls(kid=key.kid.hex(), alg=ALGORITHMS[alg].name, pem=key.pem)

    def load(self) -> PublicKey:
        """The key itself. Raises `Malformed` where the row contradicts itself."""
        key = load_pem(self.pem)
        if key.kid.hex() != self.kid:
            raise Malformed(f"trust file: key {self.kid[:16]}… has another thumbprint: {key.kid.hex()[:16]}…")
        if self.alg not in {row.name for row in ALGORITHMS.values() if row.kind == key.kind}:
            raise Malformed(f"trust file: key {self.kid[:16]}… does not sign with {self.alg!r:.40}")
        return key


class TrustFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written. A field that this version does not know might be a demand: it is refused."""

    origin: Line
    checkpoint_vkeys: tuple[Line, ...]
    receipt_keys: tuple[TrustedKey, ...]
    standing_keys: tuple[TrustedKey, ...]
    charter: Digest
    witness_policy: str = ""
    certificate_keys: tuple[TrustedKey, ...] = ()

    def format(self) -> bytes:
        """The file's bytes, for people to read and compare."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def trusted_certificate_keys(keys: LogKeys) -> tuple[TrustedKey, ...]:
    """The row about the key that signs certificates, none for a log without one."""
    signer = keys.certificate
    return () if signer is None else (TrustedKey.of(signer.public, signer.alg),)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed, ready to use: keys by thumbprint; `charter` is a root of 32 bytes."""

    origin: str
    checkpoint_vkeys: tuple[VerifierKey, ...]
    receipt_keys: Mapping[bytes, PublicKey]
    standing_keys: Mapping[bytes, PublicKey]
    charter: bytes
    policy: Policy | None
    certificate_keys: Mapping[bytes, PublicKey] = field(default_factory=dict)

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
    if any(key.name != file.origin for key in vkeys):
        raise Malformed("trust file: a checkpoint key that is not named after the origin")
    return Trust(
        file.origin,
        vkeys,
        _by_kid(file.receipt_keys),
        _by_kid(file.standing_keys),
        bytes.fromhex(file.charter),
        _policy(file.witness_policy),
        _by_kid(file.certificate_keys),
    )


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
