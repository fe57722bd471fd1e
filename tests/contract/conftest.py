"""What keeps the contracts: the real store, and its twin in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.store.contract import Store
from ledger.store.memory import MemoryStore
from ledger.store.postgres import PostgresStore


@pytest.fixture(params=["postgres", "memory"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty book of this test's own, in each of them."""
    if request.param == "postgres":
        database = request.getfixturevalue("database")
        with PostgresStore.open(database.service) as real:
            yield real
    else:
        with MemoryStore() as twin:
            yield twin
