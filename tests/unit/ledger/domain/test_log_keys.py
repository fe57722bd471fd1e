"""The log's own keys are succeeded by the root, from a size on, each key once."""

from __future__ import annotations

import pytest

from ledger.charter.charter import LogAnchors
from ledger.domain.events.party import TrustAnchorsSucceeded
from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.keys.algorithms import decode_key
from ledger.tlog.vkey import VerifierKey
from ledger.verifier.trust import Trust
from ledger.verifier.trust_file import TrustFile, parse_trust
from tests.support.book import Book
from tests.support.charter import ORIGIN, REGISTRAR, ROOT
from tests.support.keys import log_keys
from tests.support.refusals import refused
from tests.support.successions import succession


@pytest.fixture
def book() -> Book:
    return Book()


def test_keys_hold_from_their_size_on(book: Book) -> None:
    first, second = succession("a", len(book.events) + 10), succession("b", len(book.events) + 20)
    sizes = [first.from_size - 1, first.from_size, second.from_size - 1, second.from_size]
    for event in (first, second):
        book.say(event, subject=ROOT.party, by=ROOT)
    anchors = book.governance.anchors
    assert [book.governance.anchors_at(size) for size in sizes] == [anchors, first, first, second]


def test_the_root_alone_says_it_about_itself_and_not_in_a_charter(book: Book) -> None:
    event = succession("a", len(book.events) + 10)
    with refused("issuer.not_entitled"):
        book.say(event, subject=ROOT.party, by=REGISTRAR)
    with refused("anchors.succession_place"):
        book.say(event, subject=REGISTRAR.party, by=ROOT)


def test_what_announces_keys_is_signed_with_those_before(book: Book) -> None:
    with refused("anchors.succession_too_early"):
        book.say(succession("a", len(book.events) + 1), subject=ROOT.party, by=ROOT)
    book.say(succession("a", len(book.events) + 2), subject=ROOT.party, by=ROOT)


def test_sizes_go_up(book: Book) -> None:
    book.say(succession("a", 100), subject=ROOT.party, by=ROOT)
    for size in (99, 100):
        with refused("anchors.succession_too_early"):
            book.say(succession("b", size), subject=ROOT.party, by=ROOT)


def test_no_key_comes_twice_for_any_purpose(book: Book) -> None:
    here = LogAnchors.of(log_keys(ORIGIN))
    first = succession("a", 100)
    again = (
        succession("b", 100, receipt_key=here.receipt.cose_key.hex()),
        succession("b", 100, standing_key=here.receipt.cose_key.hex()),
        succession("b", 100, checkpoint_vkey=here.checkpoint_vkey),
        succession("b", 100, standing_key=succession("b", 100).receipt_key),
    )
    for event in again:
        with refused("anchors.key_used"):
            book.say(event, subject=ROOT.party, by=ROOT)
    book.say(first, subject=ROOT.party, by=ROOT)
    with refused("anchors.key_used"):
        book.say(succession("b", 200, receipt_key=first.receipt_key), subject=ROOT.party, by=ROOT)


def test_a_checkpoint_key_bears_the_origins_name_and_signs_plain_notes(book: Book) -> None:
    theirs = log_keys("another.example/log").checkpoint.key
    with refused("anchors.origin_mismatch"):
        book.say(succession("a", 100, checkpoint_vkey=theirs.format()), subject=ROOT.party, by=ROOT)
    ours = log_keys(ORIGIN).checkpoint.key
    cosigner = type(ours)(ours.name, 0x04, ours.key).format()
    with pytest.raises(Malformed):
        book.say(succession("a", 100, checkpoint_vkey=cosigner), subject=ROOT.party, by=ROOT)


def trust_with(*events: TrustAnchorsSucceeded) -> Trust:
    anchors = Book().governance.anchors
    assert anchors is not None
    return parse_trust(TrustFile.of_log(anchors, events, bytes(32)).format())


def test_a_receipt_key_holds_for_trees_of_its_sizes_only() -> None:
    event = succession("a", 100)
    trust = trust_with(event)
    old, new = log_keys(ORIGIN).receipt.public, decode_key(bytes.fromhex(event.receipt_key))
    assert trust.receipt_key(old.kid, 99) == old
    assert trust.receipt_key(new.kid, 100) == new
    for kid, size in ((old.kid, 100), (new.kid, 99)):
        with pytest.raises(Refuted, match="not the one for a tree"):
            trust.receipt_key(kid, size)
    with pytest.raises(Uncheckable, match="renew-trust"):
        trust_with().receipt_key(new.kid, 100)


def test_a_trust_file_without_a_succession_says_nothing_of_any_and_one_with_it_is_read_again() -> None:
    anchors = Book().governance.anchors
    assert anchors is not None
    assert b"successions" not in TrustFile.of_log(anchors, (), bytes(32)).format()
    events = succession("a", 100), succession("b", 200)
    file = TrustFile.of_log(anchors, events, bytes(32))
    trust = parse_trust(file.format())
    assert TrustFile.of_log(anchors, (), bytes(32)).renewed(trust) == file
    assert [one.from_size for one in trust.successions] == [100, 200]
    assert len(trust.vkeys) == 3
    backwards = TrustFile.of_log(anchors, events[::-1], bytes(32))
    with pytest.raises(Malformed, match="not in order"):
        parse_trust(backwards.format())


def test_a_policy_that_lists_the_log_lists_it_under_its_new_key_too() -> None:
    anchors = Book().governance.anchors
    assert anchors is not None
    event = succession("a", 100)
    policy = f"log {anchors.checkpoint_vkey}\nquorum none\n"
    new = VerifierKey.parse(event.checkpoint_vkey)
    before = parse_trust(TrustFile.of_log(anchors, (), bytes(32), policy).format())
    for trust in (
        before.succeeded(event),
        parse_trust(TrustFile.of_log(anchors, (event,), bytes(32), policy).format()),
    ):
        assert trust.policy is not None
        assert [log.key for log in trust.policy.logs] == [*trust.first_vkeys, new]
    others = f"log {log_keys('another.example/log').checkpoint.key.format()}\nquorum none\n"
    elsewhere = parse_trust(TrustFile.of_log(anchors, (event,), bytes(32), others).format())
    assert elsewhere.policy is not None
    assert new not in {log.key for log in elsewhere.policy.logs}


def test_a_succession_that_contradicts_the_trust_file_is_refuted() -> None:
    trust = trust_with(succession("a", 100))
    assert trust.succeeded(succession("a", 100)) is trust
    for event in (succession("b", 100), succession("b", 50)):
        with pytest.raises(Refuted):
            trust.succeeded(event)
