"""Checkpoints, signed standings and acknowledgements under the keys of the trust file."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from ledger.cose import headers
from ledger.cose.acknowledgement import Acknowledgement, sign_acknowledgement
from ledger.cose.sign1 import sign1
from ledger.cose.standing_token import sign_standing
from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.keys.signer import new_key
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.note import NoteSigner
from ledger.verifier import parse_trust, verify_head, verify_signed_acknowledgement, verify_signed_standing
from tests.support.naive_tree import mth
from tests.support.paper_log import ORIGIN, START
from tests.support.witnesses import cosign, policy_text
from tests.unit.ledger.verifier.conftest import SUBJECT, Book

STATEMENT = b"a signed statement"
CAME = Acknowledgement(ORIGIN, SUBJECT, START, sha256(STATEMENT).digest())
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
    came = sign_acknowledgement(CAME, book.log.receipt_key)
    with pytest.raises(Uncheckable):
        verify_signed_acknowledgement(came, demanding)


def test_an_acknowledgement_says_what_came_when_and_that_the_statement_beside_it_is_meant(book: Book) -> None:
    token, trust = sign_acknowledgement(CAME, book.log.receipt_key), book.log.trust()
    alone = verify_signed_acknowledgement(token, trust)
    assert alone.acknowledged == CAME
    assert CAME.statement_id.hex() in alone.not_shown[0].en, "whoever has it alone is told what to add"
    both = verify_signed_acknowledgement(token, trust, STATEMENT)
    assert [step.en for step in both.steps][:-1] == [step.en for step in alone.steps]
    assert len(both.not_shown) == len(alone.not_shown) - 1
    with pytest.raises(Refuted, match="another statement"):
        verify_signed_acknowledgement(token, trust, STATEMENT + b"!")


def test_no_other_key_or_log_acknowledges_and_no_byte_of_it_is_open(book: Book) -> None:
    trust = book.log.trust()
    for signer in (book.log.standing_key, book.organizer, new_key("p256")):
        with pytest.raises(Uncheckable, match="receipt key"):
            verify_signed_acknowledgement(sign_acknowledgement(CAME, signer), trust)
    elsewhere = sign_acknowledgement(structs.replace(CAME, origin="another.example/2026"), book.log.receipt_key)
    with pytest.raises(Refuted, match="of the log"):
        verify_signed_acknowledgement(elsewhere, trust)
    for wrong in (-1, 2**52):
        timeless = sign_acknowledgement(structs.replace(CAME, received_at=wrong), book.log.receipt_key)
        with pytest.raises(Malformed, match="time"):
            verify_signed_acknowledgement(timeless, trust)
    standing = sign_standing(PAYLOAD, subject=SUBJECT, origin=ORIGIN, issued_at=START, signer=book.log.receipt_key)
    with pytest.raises(Malformed):
        verify_signed_acknowledgement(standing, trust)
    named = {headers.ISS: ORIGIN, headers.SUB: SUBJECT, headers.IAT: START}
    for protected, payload in (
        ({headers.CWT_CLAIMS: named, headers.TYP: headers.ACKNOWLEDGEMENT}, b"no digest"),
        ({headers.CWT_CLAIMS: named | {headers.EXP: START}, headers.TYP: headers.ACKNOWLEDGEMENT}, bytes(32)),
        ({headers.CWT_CLAIMS: named | {headers.SUB: "nobody"}, headers.TYP: headers.ACKNOWLEDGEMENT}, bytes(32)),
    ):
        with pytest.raises(Malformed):
            verify_signed_acknowledgement(sign1(protected, payload, book.log.receipt_key), trust)
    token = sign_acknowledgement(CAME, book.log.receipt_key)
    for place in range(len(token)):
        with pytest.raises((Refuted, Malformed, Uncheckable)):
            verify_signed_acknowledgement(token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :], trust)
