"""A cosignature is of one key, over one checkpoint, at one time; nothing else passes for it."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import Malformed, Refuted
from ledger.tlog.checkpoint import Checkpoint, format_checkpoint, open_checkpoint, parse_checkpoint
from ledger.tlog.cosignature import Cosigner, CosignerKey, cosigned_message, verifier_of
from ledger.tlog.note import NoteSigner, Signature, format_note, format_signature, parse_note
from ledger.tlog.vkey import COSIGNATURE_ML_DSA_44, VerifierKey, encode_base64

# C2SP tlog-cosignature v1.1.0, "Ed25519 signed message" and the example in its introduction.
C2SP_TEXT = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
C2SP_LINE = (
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
# Made by aics-tlog 0.2.1, which shares no code with us; Ed25519 is deterministic (RFC 8032).
AICS_VKEY = "witness.example/w1+a7e12144+BGG3op9v3HIXXDPBmFc/0CioJHhGCXc+pyvvFPlBZdYO"
AICS_TEXT = b"log.example/vector\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
AICS_SIGNATURE = bytes.fromhex(
    "0000000069800e80"
    "f669f5dce9e217dd1fbed50e0862fe038deaf5b8349d114cd25e3b8c8e59d4b0"
    "a2f17e75c5747d9c42fa46a55c9940df46de6cfaa8bcac0a12bb85e147cb150b"
)
TIME = 1_770_000_000


def key(label: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(label).digest())


WITNESS = Cosigner("witness.example/w1", key(b"witness"))


def test_an_independent_implementation_makes_the_same_cosignature() -> None:
    line = WITNESS.sign(AICS_TEXT, TIME)
    assert WITNESS.key.format() == AICS_VKEY
    assert (line.signature, line.key_id.hex()) == (AICS_SIGNATURE, "a7e12144")
    opened = CosignerKey(VerifierKey.parse(AICS_VKEY)).open(AICS_TEXT, line)
    assert (opened.timestamp, opened.key) == (TIME, WITNESS.key)


def test_what_is_signed_is_what_the_standard_shows() -> None:
    (line,) = parse_note(C2SP_TEXT + b"\n" + C2SP_LINE.encode()).signatures
    timestamp = int.from_bytes(line.signature[:8])
    assert cosigned_message(C2SP_TEXT, timestamp) == b"cosignature/v1\ntime 1679315147\n" + C2SP_TEXT
    assert len(line.signature) == 72
    assert format_signature(line).decode() == C2SP_LINE


def test_a_cosignature_is_of_no_other_text_time_or_key() -> None:
    line, public = WITNESS.sign(AICS_TEXT, TIME), CosignerKey(WITNESS.key)
    public.verify(AICS_TEXT, line.signature)
    with pytest.raises(Refuted):
        public.verify(C2SP_TEXT, line.signature)
    with pytest.raises(Refuted):
        CosignerKey(Cosigner(WITNESS.key.name, key(b"another")).key).verify(AICS_TEXT, line.signature)
    with pytest.raises(Refuted):
        public.open(AICS_TEXT, Signature("witness.example/w2", line.key_id, line.signature))
    for at in range(len(line.signature)):
        flipped = bytearray(line.signature)
        flipped[at] ^= 1
        with pytest.raises(Refuted):
            public.verify(AICS_TEXT, bytes(flipped))
    for other in (b"", line.signature[:-1], line.signature + b"\0", line.signature[8:]):
        with pytest.raises(Refuted):
            public.verify(AICS_TEXT, other)


def test_a_log_and_a_witness_never_sign_for_each_other() -> None:
    log, name = NoteSigner("one", key(b"shared")), Cosigner("one", key(b"shared"))
    assert log.key.key_id != name.key.key_id
    with pytest.raises(Refuted):
        CosignerKey(name.key).verify(AICS_TEXT, bytes(8) + log.sign(AICS_TEXT).signature)
    with pytest.raises(Refuted):
        log.key.verify(AICS_TEXT, name.sign(AICS_TEXT, 0).signature)
    with pytest.raises(Malformed):
        CosignerKey(log.key)


@pytest.mark.parametrize("timestamp", [-1, 2**63, 2**64])
def test_no_time_beyond_the_standards_is_signed(timestamp: int) -> None:
    with pytest.raises(Malformed):
        WITNESS.sign(AICS_TEXT, timestamp)


def test_a_time_beyond_the_standards_is_refused_even_if_signed() -> None:
    made = key(b"witness").sign(cosigned_message(AICS_TEXT, 2**63))
    with pytest.raises(Refuted, match="time"):
        CosignerKey(WITNESS.key).verify(AICS_TEXT, (2**63).to_bytes(8) + made)


def test_nothing_but_a_checkpoint_is_cosigned() -> None:
    for text in (b"", b"hello\n", AICS_TEXT[:-1], b"cosignature/v1\ntime 1\n" + AICS_TEXT):
        with pytest.raises(Malformed):
            WITNESS.sign(text, TIME)


def test_a_log_may_sign_as_a_cosigner() -> None:
    log = Cosigner("log.example/vector", key(b"log"))
    note = format_note(AICS_TEXT, [log.sign(AICS_TEXT, TIME)])
    assert open_checkpoint(note, verifier_of(log.key)).size == 1234
    with pytest.raises(Refuted):
        open_checkpoint(note, verifier_of(WITNESS.key))


def test_ml_dsa_44_is_verified_over_the_message_of_the_standard() -> None:
    mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="an older cryptography")
    private = mldsa.MLDSA44PrivateKey.generate()
    public = VerifierKey("oid/1.2.3", COSIGNATURE_ML_DSA_44, private.public_key().public_bytes_raw())
    head = parse_checkpoint(AICS_TEXT)

    def message(name: bytes, time: int, origin: bytes, size: int) -> bytes:
        parts = [b"subtree/v1\n\0", bytes([len(name)]), name, time.to_bytes(8), bytes([len(origin)]), origin]
        return b"".join([*parts, bytes(8), size.to_bytes(8), head.root])

    made = private.sign(message(b"oid/1.2.3", TIME, b"log.example/vector", 1234))
    line = Signature("oid/1.2.3", public.key_id, TIME.to_bytes(8) + made)
    assert CosignerKey(public).open(AICS_TEXT, line).timestamp == TIME
    # Extension lines are not signed by this kind ("ML-DSA-44 signed message").
    extended = format_checkpoint(Checkpoint(head.origin, head.size, head.root, ("more",)))
    assert CosignerKey(public).open(extended, line).timestamp == TIME
    for other in (message(b"oid/1.2.4", TIME, b"log.example/vector", 1234), message(b"oid/1.2.3", TIME, b"x", 1234)):
        with pytest.raises(Refuted):
            CosignerKey(public).verify(AICS_TEXT, TIME.to_bytes(8) + private.sign(other))
    assert VerifierKey.parse(public.format()) == public
    assert encode_base64(b"\x06" + public.key) in public.format()
