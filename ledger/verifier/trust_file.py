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

from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from ledger.domain.events.base import Digest, Line
from ledger.domain.events.party import TrustAnchorsEstablished, TrustAnchorsSucceeded
from ledger.errors import Malformed
from ledger.keys.algorithms import ALGORITHMS, PublicKey, decode_key, load_pem
from ledger.keys.log_keys import LogKeys
from ledger.limits import TRUST_BYTES_MAX
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import Policy, parse_policy
from ledger.verifier.trust import KeySuccession, Trust, listing

__all__ = ["TrustFile", "TrustedKey", "TrustedSuccession", "parse_trust", "trusted_certificate_keys"]

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


def trusted_certificate_keys(keys: LogKeys) -> tuple[TrustedKey, ...]:
    """The row about the key that signs certificates, none for a log without one."""
    signer = keys.certificate
    return () if signer is None else (TrustedKey.of(signer.public, signer.alg),)


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
        listing(_policy(file.witness_policy), vkeys, [one.checkpoint_vkey for one in successions]),
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
