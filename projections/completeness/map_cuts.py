"""Cuts of the map: the map over the whole log at one size, made in steps, each in a transaction of its own.

A crash leaves whole steps, and where the cut was to be: whoever comes next goes on from there to the same size.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from ledger.domain.values.subject import MAP
from ledger.limits import MAP_STEP_ENTRIES_MAX
from ledger.reading.feed import Feed
from projections.completeness.map_tables import MapState, MapTables

__all__ = ["begin_cut", "go_on", "worth_a_cut"]


def worth_a_cut(feed: Feed, state: MapState, size: int) -> bool:
    """Whether the log's `size` entries hold more than the last cut and the roots published since."""
    if size <= state.target:
        return False
    stop = min(size, state.target + MAP_STEP_ENTRIES_MAX)
    return size > stop or any(leaf.subject != MAP for leaf in feed.leaves(state.target, stop))


def begin_cut(tables: MapTables, connection: Connection[Any], feed: Feed, target: int) -> None:
    """Begin a cut at `target` where the last one is complete; in a transaction of the caller's."""
    state = tables.state(connection)
    if state.complete or not state.target:
        published = {(root.tree_size, root.root) for root in feed.map_roots()}
        tables.begin(connection, target, (state.size, state.root) in published)


def go_on(
    tables: MapTables, connection: Connection[Any], feed: Feed, *, step_max: int = MAP_STEP_ENTRIES_MAX
) -> MapState:
    """One step towards the cut that was begun, in a transaction of the caller's; the state after it."""
    state = tables.state(connection)
    if state.size == state.target:
        return state
    leaves = feed.leaves(state.size, min(state.target, state.size + step_max))
    return tables.advance(connection, state, leaves)
