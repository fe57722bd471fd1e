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
from ledger.store.desk_releases import Draft, Drafts, NewDraft, SignedRelease
from ledger.store.erasure_journal import Erased
from ledger.store.key_folder import KeyFolder
from ledger.store.postgres import PostgresStore
from ledger.store.restore import restore
from tests.support.clock import NOW
from tests.support.database import PostgresServer, TestDatabase

PARTY = "party:organizer"
FIRST, SECOND, THIRD = "organizer-1", "organizer-2", "organizer-3"
ROUNDS = 40


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "draft-keys")


@pytest.fixture
def drafts(store: PostgresStore, keys: KeyFolder) -> Drafts:
    return store.drafts(keys)


def lay(drafts: Drafts, party: str = PARTY, at: int = NOW, document: str = "{}") -> Draft:
    return drafts.lay(NewDraft(os.urandom(16), party, FIRST, "PledgeExtended", "local:test/1", document), at)


def leave(drafts: Drafts, draft: Draft, *, by: str = SECOND, at: int = NOW, body: bytes | None = None) -> bool:
    release = SignedRelease(by, draft.id, sha256(draft.id).digest(), body, at)
    return drafts.leave(draft.id, draft.party, release) is not None


def state(drafts: Drafts, draft: Draft) -> str:
    found = drafts.get(draft.id, draft.party)
    assert found is not None
    return found.state


def test_of_a_call_back_and_a_release_that_come_at_once_exactly_one_wins(
    drafts: Drafts, database: TestDatabase, keys: KeyFolder
) -> None:
    racing = [lay(drafts) for _ in range(ROUNDS)]
    assert all(leave(drafts, draft) for draft in racing)
    together = Barrier(2, timeout=30)
    with PostgresStore.open(database.service) as other, ThreadPoolExecutor(2) as threads:

        def at_once(act: Callable[[Draft], object]) -> list[bool]:
            won = []
            for draft in racing:
                together.wait()
                won.append(bool(act(draft)))
            return won

        released = threads.submit(at_once, lambda one: drafts.claim(NOW, one.id))
        called = threads.submit(at_once, lambda one: other.drafts(keys).call_back(one.id, PARTY, officer=FIRST, at=NOW))
        outcomes = list(zip(released.result(), called.result(), strict=True))
    assert all(one is not other for one, other in outcomes), outcomes
    assert [state(drafts, draft) for draft in racing] == ["releasing" if one else "draft" for one, _ in outcomes]
    print(f"of {ROUNDS} races the release won {sum(one for one, _ in outcomes)}")


def test_what_was_taken_is_nobody_elses_until_its_lease_ends_and_is_settled_once(
    drafts: Drafts, database: TestDatabase, keys: KeyFolder
) -> None:
    draft = lay(drafts)
    leave(drafts, draft, at=NOW + 10)
    assert not drafts.claim(NOW + 9), "its time has not come"
    (taken,) = drafts.claim(NOW + 10)
    with PostgresStore.open(database.service) as opened:
        other = opened.drafts(keys)
        assert not other.claim(NOW + 10 + RELEASE_LEASE_SECONDS - 1)
        assert other.call_back(draft.id, PARTY, officer=SECOND, at=NOW) is None, "no way leads back"
        (again,) = other.claim(NOW + 10 + RELEASE_LEASE_SECONDS)
        assert again.statement == taken.statement
        assert other.released(again, entry=7, at=NOW + 80)
    assert not drafts.released(taken, entry=7, at=NOW + 90)
    assert not drafts.refused(taken, rule="r", zh="z", en="e", at=NOW + 90)
    found = drafts.get(draft.id, PARTY)
    assert found is not None
    assert (found.state, found.entry, found.settled_at) == ("released", 7, NOW + 80)
    assert (found.document, found.statement, found.body) == (None, None, None), "the book has it"


