"""Who read what is not public: the rows of the access log, the digest of a day of them, and its registration.

The rows lie beside the log (`ledger/store/access_log.py`). Each day's digest is registered in the stream `access`,
chained to the one before: a row that is changed, added or left out afterwards shows.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from ledger.domain.events.base import Digest, Event

__all__ = ["AccessDigestPublished"]


class AccessDigestPublished(Event, frozen=True, kw_only=True, tag="AccessDigestPublished"):
    """All accesses of `day`: `count` rows, `digest` as `day_digest` makes it, `previous` that of the day before."""

    day: date
    digest: Digest
    count: Annotated[int, Meta(ge=0)]
    previous: Digest | None = None
