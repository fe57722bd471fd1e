"""Which secret a row is named by, where its party has imported under more than one.

A row goes on under the secret that named it before; an individual business under the one that its id derives from;
what is new goes under the first. With one secret nothing is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.importing.row_plan import RowPlan
from api.importing.service_client import ImportClient
from api.importing.signing import Scribe
from ledger.keys.naming_secret import NamingSecret

__all__ = ["Naming", "named", "namings"]


@dataclass(frozen=True, slots=True)
class Naming:
    """How an import names its statements, so that a second run says nothing twice.

    `own`: of what the signer says. `entering`: of the enterprises that are entered, the organizer's secret.
    """

    own: NamingSecret
    entering: NamingSecret


def namings(own: Sequence[NamingSecret], entering: Sequence[NamingSecret] | None) -> list[Naming]:
    """All that may have been used, the one for what is new first. `entering` None: the signer enters enterprises."""
    if entering is None:
        return [Naming(one, one) for one in own]
    return [Naming(one, other) for one in own for other in entering]


def named(ways: Sequence[Sequence[RowPlan]], scribes: Sequence[Scribe], service: ImportClient) -> list[RowPlan]:
    """One plan for each row, of those that the namings make of it: `ways[n]` and `scribes[n]` are of naming `n`.

    Raises `Unavailable`, `Busy`.
    """
    chosen = list(ways[0])
    if len(ways) == 1:
        return chosen
    left = [place for place, plan in enumerate(chosen) if plan.work is not None and not plan.entries]
    entered = [_entered(plans, left, service) for plans in ways]
    for choose in (_said, _there):
        for number, (plans, scribe) in enumerate(zip(ways, scribes, strict=True)):
            for place in choose(plans, left, entered[number], scribe, service):
                chosen[place] = replace(plans[place], naming=number)
                left.remove(place)
    return chosen


def _entered(plans: Sequence[RowPlan], places: Sequence[int], service: ImportClient) -> set[int]:
    """The places of individual businesses that the book has under the id that they get here."""
    subjects = {place: work.who.subject for place in places if (work := plans[place].work) and work.who.individual}
    there = service.in_book(sorted(set(subjects.values())))
    return {place for place, subject in subjects.items() if subject in there}


def _said(
    plans: Sequence[RowPlan], places: Sequence[int], entered: set[int], scribe: Scribe, service: ImportClient
) -> set[int]:
    """The places of what was registered under the name that it gets here, about the same enterprise."""
    works = {place: work for place in places if (work := plans[place].work)}
    names = {place: scribe.name(w) for place, w in works.items() if not w.who.individual or place in entered}
    known = service.known(scribe.issuer, list(names.values()))
    return {place for place, name in names.items() if name in known}


def _there(
    plans: Sequence[RowPlan], places: Sequence[int], entered: set[int], scribe: Scribe, service: ImportClient
) -> set[int]:
    return entered.intersection(places)
