"""Checkpoints and signed standings under the keys of the trust file."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from ledger.cose.standing_token import sign_standing
from ledger.errors import Refuted, Uncheckable
from ledger.keys.signer import new_key
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.note import NoteSigner
from ledger.verifier import parse_trust, verify_head, verify_signed_standing
from tests.support.naive_tree import mth
from tests.support.paper_log import ORIGIN, START
from tests.support.witnesses import cosign, policy_text
from tests.unit.ledger.verifier.conftest import SUBJECT, Book

PAYLOAD = b'{"level":"GOOD"}'


def test_a_checkpoint_of_the_log_is_verified(book: Book) -> None:
    shown = verify_head(book.log.note(), book.log.trust())
    assert (shown.checkpoint.size, shown.checkpoint.root) == (len(book.log.entries), mth(book.log.entries))


def test_a_checkpoint_under_another_key_of_the_same_name_is_refused(book: Book) -> None:
    stranger = NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
    with pytest.raises(Refuted):
        verify_head(sign_checkpoint(Checkpoint(ORIGIN, 3, bytes(32)), stranger), book.log.trust())


def test_without_a_checkpoint_key_nothing_can_be_checked(book: Book) -> None:
    keyless = structs.replace(book.log.trust_file(), checkpoint_vkeys=())
    with pytest.raises(Uncheckable, match="no checkpoint key"):
        verify_head(book.log.note(), parse_trust(keyless.format()))


def test_a_signed_standing_is_verified_while_it_holds(book: Book) -> None:
    token = sign_standing(PAYLOAD, subject=SUBJECT, origin=ORIGIN, issued_at=START, signer=book.log.standing_key)
    assert verify_signed_standing(token, book.log.trust(), START).standing.payload == PAYLOAD
    with pytest.raises(Refuted, match="expired"):
        verify_signed_standing(token, book.log.trust(), START + 86_400)


def test_no_other_key_of_the_log_signs_standings(book: Book) -> None:
    for signer in (book.log.receipt_key, book.organizer, new_key("p256")):
        token = sign_standing(PAYLOAD, subject=SUBJECT, origin=ORIGIN, issued_at=START, signer=signer)
        with pytest.raises(Uncheckable, match="standing key"):
            verify_signed_standing(token, book.log.trust(), START)


def test_a_checkpoint_needs_the_quorum_that_is_demanded(book: Book) -> None:
    demanding = parse_trust(book.log.trust_file(policy_text("w", "x", rule="2")).format())
    note, head = book.log.note(), verify_head(book.log.note(), book.log.trust()).checkpoint
    for names in ((), ("w",), ("stranger", "w")):
        with pytest.raises(Uncheckable, match="quorum"):
            verify_head(cosign(note, START, *names), demanding)
    shown = verify_head(cosign(note, START, "x", "stranger", "w"), demanding)
    assert shown.checkpoint == head
    assert any("w, x" in step.en for step in shown.steps)
    # A false cosignature of a known witness refutes the whole note.
    other = cosign(sign_checkpoint(Checkpoint(ORIGIN, 3, bytes(32)), book.log.checkpoint_key), START, "w")
    with pytest.raises(Refuted):
        verify_head(cosign(note, START, "x", "w") + other.splitlines(keepends=True)[-1], demanding)


def test_a_demanded_quorum_cannot_be_shown_by_the_operators_word(book: Book) -> None:
    demanding = parse_trust(book.log.trust_file(policy_text("w")).format())
    token = sign_standing(PAYLOAD, subject=SUBJECT, origin=ORIGIN, issued_at=START, signer=book.log.standing_key)
    with pytest.raises(Uncheckable):
        verify_signed_standing(token, demanding, START)
