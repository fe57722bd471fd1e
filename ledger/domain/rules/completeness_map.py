"""What may be said of the completeness map: roots for ever larger sizes of the log, each of what came before it."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.governance import Governance
from ledger.domain.values.subject import MAP
from ledger.errors import Refused

__all__ = ["EVENTS"]


def publish_root(governance: Governance, event: MapRootPublished, ctx: Context) -> tuple[UniqueFact, ...]:
    """Of entries before this one, and of more than the newest root: so no size ever has two."""
    if event.tree_size > ctx.index:
        raise Refused(
            "map.covers_itself",
            f"映射根只能覆盖本条之前的记录：至多 {ctx.index} 条",
            f"a map root covers entries before its own: {ctx.index} at most",
            str(event.tree_size),
        )
    if governance.map_roots and event.tree_size <= governance.map_roots[-1].tree_size:
        newest = governance.map_roots[-1]
        raise Refused(
            "map.not_growing",
            f"第 {newest.index} 条记录已公布覆盖 {newest.tree_size} 条的映射根：新的映射根须覆盖更多",
            f"entry {newest.index} published a root over {newest.tree_size} entries: a new one covers more",
            str(event.tree_size),
        )
    return ()


EVENTS: Final = (spec(MAP, MapRootPublished, ("log_operator",), publish_root),)
