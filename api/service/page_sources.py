"""What an enterprise's page is made from: those parts of a service that reading it takes, for others to have them."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from api.service.body_disclosure import Publicity
from api.service.views import Views
from ledger.domain.state.governance import Governance
from ledger.store.contract import Store

__all__ = ["PageSources"]


class PageSources(Protocol):
    """A `Service`, or the process that draws pages before they are asked for."""

    @property
    def store(self) -> Store: ...

    @property
    def views(self) -> Views: ...

    @property
    def publicity(self) -> Publicity: ...

    @property
    def governance(self) -> Governance: ...

    @property
    def demo(self) -> bool: ...

    def today(self) -> date:
        """The calendar date in Asia/Shanghai."""
        ...

    def require_current(self) -> None:
        """Before something is said to be unknown. Raises `Behind` where read models lag."""
        ...