def test_only_its_drafter_and_whoever_left_it_call_it_back_and_only_another_officer_leaves_it(
    drafts: Drafts,
) -> None:
    draft = lay(drafts)
    assert not leave(drafts, draft, by=FIRST)
    assert leave(drafts, draft, at=NOW + 60)
    assert not leave(drafts, draft, by=THIRD), "it is left already"
    assert drafts.call_back(draft.id, PARTY, officer=THIRD, at=NOW) is None
    assert drafts.call_back(draft.id, "party:other", officer=FIRST, at=NOW) is None
    assert not drafts.discard(draft.id, PARTY, officer=FIRST), "while it is left"
    for officer in (FIRST, SECOND):
        called = drafts.call_back(draft.id, PARTY, officer=officer, at=NOW + 5)
        assert called is not None
        assert (called.state, called.statement, called.called_back_by) == ("draft", None, officer)
        assert leave(drafts, draft, at=NOW + 60)
    drafts.call_back(draft.id, PARTY, officer=FIRST, at=NOW)
    assert not drafts.claim(NOW + 1_000), "a called-back one is never taken"
    assert not drafts.discard(draft.id, PARTY, officer=SECOND)
    assert drafts.discard(draft.id, PARTY, officer=FIRST)
    assert drafts.get(draft.id, PARTY) is None


def test_a_refused_one_says_why_and_can_be_left_again(drafts: Drafts) -> None:
    draft = lay(drafts)
    leave(drafts, draft)
    (taken,) = drafts.claim(NOW)
    assert drafts.refused(taken, rule="pledge.expired", zh="已到期", en="it has expired", at=NOW + 1)
    found = drafts.get(draft.id, PARTY)
    assert found is not None
    assert (found.state, found.rule, found.zh, found.en) == ("refused", "pledge.expired", "已到期", "it has expired")
    assert drafts.count(PARTY) == (0, 0, 1)
    assert leave(drafts, draft)
    assert drafts.count(PARTY) == (0, 1, 0)


def test_a_party_has_a_bounded_number_of_drafts_and_old_releases_go(drafts: Drafts, store: PostgresStore) -> None:
    old = lay(drafts)
    leave(drafts, old)
    (taken,) = drafts.claim(NOW)
    drafts.released(taken, entry=1, at=NOW)
    with connect(store.conninfo) as connection:
        connection.execute(
            "INSERT INTO desk.drafts (id, party, drafter, type, subject, document, laid_at, state) "
            "SELECT decode(lpad(n::text, 32, '0'), 'hex'), %s, 'a', 'T', 's', '{}', 0, 'draft' "
            "FROM generate_series(1, %s) n",
            (PARTY, DRAFTS_PER_PARTY_MAX),
        )
    with pytest.raises(Busy):
        lay(drafts)
    assert lay(drafts, "party:other").state == "draft", "a full list is its own party's"
    with connect(store.conninfo) as connection:
        connection.execute("DELETE FROM desk.drafts WHERE type = 'T'")
    lay(drafts, at=NOW + RELEASED_DRAFT_SECONDS + 1)
    assert drafts.get(old.id, PARTY) is None


def test_after_a_restore_nothing_is_left_for_a_time_and_no_erased_body_comes_back(
    drafts: Drafts, store: PostgresStore, postgres_server: PostgresServer, keys: KeyFolder, tmp_path: Path
) -> None:
    left, under_way, erased = lay(drafts), lay(drafts), lay(drafts)
    leave(drafts, under_way)
    assert len(drafts.claim(NOW)) == 1
    leave(drafts, left, at=NOW + 60)
    leave(drafts, erased, at=NOW + 60, body=b"gone")
    backup(store.conninfo, tmp_path / "book.backup")
    with postgres_server.database() as database:
        journal = [Erased("body", sha256(b"gone").hexdigest())]
        restore(database.admin, tmp_path / "book.backup", erased=journal)
        with PostgresStore.open(database.service) as opened:
            restored = opened.drafts(keys)
            assert state(restored, left) == "draft", "it may have been called back since"
            assert state(restored, under_way) == "releasing"
            assert restored.get(erased.id, PARTY) is None


def test_a_body_that_is_erased_goes_from_a_draft_that_has_it(drafts: Drafts, store: PostgresStore) -> None:
    draft, other = lay(drafts), lay(drafts)
    leave(drafts, draft, at=NOW + 60, body=b"gone")
    leave(drafts, other, at=NOW + 60, body=b"stays")
    store.erase_commitments([sha256(b"gone").digest()])
    assert drafts.get(draft.id, PARTY) is None
    assert state(drafts, other) == "left"


