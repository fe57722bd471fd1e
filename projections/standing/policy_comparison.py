"""Who would have another level under another policy, from what to what and why: for the whole population.

Evaluation only: nothing is written to the database. Worker processes share out the streams as a rebuild does; what
they find goes into files, one for each part, so that totals can be told before the first line.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ledger.domain.events.policy import StandingPolicy
from ledger.domain.state.fold import fold
from ledger.errors import Unavailable
from ledger.reading.feed import Feed
from ledger.store.copy_reader import copy_streams, split_streams
from ledger.store.postgres import PostgresStore
from projections.db.entry_content import content
from projections.standing.change_reasons import ChangeReason, differences
from projections.standing.evaluate import Case
from projections.standing.facts import PolicyInForce
from projections.standing.facts_from_record import facts_of
from projections.standing.level_history import without_erased
from projections.standing.levels import Level
from projections.standing.policy_timeline import Rules

__all__ = ["Comparison", "Move", "Moved", "compare_policies"]

_PARTS_PER_WORKER: Final = 8
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode

Progress = Callable[[int, int], None]  # parts done, parts in all
_Counts = Counter[tuple[Level, Level]]


class Move(Struct, frozen=True):
    """How many enterprises would go from one level to another (or stay: both are the same)."""

    before: Level
    after: Level
    enterprises: int


class Comparison(Struct, frozen=True):
    """Totals. `policy_entry`: what approved the policy in force on `as_of`, None where there is none."""

    as_of: date
    tree_size: int
    policy_entry: int | None
    enterprises: int
    changed: int
    moves: Sequence[Move]


class Moved(Struct, frozen=True):
    """One enterprise whose level would be another. Points in hundredths; without `because`, a threshold decides."""

    subject: str
    before: Level
    after: Level
    points_before: int
    points_after: int
    because: Sequence[ChangeReason]


@contextmanager
def compare_policies(
    conninfo: str,
    policy: StandingPolicy,
    as_of: date,
    *,
    workers: int = 2,
    niceness: int = 0,
    progress: Progress = lambda done, total: None,
) -> Iterator[tuple[Comparison, Iterator[bytes]]]:
    """The totals, and a line of canonical JSON (a `Moved`) for each enterprise that would change, by subject.

    As of the log's size when it began. Call it from a module that can be imported: processes are spawned, with this
    `niceness`. What `progress` raises ends it after the parts that are under way. Raises `Unavailable`.
    """
    with PostgresStore.open(conninfo) as store:
        feed = Feed(store)
        size = feed.size()
        rules = Rules.none().after(at for at in feed.governing() if at.index < size)
    folder = Path(tempfile.mkdtemp(prefix="ledger-comparison-"))
    try:
        counts = _Counts()
        parts = split_streams(conninfo, workers * _PARTS_PER_WORKER)
        files = [folder / f"{number:06d}" for number in range(len(parts))]
        arguments = conninfo, rules, policy, as_of, size, niceness
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, arguments) as pool:
            try:
                pending = [pool.submit(_compare, *part, str(file)) for part, file in zip(parts, files, strict=True)]
                for done, future in enumerate(as_completed(pending), 1):
                    counts.update(future.result())
                    progress(done, len(parts))
            except BrokenProcessPool as error:
                raise Unavailable(f"a process of the comparison ended: {error}") from error
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        yield _totals(counts, rules, as_of, size), _lines(files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _totals(counts: _Counts, rules: Rules, as_of: date, size: int) -> Comparison:
    in_force = [policy for policy in rules.policies if policy.from_on <= as_of]
    order = list(Level)
    moves = [
        Move(before, after, counts[before, after])
        for before, after in sorted(counts, key=lambda move: (order.index(move[0]), order.index(move[1])))
    ]
    changed = sum(move.enterprises for move in moves if move.before != move.after)
    return Comparison(as_of, size, in_force[-1].entry if in_force else None, counts.total(), changed, moves)


def _lines(files: Sequence[Path]) -> Iterator[bytes]:
    for file in files:
        with file.open("rb") as lines:
            yield from lines


class _Comparer:
    def __init__(self, conninfo: str, rules: Rules, policy: StandingPolicy, as_of: date, size: int) -> None:
        self._conninfo = conninfo
        self._policies = rules.policies
        self._other = (PolicyInForce(date.min, -1, policy),)
        self._as_of = as_of
        self._size = size

    def compare(self, first: str, last: str, file: Path) -> _Counts:
        """All enterprises with `first` <= subject < `last` (empty: no end); those that change go into the file."""
        counts = _Counts()
        with file.open("wb") as lines:
            for stream in copy_streams(self._conninfo, first, last, self._size):
                record = fold(None, without_erased([content(row) for row in stream]))
                assert record is not None  # a stream has an event
                facts = facts_of(record, record.subject)
                one, other = (Case(rules, facts).on(self._as_of) for rules in (self._policies, self._other))
                counts[one.level, other.level] += 1
                if one.level != other.level:
                    because = tuple(differences(one, other))
                    moved = Moved(record.subject, one.level, other.level, one.points, other.points, because)
                    lines.write(_ENCODE(moved) + b"\n")
        return counts


_comparer: _Comparer


def _begin(conninfo: str, rules: Rules, policy: StandingPolicy, as_of: date, size: int, niceness: int) -> None:
    global _comparer  # noqa: PLW0603  (one per process, made before its first part)
    os.nice(niceness)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    _comparer = _Comparer(conninfo, rules, policy, as_of, size)
    gc.freeze()
    gc.set_threshold(50_000)  # streams come and go; looking for cycles among them finds none


def _end_with_parent() -> None:
    """A parent that is killed leaves no worker behind: it would wait for its next part for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # spawned
    wait([parent.sentinel])
    os._exit(1)


def _compare(first: str, last: str, file: str) -> _Counts:
    return _comparer.compare(first, last, Path(file))
