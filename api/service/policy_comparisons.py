"""Comparing policies over the whole population: for whom it is, one at a time, in a process that yields to all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Final, NamedTuple

from api.http.errors import TooManyRequests
from ledger.domain.events.policy import StandingPolicy
from ledger.errors import Busy
from ledger.limits import COMPARISON_NICENESS, COMPARISONS_MAX
from ledger.parallel.process_pool import ProcessEngine
from projections.standing.policy_comparison import Comparison, compare_policies

__all__ = ["COMPARERS", "FoundComparison", "comparison_turn", "make_comparison"]

#: Those who say, approve or watch policies: below NORMAL there is no public list.
COMPARERS: Final = frozenset(("organizer", "approver", "regulator"))
_AGAIN_SECONDS: Final = 30
_UNDER_WAY: Final[set[str]] = set()  # parties


class FoundComparison(NamedTuple):
    """Totals, then a line of JSON for each enterprise whose level would be another; `files` are to be closed."""

    totals: Comparison
    lines: Iterator[bytes]
    files: ExitStack


@contextmanager
def comparison_turn(party: str) -> Iterator[None]:
    """The turn of a party, for as long as this lasts. Raises `TooManyRequests` where it compares already, `Busy`."""
    if party in _UNDER_WAY:
        raise TooManyRequests(_AGAIN_SECONDS)
    if len(_UNDER_WAY) >= COMPARISONS_MAX:
        raise Busy("the number of comparisons under way", _AGAIN_SECONDS)
    _UNDER_WAY.add(party)
    try:
        yield
    finally:
        _UNDER_WAY.discard(party)


def make_comparison(
    conninfo: str, policy: StandingPolicy, day: date, go_on: Callable[[int, int], None]
) -> FoundComparison:
    """Takes up to minutes; what `go_on(done, total)` raises ends it. Raises `Unavailable`, `Busy`."""
    with ExitStack() as files:
        engine = files.enter_context(ProcessEngine(1, COMPARISON_NICENESS))
        totals, lines = files.enter_context(compare_policies(conninfo, policy, day, engine, go_on))
        return FoundComparison(totals, lines, files.pop_all())
