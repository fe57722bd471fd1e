"""The section `listings`: steady-conformity listings, each with its window and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from ledger.domain.events.listing import ProductDelisted, ProductListed
from ledger.domain.state.listing import LISTINGS, Listing
from projections.declarations.section import DatedValue, Section, pieces_of
from projections.standing import Case
from projections.standing.level_history import LevelHistory

__all__ = ["LISTINGS_PART"]


def _pieces(course: LevelHistory, case: Case) -> Sequence[DatedValue]:
    """In log order, without those that were repudiated."""
    gone = course.record.repudiated
    listings = [one for one in LISTINGS.of(course.record).by_entry.values() if one.index not in gone]
    listings.sort(key=lambda one: one.index)
    documents = [(one, _document(course, one)) for one in listings]
    days = {day for one in listings for day in (one.window_from, _day_after(one.window_until))}

    def value_on(day: date) -> list[dict[str, Any]]:
        return [{**document, "state": _state(course, one, day)} for one, document in documents]

    return pieces_of(course.told_on, days, value_on)


def _state(course: LevelHistory, listing: Listing, day: date) -> str:
    end = listing.delisted(course.record.repudiated)
    if end is not None and day >= end.effective_on:
        return "delisted"
    if day < listing.window_from:
        return "upcoming"
    return "listed" if day <= listing.window_until else "over"


def _document(course: LevelHistory, listing: Listing) -> dict[str, Any]:
    said = course.texts[listing.index]
    assert isinstance(said, ProductListed)  # kept when it was taken in
    return {
        "entry": listing.index,
        "on": listing.effective_on,
        "listed_by": listing.issuer,
        "survey": said.survey,
        "product": said.product,
        "basis": said.basis,
        "window_from": listing.window_from,
        "window_until": listing.window_until,
        "delisted": _delisted(course, listing),
    }


def _delisted(course: LevelHistory, listing: Listing) -> dict[str, Any] | None:
    end = listing.delisted(course.record.repudiated)
    if end is None:
        return None
    said = course.texts[end.index]
    assert isinstance(said, ProductDelisted)
    return {"entry": end.index, "on": end.effective_on, "reason": said.reason}


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


LISTINGS_PART: Final = Section(noun=LISTINGS.key, section="listings", pieces=_pieces)
