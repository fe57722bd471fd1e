"""Webhooks, follows and the outbox in PostgreSQL: one of two takes a row, a lost lease changes nothing, and a backup
brings nobody a second mail."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.errors import Corrupted, Refused
from ledger.limits import (
    FOLLOW_ASKED_SECONDS_MAX,
    FOLLOWS_ASKED_PER_ADDRESS_MAX,
    MAIL_LEASE_SECONDS,
    OUTBOX_SETTLED_SECONDS_MAX,
    OUTBOX_WAITING_SECONDS_MAX,
    WEBHOOK_LEASE_SECONDS,
    WEBHOOKS_PER_CLIENT_MAX,
)
from ledger.store.backup import backup
from ledger.store.connect import Database
from ledger.store.desk_outbox import NoticesOfEntries, OutboxDesk
from ledger.store.desk_webhooks import NewWebhook, WebhookFilter, WebhookSubscription
from ledger.store.key_folder import KeyFolder
from ledger.store.postgres import PostgresStore
from ledger.store.receiver_encryption import make_own_secret
from ledger.store.restore import restore
from tests.support.clock import NOW
from tests.support.database import PostgresServer, TestDatabase
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE

ADDRESS = "reader@reader.example"
ORGANIZER = OutboxDesk("party:organizer", general=True)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "notice-keys")
    make_own_secret(folder)
    return folder


def asked(store: PostgresStore, keys: KeyFolder, at: int = NOW, **given: Any) -> WebhookSubscription:
    usual = NewWebhook(b"t" * 32, b"c", b"https://r.example/", WebhookFilter(), 0)
    return store.webhooks.ask(keys, usual._replace(**given), at)


def follow(store: PostgresStore, keys: KeyFolder, *, confirmed: bool = True, **given: Any) -> None:
    usual = {"subject": ENTERPRISE, "address": ADDRESS, "language": "zh", "client": b"c", "at": NOW}
    store.follows.ask(keys, **{**usual, **given})
    if confirmed:
        for one in store.follows.of(given.get("subject", ENTERPRISE)):
            store.follows.confirm(one.id, NOW)


def test_of_two_services_one_has_a_webhook_until_its_lease_ends(store: PostgresStore, keys: KeyFolder) -> None:
    made = asked(store, keys)
    (first,) = store.webhooks.claim(NOW, 9, 8)
    assert first.id == made.id and store.webhooks.claim(NOW, 9, 8) == []
    assert store.webhooks.confirmed(first, NOW)
    (first,) = store.webhooks.claim(NOW, 9, 8)
    assert store.webhooks.advance(first, 3, NOW + 10), "and the lease begins anew"
    assert store.webhooks.claim(NOW + WEBHOOK_LEASE_SECONDS, 9, 8) == []
    (second,) = store.webhooks.claim(NOW + 10 + WEBHOOK_LEASE_SECONDS, 9, 8)
    assert second.next_entry == 3
    assert not store.webhooks.advance(first, 9, NOW), "whoever lost it changes nothing"
    assert store.webhooks.resume(made.id, NOW, 1), "played again meanwhile"
    assert not store.webhooks.advance(second, 9, NOW) and not store.webhooks.rest(second, 9, NOW)
    (third,) = store.webhooks.claim(NOW, 9, 8)
    assert third.next_entry == 1 and store.webhooks.rest(third, 9, NOW)
    assert store.webhooks.claim(NOW, 9, 8) == [], "nothing is left to be told"


def test_where_a_webhook_goes_is_ciphertext_and_gone_with_its_key(
    store: PostgresStore, database: TestDatabase, keys: KeyFolder
) -> None:
    one, other = asked(store, keys), asked(store, keys, receiver=b"https://other.example/")
    assert store.webhooks.receiver(one, keys) == b"https://r.example/"
    with psycopg.connect(database.superuser) as connection:
        connection.execute("UPDATE desk.webhooks SET receiver = %s WHERE id = %s", (other.receiver, one.id))
    swapped = store.webhooks.get(one.id)
    assert swapped is not None
    with pytest.raises(Corrupted):
        store.webhooks.receiver(swapped, keys)
    assert store.webhooks.end(other.id, keys) and store.webhooks.receiver(other, keys) is None
    for _ in range(WEBHOOKS_PER_CLIENT_MAX - 1):
        asked(store, keys)
    with pytest.raises(Refused, match="at most"):
        asked(store, keys)


def test_entries_are_told_to_their_followers_once_whoever_looks(store: PostgresStore, keys: KeyFolder) -> None:
    outbox = store.outbox
    follow(store, keys)
    follow(store, keys, address="other@reader.example", confirmed=False)
    follow(store, keys, subject=f"party:{ENTERPRISE}", address="own@enterprise.example")
    asked_for = {row.kind for row in outbox.claim(NOW)}
    assert asked_for == {"follow_asked"}
    assert outbox.position(5) == 5 and outbox.position(9) == 5, "where it began, what comes next"
    found = NoticesOfEntries(5, 9, [(ENTERPRISE, 5, 7), (OTHER_ENTERPRISE, 6, 6)], [(7, ENTERPRISE)])
    assert outbox.fan_out(found, NOW) == 2
    assert outbox.fan_out(found, NOW) == 0, "another service looked at the same"
    told = {(row.kind, row.about, row.first_entry, row.last_entry) for row in outbox.claim(NOW)}
    assert told == {("followed", ENTERPRISE, 5, 7), ("pledge_published", ENTERPRISE, 7, 7)}
    assert outbox.position(0) == 9


def test_an_address_is_known_again_by_nobody_else_and_bounded(store: PostgresStore, keys: KeyFolder) -> None:
    follow(store, keys)
    follow(store, keys)
    (one,) = store.follows.of(ENTERPRISE)
    assert store.follows.address(one, keys) == ADDRESS and ADDRESS.encode() not in one.receiver + one.address_hash
    for number in range(9):
        follow(store, keys, subject=f"local:test/{number}", address="flooded@reader.example", confirmed=False)
    waiting = [store.follows.of(f"local:test/{number}") for number in range(9)]
    assert sum(map(len, waiting)) == FOLLOWS_ASKED_PER_ADDRESS_MAX
    later = NOW + FOLLOW_ASKED_SECONDS_MAX + 1
    follow(store, keys, subject="local:test/8", address="flooded@reader.example", confirmed=False, at=later)
    assert len(store.follows.of("local:test/8")) == 1, "what nobody confirmed is gone after two days"
    assert store.follows.end(one.id, keys) and not store.follows.end(one.id, keys)
    assert store.follows.address(one, keys) is None


def test_a_mail_that_cannot_be_sent_waits_for_somebody_and_what_is_old_goes(
    store: PostgresStore, keys: KeyFolder
) -> None:
    outbox = store.outbox
    follow(store, keys)
    (row,) = outbox.claim(NOW)
    assert outbox.claim(NOW) == [] and outbox.counts(ORGANIZER).mails == 1
    assert outbox.failed(row, "451", due_at=NOW + 60, dead=False)
    assert outbox.claim(NOW + 59) == []
    (again,) = outbox.claim(NOW + 60)
    assert (again.id, again.attempts) == (row.id, 1)
    (third,) = outbox.claim(NOW + 60 + MAIL_LEASE_SECONDS)
    assert not outbox.sent(again, NOW) and outbox.failed(third, "550", due_at=NOW, dead=True)
    assert outbox.claim(NOW + 10**6) == [] and outbox.counts(ORGANIZER).dead == 1
    assert outbox.get(row.id, OutboxDesk("party:handling-body", general=False)) is None
    assert outbox.retry(row.id, ORGANIZER, NOW) and not outbox.retry(row.id, ORGANIZER, NOW)
    outbox.prune(NOW + OUTBOX_WAITING_SECONDS_MAX + 1)
    (old,) = outbox.list(ORGANIZER, None, 9)
    assert (old.state, old.problem) == ("given_up", "old")
    outbox.prune(NOW + OUTBOX_WAITING_SECONDS_MAX + OUTBOX_SETTLED_SECONDS_MAX + 9)
    assert outbox.list(ORGANIZER, None, 9) == []


def test_after_a_restore_staff_decide_about_mails_and_webhooks_go_on(
    store: PostgresStore, database: TestDatabase, keys: KeyFolder, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    asked(store, keys)
    (hook,) = store.webhooks.claim(NOW, 9, 8)
    assert store.webhooks.confirmed(hook, NOW)
    follow(store, keys)
    store.outbox.position(7)
    store.outbox.claim(NOW)
    backup(database.service, tmp_path / "book.tar")
    with postgres_server.database() as other:
        restore(other.admin, tmp_path / "book.tar")
        with PostgresStore.open(other.service) as restored:
            assert restored.outbox.claim(NOW + 10**6) == []
            (held,) = restored.outbox.list(ORGANIZER, "dead", 9)
            assert held.problem == "restored" and restored.outbox.retry(held.id, ORGANIZER, NOW)
            assert [row.id for row in restored.outbox.claim(NOW)] == [held.id]
            (going_on,) = restored.webhooks.claim(NOW, 9, 8)
            assert restored.webhooks.receiver(going_on, keys) == b"https://r.example/"
            assert restored.outbox.position(0) == 7
            (one,) = restored.follows.of(ENTERPRISE)
            assert restored.follows.address(one, keys) == ADDRESS


def test_a_deadline_is_told_once_before_and_once_after(store: PostgresStore, keys: KeyFolder) -> None:
    day = date(2026, 3, 16)
    follow(store, keys, subject="party:handling-body", address="desk@body.example")
    store.outbox.claim(NOW)
    with Database(store.conninfo) as database, database.pool.connection() as connection:
        connection.execute(
            "INSERT INTO desk.complaint_files (number, case_id, body, stage, suspended, due_on, received_on, version, "
            "secret_hash, content) VALUES ('2026-0000-0001', %s, 'party:handling-body', 'accepted', false, %s, %s, 1, "
            "%s, %s)",
            (bytes(16), day + timedelta(days=1), day, bytes(32), b"x"),
        )

    def told(today: date) -> list[str]:
        since, until = today - timedelta(days=30), today + timedelta(days=2)
        for _ in range(2):
            store.outbox.write_deadlines(today=today, since=since, until=until, at=NOW)
        return [row.kind for row in store.outbox.claim(NOW)]

    assert told(day - timedelta(days=2)) == []
    assert told(day) == ["complaint_due"] and told(day + timedelta(days=1)) == []
    assert told(day + timedelta(days=2)) == ["complaint_overdue"] and told(day + timedelta(days=3)) == []
