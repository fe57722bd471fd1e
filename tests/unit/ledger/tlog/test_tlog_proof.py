"""A tlog-proof shows one leaf in one cosigned tree, has one form, and nothing else passes for it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError, Malformed, Refuted, Uncheckable
from ledger.limits import PROOF_HASHES_MAX, TLOG_PROOF_BYTES_MAX
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.note import NoteSigner
from ledger.tlog.tlog_proof import HEADER, TlogProof, format_proof, parse_proof, verify_proof
from ledger.tlog.witness_policy import parse_policy
from tests.support.naive_tree import mth, path
from tests.support.witnesses import cosign, policy_text
from tests.unit.ledger.tlog.trees import entries

ORIGIN = "log.example/proof"
LOG = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
ENTRIES = entries(11)
NOTE = cosign(sign_checkpoint(Checkpoint(ORIGIN, 11, mth(ENTRIES)), LOG), 1_770_000_000, "a")
POLICY = parse_policy(policy_text("a", "b", rule="any").encode())


def proof(index: int, note: bytes = NOTE, extra: bytes = b"") -> TlogProof:
    return TlogProof(index, tuple(path(index, ENTRIES)), note, extra)


@pytest.mark.parametrize("index", range(11))
def test_every_entry_is_shown_where_it_is_and_nowhere_else(index: int) -> None:
    given_ = parse_proof(format_proof(proof(index)))
    shown = verify_proof(given_, leaf_hash(ENTRIES[index]), POLICY, LOG.key)
    assert (shown.index, shown.cosigned.checkpoint.size, list(shown.cosigned.cosignatures)) == (index, 11, ["a"])
    for other in range(11):
        if other != index:
            with pytest.raises(Refuted):
                verify_proof(given_, leaf_hash(ENTRIES[other]), POLICY, LOG.key)


def test_the_form_is_that_of_the_standard() -> None:
    lines = format_proof(proof(7, extra=b"app")).decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra YXBw", "index 7"]
    hashes = lines[3 : lines.index("")]
    assert len(hashes) == len(path(7, ENTRIES))
    assert "\n".join(lines[lines.index("") + 1 :]).encode() == NOTE


def test_the_quorum_is_part_of_it() -> None:
    bare = sign_checkpoint(Checkpoint(ORIGIN, 11, mth(ENTRIES)), LOG)
    with pytest.raises(Uncheckable):
        verify_proof(proof(3, bare), leaf_hash(ENTRIES[3]), POLICY, LOG.key)


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary(max_size=40))
def test_what_is_written_is_read(index: int, hashes: list[bytes], extra: bytes) -> None:
    written = TlogProof(index, tuple(hashes), NOTE, extra)
    assert parse_proof(format_proof(written)) == written


TEXT = format_proof(proof(7)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        TEXT.replace("@v1", "@v2"),
        TEXT.replace("index 7", "index 07"),
        TEXT.replace("index 7", "index -7"),
        TEXT.replace("index 7", "index 7 "),
        TEXT.replace("index 7", f"index {2**63}"),
        TEXT.replace("index 7\n", ""),
        TEXT.replace("index 7", "extra \nindex 7"),
        TEXT.replace("index 7", "extra YXB=\nindex 7"),
        TEXT.replace("index 7", "extra YXBw\nextra YXBw\nindex 7"),
        TEXT.replace("index 7", "index 7\nAAAA"),
        TEXT.replace("index 7", "index 7\nindex 7"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("index 7\n", "index 7\n" + ("A" * 43 + "=\n") * (PROOF_HASHES_MAX + 1)),
        TEXT.replace(f"\n{ORIGIN}", f"\n\n{ORIGIN}", 1),
        TEXT[: TEXT.index("—")],
        TEXT + "\n",
        TEXT + "x" * TLOG_PROOF_BYTES_MAX,
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_proof(text.encode())


@given(st.data())
def test_a_changed_byte_is_never_verified(data: st.DataObject) -> None:
    raw = bytearray(TEXT.encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(LedgerError):
        verify_proof(parse_proof(bytes(raw)), leaf_hash(ENTRIES[7]), parse_policy(policy_text("a").encode()), LOG.key)
