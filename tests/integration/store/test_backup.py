"""Backup and restore: a consistent copy of a book in use, whole or not at all."""

from __future__ import annotations

import hashlib
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import psycopg
import pytest
from msgspec import structs

from ledger.errors import LedgerError, Malformed, Misconfigured, Refuted
from ledger.store.annexes import NamedAnnex
from ledger.store.backup import backup
from ledger.store.backup_file import MANIFEST, add, read_manifest
from ledger.store.connect import connect
from ledger.store.contract import Batch, Fact, Tile
from ledger.store.cosignatures import CosignatureRow
from ledger.store.desk import Pending
from ledger.store.desk_releases import NewDraft
from ledger.store.desk_sessions import DeskSession
from ledger.store.key_folder import KeyFolder
from ledger.store.postgres import PostgresStore
from ledger.store.restore import restore
from ledger.tlog.checkpoint import Checkpoint
from tests.support.batches import NOW, a_batch, an_entry, sealed
from tests.support.database import PostgresServer, TestDatabase
from tests.support.waiting import PATIENCE_SECONDS

ORIGIN = "example.org/log"


def noted(batch: Batch) -> Batch:
    """The batch with a checkpoint whose note names the log, as real ones do."""
    return replace(
        batch, checkpoint=replace(batch.checkpoint, note=f"{ORIGIN}\n{batch.checkpoint.tree_size}\n".encode())
    )


FIRST_TABLES = (
    "ledger.checkpoints",
    "ledger.entries",
    "ledger.tiles",
    "ledger.unique_facts",
    "ledger.vault",
    "ledger.held_bodies",
    "desk.pending",
)
DESK = ("pending", "drafts")
ANNEX = NamedAnnex(hashlib.sha256(b"annex").digest(), "application/json")


@pytest.fixture
def book(store: PostgresStore, tmp_path_factory: pytest.TempPathFactory) -> PostgresStore:
    """A book with three entries, two bodies of which one is erased, a tile, a held body and a paper on the desk."""
    entries = [
        an_entry("party:root", facts=[Fact("cti", "a")]),
        sealed(an_entry(), b"body"),
        structs.replace(sealed(an_entry(version=2), b"gone"), annexes=(ANNEX,)),
    ]
    store.annexes.hold(ANNEX.digest, b"annex", ANNEX.media_type, NOW)
    store.append(noted(a_batch(0, entries[:1], [Tile(0, 0, b"t" * 8192)])))
    store.append(noted(a_batch(1, entries[1:])))
    store.cosignatures.keep(CosignatureRow(1, "witness.example/w", bytes(4), b"signature"))
    store.erase_body(2)
    store.hold_body(b"h" * 32, b"held", NOW)
    store.annexes.hold(b"a" * 32, b"held annex", "text/plain", NOW)
    store.desk.put(Pending(b"d" * 32, b"statement", None, "local:test/9", None, NOW, None, NOW))
    roles = frozenset({"organizer", "approver"})
    session = DeskSession(b"s" * 32, "party:organizer", "organizer-1", b"k" * 32, roles, NOW, NOW, NOW + 43_200)
    store.desk_sessions.begin(session, nonce=b"n" * 32, challenge_expires_at=NOW + 120)
    draft = NewDraft(b"d" * 16, "party:organizer", "organizer-1", "PledgeExtended", "local:test/9", "{}")
    store.drafts(KeyFolder(tmp_path_factory.mktemp("draft-keys"))).lay(draft, NOW)
    return store


