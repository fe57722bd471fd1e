"""What the operator of a log, with its keys and its database, could do: write another history and sign it."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from ledger.cose.receipt import receipt_protected, sign_root
from ledger.store.connect import connect
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tree import Edge
from tests.support.charter import ORIGIN
from tests.support.database import TestDatabase
from tests.support.keys import log_keys

__all__ = ["LEAF_OF_STATE", "resign", "superuser"]

LEAF_OF_STATE = "entries_leaf_of_state"  # the constraint that whoever forges has to drop


def superuser(database: TestDatabase) -> Connection[Any]:
    """A connection without triggers and foreign keys, on which everything can be rolled back."""
    connection = connect(database.superuser, answer_seconds_max=None)
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET idle_in_transaction_session_timeout = 0")
    return connection


def resign(connection: Connection[Any]) -> None:
    """Leaf hashes, tiles and every checkpoint anew, from the entries as they are now, signed with the log's keys."""
    keys = log_keys(ORIGIN)
    rows = connection.execute("SELECT notification_id, state FROM ledger.entries ORDER BY 1").fetchall()
    heads = connection.execute("SELECT tree_size, recorded_at FROM ledger.checkpoints ORDER BY 1").fetchall()
    hashes = [leaf_hash(state) for _, state in rows]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE ledger.entries SET leaf_hash = %s WHERE notification_id = %s",
            [(one, number) for one, (number, _) in zip(hashes, rows, strict=True)],
        )
        cursor.execute("DELETE FROM ledger.tiles")
    edge = Edge.empty()
    for size, at in heads:
        growth = edge.grow(hashes[edge.size : size])
        edge = growth.edge
        protected = receipt_protected(keys.receipt.alg, keys.receipt.kid, ORIGIN, size, at)
        connection.execute(
            "UPDATE ledger.checkpoints SET root = %s, note = %s, receipt_protected = %s, receipt_signature = %s "
            "WHERE tree_size = %s",
            (
                growth.root,
                sign_checkpoint(Checkpoint(ORIGIN, size, growth.root), keys.checkpoint),
                protected,
                sign_root(protected, growth.root, keys.receipt),
                size,
            ),
        )
        for level, number, tile in growth.tiles:
            connection.execute("INSERT INTO ledger.tiles VALUES (%s, %s, %s)", (level, number, tile))
