"""What was erased stays erased: through a crash at any step, and through a restore from an older backup."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import structs

from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.base import Event
from ledger.domain.events.repudiation import BodyErased
from ledger.errors import Misconfigured, Refuted
from ledger.store.annexes import NamedAnnex
from ledger.store.attachment_encryption import commitment_of, decrypt_attachment, encrypt_attachment
from ledger.store.attachments import StoredAttachment
from ledger.store.backup import backup
from ledger.store.contract import Batch, NewEntry, Store
from ledger.store.desk import Pending
from ledger.store.erasure import Erasures
from ledger.store.erasure_journal import Erased, journal_of
from ledger.store.key_folder import KeyFolder
from ledger.store.memory import MemoryStore
from ledger.store.postgres import PostgresStore
from ledger.store.restore import restore
from ledger.tlog.hashing import leaf_hash
from tests.support.batches import NOW, a_batch
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, Speaker
from tests.support.database import PostgresServer, TestDatabase
from tests.support.statements import ENTERPRISE, TODAY, outcome, sign

ID = "0123456789abcdef0123456789abcdef"
CONTENT = b"a narrative"


def entry(version: int, event: Event, by: Speaker) -> NewEntry:
    statement, body = sign(event, by=by, iat=NOW)
    commitment = None if body is None else sha256(body).digest()
    topic = "sealed" if body is not None else type(event).__name__
    return NewEntry(ENTERPRISE, version, topic, statement, leaf_hash(statement), (), commitment, body, True)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "attachment-keys")


def fill(store: Store, keys: KeyFolder) -> None:
    """An outcome with an attachment."""
    secret = keys.make(ID)
    commitment = commitment_of(secret, CONTENT)
    store.attachments.put(
        StoredAttachment(
            bytes.fromhex(ID),
            commitment,
            "text/plain",
            len(CONTENT),
            "party:x",
            NOW,
            encrypt_attachment(secret, ID, CONTENT),
        )
    )
    added = AttachmentAdded(
        v=1,
        effective_on=TODAY,
        attachment=ID,
        commitment=commitment.hex(),
        media_type="text/plain",
        size_bytes=len(CONTENT),
        entry=0,
    )
    store.append(a_batch(0, [entry(1, outcome(1), HANDLING_BODY), entry(2, added, HANDLING_BODY)]))


def erase(store: Store) -> None:
    """As the sequencer does: the entry, and the body's end in the same transaction."""
    event = BodyErased(v=1, effective_on=TODAY, entry=0, ground="依申请")
    batch = a_batch(2, [entry(3, event, DATA_OFFICER)])
    store.append(type(batch)(batch.entries, batch.checkpoint, batch.tiles, erased=[0]))


def gone(store: Store, keys: KeyFolder) -> bool:
    stored = store.attachments.get(bytes.fromhex(ID))
    return store.body(0) is None and keys.get(ID) is None and (stored is None or stored.ciphertext is None)


