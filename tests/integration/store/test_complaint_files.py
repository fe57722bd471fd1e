"""Complaint files in PostgreSQL: ciphertext alone, one of two writers wins, erased with their key, in the backup."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from ledger.errors import Busy, Corrupted
from ledger.store.backup import backup
from ledger.store.connect import Database
from ledger.store.desk_complaints import ComplaintFilter, ComplaintRow, DeskComplaints, NewComplaint
from ledger.store.key_folder import KeyFolder
from ledger.store.postgres import PostgresStore
from ledger.store.restore import restore
from tests.support.clock import NOW
from tests.support.database import PostgresServer, TestDatabase

BODY = "party:handling-body"
DAY = date(2026, 3, 16)
SECRET = b"s" * 32
SAID = "漏水金丝雀".encode()


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "complaint-keys")


def row(number: int, **given: object) -> ComplaintRow:
    usual = ComplaintRow(
        number=f"2026-0000-{number:04}",
        case_id=number.to_bytes(16, "big"),
        body=BODY,
        subject="uscc:91110000600037341L",
        holder="handling-1",
        stage="registered",
        suspended=False,
        due_on=DAY + timedelta(days=number),
        received_on=DAY,
        closed_on=None,
        entry=None,
        version=1,
        erased=False,
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def begin(store: PostgresStore, keys: KeyFolder, number: int, **given: object) -> ComplaintRow:
    begun = row(number, **given)
    store.desk_complaints.begin(NewComplaint(begun, SECRET, SAID), keys, NOW)
    return begun


def listed(store: PostgresStore, **wanted: object) -> list[str]:
    return [one.number[-1] for one in store.desk_complaints.list(ComplaintFilter(BODY, **wanted))]  # type: ignore[arg-type]


def test_what_was_said_is_ciphertext_bound_to_its_case_and_version(
    store: PostgresStore, database: TestDatabase, keys: KeyFolder
) -> None:
    first, second = begin(store, keys, 1), begin(store, keys, 2)
    files = store.desk_complaints
    assert files.get(first.number) == first
    assert files.contents([first], keys) == {first.number: SAID} and files.secret_hash(first.number) == SECRET
    with psycopg.connect(database.superuser) as connection:
        stored = connection.execute("SELECT content FROM desk.complaint_files").fetchall()
        assert len({content for (content,) in stored}) == 2 and not any(SAID in content for (content,) in stored)
        connection.execute(
            "UPDATE desk.complaint_files SET content = (SELECT content FROM desk.complaint_files WHERE number = %s) "
            "WHERE number = %s",
            (first.number, second.number),
        )
    with pytest.raises(Corrupted):
        files.contents([second], keys)
    assert files.contents([replace(first, version=2)], keys) == {}, "another version than the one that was asked for"


def test_of_two_who_write_at_once_the_second_changes_nothing(store: PostgresStore, keys: KeyFolder) -> None:
    begun = begin(store, keys, 1)
    files, next_one = store.desk_complaints, replace(begun, version=2, stage="accepted")
    assert files.save(next_one, b"first", keys, at=NOW, tells=True)
    assert not files.save(replace(next_one, stage="declined"), b"second", keys, at=NOW, tells=True)
    assert files.get(begun.number) == next_one and files.contents([next_one], keys) == {begun.number: b"first"}


def test_files_are_listed_by_what_is_due_first_and_read_in_pages(store: PostgresStore, keys: KeyFolder) -> None:
    begin(store, keys, 3, holder=None)
    begin(store, keys, 1, due_on=None, stage="published", received_on=DAY - timedelta(days=9))
    begin(store, keys, 2)
    begin(store, keys, 4, body="party:another-body")
    assert listed(store) == ["2", "3", "1"]
    assert listed(store, holder="") == ["3"] and listed(store, holder="handling-1") == ["2", "1"]
    assert listed(store, stages=("registered",)) == ["2", "3"]
    assert listed(store, due_until=DAY + timedelta(days=2)) == ["2"]
    assert listed(store, subject="uscc:91110108551385082Q") == []
    files, found, after = store.desk_complaints, [], None
    while page := files.list(ComplaintFilter(BODY), sort="-received", after=after, limit=1):
        found.append(page[0].number[-1])
        after = page[0].key, page[0].number
    assert found == ["2", "3", "1"]


def test_whoever_has_too_many_open_ones_takes_no_more_and_keeps_no_key(database: TestDatabase, keys: KeyFolder) -> None:
    with Database(database.service) as connections:
        files = DeskComplaints(connections, open_max=1)
        files.begin(NewComplaint(row(1), SECRET, SAID), keys, NOW)
        with pytest.raises(Busy):
            files.begin(NewComplaint(row(2), SECRET, SAID), keys, NOW)
        assert [one.name for one in keys.folder.iterdir()] == [f"{row(1).case_id.hex()}.key"]


def test_what_is_over_is_erased_with_its_key_and_stays_so_after_an_older_backup(
    store: PostgresStore, database: TestDatabase, keys: KeyFolder, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    old = begin(store, keys, 1, stage="published", closed_on=DAY, entry=7)
    kept = begin(store, keys, 2, stage="published", closed_on=DAY + timedelta(days=1), entry=8)
    backup(database.service, tmp_path / "book.tar")
    assert store.desk_complaints.erase_due(DAY, keys) == 1
    assert store.desk_complaints.erase_due(DAY, keys) == 0
    left = store.desk_complaints.get(old.number)
    assert left is not None and left.erased and left.entry == 7 and left.holder is None
    assert store.desk_complaints.secret_hash(old.number) is None
    assert not (keys.folder / f"{old.case_id.hex()}.key").exists()
    with postgres_server.database() as again:
        restore(again.admin, tmp_path / "book.tar")
        with PostgresStore.open(again.service) as restored:
            files = restored.desk_complaints
            assert files.get(old.number) == old and files.get(kept.number) == kept
            assert files.contents([old, kept], keys) == {kept.number: SAID}, "a key that is gone stays gone"
            assert files.erase_due(DAY, keys) == 1
