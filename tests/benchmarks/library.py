"""The floor of writing: the eventsourcing library's own `Application.save()`, one event of about 1 kB a transaction.

`python -m tests.benchmarks.library CONNINFO EVENTS THREADS` prints the seconds that it took.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

PAYLOAD_CHARACTERS = 1_000


class Thing(Aggregate):
    """One aggregate with one event, as the library is meant to be used."""

    @event("Made")
    def __init__(self, text: str) -> None:
        self.text = text


def environment(conninfo: str, threads: int) -> dict[str, str]:
    """The library's settings: its PostgreSQL recorder, a connection for each thread."""
    given = conninfo_to_dict(conninfo)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(given["dbname"]),
        "POSTGRES_HOST": str(given["host"]),
        "POSTGRES_PORT": str(given["port"]),
        "POSTGRES_USER": str(given["user"]),
        "POSTGRES_PASSWORD": "none needed",
        "POSTGRES_POOL_SIZE": str(threads),
    }


def main() -> None:
    """Make all aggregates first, then save them: only the saving is timed."""
    conninfo, events, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    text = "a" * PAYLOAD_CHARACTERS
    application: Application[UUID] = Application(env=environment(conninfo, threads))
    with application, ThreadPoolExecutor(threads) as pool:
        things = [Thing(text) for _ in range(events)]
        before = application.recorder.max_notification_id() or 0
        list(pool.map(Application.save, repeat(application, threads), [Thing(text) for _ in range(threads)]))
        began = time.perf_counter()
        list(pool.map(application.save, things, chunksize=1))
        seconds = time.perf_counter() - began
        written = (application.recorder.max_notification_id() or 0) - before - threads
        if written != events:
            raise SystemExit(f"{written} events were written, not {events}")
    sys.stdout.write(str(seconds))


if __name__ == "__main__":
    main()
