"""Uploads that no entry names yet: each owner has a quota, and whoever fills his keeps out nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest

from ledger.errors import Busy
from ledger.limits import ATTACHMENT_HOLD_SECONDS, BODY_HOLD_SECONDS
from ledger.store.annexes import Annexes, MemoryAnnexes, PostgresAnnexes
from ledger.store.attachments import AttachmentStore, MemoryAttachments, PostgresAttachments, StoredAttachment
from ledger.store.connect import Database
from ledger.store.contract import Store
from ledger.store.memory import MemoryStore
from ledger.store.postgres import PostgresStore
from ledger.store.upload_owners import Owner
from ledger.store.vault import Vault
from tests.support.batches import NOW

Hold = Callable[[bytes, Owner, int], None]
ONE, TWO, THREE = (Owner("party", f"party:{name}") for name in ("one", "two", "three"))
STRANGER, OTHER = Owner("client", "192.0.2.7"), Owner("client", "2001:db8::/64")
ALL_OF_A_KIND, OF_ONE = 100, 60


@pytest.fixture
def pool(store: Store) -> Iterator[Database | None]:
    """A pool of connections to the store's database, None for the twin in memory."""
    made = Database(store.conninfo) if isinstance(store, PostgresStore) else None
    yield made
    if made is not None:
        made.close()


@pytest.fixture(params=["bodies", "annexes"])
def hold(request: pytest.FixtureRequest, pool: Database | None) -> Hold:
    """Holds a content for an owner, at a time."""
    bounds = {"held_bytes_max": ALL_OF_A_KIND, "held_of_one_bytes_max": OF_ONE}
    bodies: Vault | MemoryStore = MemoryStore(**bounds) if pool is None else Vault(pool, **bounds)
    annexes: Annexes = MemoryAnnexes(**bounds) if pool is None else PostgresAnnexes(pool, **bounds)

    def body(content: bytes, owner: Owner, now: int) -> None:
        bodies.hold_body(sha256(content).digest(), content, now, owner)

    def annex(content: bytes, owner: Owner, now: int) -> None:
        annexes.hold(sha256(content).digest(), content, "text/plain", now, owner)

    return body if request.param == "bodies" else annex


def some(count: int, mark: int) -> bytes:
    return bytes([mark]) * count


def test_who_fills_his_quota_is_the_one_who_is_turned_away(hold: Hold) -> None:
    hold(some(60, 1), ONE, NOW)
    with pytest.raises(Busy, match="quota of party:one"):
        hold(some(1, 2), ONE, NOW)
    hold(some(40, 3), TWO, NOW)
    with pytest.raises(Busy, match="room of all parties"):
        hold(some(1, 4), THREE, NOW)


def test_who_does_not_sign_keeps_out_no_party(hold: Hold) -> None:
    hold(some(60, 1), STRANGER, NOW)
    with pytest.raises(Busy, match="this client's quota"):
        hold(some(1, 2), STRANGER, NOW)
    hold(some(40, 3), OTHER, NOW)
    with pytest.raises(Busy, match="room for unsigned uploads"):
        hold(some(1, 4), Owner("client", "198.51.100.1"), NOW)
    hold(some(60, 5), ONE, NOW)
    hold(some(40, 6), TWO, NOW)


def test_a_quota_comes_back_when_what_is_held_expires(hold: Hold) -> None:
    hold(some(60, 1), ONE, NOW)
    hold(some(60, 2), ONE, NOW + 2 * BODY_HOLD_SECONDS)


def attachment(number: int, size: int, party: str, at: int = NOW) -> StoredAttachment:
    return StoredAttachment(bytes([number]) * 16, bytes(32), "application/pdf", size, party, at, bytes(size))


def test_a_party_that_attaches_nothing_to_an_entry_keeps_out_no_other(pool: Database | None) -> None:
    bounds = {"held_bytes_max": ALL_OF_A_KIND, "held_of_one_bytes_max": OF_ONE}
    kept: AttachmentStore = MemoryAttachments(lambda _: False, **bounds)
    if pool is not None:
        kept = PostgresAttachments(pool, **bounds)
    kept.put(attachment(1, 60, "party:one"))
    with pytest.raises(Busy, match="quota of party:one"):
        kept.put(attachment(2, 1, "party:one"))
    kept.put(attachment(3, 40, "party:two"))
    with pytest.raises(Busy, match="room of all parties"):
        kept.put(attachment(4, 1, "party:three"))
    kept.put(attachment(5, 60, "party:one", NOW + 2 * ATTACHMENT_HOLD_SECONDS))
