"""The read models that routes ask, over one pool of connections."""

from __future__ import annotations

from collections.abc import Callable

from ledger.reading.feed import Feed
from ledger.store.connect import Database
from projections.completeness.map_view import MapView
from projections.db.reads import Reading
from projections.declarations.declaration_view import DeclarationView
from projections.declarations.dossier_view import DossierView
from projections.declarations.drawn_pages import DrawnPages
from projections.search.event_search import EventSearch
from projections.search.search_view import SearchView
from projections.standing.policy_timeline import Rules
from projections.standing.standing_view import StandingView

__all__ = ["Views"]


class Views:
    """Close it when done."""

    def __init__(self, conninfo: str, feed: Feed, rules: Callable[[], Rules]) -> None:
        self._database = Database(conninfo)
        reading = Reading(self._database)
        self.standings = StandingView(reading, feed, rules)
        self.declarations = DeclarationView(reading)
        self.dossiers = DossierView(reading, self.standings.current)
        self.drawn_pages = DrawnPages(self._database)
        self.search = SearchView(reading)
        self.events = EventSearch(reading)
        self.map = MapView(self._database)

    def close(self) -> None:
        self._database.close()