@pytest.fixture
def other(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    """Another book, empty."""
    with postgres_server.database() as database:
        yield database


def contents(conninfo: str) -> dict[str, list[tuple[object, ...]]]:
    tables = (
        "entries",
        "checkpoints",
        "tiles",
        "unique_facts",
        "vault",
        "held_bodies",
        "annexes",
        "held_annexes",
        "cosignatures",
    )
    with connect(conninfo) as connection:
        found = {
            table: connection.execute(f"SELECT * FROM ledger.{table} ORDER BY 1, 2").fetchall() for table in tables
        }
        desk = {table: connection.execute(f"SELECT * FROM desk.{table} ORDER BY 1").fetchall() for table in DESK}
        return found | desk


def test_a_restored_book_is_the_book(
    book: PostgresStore, database: TestDatabase, other: TestDatabase, tmp_path: Path
) -> None:
    seen: list[tuple[str, int]] = []
    manifest = backup(database.service, tmp_path / "copy", lambda table, count: seen.append((table, count)))
    assert manifest.tree_size == 3
    assert {table for table, _ in seen} == set(manifest.tables)
    restored = restore(other.admin, tmp_path / "copy")
    assert (restored.tree_size, restored.missing) == (3, 0)
    waiting = {"held_bodies", "held_annexes"}  # what no entry names is in no backup
    kept, restored_rows = contents(database.service), contents(other.service)
    assert all(kept[table] for table in waiting)
    assert {table: restored_rows[table] for table in waiting} == {table: [] for table in waiting}
    assert {table: rows for table, rows in restored_rows.items() if table not in waiting} == {
        table: rows for table, rows in kept.items() if table not in waiting
    }
    with PostgresStore.open(other.service) as copy:
        assert copy.body(1) == (b"body", True)
        assert copy.body(2) is None
        assert copy.annexes.get(ANNEX.digest) == (b"annex", ANNEX.media_type)
        copy.append(a_batch(3, [an_entry(version=3)]))
        copy.check_durable()


def test_a_backup_is_for_its_owner_only_and_leaves_no_scrap(
    book: PostgresStore, database: TestDatabase, tmp_path: Path
) -> None:
    backup(database.service, tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    with pytest.raises(Misconfigured, match="is there already"):
        backup(database.service, tmp_path / "copy")


def test_a_backup_that_fails_leaves_no_file(database: TestDatabase, tmp_path: Path) -> None:
    with connect(database.admin) as connection:
        connection.execute("REVOKE SELECT ON ledger.tiles FROM ledger_service")
    with pytest.raises(Misconfigured):
        backup(database.service, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_a_book_in_use_is_of_one_moment(
    store: PostgresStore, database: TestDatabase, other: TestDatabase, tmp_path: Path
) -> None:
    done = threading.Event()

    def write() -> None:
        size = 0
        while not done.is_set():
            entries = [sealed(an_entry(f"local:test/{size + n}"), b"%d" % (size + n)) for n in range(5)]
            store.append(a_batch(size, entries))
            size += 5

    writer = threading.Thread(target=write)
    writer.start()
    try:
        store.wait_for(20, PATIENCE_SECONDS)
        manifest = backup(database.service, tmp_path / "copy")
    finally:
        done.set()
        writer.join()
    assert manifest.tree_size >= 20
    assert restore(other.admin, tmp_path / "copy").tree_size == manifest.tree_size
    with PostgresStore.open(other.service) as copy:
        assert all(row.body is not None for row in copy.entries(0, 100_000))


def test_an_empty_book_can_be_copied_and_restored(database: TestDatabase, other: TestDatabase, tmp_path: Path) -> None:
    assert backup(database.service, tmp_path / "copy").tree_size == 0
    assert restore(other.admin, tmp_path / "copy").tree_size == 0


def test_only_an_empty_book_is_restored_into(book: PostgresStore, database: TestDatabase, tmp_path: Path) -> None:
    backup(database.service, tmp_path / "copy")
    before = contents(database.service)
    with pytest.raises(Misconfigured, match="not empty"):
        restore(database.admin, tmp_path / "copy")
    assert contents(database.service) == before


def _flip(data: bytes) -> bytes:
    at = data.index(b"local:test/1#1")
    return data[:at] + b"L" + data[at + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a flipped byte": _flip,
    "cut in the middle": lambda data: data[: len(data) // 2],
    "cut before the manifest": lambda data: data[: data.index(b"manifest.json")],
    "something else": lambda _data: b"x" * 20_000,
    "nothing": lambda _data: b"",
    "another format": lambda data: data.replace(b"credit-ledger-backup-1", b"credit-ledger-backup-9"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_restores_nothing(
    book: PostgresStore, database: TestDatabase, other: TestDatabase, tmp_path: Path, damage: str
) -> None:
    backup(database.service, tmp_path / "copy")
    (tmp_path / "damaged").write_bytes(DAMAGES[damage]((tmp_path / "copy").read_bytes()))
    with pytest.raises(LedgerError) as refused:
        restore(other.admin, tmp_path / "damaged")
    assert isinstance(refused.value, Malformed | Refuted)
    assert contents(other.service)["entries"] == []


def test_a_statement_that_is_not_its_leaf_is_refuted(
    database: TestDatabase, store: PostgresStore, other: TestDatabase, tmp_path: Path
) -> None:
    with psycopg.connect(database.superuser) as connection:  # a disk, or a hand, does what the table refuses
        connection.execute("ALTER TABLE ledger.entries DROP CONSTRAINT entries_leaf_of_state")
    store.append(a_batch(0, [structs.replace(an_entry(), leaf_hash=bytes(32))]))
    backup(database.service, tmp_path / "copy")
    with pytest.raises(Refuted, match="does not hang together"):
        restore(other.admin, tmp_path / "copy")
    assert contents(other.service)["entries"] == []


def test_a_restored_book_says_how_much_it_misses_of_what_is_known(
    book: PostgresStore, database: TestDatabase, other: TestDatabase, tmp_path: Path
) -> None:
    backup(database.service, tmp_path / "copy")
    assert restore(other.admin, tmp_path / "copy", known=Checkpoint(ORIGIN, 10, bytes(32))).missing == 7


@pytest.mark.parametrize(
    "known",
    [Checkpoint(ORIGIN, 3, bytes(32)), Checkpoint(ORIGIN, 2, bytes(32)), Checkpoint("example.org/other", 9, bytes(32))],
)
def test_a_backup_of_another_history_than_the_known_checkpoint_is_refuted(
    book: PostgresStore, database: TestDatabase, other: TestDatabase, tmp_path: Path, known: Checkpoint
) -> None:
    backup(database.service, tmp_path / "copy")
    with pytest.raises(Refuted):
        restore(other.admin, tmp_path / "copy", known=known)
    assert contents(other.service)["entries"] == []


def test_a_backup_of_the_known_checkpoint_misses_nothing(
    book: PostgresStore, database: TestDatabase, other: TestDatabase, tmp_path: Path
) -> None:
    newest = book.latest()
    assert newest is not None
    backup(database.service, tmp_path / "copy")
    assert read_manifest(tmp_path / "copy").tree_size == 3
    assert restore(other.admin, tmp_path / "copy", known=Checkpoint(ORIGIN, 3, newest.root)).missing == 0


def test_a_backup_of_a_newer_schema_is_refused(database: TestDatabase, other: TestDatabase, tmp_path: Path) -> None:
    with connect(database.admin) as connection:
        connection.execute("INSERT INTO ledger.migrations VALUES (9999, 'future', 'x')")
    backup(database.service, tmp_path / "copy")
    with pytest.raises(Misconfigured, match="another schema"):
        restore(other.admin, tmp_path / "copy")


def test_a_backup_of_before_a_table_was_there_is_restored(
    book: PostgresStore, database: TestDatabase, other: TestDatabase, tmp_path: Path
) -> None:
    backup(database.service, tmp_path / "copy")
    manifest = read_manifest(tmp_path / "copy")
    earlier = structs.replace(
        manifest,
        migrations=tuple(one for one in manifest.migrations if one[0] < 4),
        tables={table: copied for table, copied in manifest.tables.items() if table in FIRST_TABLES},
    )
    with tarfile.open(tmp_path / "copy") as archive, tarfile.open(tmp_path / "earlier", "w:") as older:
        for member in archive:
            if member.name.partition("/")[0] in FIRST_TABLES:
                older.addfile(member, archive.extractfile(member))
        add(older, MANIFEST, msgspec.json.encode(earlier))
    assert restore(other.admin, tmp_path / "earlier").tree_size == 3
    found = contents(other.service)
    assert found["entries"] == contents(database.service)["entries"]
    assert found["annexes"] == []
