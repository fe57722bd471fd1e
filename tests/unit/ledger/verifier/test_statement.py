"""What the verifier says yes to, what it says yes to with a reservation, and what it never says yes to."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from msgspec import structs

from ledger.cose.cbor import decode, encode
from ledger.cose.receipt import attach
from ledger.domain.events.base import Closed
from ledger.domain.events.party import KeyRecovered, KeyRevoked, KeyRotated, PartyEnrolled, RoleGranted, RoleRevoked
from ledger.domain.events.pledge import GroundText, PledgeMade, PledgeRevoked
from ledger.domain.events.policy import (
    RegistrationPolicyAdopted,
    RegistrationPolicyApproved,
    RegistrationPolicyProposed,
)
from ledger.domain.payload import encode_payload
from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer, new_key
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.tlog_proof import TlogProof, format_proof
from ledger.verifier import parse_trust, verify_entry
from ledger.verifier.formats.evidence import encode_evidence, parse_evidence, select
from tests.support.naive_tree import mth, path
from tests.support.paper_log import DAY, DAY_SECONDS, ORIGIN, START, PaperLog, enrolment
from tests.support.witnesses import cosign, policy_text
from tests.unit.ledger.verifier.conftest import ASSESSED, SIZED, SUBJECT, Book


def _verify(log: PaperLog, index: int, *, body: bytes | None = None) -> object:
    return verify_entry(log.transparent(index), log.evidence(index), log.trust(), body)


def test_a_statement_in_the_log_by_an_entitled_issuer_is_verified_in_nine_steps(book: Book) -> None:
    shown = verify_entry(book.log.transparent(book.opened), book.log.evidence(book.opened), book.log.trust())
    assert shown.event == SIZED
    assert (shown.receipt.index, shown.receipt.iat) == (book.opened, START + 120)
    assert shown.statement.issuer == "party:organizer"
    assert not shown.disputed
    assert len(shown.steps) == 9
    assert "no later entries" in shown.steps[-1].en
    assert all(step.zh and step.en for step in (*shown.steps, *shown.not_shown))


def test_it_says_that_a_revocation_may_be_missing_from_the_evidence(book: Book) -> None:
    shown = verify_entry(book.log.transparent(book.opened), book.log.evidence(book.opened), book.log.trust())
    assert any("revocation" in line.en and "撤销" in line.zh for line in shown.not_shown)


def test_every_entry_of_the_charter_can_be_verified_the_trust_anchors_too(book: Book) -> None:
    for index in range(book.log.heads[0].size):
        _verify(book.log, index)


def test_evidence_holds_the_chain_and_nothing_about_others(book: Book) -> None:
    at = book.log.recorded[book.opened]
    subjects = {book.log.recorded[index].subject for index in select(book.log.recorded, at.issuer, at.kid)}
    assert subjects == {"party:root", "party:registrar", "party:organizer"}


def test_a_sealed_statement_with_its_body_shows_its_content(book: Book) -> None:
    shown = verify_entry(
        book.log.transparent(book.sealed),
        book.log.evidence(book.sealed),
        book.log.trust(),
        book.log.bodies[book.sealed],
    )
    assert shown.event == ASSESSED


def test_a_sealed_statement_without_its_body_is_verified_but_for_its_content_and_says_so(book: Book) -> None:
    shown = verify_entry(book.log.transparent(book.sealed), book.log.evidence(book.sealed), book.log.trust())
    assert isinstance(shown.event, Closed)
    assert sum("NOT checked" in step.en for step in shown.steps) == 2


def test_a_body_that_is_not_the_statements_is_refused(book: Book) -> None:
    with pytest.raises(Refuted):
        _verify(book.log, book.sealed, body=book.log.bodies[book.sealed].replace(b"full", b"none"))
    with pytest.raises(Refuted):
        _verify(book.log, book.opened, body=book.log.bodies[book.sealed])


def test_the_text_of_a_revocations_ground_is_checked_against_its_digest(book: Book) -> None:
    body = encode_payload(GroundText(v=1, salt="00" * 16, text="虚假承诺"))  # type: ignore[arg-type]
    revoked = PledgeRevoked(
        v=1,
        effective_on=DAY,
        code="51010020260315000001",
        ends_on=DAY,
        ground="fraud",
        ground_text=hashlib.sha256(body).hexdigest(),
    )
    index = book.say(revoked)
    _verify(book.log, index, body=body)
    with pytest.raises(Refuted):
        _verify(book.log, index, body=body.replace(b"00", b"11"))


def test_an_event_is_no_text_of_a_ground(book: Book) -> None:
    body = book.log.bodies[book.sealed]
    revoked = PledgeRevoked(
        v=1,
        effective_on=DAY,
        code="51010020260315000001",
        ends_on=DAY,
        ground="fraud",
        ground_text=hashlib.sha256(body).hexdigest(),
    )
    with pytest.raises(Refuted, match="not the text"):
        _verify(book.log, book.say(revoked), body=body)


def test_without_evidence_nothing_is_verified(book: Book) -> None:
    with pytest.raises(Uncheckable, match="evidence"):
        verify_entry(book.log.transparent(book.opened), None, book.log.trust())


@pytest.mark.parametrize("left_out", range(7))
def test_evidence_that_lacks_any_entry_is_not_enough(book: Book, left_out: int) -> None:
    at = book.log.recorded[book.opened]
    indices = select(book.log.recorded, at.issuer, at.kid)
    assert len(indices) == 7
    evidence = book.log.evidence_of(index for n, index in enumerate(indices) if n != left_out)
    with pytest.raises((Refuted, Uncheckable)):
        verify_entry(book.log.transparent(book.opened), evidence, book.log.trust())


def test_evidence_out_of_order_or_twice_is_refused(book: Book) -> None:
    at = book.log.recorded[book.opened]
    indices = select(book.log.recorded, at.issuer, at.kid)
    for wrong in ([*indices[:-2], indices[-1], indices[-2]], [*indices, indices[-1]]):
        with pytest.raises(Refuted, match="stands after"):
            verify_entry(book.log.transparent(book.opened), book.log.evidence_of(wrong), book.log.trust())


def test_an_entry_that_is_no_evidence_is_refused_among_it(book: Book) -> None:
    at = book.log.recorded[book.opened]
    evidence = book.log.evidence_of([*select(book.log.recorded, at.issuer, at.kid), book.opened])
    with pytest.raises(Malformed, match="no place"):
        verify_entry(book.log.transparent(book.opened), evidence, book.log.trust())


@pytest.mark.parametrize(
    "change",
    [
        {"typ": "application/vnd.credit-ledger.evidence+json"},
        {"v": 2},
        {"entries": []},
        {"entries": [0]},
        {"entries": None},
        {"more": 1},
    ],
)
def test_evidence_of_another_kind_fails_closed(book: Book, change: dict[str, object]) -> None:
    good = decode(book.log.evidence(book.opened))
    assert isinstance(good, dict)
    with pytest.raises(Malformed):
        parse_evidence(encode({**good, **change}))


def test_a_statement_without_receipts_is_not_verified(book: Book) -> None:
    log = book.log
    with pytest.raises(Malformed):
        verify_entry(log.entries[book.opened], log.evidence(book.opened), log.trust())
    with pytest.raises(Malformed):
        attach(log.entries[book.opened], [])


def test_another_charter_or_other_keys_of_the_log_are_not_believed(book: Book) -> None:
    other = PaperLog()
    other.establish()
    other.enrol("party:organizer", new_key("ed25519"))
    other.commit()
    transparent, evidence = book.log.transparent(book.opened), book.log.evidence(book.opened)
    with pytest.raises(Uncheckable, match="receipt key"):
        verify_entry(transparent, evidence, other.trust())
    for field in ("charter", "checkpoint_vkeys", "standing_keys"):
        mixed = book.log.trust_file().format().decode()
        theirs = other.trust_file()
        if field == "charter":
            mixed = mixed.replace(book.log.trust_file().charter, theirs.charter)
        elif field == "checkpoint_vkeys":
            mixed = mixed.replace(book.log.trust_file().checkpoint_vkeys[0], theirs.checkpoint_vkeys[0])
        else:
            ours, them = book.log.trust_file().standing_keys[0], theirs.standing_keys[0]
            mixed = mixed.replace(ours.kid, them.kid).replace(
                ours.pem.replace("\n", "\\n"), them.pem.replace("\n", "\\n")
            )
        with pytest.raises(Refuted):
            verify_entry(transparent, evidence, parse_trust(mixed.encode()))


def test_an_issuer_without_the_role_is_refused(book: Book) -> None:
    signer = new_key("ed25519")
    book.log.enrol("party:nobody", signer, by=("party:registrar", book.registrar))
    book.log.commit(START + 120)
    index = book.say(SIZED, issuer="party:nobody", signer=signer)
    with pytest.raises(Refuted, match="not entitled"):
        _verify(book.log, index)


def test_a_role_counts_up_to_its_revocation_only(book: Book) -> None:
    revoked = RoleRevoked(v=1, effective_on=DAY, role="organizer", reason="任期届满")
    book.say(revoked, subject="party:organizer", issuer="party:root", signer=book.log.root)
    after = book.say(SIZED)
    _verify(book.log, book.opened)
    with pytest.raises(Refuted, match="not entitled"):
        _verify(book.log, after)


def test_an_enterprise_speaks_for_itself_and_for_no_other(book: Book) -> None:
    signer = new_key("ed25519")
    party = f"party:{SUBJECT}"
    book.log.enrol(party, signer, by=("party:registrar", book.registrar))
    book.log.commit(START + 120)
    pledge = PledgeMade(
        v=1,
        effective_on=DAY,
        campaign="campaign:2026",
        scope="comprehensive",
        reason="活动",
        content="承诺",
        made_on=DAY,
        accepting_body="协会",
        accepting_code="51100000",
        disclosure="public",
    )
    _verify(book.log, book.say(pledge, issuer=party, signer=signer))
    other = book.say(pledge, subject="uscc:91510100MA0000000X", issuer=party, signer=signer)
    with pytest.raises(Refuted, match="not entitled"):
        _verify(book.log, other)


def test_an_event_in_the_wrong_stream_or_form_is_refused(book: Book) -> None:
    with pytest.raises(Refuted, match="is not said about"):
        _verify(book.log, book.say(SIZED, subject="campaign:2026"))
    with pytest.raises(Refuted, match="always sealed"):
        _verify(book.log, book.say(ASSESSED))
    index = book.say(SIZED, sealed=True)
    with pytest.raises(Refuted, match="always open"):
        _verify(book.log, index, body=book.log.bodies[index])


def test_a_key_of_another_party_does_not_sign_for_the_issuer(book: Book) -> None:
    index = book.log.add(SIZED, SUBJECT, "party:organizer", book.registrar)
    book.log.commit(START + 120)
    evidence = book.log.evidence(book.opened)
    with pytest.raises(Refuted, match="not_the_issuers"):
        verify_entry(book.log.transparent(index), evidence, book.log.trust())


def test_a_key_that_the_evidence_does_not_enrol_cannot_be_checked(book: Book) -> None:
    index = book.say(SIZED, signer=new_key("ed25519"))
    with pytest.raises(Uncheckable, match="unknown"):
        verify_entry(book.log.transparent(index), book.log.evidence(book.opened), book.log.trust())


def test_a_key_counts_from_its_enrolment_to_its_end(book: Book) -> None:
    ended = KeyRevoked(v=1, effective_on=DAY, kid=book.organizer.kid.hex(), reason="retired")
    book.say(ended, subject="party:organizer", issuer="party:registrar", signer=book.registrar)
    after = book.say(SIZED)
    shown = verify_entry(book.log.transparent(book.opened), book.log.evidence(book.opened), book.log.trust())
    assert not shown.disputed
    with pytest.raises(Refuted, match="ended"):
        _verify(book.log, after)


def test_a_key_signs_on_the_days_that_it_was_given_only(book: Book) -> None:
    party, until = "party:organizer", date(2026, 3, 20)
    short = new_key("ed25519")
    event = enrolment(short, party, valid_until=until)
    book.say(event, subject=party, issuer="party:registrar", signer=book.registrar)
    inside = book.say(SIZED, signer=short, at=START + 6 * DAY_SECONDS)
    outside = book.say(SIZED, signer=short, at=START + 7 * DAY_SECONDS)
    _verify(book.log, inside)
    with pytest.raises(Refuted, match="not_valid_today"):
        _verify(book.log, outside)


def test_a_later_compromise_disputes_what_was_signed_since(book: Book) -> None:
    since = KeyRevoked(
        v=1,
        effective_on=DAY,
        kid=book.organizer.kid.hex(),
        reason="compromised",
        compromised_since=DAY,
    )
    book.say(since, subject="party:organizer", issuer="party:registrar", signer=book.registrar)
    shown = verify_entry(book.log.transparent(book.opened), book.log.evidence(book.opened), book.log.trust())
    assert shown.disputed
    assert any("DISPUTED" in step.en for step in shown.steps)


def _rotation(old: Signer, new: Signer, party: str, *, prover: Signer | None = None) -> KeyRotated:
    return KeyRotated(
        v=1,
        effective_on=DAY,
        replaces=old.kid.hex(),
        key=new.public.cose_key.hex(),
        proof=prove_possession(prover or new, party, ORIGIN).hex(),
    )


def test_a_rotated_key_signs_after_the_one_it_replaces_which_ends(book: Book) -> None:
    new = new_key("ed25519")
    rotated = book.say(
        _rotation(book.organizer, new, "party:organizer"), subject="party:organizer", signer=book.organizer
    )
    by_new, by_old = book.say(SIZED, signer=new), book.say(SIZED)
    _verify(book.log, rotated)
    _verify(book.log, by_new)
    with pytest.raises(Refuted, match="ended"):
        _verify(book.log, by_old)


def test_a_rotation_is_signed_by_the_old_key_and_proves_the_new_one(book: Book) -> None:
    new = new_key("ed25519")
    event = _rotation(book.organizer, new, "party:organizer")
    by_another = book.say(event, subject="party:organizer", issuer="party:registrar", signer=book.registrar)
    with pytest.raises(Refuted, match="not entitled"):
        _verify(book.log, by_another)


@pytest.mark.parametrize("party", ["party:organizer", "party:other"])
def test_a_key_without_proof_of_possession_for_this_party_is_refused(party: str, book: Book) -> None:
    stolen, thief = new_key("ed25519"), new_key("ed25519")
    event = enrolment(stolen, "party:elsewhere") if party == "party:other" else enrolment(thief, party)
    if party == "party:organizer":
        event = type(event)(
            v=1,
            effective_on=DAY,
            key=stolen.public.cose_key.hex(),
            proof=event.proof,
            officer="officer",
            valid_from=DAY,
        )
    enrolled = book.say(event, subject="party:organizer", issuer="party:registrar", signer=book.registrar)
    said = book.say(SIZED, signer=stolen)
    for index in (enrolled, said):
        with pytest.raises((Refuted, Malformed), match=r"proof|another key"):
            _verify(book.log, index)


def test_a_recovered_key_waits_as_long_as_the_policy_then_in_force_says(book: Book) -> None:
    policy = RegistrationPolicyAdopted(
        v=1,
        effective_on=date(2026, 3, 15),
        statement_age_max_seconds=86_400,
        recording_days_max_default=30,
        recording_days_max={},
        key_recovery_days=3,
        complaint_notice_working_days=5,
        pledge_months_max=36,
        certificate_words_forbidden=(),
    )
    proposed = RegistrationPolicyProposed(v=1, effective_on=DAY, policy=policy.policy)
    proposal = book.say(proposed, subject="policy")
    approver = new_key("ed25519")
    book.log.enrol("party:approver", approver, "approver")
    in_force = RegistrationPolicyApproved(v=1, effective_on=date(2026, 3, 15), proposal=proposal)
    book.say(in_force, subject="policy", issuer="party:approver", signer=approver)
    now = START + 2 * DAY_SECONDS  # 16 March
    keys = [new_key("ed25519"), new_key("ed25519")]
    for key, usable_from in zip(keys, (date(2026, 3, 19), date(2026, 3, 18)), strict=True):
        lost = new_key("ed25519")
        book.say(
            enrolment(lost, "party:organizer"),
            subject="party:organizer",
            issuer="party:organizer",
            signer=book.organizer,
            at=now,
        )
        recovered = KeyRecovered(
            v=1,
            effective_on=date(2026, 3, 16),
            replaces=lost.kid.hex(),
            key=key.public.cose_key.hex(),
            proof=prove_possession(key, "party:organizer", ORIGIN).hex(),
            officer="officer-new",
            usable_from=usable_from,
            evidence="公函",
        )
        book.say(recovered, subject="party:organizer", issuer="party:registrar", signer=book.registrar, at=now)
    soon = book.say(SIZED, signer=keys[0], at=now)
    later = book.say(SIZED, signer=keys[0], at=now + 3 * DAY_SECONDS)
    hasty = book.say(SIZED, signer=keys[1], at=now + 3 * DAY_SECONDS)
    _verify(book.log, later)
    with pytest.raises(Refuted, match="not_valid_today"):
        _verify(book.log, soon)
    with pytest.raises(Refuted, match="recovery_waits"):
        _verify(book.log, hasty)


def test_a_registrar_that_makes_itself_an_organizer_is_not_believed(book: Book) -> None:
    book.say(
        RoleGranted(v=1, effective_on=DAY, role="organizer"),
        subject="party:registrar",
        issuer="party:registrar",
        signer=book.registrar,
    )
    index = book.say(SIZED, issuer="party:registrar", signer=book.registrar)
    with pytest.raises(Refuted, match="root_only"):
        _verify(book.log, index)


def test_an_organizer_that_enrols_parties_is_not_believed(book: Book) -> None:
    index = book.say(PartyEnrolled(v=1, effective_on=DAY, name_zh="丙"), subject="party:third")
    with pytest.raises(Refuted, match="not entitled"):
        _verify(book.log, index)


def test_two_trees_of_one_size_are_a_fork_and_refused(book: Book) -> None:
    """A log that shows two people different trees of one size is found out where both are in one hand."""
    fork = book.log.fork(len(book.log.entries) - 1)
    fork.add(SIZED, "uscc:91510100MA0000000X", "party:organizer", book.organizer)
    fork.commit(START + 120)
    both = attach(book.log.entries[0], [book.log.receipt(0), book.log.receipt(0, head=2), fork.receipt(0)])
    with pytest.raises(Refuted, match="two different trees"):
        verify_entry(both, book.log.evidence(0), book.log.trust())


def test_a_log_whose_time_goes_back_is_refused(book: Book) -> None:
    index = book.say(SIZED, at=START + 90)
    with pytest.raises(Refuted, match="time goes back"):
        verify_entry(
            attach(
                book.log.entries[book.opened], [book.log.receipt(book.opened), book.log.receipt(book.opened, head=3)]
            ),
            book.log.evidence(index),
            book.log.trust(),
        )


def _forged(statement: bytes) -> bytes:
    """The statement with a signature that does not hold."""
    return statement[:-1] + bytes([statement[-1] ^ 1])


def test_a_statement_that_its_issuer_did_not_sign_is_refused_though_the_log_took_it(book: Book) -> None:
    """The log operator can put anything under its roots; it cannot sign for an organizer."""
    index = book.log.put(_forged(book.log.entries[book.opened]), SIZED)
    book.log.commit(START + 120)
    with pytest.raises(Refuted, match="signature does not hold"):
        _verify(book.log, index)


@pytest.mark.parametrize("position", range(1, 7))
def test_a_chain_with_a_forged_link_is_refused_though_the_log_took_it(position: int) -> None:
    log, registrar, organizer = PaperLog(), new_key("ed25519"), new_key("p256")
    log.establish()
    log.enrol("party:registrar", registrar, "registrar")
    log.enrol("party:organizer", organizer, "organizer", by=("party:registrar", registrar))
    said = log.add(SIZED, SUBJECT, "party:organizer", organizer)
    log.entries[position] = _forged(log.entries[position])
    log.commit()
    with pytest.raises(Refuted, match="signature does not hold"):
        _verify(log, said)


def test_a_rotation_by_another_key_of_the_same_party_is_refused(book: Book) -> None:
    second, new = new_key("ed25519"), new_key("ed25519")
    event = enrolment(second, "party:organizer")
    book.say(event, subject="party:organizer", issuer="party:registrar", signer=book.registrar)
    index = book.say(_rotation(book.organizer, new, "party:organizer"), subject="party:organizer", signer=second)
    with pytest.raises(Refuted, match="the key that it replaces"):
        _verify(book.log, index)


@pytest.mark.parametrize(
    ("changes", "issuer", "why"),
    [
        ({}, "party:elsewhere", "for itself"),
        ({"origin": "other.example"}, "party:root", "of the log"),
        ({"receipt_key": new_key("p256").public.cose_key.hex()}, "party:root", "receipt key"),
        ({"standing_key": new_key("p256").public.cose_key.hex()}, "party:root", "standing key"),
        ({"checkpoint_vkey": PaperLog().checkpoint_key.key.format()}, "party:root", "checkpoint key"),
    ],
)
def test_a_charter_that_means_another_log_than_the_trust_file_is_refused(
    changes: dict[str, str], issuer: str, why: str
) -> None:
    log = PaperLog()
    log.add(structs.replace(log.anchors(), **changes), issuer, issuer, log.root)
    log.enrol("party:registrar", new_key("ed25519"))
    log.commit()
    with pytest.raises(Refuted, match=why):
        verify_entry(log.transparent(0), log.evidence_of([0]), log.trust())


def test_a_statement_meant_for_another_log_is_refused_though_this_one_took_it(book: Book) -> None:
    index = book.log.add(SIZED, SUBJECT, "party:organizer", book.organizer, audience="other.example")
    book.log.commit(START + 120)
    with pytest.raises(Refuted, match="meant for the log"):
        _verify(book.log, index)


def test_receipts_that_place_a_statement_at_two_positions_are_refused(book: Book) -> None:
    again = book.log.put(book.log.entries[book.opened], SIZED)
    book.log.commit(START + 120)
    both = attach(book.log.entries[again], [book.log.receipt(book.opened), book.log.receipt(again)])
    with pytest.raises(Refuted, match="different positions"):
        verify_entry(both, book.log.evidence(book.opened), book.log.trust())


def test_two_statements_at_one_position_are_a_fork_and_refused(book: Book) -> None:
    """Under trees of different sizes, so that the roots alone do not give it away."""
    fork = book.log.fork(book.opened)
    enrolled = PartyEnrolled(v=1, effective_on=DAY, name_zh="丙")
    index = fork.add(enrolled, "party:third", "party:registrar", book.registrar)
    fork.commit(START + 60)
    at = book.log.recorded[book.opened]
    chain = parse_evidence(book.log.evidence_of(select(book.log.recorded, at.issuer, at.kid)))
    evidence = encode_evidence([*chain, fork.transparent(index)])
    assert index == book.opened
    with pytest.raises(Refuted, match="at one position"):
        verify_entry(book.log.transparent(book.opened), evidence, book.log.trust())


def test_trust_anchors_are_established_once(book: Book) -> None:
    again = book.say(book.log.anchors(), subject="party:root", issuer="party:root", signer=book.log.root)
    with pytest.raises(Refuted, match="never again"):
        verify_entry(book.log.transparent(again), book.log.evidence_of([0]), book.log.trust())
    with pytest.raises(Refuted, match="first_entry_only"):
        _verify(book.log, book.opened)  # its evidence has the root's whole stream


def test_trust_anchors_that_another_key_signed_establish_nothing() -> None:
    log, stranger = PaperLog(), new_key("ed25519")
    log.add(log.anchors(), "party:root", "party:root", stranger)
    log.add(PartyEnrolled(v=1, effective_on=DAY, name_zh="乙"), "party:second", "party:root", stranger)
    log.commit()
    with pytest.raises(Refuted, match="another key"):
        _verify(log, 0)


def test_a_demanded_quorum_of_witnesses_cannot_be_checked_from_a_receipt(book: Book) -> None:
    demanding = parse_trust(book.log.trust_file(policy_text("w")).format())
    with pytest.raises(Uncheckable, match="quorum"):
        verify_entry(book.log.transparent(book.opened), book.log.evidence(book.opened), demanding)
    modest = parse_trust(book.log.trust_file("# nobody yet\nquorum none\n").format())
    verify_entry(book.log.transparent(book.opened), book.log.evidence(book.opened), modest)


def _proof(log: PaperLog, index: int, *names: str, entries: list[bytes] | None = None) -> bytes:
    """A tlog-proof of an entry in the newest tree of the log, or of one that it shows to witnesses alone."""
    shown = log.entries[: log.heads[-1].size] if entries is None else entries
    note = sign_checkpoint(Checkpoint(ORIGIN, len(shown), mth(shown)), log.checkpoint_key)
    return format_proof(TlogProof(index, tuple(path(index, shown)), cosign(note, START, *names)))


def test_a_tlog_proof_with_the_quorum_is_what_a_demand_for_witnesses_is_met_by(book: Book) -> None:
    log, index = book.log, book.opened
    files, demanding = (log.transparent(index), log.evidence(index)), policy_text("a", "b", "c", rule="2")
    trust = parse_trust(log.trust_file(demanding).format())
    shown = verify_entry(*files, trust, proofs=[_proof(log, index, "c", "a")])
    assert "quorum" in shown.steps[0].en and "a, c" in shown.steps[0].en
    assert not any("everybody is shown the same tree" in remark.en for remark in shown.not_shown)
    for names in ((), ("b",), ("b", "stranger"), ("b", "b")):
        with pytest.raises(Uncheckable, match="quorum"):
            verify_entry(*files, trust, proofs=[_proof(log, index, *names)])
    with pytest.raises(Refuted):  # of another entry
        verify_entry(*files, trust, proofs=[_proof(log, index + 1, "a", "b")])
    with pytest.raises(Uncheckable):  # of the evidence alone
        verify_entry(*files, trust, proofs=[_proof(log, 0, "a", "b")])
    both = verify_entry(*files, trust, proofs=[_proof(log, 0, "a", "b"), _proof(log, index, "a", "b")])
    assert "1 of" in both.steps[0].en
    with pytest.raises(Malformed):
        verify_entry(*files, trust, proofs=[_proof(log, index, "a", "b"), _proof(log, index, "b", "c")])


def test_a_proof_is_checked_even_where_nobody_demands_it(book: Book) -> None:
    log, index = book.log, book.opened
    files = log.transparent(index), log.evidence(index), log.trust()
    assert "holds" in verify_entry(*files, proofs=[_proof(log, index)]).steps[0].en
    with pytest.raises(Refuted):
        verify_entry(*files, proofs=[_proof(log, index + 1).replace(b"index %d" % (index + 1), b"index %d" % index)])


def test_a_tree_that_is_shown_to_witnesses_alone_does_not_pass_for_the_receipts(book: Book) -> None:
    log, index = book.log, book.opened
    trust = parse_trust(log.trust_file(policy_text("a")).format())
    forked = [*log.entries[:-1], log.entries[-1] + b"\0"]
    assert index < len(forked) - 1
    with pytest.raises(Refuted, match="two different trees"):
        verify_entry(
            log.transparent(index), log.evidence(index), trust, proofs=[_proof(log, index, "a", entries=forked)]
        )