@pytest.fixture(params=["postgres", "memory"])
def either(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "postgres":
        with PostgresStore.open(request.getfixturevalue("database").service) as real:
            yield real
    else:
        with MemoryStore() as twin:
            yield twin


def test_an_erasure_is_carried_through_to_journal_key_and_ciphertext(either: Store, keys: KeyFolder) -> None:
    fill(either, keys)
    erasures = Erasures(either, keys)
    assert erasures.settle() == 0
    erase(either)
    assert erasures.settle() == 1
    assert gone(either, keys)
    assert {one.kind for one in journal_of(keys.folder).read()} == {"body", "attachment"}
    assert erasures.settle() == 0


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("step", ["before the journal", "before the key", "before the ciphertext"])
def test_a_crash_at_any_step_is_made_good_by_the_next_start(
    either: Store, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    fill(either, keys)
    erase(either)
    assert either.body(0) is None, "the body went with the entry"
    target = {
        "before the journal": ("ledger.store.erasure_journal.ErasureJournal.add"),
        "before the key": ("ledger.store.key_folder.KeyFolder.destroy"),
        "before the ciphertext": (f"{type(either.attachments).__module__}.{type(either.attachments).__name__}.erase"),
    }[step]

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(target, crash)
        with pytest.raises(Crash):
            Erasures(either, keys).settle()
    assert not gone(either, keys)
    Erasures(either, keys).settle()
    assert gone(either, keys)


def test_one_attachment_is_erased_by_its_own_entry(either: Store, keys: KeyFolder) -> None:
    fill(either, keys)
    event = AttachmentErased(v=1, effective_on=TODAY, attachment=ID, ground="有误")
    either.append(a_batch(2, [entry(3, event, DATA_OFFICER)]))
    Erasures(either, keys).settle()
    assert keys.get(ID) is None
    assert either.body(0) is not None


def test_what_was_erased_stays_erased_after_a_restore_from_an_older_backup(
    store: PostgresStore,
    database: TestDatabase,
    postgres_server: PostgresServer,
    keys: KeyFolder,
    tmp_path: Path,
) -> None:
    fill(store, keys)
    (held,) = (row.body for row in store.entries(0, 1))
    store.desk.put(Pending(b"d" * 32, b"statement", held, ENTERPRISE, None, NOW, None, NOW))
    backup(database.service, tmp_path / "older")
    erase(store)
    Erasures(store, keys).settle()
    with postgres_server.database() as other:
        erased = journal_of(keys.folder).read()
        assert restore(other.admin, tmp_path / "older", erased=erased).tree_size == 2, "without the erasing entry"
        with PostgresStore.open(other.service) as restored:
            assert gone(restored, keys)
            assert restored.desk.count() == (0, 0)
    with postgres_server.database() as other:  # restored by other means: the start of the service looks, too
        restore(other.admin, tmp_path / "older")
        with PostgresStore.open(other.service) as restored:
            assert restored.body(0) is not None
            Erasures(restored, keys).settle()
            assert gone(restored, keys)


def test_no_key_is_in_a_backup(store: PostgresStore, database: TestDatabase, keys: KeyFolder, tmp_path: Path) -> None:
    fill(store, keys)
    secret = keys.get(ID)
    assert secret is not None
    backup(database.service, tmp_path / "copy")
    data = (tmp_path / "copy").read_bytes()
    assert CONTENT not in data
    assert secret.key not in data
    assert secret.salt not in data


def test_a_torn_line_of_the_journal_is_not_counted_and_harms_no_other(keys: KeyFolder) -> None:
    journal = journal_of(keys.folder)
    first, second = Erased("body", "aa" * 32), Erased("attachment", ID)
    journal.add([first])
    with journal.path.open("ab") as file:
        file.write(b'["body","bb')
    assert journal.read() == {first}
    journal.add([second])
    assert journal.read() == {first, second}
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_a_journal_that_cannot_be_read_stops_the_start(either: Store, keys: KeyFolder) -> None:
    keys.folder.mkdir()
    journal_of(keys.folder).path.write_bytes(b"something else\n")
    with pytest.raises(Misconfigured, match="no journal of erasures"):
        Erasures(either, keys).settle()


def test_a_key_opens_its_own_attachment_untouched_and_nothing_else(keys: KeyFolder) -> None:
    secret, other = keys.make(ID), keys.make("f" * 32)
    commitment, data = commitment_of(secret, CONTENT), encrypt_attachment(secret, ID, CONTENT)
    assert decrypt_attachment(secret, ID, data, commitment) == CONTENT
    for at in (0, 12, len(data) - 1):
        with pytest.raises(Refuted):
            decrypt_attachment(secret, ID, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], commitment)
    for wrong in ((other, ID, data, commitment), (secret, "f" * 32, data, commitment), (secret, ID, data, bytes(32))):
        with pytest.raises(Refuted):
            decrypt_attachment(*wrong)
    with pytest.raises(Refuted):
        decrypt_attachment(secret, ID, b"", commitment)


def test_key_files_are_for_their_owner_and_are_never_written_over(keys: KeyFolder) -> None:
    keys.make(ID)
    assert stat.S_IMODE((keys.folder / f"{ID}.key").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        keys.make(ID)
    keys.destroy(ID)
    keys.destroy(ID)
    assert list(keys.folder.iterdir()) == []


ANNEX = b"name\n"


def test_an_annex_taken_down_stays_so_through_a_restore_from_an_older_backup(
    postgres_server: PostgresServer, keys: KeyFolder, tmp_path: Path
) -> None:
    digest = sha256(ANNEX).digest()
    with postgres_server.database() as database, PostgresStore.open(database.service) as store:
        store.annexes.hold(digest, ANNEX, "text/plain", NOW)
        first = entry(1, outcome(1), HANDLING_BODY)
        store.append(a_batch(0, [structs.replace(first, annexes=(NamedAnnex(digest, "text/plain"),))]))
        backup(database.service, tmp_path / "older.tar")
        event = AnnexTakenDown(v=1, effective_on=TODAY, annex=digest.hex(), ground="含有个人信息")
        batch = a_batch(1, [entry(2, event, DATA_OFFICER)])
        store.append(Batch(batch.entries, batch.checkpoint, batch.tiles, taken_down=[digest]))
        assert Erasures(store, keys).settle() == 1
    assert journal_of(keys.folder).read() == {Erased("annex", digest.hex())}
    with postgres_server.database() as database:
        restore(database.admin, tmp_path / "older.tar", erased=journal_of(keys.folder).read())
        with PostgresStore.open(database.service) as store:
            assert store.annexes.get(digest) is None
            assert store.annexes.gone(digest)
    with postgres_server.database() as database:
        restore(database.admin, tmp_path / "older.tar")
        with PostgresStore.open(database.service) as store:
            assert store.annexes.get(digest) is not None, "what the journal is for"
            Erasures(store, keys).settle()
            assert store.annexes.get(digest) is None


def test_an_annex_named_and_taken_down_in_one_commit_is_gone_when_that_is_settled(
    either: Store, keys: KeyFolder
) -> None:
    digest = sha256(ANNEX).digest()
    either.annexes.hold(digest, ANNEX, "text/plain", NOW)
    event = AnnexTakenDown(v=1, effective_on=TODAY, annex=digest.hex(), ground="含有个人信息")
    first = structs.replace(entry(1, outcome(1), HANDLING_BODY), annexes=(NamedAnnex(digest, "text/plain"),))
    batch = a_batch(0, [first, entry(2, event, DATA_OFFICER)])
    either.append(Batch(batch.entries, batch.checkpoint, batch.tiles, taken_down=[digest]))
    Erasures(either, keys).settle()
    assert either.annexes.get(digest) is None
    assert either.annexes.gone(digest)
