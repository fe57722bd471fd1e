"""The contract of `ledger.store.annexes.Annexes`, kept by the real store and by its twin in memory."""

from __future__ import annotations

from hashlib import sha256

import pytest
from msgspec.structs import replace

from ledger.errors import Busy, Misconfigured
from ledger.limits import BODY_HOLD_SECONDS
from ledger.store.annexes import Annexes, AnnexKept, MemoryAnnexes, NamedAnnex, PostgresAnnexes
from ledger.store.connect import Database
from ledger.store.contract import Batch, NewEntry, Store
from ledger.store.postgres import PostgresStore
from tests.support.batches import NOW, a_batch, an_entry

ONE, TWO = sha256(b"one").digest(), sha256(b"two").digest()


def naming(*digests: bytes, version: int = 1, media_type: str = "text/plain") -> NewEntry:
    annexes = tuple(NamedAnnex(digest, media_type) for digest in digests)
    return replace(an_entry(version=version), annexes=annexes)


def test_a_held_annex_is_known_for_an_hour_and_served_to_nobody(store: Store) -> None:
    store.annexes.hold(ONE, b"one", "text/plain", NOW)
    assert store.annexes.known([ONE, TWO], NOW) == {ONE: AnnexKept(3, "text/plain")}
    assert store.annexes.known([ONE], NOW + BODY_HOLD_SECONDS - 1) == {ONE: AnnexKept(3, "text/plain")}
    assert store.annexes.known([ONE], NOW + BODY_HOLD_SECONDS) == {}
    assert store.annexes.known([], NOW) == {}
    assert store.annexes.get(ONE) is None


def test_holding_an_annex_again_prolongs_it(store: Store) -> None:
    store.annexes.hold(ONE, b"one", "text/plain", NOW)
    store.annexes.hold(ONE, b"one", "text/plain", NOW + 60)
    assert ONE in store.annexes.known([ONE], NOW + BODY_HOLD_SECONDS)


def test_an_annex_is_kept_with_the_entry_that_names_it(store: Store) -> None:
    store.annexes.hold(ONE, b"one", "text/plain", NOW)
    store.annexes.hold(TWO, b"two", "text/plain", NOW)
    store.append(a_batch(0, [an_entry("local:test/9"), naming(ONE, media_type="text/csv")]))
    assert store.annexes.get(ONE) == (b"one", "text/csv")
    assert store.annexes.get(TWO) is None
    assert store.annexes.known([ONE, TWO], NOW + BODY_HOLD_SECONDS) == {ONE: AnnexKept(3, "text/csv")}


def test_an_annex_that_is_kept_may_be_named_again_and_need_not_be_held(store: Store) -> None:
    store.annexes.hold(ONE, b"one", "text/plain", NOW)
    store.append(a_batch(0, [naming(ONE, version=1), naming(ONE, version=2, media_type="text/csv")]))
    store.append(a_batch(2, [naming(ONE, version=3)]))
    store.annexes.hold(ONE, b"one", "text/plain", NOW)
    assert store.annexes.get(ONE) == (b"one", "text/plain")


def test_an_entry_never_enters_the_book_without_its_annex(store: Store) -> None:
    store.annexes.hold(TWO, b"two", "text/plain", NOW)
    with pytest.raises(Misconfigured):
        store.append(a_batch(0, [an_entry("local:test/9"), naming(ONE, TWO)]))
    assert store.latest() is None
    assert store.annexes.get(TWO) is None
    assert TWO in store.annexes.known([TWO], NOW)
    store.append(a_batch(0, [an_entry("local:test/9")]))  # and the store goes on


def test_a_statement_that_was_admitted_in_time_still_finds_its_annex(store: Store) -> None:
    store.annexes.hold(ONE, b"one", "text/plain", NOW)
    store.annexes.hold(TWO, b"two", "text/plain", NOW + BODY_HOLD_SECONDS + 60)  # drops what is long expired
    store.append(a_batch(0, [naming(ONE)]))
    assert store.annexes.get(ONE) == (b"one", "text/plain")


def test_the_room_for_held_annexes_is_bounded_and_comes_back(request: pytest.FixtureRequest, store: Store) -> None:
    small: Annexes
    if isinstance(store, PostgresStore):
        pool = Database(store.conninfo)
        request.addfinalizer(pool.close)
        small = PostgresAnnexes(pool, held_bytes_max=100)
    else:
        small = MemoryAnnexes(held_bytes_max=100)
    small.hold(ONE, bytes(60), "text/plain", NOW)
    with pytest.raises(Busy):
        small.hold(TWO, bytes(41), "text/plain", NOW)
    small.hold(ONE, bytes(60), "text/plain", NOW)  # what is held needs no more room
    small.hold(TWO, bytes(41), "text/plain", NOW + 2 * BODY_HOLD_SECONDS)


def taking_down(*digests: bytes, previous: int, entry: NewEntry) -> Batch:
    batch = a_batch(previous, [entry])
    return Batch(batch.entries, batch.checkpoint, batch.tiles, taken_down=digests)


def test_an_annex_that_is_taken_down_goes_with_the_entry_and_leaves_its_name(store: Store) -> None:
    for digest, content in ((ONE, b"one"), (TWO, b"two")):
        store.annexes.hold(digest, content, "text/plain", NOW)
    store.append(a_batch(0, [naming(ONE, TWO)]))
    assert not store.annexes.gone(ONE)
    store.append(taking_down(ONE, previous=1, entry=an_entry(version=2)))
    assert store.annexes.gone(ONE)
    assert store.annexes.get(ONE) is None
    assert store.annexes.known([ONE, TWO], NOW) == {TWO: AnnexKept(3, "text/plain")}
    assert store.annexes.get(TWO) == (b"two", "text/plain")
    assert not store.annexes.gone(TWO)


def test_what_was_taken_down_does_not_come_back(store: Store) -> None:
    store.annexes.hold(ONE, b"one", "text/plain", NOW)
    store.append(a_batch(0, [naming(ONE)]))
    store.append(taking_down(ONE, previous=1, entry=an_entry(version=2)))
    with pytest.raises(Busy):
        store.annexes.hold(ONE, b"one", "text/plain", NOW)
    store.append(a_batch(2, [naming(ONE, version=3)]))  # admitted before
    assert store.annexes.get(ONE) is None
    assert store.annexes.gone(ONE)


def test_taking_down_again_finds_nothing_and_takes_what_is_held_too(store: Store) -> None:
    for digest, content in ((ONE, b"one"), (TWO, b"two")):
        store.annexes.hold(digest, content, "text/plain", NOW)
    store.append(a_batch(0, [naming(ONE)]))
    assert store.annexes.take_down([ONE, TWO]) == 1
    assert store.annexes.take_down([ONE, TWO]) == 0
    assert store.annexes.known([ONE, TWO], NOW) == {}
    assert not store.annexes.gone(TWO), "no entry ever named it"