def test_what_is_drafted_and_signed_is_in_no_table_and_no_backup_but_encrypted_under_a_key_elsewhere(
    drafts: Drafts, store: PostgresStore, postgres_server: PostgresServer, keys: KeyFolder, tmp_path: Path
) -> None:
    said = {"document": '{"ground":"机密 CANARY-ONE"}', "statement": b"CANARY-TWO", "body": b"CANARY-THREE"}
    draft = lay(drafts, document=str(said["document"]))
    signed = SignedRelease(SECOND, b"CANARY-TWO", sha256(b"CANARY-TWO").digest(), b"CANARY-THREE", NOW)
    drafts.leave(draft.id, PARTY, signed)
    with connect(store.conninfo) as connection:
        ((row,),) = connection.execute("SELECT one FROM desk.drafts one").fetchall()
    backup(store.conninfo, tmp_path / "book.backup")
    for stored in (str(row).encode(), (tmp_path / "book.backup").read_bytes()):
        assert PARTY.encode() in stored, "the row itself is there"
        for canary in ("CANARY", "机密"):
            assert canary.encode() not in stored and canary.encode().hex().encode() not in stored
    with postgres_server.database() as database:
        restore(database.admin, tmp_path / "book.backup")
        with PostgresStore.open(database.service) as opened:
            (again,) = [one for one in [opened.drafts(keys).get(draft.id, PARTY)] if one is not None]
            assert again.document == said["document"] and again.readable
            elsewhere = opened.drafts(KeyFolder(tmp_path / "other-keys")).get(draft.id, PARTY)
            assert elsewhere is not None and (elsewhere.document, elsewhere.readable) == (None, False)
    (taken,) = drafts.claim(NOW)
    assert {name: getattr(taken, name) for name in said} == said
    assert (keys.folder / f"{draft.id.hex()}.key").exists()
    drafts.released(taken, entry=7, at=NOW)
    assert not any(keys.folder.iterdir()), "what is in the book needs no key: backups of before are closed with it"


def test_what_was_changed_in_the_table_is_not_read_and_keeps_nobody_else_back(
    drafts: Drafts, store: PostgresStore
) -> None:
    changed, whole, moved = lay(drafts, document="a"), lay(drafts, document="b"), lay(drafts, document="c")
    for one in (changed, whole, moved):
        leave(drafts, one)
    with connect(store.conninfo) as connection:
        connection.execute(
            "UPDATE desk.drafts SET statement = set_byte(statement, 20, 255 - get_byte(statement, 20)) WHERE id = %s",
            (changed.id,),
        )
        connection.execute(
            "UPDATE desk.drafts SET document = (SELECT document FROM desk.drafts WHERE id = %s) WHERE id = %s",
            (whole.id, moved.id),
        )
    claimed = {one.id: one for one in drafts.claim(NOW)}
    assert (claimed[whole.id].document, claimed[whole.id].statement) == ("b", whole.id)
    for one in (changed, moved):
        assert (claimed[one.id].statement, claimed[one.id].readable) == (None, False)


def test_drafts_of_before_are_encrypted_once_a_service_begins(
    drafts: Drafts, store: PostgresStore, keys: KeyFolder
) -> None:
    draft, left = os.urandom(16), os.urandom(16)
    statement_id, columns = sha256(b"signed").digest(), "id, party, drafter, type, subject, document, laid_at, state"
    with connect(store.conninfo) as connection:  # as migration 0012 had them, and a restored backup has them
        connection.execute(
            f"INSERT INTO desk.drafts ({columns}) VALUES (%s, %s, 'a', 'T', 's', '{{}}', 1, 'draft')", (draft, PARTY)
        )
        connection.execute(
            f"INSERT INTO desk.drafts ({columns}, releaser, statement, statement_id, body, release_at) "
            "VALUES (%s, %s, 'a', 'T', 's', '{}', 1, 'left', 'b', 'signed', %s, 'the body', 9)",
            (left, PARTY, statement_id),
        )
    assert drafts.encrypt_old() == 2
    assert drafts.encrypt_old() == 0
    with connect(store.conninfo) as connection:
        rows = connection.execute("SELECT document, statement, body FROM desk.drafts").fetchall()
    assert not {b"{}", b"signed", b"the body"} & {bytes(one) for row in rows for one in row if one is not None}
    found, signed = drafts.get(draft, PARTY), drafts.get(left, PARTY)
    assert found is not None and signed is not None
    assert (found.document, found.statement) == ("{}", None)
    assert (signed.document, signed.statement, signed.body) == ("{}", b"signed", b"the body")
    assert len(list(keys.folder.iterdir())) == 2
