"""Who would have another level under another policy, from what to what and why: for the whole population.

Evaluation only: nothing is written to the database. The streams are cut into parts as for a rebuild; what is found
goes into a file, so that totals can be told before the first line.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import IO, Final

import msgspec
from msgspec import Struct

from ledger.domain.events.policy import StandingPolicy
from ledger.domain.state.fold import fold
from ledger.limits import PART_ENTRIES_MAX, PARTS_PER_PROCESS_MIN
from ledger.parallel.engine import Engine
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
    engine: Engine,
    progress: Progress = lambda done, total: None,
) -> Iterator[tuple[Comparison, Iterator[bytes]]]:
    """The totals, and a line of canonical JSON (a `Moved`) for each enterprise that would change, by subject.

    As of the log's size when it began. `engine` works on the parts. What `progress` raises ends it. Raises
    `Unavailable`, `PartLost`.
    """
    engine.prepare(_compare)
    with PostgresStore.open(conninfo) as store:
        feed = Feed(store)
        size = feed.size()
        rules = Rules.none().after(at for at in feed.governing() if at.index < size)
    parts = split_streams(conninfo, max(engine.processes * PARTS_PER_PROCESS_MIN, 1 + size // PART_ENTRIES_MAX))
    compared = _Compared(conninfo, rules.policies, policy, as_of, size)
    counts = _Counts()
    with tempfile.TemporaryFile(prefix="ledger-comparison-") as file:
        for done, found_in_part in enumerate(engine.run(_compare, compared, parts), 1):
            counts.update(dict(found_in_part.counts))
            file.write(found_in_part.lines)
            progress(done, len(parts))
        yield _totals(counts, rules, as_of, size), _lines(file)


def _totals(counts: _Counts, rules: Rules, as_of: date, size: int) -> Comparison:
    in_force = [policy for policy in rules.policies if policy.from_on <= as_of]
    order = list(Level)
    moves = [
        Move(before, after, counts[before, after])
        for before, after in sorted(counts, key=lambda move: (order.index(move[0]), order.index(move[1])))
    ]
    changed = sum(move.enterprises for move in moves if move.before != move.after)
    return Comparison(as_of, size, in_force[-1].entry if in_force else None, counts.total(), changed, moves)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    yield from file


class _Compared(Struct, frozen=True):
    """What all parts have in common. Picklable."""

    conninfo: str
    policies: Sequence[PolicyInForce]
    policy: StandingPolicy
    as_of: date
    size: int


class _FoundInPart(Struct, frozen=True):
    """How many enterprises of a part go from where to where, and the lines of those that change."""

    counts: _Counts
    lines: bytes


def _compare(compared: _Compared, part: tuple[str, str]) -> _FoundInPart:
    """All enterprises with `first` <= subject < `last` (empty: no end)."""
    other_policies = (PolicyInForce(date.min, -1, compared.policy),)
    counts, lines = _Counts(), bytearray()
    for stream in copy_streams(compared.conninfo, *part, compared.size):
        record = fold(None, without_erased([content(row) for row in stream]))
        assert record is not None  # a stream has an event
        facts = facts_of(record, record.subject)
        one, other = (Case(rules, facts).on(compared.as_of) for rules in (compared.policies, other_policies))
        counts[one.level, other.level] += 1
        if one.level != other.level:
            because = tuple(differences(one, other))
            moved = Moved(record.subject, one.level, other.level, one.points, other.points, because)
            lines += _ENCODE(moved) + b"\n"
    return _FoundInPart(counts, bytes(lines))
