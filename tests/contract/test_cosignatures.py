"""The contract of `ledger.store.cosignatures.Cosignatures`, kept by the real store and by its twin in memory."""

from __future__ import annotations

import pytest

from ledger.errors import Misconfigured
from ledger.store.contract import Store
from ledger.store.cosignatures import CosignatureRow
from ledger.store.lease import WITNESSES, Lease
from ledger.store.postgres import PostgresStore
from tests.support.batches import a_batch, an_entry
from tests.support.database import TestDatabase
from tests.support.waiting import eventually


def row(size: int, name: str, signature: bytes = b"signature") -> CosignatureRow:
    return CosignatureRow(size, name, name.encode()[:1] * 4, signature)


def test_cosignatures_are_kept_once_and_read_from_the_largest_tree_down(store: Store) -> None:
    for size in range(3):
        store.append(a_batch(size, [an_entry(version=size + 1)]))
    for one in (row(1, "b"), row(3, "a"), row(1, "a"), row(2, "a"), row(1, "a", b"another")):
        store.cosignatures.keep(one)
    every = [row(3, "a"), row(2, "a"), row(1, "a"), row(1, "b")]
    assert store.cosignatures.between(0, 9, 9) == every
    assert store.cosignatures.between(0, 9, 2) == every[:2]
    assert store.cosignatures.between(1, 2, 9) == every[1:]
    assert store.cosignatures.between(4, 9, 9) == []


def test_a_cosignature_is_of_a_checkpoint_that_is_there(database: TestDatabase) -> None:
    with PostgresStore.open(database.service) as store, pytest.raises(Misconfigured):
        store.cosignatures.keep(row(1, "a"))


def test_one_process_at_a_time_holds_a_lease_and_the_next_gets_it(database: TestDatabase) -> None:
    one, two = Lease(database.service, WITNESSES), Lease(database.service, WITNESSES)
    assert one.hold()
    assert not two.hold()
    assert one.hold()
    one.close()
    assert eventually(two.hold, "PostgreSQL sees that the first connection has ended")
    assert not one.hold()
    one.close()
    two.close()


def test_a_lease_is_lost_with_its_connection_and_taken_again(database: TestDatabase) -> None:
    lease = Lease(database.service, WITNESSES)
    assert lease.hold()
    with PostgresStore.open(database.superuser) as store:
        assert store._database.pool is not None
        with store._database.pool.connection() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
    assert eventually(lambda: not lease.hold(), "the connection is ended, and the lease noticed")
    assert eventually(lease.hold, "it is taken again")
    lease.close()
