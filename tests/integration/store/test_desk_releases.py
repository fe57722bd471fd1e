"""Drafts in their table: who may change what, and that of two who come at once exactly one does."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import pytest

from ledger.errors import Busy
from ledger.limits import DRAFTS_PER_PARTY_MAX, RELEASE_LEASE_SECONDS, RELEASED_DRAFT_SECONDS
from ledger.store.backup import backup
from ledger.store.connect import connect
from ledger.store.desk_releases import Draft
from ledger.store.erasure_journal import Erased
from ledger.store.postgres import PostgresStore
from ledger.store.restore import restore
from tests.support.clock import NOW
from tests.support.database import PostgresServer, TestDatabase

PARTY = "party:organizer"
FIRST, SECOND, THIRD = "organizer-1", "organizer-2", "organizer-3"
ROUNDS = 40


def lay(store: PostgresStore, party: str = PARTY, at: int = NOW) -> Draft:
    draft = {"party": party, "drafter": FIRST, "type": "PledgeExtended", "subject": "local:test/1"}
    return store.drafts.lay(id=os.urandom(16), **draft, document="{}", at=at)


def leave(store: PostgresStore, draft: Draft, *, by: str = SECOND, at: int = NOW, body: bytes | None = None) -> bool:
    left = store.drafts.leave(
        draft.id,
        draft.party,
        releaser=by,
        statement=draft.id,
        statement_id=sha256(draft.id).digest(),
        body=body,
        release_at=at,
    )
    return left is not None


def state(store: PostgresStore, draft: Draft) -> str:
    found = store.drafts.get(draft.id, draft.party)
    assert found is not None
    return found.state


def test_of_a_call_back_and_a_release_that_come_at_once_exactly_one_wins(
    store: PostgresStore, database: TestDatabase
) -> None:
    drafts = [lay(store) for _ in range(ROUNDS)]
    assert all(leave(store, draft) for draft in drafts)
    together = Barrier(2, timeout=30)
    with PostgresStore.open(database.service) as other, ThreadPoolExecutor(2) as threads:

        def at_once(act: Callable[[Draft], object]) -> list[bool]:
            won = []
            for draft in drafts:
                together.wait()
                won.append(bool(act(draft)))
            return won

        released = threads.submit(at_once, lambda one: store.drafts.claim(NOW, one.id))
        called = threads.submit(at_once, lambda one: other.drafts.call_back(one.id, PARTY, officer=FIRST, at=NOW))
        outcomes = list(zip(released.result(), called.result(), strict=True))
    assert all(one is not other for one, other in outcomes), outcomes
    assert [state(store, draft) for draft in drafts] == ["releasing" if one else "draft" for one, _ in outcomes]
    print(f"of {ROUNDS} races the release won {sum(one for one, _ in outcomes)}")


def test_what_was_taken_is_nobody_elses_until_its_lease_ends_and_is_settled_once(
    store: PostgresStore, database: TestDatabase
) -> None:
    draft = lay(store)
    leave(store, draft, at=NOW + 10)
    assert not store.drafts.claim(NOW + 9), "its time has not come"
    (taken,) = store.drafts.claim(NOW + 10)
    with PostgresStore.open(database.service) as other:
        assert not other.drafts.claim(NOW + 10 + RELEASE_LEASE_SECONDS - 1)
        assert other.drafts.call_back(draft.id, PARTY, officer=SECOND, at=NOW) is None, "no way leads back"
        (again,) = other.drafts.claim(NOW + 10 + RELEASE_LEASE_SECONDS)
        assert again.statement == taken.statement
        assert other.drafts.released(again, entry=7, at=NOW + 80)
    assert not store.drafts.released(taken, entry=7, at=NOW + 90)
    assert not store.drafts.refused(taken, rule="r", zh="z", en="e", at=NOW + 90)
    found = store.drafts.get(draft.id, PARTY)
    assert found is not None
    assert (found.state, found.entry, found.settled_at) == ("released", 7, NOW + 80)
    assert (found.document, found.statement, found.body) == (None, None, None), "the book has it"


def test_only_its_drafter_and_whoever_left_it_call_it_back_and_only_another_officer_leaves_it(
    store: PostgresStore,
) -> None:
    draft = lay(store)
    assert not leave(store, draft, by=FIRST)
    assert leave(store, draft, at=NOW + 60)
    assert not leave(store, draft, by=THIRD), "it is left already"
    assert store.drafts.call_back(draft.id, PARTY, officer=THIRD, at=NOW) is None
    assert store.drafts.call_back(draft.id, "party:other", officer=FIRST, at=NOW) is None
    assert not store.drafts.discard(draft.id, PARTY, officer=FIRST), "while it is left"
    for officer in (FIRST, SECOND):
        called = store.drafts.call_back(draft.id, PARTY, officer=officer, at=NOW + 5)
        assert called is not None
        assert (called.state, called.statement, called.called_back_by) == ("draft", None, officer)
        assert leave(store, draft, at=NOW + 60)
    store.drafts.call_back(draft.id, PARTY, officer=FIRST, at=NOW)
    assert not store.drafts.claim(NOW + 1_000), "a called-back one is never taken"
    assert not store.drafts.discard(draft.id, PARTY, officer=SECOND)
    assert store.drafts.discard(draft.id, PARTY, officer=FIRST)
    assert store.drafts.get(draft.id, PARTY) is None


def test_a_refused_one_says_why_and_can_be_left_again(store: PostgresStore) -> None:
    draft = lay(store)
    leave(store, draft)
    (taken,) = store.drafts.claim(NOW)
    assert store.drafts.refused(taken, rule="pledge.expired", zh="已到期", en="it has expired", at=NOW + 1)
    found = store.drafts.get(draft.id, PARTY)
    assert found is not None
    assert (found.state, found.rule, found.zh, found.en) == ("refused", "pledge.expired", "已到期", "it has expired")
    assert store.drafts.count(PARTY) == (0, 0, 1)
    assert leave(store, draft)
    assert store.drafts.count(PARTY) == (0, 1, 0)


def test_a_party_has_a_bounded_number_of_drafts_and_old_releases_go(store: PostgresStore) -> None:
    old = lay(store)
    leave(store, old)
    (taken,) = store.drafts.claim(NOW)
    store.drafts.released(taken, entry=1, at=NOW)
    with connect(store.conninfo) as connection:
        connection.execute(
            "INSERT INTO desk.drafts (id, party, drafter, type, subject, document, laid_at, state) "
            "SELECT decode(lpad(n::text, 32, '0'), 'hex'), %s, 'a', 'T', 's', '{}', 0, 'draft' "
            "FROM generate_series(1, %s) n",
            (PARTY, DRAFTS_PER_PARTY_MAX),
        )
    with pytest.raises(Busy):
        lay(store)
    assert lay(store, "party:other").state == "draft", "a full list is its own party's"
    with connect(store.conninfo) as connection:
        connection.execute("DELETE FROM desk.drafts WHERE type = 'T'")
    lay(store, at=NOW + RELEASED_DRAFT_SECONDS + 1)
    assert store.drafts.get(old.id, PARTY) is None


def test_after_a_restore_nothing_is_left_for_a_time_and_no_erased_body_comes_back(
    store: PostgresStore, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    left, under_way, erased = lay(store), lay(store), lay(store)
    leave(store, under_way)
    assert len(store.drafts.claim(NOW)) == 1
    leave(store, left, at=NOW + 60)
    leave(store, erased, at=NOW + 60, body=b"gone")
    backup(store.conninfo, tmp_path / "book.backup")
    with postgres_server.database() as database:
        journal = [Erased("body", sha256(b"gone").hexdigest())]
        restore(database.admin, tmp_path / "book.backup", erased=journal)
        with PostgresStore.open(database.service) as restored:
            assert state(restored, left) == "draft", "it may have been called back since"
            assert state(restored, under_way) == "releasing"
            assert restored.drafts.get(erased.id, PARTY) is None
