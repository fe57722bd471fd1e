"""The contract of attachments, of the access log and of erasures, kept by the real store and by its twin in memory."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest

from ledger.domain.state.access_log import Access, day_digest
from ledger.errors import Busy, LedgerError, Refuted
from ledger.limits import ATTACHMENT_HOLD_SECONDS
from ledger.store.attachments import AttachmentStore, MemoryAttachments, PostgresAttachments, StoredAttachment
from ledger.store.connect import Database
from ledger.store.contract import Fact, Store
from ledger.store.desk import Pending
from tests.support.batches import NOW, a_batch, an_entry, sealed
from tests.support.database import TestDatabase

DAY = date(2027, 1, 15)
ONE, TWO = "local:test/1", "local:test/2"


def attachment(number: int = 1, **given: Any) -> StoredAttachment:
    row = StoredAttachment(bytes([number]) * 16, b"c" * 32, "text/plain", 4, "party:organizer", NOW, b"sealed")
    return row._replace(**given)


def access(serial: int, **given: Any) -> Access:
    fields: dict[str, Any] = {
        "at": NOW + serial,
        "day": DAY,
        "party": "party:regulator",
        "officer": "officer-1",
        "kid": "ab" * 32,
        "cti": f"{serial:032x}",
        "resource": "/entries/1/body",
        "purpose": "核查",
        "outcome": "served",
        "subject": ONE,
        "entry": 1,
    }
    return Access(**{**fields, **given})


def test_an_attachment_is_read_back_as_it_was_and_erased_for_good(store: Store) -> None:
    assert store.attachments.get(bytes(16)) is None
    store.attachments.put(attachment())
    assert store.attachments.get(b"\x01" * 16) == attachment()
    for _ in range(2):
        store.attachments.erase([b"\x01" * 16, b"\x07" * 16])
    assert store.attachments.get(b"\x01" * 16) == attachment(ciphertext=None)


def test_only_what_no_entry_names_is_dropped_and_only_after_a_while(store: Store) -> None:
    named, unnamed, young = attachment(1), attachment(2), attachment(3, uploaded_at=NOW + ATTACHMENT_HOLD_SECONDS)
    for row in (named, unnamed, young):
        store.attachments.put(row)
    store.append(a_batch(0, [an_entry(facts=[Fact("attachment", named.id.hex())])]))
    assert list(store.attachments.drop_unnamed(NOW + 2 * ATTACHMENT_HOLD_SECONDS - 1)) == []
    assert list(store.attachments.drop_unnamed(NOW + 2 * ATTACHMENT_HOLD_SECONDS)) == [unnamed.id]
    assert [store.attachments.get(row.id) for row in (named, unnamed, young)] == [named, None, young]


@pytest.mark.parametrize("kind", ["postgres", "memory"])
def test_uploads_that_no_entry_names_have_room_for_so_many_bytes(kind: str, request: pytest.FixtureRequest) -> None:
    attachments: AttachmentStore
    if kind == "postgres":
        conninfo: TestDatabase = request.getfixturevalue("database")
        with Database(conninfo.service) as database:
            _fill(PostgresAttachments(database, held_bytes_max=8))
    else:
        attachments = MemoryAttachments(lambda _: False, held_bytes_max=8)
        _fill(attachments)


def _fill(attachments: AttachmentStore) -> None:
    attachments.put(attachment(1))
    attachments.put(attachment(2))
    with pytest.raises(Busy):
        attachments.put(attachment(3))
    assert attachments.get(b"\x03" * 16) is None


def test_accesses_are_numbered_without_a_gap_and_found_by_day_and_subject(store: Store) -> None:
    assert list(store.accesses.of_day(DAY)) == []
    given = [access(1), access(2, subject=TWO), access(3, day=date(2027, 1, 16)), access(4, subject=None, entry=None)]
    assert [store.accesses.log(one) for one in given] == [1, 2, 3, 4]
    assert [row.number for row in store.accesses.of_day(DAY)] == [1, 2, 4]
    assert [row.number for row in store.accesses.of_day(DAY, after=1, limit=1)] == [2]
    assert [row.number for row in store.accesses.about(ONE)] == [1, 3]
    assert [row.number for row in store.accesses.newest(day=DAY)] == [4, 2, 1]
    assert [row.number for row in store.accesses.newest(day=DAY, before=4, limit=1)] == [2]
    assert [row.number for row in store.accesses.newest(subject=ONE)] == [3, 1]
    assert [row.number for row in store.accesses.newest(subject=ONE, day=DAY)] == [1]
    (row,) = store.accesses.of_day(DAY, after=2)
    assert row == access(4, number=4, subject=None, entry=None)


def test_a_token_is_good_for_one_access(store: Store) -> None:
    store.accesses.log(access(1))
    with pytest.raises(Refuted, match="used before"):
        store.accesses.log(access(1, resource="/entries/2/body"))
    store.accesses.log(access(1, kid="cd" * 32))
    assert len(store.accesses.of_day(DAY)) == 2


def test_accesses_of_many_at_once_are_all_logged(store: Store) -> None:
    wrong: list[LedgerError] = []

    def some(start: int) -> None:
        try:
            for number in range(start, start + 5):
                store.accesses.log(access(number))
        except LedgerError as error:
            wrong.append(error)

    threads = [threading.Thread(target=some, args=(10 * one,)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [row.number for row in store.accesses.of_day(DAY)] == list(range(1, 21))


def test_the_digest_of_a_day_tells_any_change_of_its_rows(store: Store) -> None:
    for number in range(3):
        store.accesses.log(access(number))
    rows = list(store.accesses.of_day(DAY))
    digest, count = day_digest(DAY, None, rows)
    assert count == 3
    assert day_digest(DAY, None, rows[:2])[0] != digest
    assert day_digest(DAY, None, [*rows[:2], access(2, number=3, purpose="好奇")])[0] != digest
    assert day_digest(DAY, digest, rows)[0] != digest
    assert day_digest(DAY, None, list(store.accesses.of_day(DAY))) == (digest, 3)


def test_erased_commitments_leave_vault_uploads_and_desk(store: Store) -> None:
    entries = [sealed(an_entry(), b"body"), sealed(an_entry(version=2), b"other")]
    store.append(a_batch(0, entries))
    (gone, kept) = (entry.commitment or b"" for entry in entries)
    store.hold_body(gone, b"body", NOW)
    desk = store.desk  # type: ignore[attr-defined]  # both stores have one
    desk.put(Pending(b"d" * 32, b"statement", b"body", ONE, None, NOW, None, NOW))
    desk.put(Pending(b"e" * 32, b"statement", b"other", ONE, None, NOW, None, NOW))
    assert store.erase_commitments([gone]) == 1
    assert store.erase_commitments([gone]) == 0
    assert (store.body(0), store.body(1)) == (None, (b"other", True))
    assert store.held_bodies([gone, kept], NOW) == {}
    assert (desk.get(b"d" * 32), desk.count().waiting) == (None, 1)
