"""Two `serve` processes on one database: one log, and no statement by a key after its revocation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.cose.statement import parse_statement
from ledger.domain.events.party import KeyRevoked
from ledger.errors import Refuted
from ledger.store.postgres import PostgresStore
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from tests.e2e.book import Book, chartered, size_of, today
from tests.faults.load import Load, check_answers, identity
from tests.support.charter import ORGANIZER, ORIGIN, REGISTRAR, Speaker
from tests.support.database import PostgresServer, TestDatabase
from tests.support.keys import log_keys, signer_for
from tests.support.oracle import check_whole_log
from tests.support.running import RunningService
from tests.support.statements import registered, sign
from tests.support.waiting import eventually

Pair = tuple[Book, Book, TestDatabase]


@pytest.fixture(scope="module")
def pair(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two services with the same keys, each with a port of its own."""
    folder: Path = tmp_path_factory.mktemp("pair")
    with postgres_server.database() as database:
        environment = {"LEDGER_DATABASE_URL": database.service}
        with (
            chartered(folder, database=database.service) as one,
            RunningService(folder, environment=environment) as other,
            Book(one) as first,
            Book(other) as second,
        ):
            yield first, second, database


@pytest.mark.parametrize("round_", range(3))
def test_no_statement_by_a_key_lands_after_its_revocation_by_the_other_process(pair: Pair, round_: int) -> None:
    revoking, taking, database = pair
    speaker = Speaker(ORGANIZER.party, signer_for(f"to be revoked {round_}"), f"organizer-r{round_}")
    revoking.enrol(speaker, ORGANIZER)
    _until_it_knows(taking, revoking.size())
    issued = int(time.time())

    def make(client: int, number: int) -> bytes:
        subject, cti = f"local:revoked-{round_}/{client}-{number}", identity(round_, client, number)
        return sign(registered(effective_on=today()), subject=subject, by=speaker, iat=issued, cti=cti)[0]

    load = Load(taking.service.url, make)
    with load.running():
        load.wait_for(100)
        event = KeyRevoked(v=1, effective_on=today(), kid=speaker.signer.kid.hex(), reason="lost")
        revocation = revoking.register(event, speaker.party, REGISTRAR)
        eventually(lambda: len(load.refused) >= 50, "the other process hears of the revocation")

    landed = [int(location.removeprefix("/entries/")) for location, _ in load.receipts.values()]
    assert len(landed) >= 100
    assert max(landed) < revocation
    assert {status for status, _ in load.refused.values()} == {400}
    assert all(b"key.ended" in body for _, body in load.refused.values())
    assert not set(load.refused) & set(load.receipts)
    # not only those that were answered: nothing by this key is in the log after its revocation
    with PostgresStore.open(database.service) as store:
        size = check_whole_log(store, log_keys(ORIGIN))
        for row in store.entries(revocation + 1, size):
            assert parse_statement(row.statement).kid != speaker.signer.kid, row.index
    assert check_answers(load, revoking.service.url) == size


def test_what_both_are_asked_to_register_is_one_entry_with_one_receipt(pair: Pair) -> None:
    one, other, database = pair
    issued = int(time.time())

    def make(client: int, number: int) -> bytes:
        subject, cti = f"local:both/{client}-{number}", identity("both", client, number)
        return sign(registered(effective_on=today()), subject=subject, by=ORGANIZER, iat=issued, cti=cti)[0]

    loads = [Load(book.service.url, make) for book in (one, other)]
    with loads[0].running(4), loads[1].running(4):
        eventually(lambda: len(loads[0].receipts.keys() & loads[1].receipts.keys()) >= 150, "both answer the same")
    assert [load.refused for load in loads] == [{}, {}]
    shared = set(loads[0].receipts) & set(loads[1].receipts)
    for statement in shared:
        assert loads[0].receipts[statement] == loads[1].receipts[statement]
    # every checkpoint that either handed out is of the one tree that both show
    for load in loads:
        for book in (one, other):
            check_answers(load, book.service.url)
    assert one.checkpoint() == other.checkpoint()
    with PostgresStore.open(database.service) as store:
        assert check_whole_log(store, log_keys(ORIGIN)) == size_of(one.checkpoint())


def test_one_goes_on_when_the_other_is_killed_under_load(pair: Pair) -> None:
    one, other, database = pair
    issued = int(time.time())

    def make(client: int, number: int) -> bytes:
        subject, cti = f"local:survivor/{client}-{number}", identity("survivor", client, number)
        return sign(registered(effective_on=today()), subject=subject, by=ORGANIZER, iat=issued, cti=cti)[0]

    dying = Load(other.service.url, make)
    living = Load(one.service.url, make)
    with dying.running(4), living.running(4):
        dying.wait_for(30)
        other.service.kill()
        living.wait_for(100)
        other.service.start()
        dying.wait_for(30)
    for load in (dying, living):
        assert load.refused == {}
        check_answers(load, one.service.url)
    assert living.retried == 0, "whoever asked the survivor noticed nothing"
    with PostgresStore.open(database.service) as store:
        check_whole_log(store, log_keys(ORIGIN))


def test_the_checks_find_an_answer_that_was_not_kept(pair: Pair) -> None:
    """What the drills of this folder stand on can fail."""
    one, _, _ = pair
    statements = [one.sign(registered(effective_on=today()), f"local:kept/{number}")[0] for number in range(2)]
    load = Load(one.service.url, lambda client, number: statements[0])
    first, second = (one.post(statement) for statement in statements)
    kept = (first.headers["location"], first.content)
    load.receipts = {statements[0]: kept}
    load.checkpoints = {one.checkpoint()}
    check_answers(load, one.service.url)
    for broken in ((second.headers["location"], second.content), (kept[0], second.content)):
        load.receipts = {statements[0]: broken}
        with pytest.raises((AssertionError, Refuted)):
            check_answers(load, one.service.url)
    load.receipts = {}
    keys = log_keys(ORIGIN)
    load.checkpoints = {sign_checkpoint(Checkpoint(ORIGIN, 5, bytes(32)), keys.checkpoint)}
    with pytest.raises(Refuted):
        check_answers(load, one.service.url)


def _until_it_knows(book: Book, size: int) -> None:
    """A process takes in what another wrote at its next write, or before: make it write."""
    book.enterprise(f"local:knows/{size}")
