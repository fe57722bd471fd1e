"""What is looked at before it is durable: no bit that flips between admission and table reaches a signed checkpoint."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import psycopg
import pytest

from ledger.cose.receipt import sign_root
from ledger.errors import Corrupted, LedgerError
from ledger.registration import Candidate
from ledger.sequencing.checks import check_batch
from ledger.sequencing.decision import Decision
from ledger.sequencing.sequencer import Sequencer
from ledger.store.contract import Batch, NewEntry, Store, Tile
from ledger.store.memory import MemoryStore
from ledger.store.postgres import PostgresStore
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from tests.integration.sequencing.book import entry, is_registered, open_book
from tests.support.batches import a_batch, an_entry
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN
from tests.support.database import TestDatabase
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.statements import outcome, registered

KEYS = log_keys(ORIGIN)
ENTERPRISE = "local:test/flipped"
_FLIPS = 2_500  # of each of the four steps


def flipped(data: bytes, random_: random.Random) -> bytes:
    bit = random_.randrange(8 * len(data))
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def noticed(step: Callable[[], None]) -> bool:
    try:
        step()
    except LedgerError:
        return True
    return False


@pytest.fixture(scope="module")
def book() -> Iterator[tuple[Sequencer, MemoryStore, Candidate]]:
    """A book of just below a full tile, so that the next batch completes one; and a sealed candidate for it."""
    store = MemoryStore()
    with open_book(store) as sequencer:
        sequencer.submit_and_wait(entry(sequencer, registered(), ENTERPRISE, ORGANIZER), timeout=30)
        size = store.latest().tree_size  # type: ignore[union-attr]
        fillers = [entry(sequencer, registered(), f"local:test/{n}", ORGANIZER) for n in range(255 - size)]
        sequencer.submit_and_wait(*fillers, timeout=60)
        yield sequencer, store, entry(sequencer, outcome(1), ENTERPRISE, HANDLING_BODY)


def test_ten_thousand_flipped_bits_reach_no_checkpoint(book: tuple[Sequencer, MemoryStore, Candidate]) -> None:
    """Each flip either is refused where it is looked at, or is refused by the store."""
    sequencer, _, good = book
    head = sequencer._writer._head
    random_ = random.Random(9)
    base = head.records([ENTERPRISE])
    assert good.body is not None

    def decided(candidate: Candidate) -> tuple[Decision, Batch]:
        decision = Decision(head, KEYS, head.recorded_at, base)
        decision.take(candidate)
        return decision, decision.integrate()

    decision, whole = decided(good)
    decision.check(whole)
    assert whole.tiles, "the batch completes a tile"

    def in_candidate() -> None:
        statement = msgspec.structs.replace(good.statement, raw=flipped(good.statement.raw, random_))
        changed = random_.choice(
            (
                msgspec.structs.replace(good, statement=statement),
                msgspec.structs.replace(good, body=flipped(good.body or b"", random_)),
                msgspec.structs.replace(good, commitment=flipped(good.commitment or b"", random_)),
            )
        )
        check, made = decided(changed)
        check.check(made)

    def in_entry() -> None:
        name = random_.choice(("statement", "leaf_hash", "body", "commitment"))
        (one,) = whole.entries
        changed = msgspec.structs.replace(one, **{name: flipped(getattr(one, name), random_)})
        check_batch(replace(whole, entries=[changed]), head.edge, head.checkpoint, KEYS)

    def in_checkpoint() -> None:
        name = random_.choice(("root", "note", "receipt_protected", "receipt_signature", "tiles"))
        if name == "tiles":
            tile = replace(whole.tiles[0], hashes=flipped(whole.tiles[0].hashes, random_))
            check_batch(replace(whole, tiles=[tile, *whole.tiles[1:]]), head.edge, head.checkpoint, KEYS)
            return
        changed = replace(whole.checkpoint, **{name: flipped(getattr(whole.checkpoint, name), random_)})
        check_batch(replace(whole, checkpoint=changed), head.edge, head.checkpoint, KEYS)

    def in_tree() -> None:
        """Of the tree in memory, so that what is signed over it is wrong from the start."""
        hashes = list(head.edge.frontier.hashes)
        place = random_.randrange(len(hashes))
        hashes[place] = flipped(hashes[place], random_)
        edge = replace(head.edge, frontier=replace(head.edge.frontier, hashes=tuple(hashes)))
        if random_.random() < 0.5:  # or the hashes of the tile that is not full yet
            partial = (flipped(head.edge.partial[0], random_), *head.edge.partial[1:])
            edge = replace(head.edge, partial=partial)
        growth = edge.grow([one.leaf_hash for one in whole.entries])
        note = sign_checkpoint(Checkpoint(ORIGIN, growth.edge.size, growth.root), KEYS.checkpoint)
        made = replace(
            whole,
            tiles=[Tile(*tile) for tile in growth.tiles],
            checkpoint=replace(
                whole.checkpoint,
                root=growth.root,
                note=note,
                receipt_signature=sign_root(whole.checkpoint.receipt_protected, growth.root, KEYS.receipt),
            ),
        )
        check_batch(made, edge, head.checkpoint, KEYS)

    steps: tuple[Callable[[], None], ...] = (in_candidate, in_entry, in_checkpoint, in_tree)
    for step in steps:
        for number in range(_FLIPS):
            assert noticed(step), f"{step.__name__} {number}"


class _Flipping:
    """Flips one bit of a statement on the way to the table, once."""

    def __init__(self, store: Store, field: str) -> None:
        self._store, self._field, self.done = store, field, False

    def append(self, sent: Batch) -> None:
        if self.done or not sent.checkpoint.previous_size:
            self._store.append(sent)
            return
        self.done = True
        first, *rest = sent.entries
        data = bytearray(getattr(first, self._field))
        data[len(data) // 2] ^= 1
        changed: NewEntry = msgspec.structs.replace(first, **{self._field: bytes(data)})
        self._store.append(replace(sent, entries=[changed, *rest]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize("field", ["statement", "leaf_hash"])
def test_what_flips_on_the_way_to_the_table_is_refused_by_it_and_made_anew(store: PostgresStore, field: str) -> None:
    flipping = _Flipping(store, field)
    with open_book(flipping) as sequencer:  # type: ignore[arg-type]
        candidate = entry(sequencer, registered(), "local:test/1", ORGANIZER)
        is_registered(sequencer.submit_and_wait(candidate, timeout=30)[0])
    assert flipping.done
    check_whole_log(store, KEYS)


def test_a_statement_that_changed_in_memory_does_not_fail_its_neighbours(store: PostgresStore) -> None:
    with open_book(store) as sequencer:
        good = entry(sequencer, registered(), "local:test/1", ORGANIZER)
        bad = entry(sequencer, registered(), "local:test/2", ORGANIZER)
        raw = bytearray(bad.statement.raw)
        raw[100] ^= 4
        bad = msgspec.structs.replace(bad, statement=msgspec.structs.replace(bad.statement, raw=bytes(raw)))
        answers = sequencer._writer.commit([(good,), (bad,)])
        is_registered(answers[0][0])
        assert isinstance(answers[1][0], Corrupted)
    check_whole_log(store, KEYS)


def test_the_table_itself_compares_entry_and_leaf(store: PostgresStore, database: TestDatabase) -> None:
    made = a_batch(0, [an_entry(version=number) for number in (1, 2, 3)])
    wrong = msgspec.structs.replace(made.entries[1], leaf_hash=bytes(32))
    with pytest.raises(Corrupted):
        store.append(replace(made, entries=[made.entries[0], wrong, made.entries[2]]))
    assert store.latest() is None
    store.append(made)
    with psycopg.connect(database.superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE ledger.entries SET state = 'x' WHERE notification_id = 1")
