"""Opening the copy that files of the log are answered from, held against the database at the start."""

from __future__ import annotations

import logging

from ledger.errors import Misconfigured, NotFound, Unavailable
from ledger.mirror import open_target
from ledger.mirror.published_log import PublishedLog
from ledger.store.contract import Store

__all__ = ["published_copy"]

_LOG = logging.getLogger(__name__)


def published_copy(address: str | None, store: Store, origin: str, *, may_lag: bool = False) -> PublishedLog | None:
    """The copy at an address, if one is given. Raises `Misconfigured` where it is not one of this log.

    `may_lag`: the database is a standby, to which what was published may still be on its way. A copy that does not
    answer, or is empty still, is no reason not to serve.
    """
    if address is None:
        return None
    published = PublishedLog(open_target(address), origin)
    try:
        shown = published.checkpoint()
    except (NotFound, Unavailable) as error:
        _LOG.warning("the published copy: %s", error)
        return published
    newest, same = store.latest(), store.checkpoint_at(shown.tree_size)
    if newest is None or newest.tree_size < shown.tree_size:
        if may_lag:
            return published
        raise Misconfigured(
            f"{address} 中已公布 {shown.tree_size} 条记录，数据库中没有这么多：数据库丢失了已公布的记录 / "
            f"{shown.tree_size} entries were published in {address}, and the database has fewer: "
            "it has lost what was shown to the public"
        )
    if same is None or same.root != shown.root:
        raise Misconfigured(
            f"{address} 中公布的不是本数据库的账本 / what is published in {address} is not the log in this database"
        )
    return published
