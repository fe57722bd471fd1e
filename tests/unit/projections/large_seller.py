"""A large seller's stream: complaint outcomes by the thousand, with all that is said of them afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from ledger.domain.events.base import Event
from tests.support.findings import annulment, defaulted, performed
from tests.support.remedies import applied, approved, filed, rejected, rescinded
from tests.support.statements import replied
from tests.unit.projections import stream as say
from tests.unit.projections.stream import Saying, Stream

__all__ = ["a_large_seller", "complain"]

Say = Callable[[Saying, date], int]  # what is said, and the day on which it is recorded; the index of its entry

_DAYS = 700


def a_large_seller(outcomes: int) -> Stream:
    """The stream by itself, with a pledge that was kept at first."""
    stream = Stream()
    stream.say(say.registered("2026-03-20"))
    stream.pledge(1, "2026-03-20", until="2029-03-14", clauses=("returns",))
    complain(outcomes, lambda saying, on: stream.say(saying, recorded_on=str(on)), date(2026, 3, 21))
    return stream


def complain(outcomes: int, record: Say, first: date) -> None:
    """So many outcomes over some two years, most of which count: answered late, refused, or not answered at all.

    About a third of them are replied to, corrected, annulled, disowned, repaired (or not after all) or objected to.
    """
    chance = random.Random(outcomes)
    for number in range(outcomes):
        on = first + timedelta(days=number * _DAYS // outcomes)
        pick = chance.random()
        if pick < 0.1:
            saying = say.outcome(str(on), ended="agreed", issue=str(number))
        elif pick < 0.3:
            saying = say.outcome(str(on), issue=str(number))
        else:
            saying = say.outcome(
                str(on),
                reply=chance.choice(["late", "none", "timely"]),
                ended="refused",
                issue=str(number),
                fact_id=f"batch {number // 50}" if chance.random() < 0.1 else None,
                clauses=chance.choice([(), ("returns",)]),
            )
        _afterwards(chance, record(saying, on), on, record, agreed=pick < 0.1)


def _afterwards(chance: random.Random, outcome: int, on: date, record: Say, *, agreed: bool) -> None:
    def sealed(event: Event) -> int:
        return record((event, True), on)

    pick = chance.random()
    if agreed:
        if pick < 0.4:
            default = sealed(defaulted(outcome, effective_on=on, due="2026-03"))
            if pick < 0.1:
                sealed(annulment(default, effective_on=on))
            elif pick < 0.2:
                sealed(performed(outcome, effective_on=on))
    elif pick < 0.12:
        sealed(replied(outcome, effective_on=on))
    elif pick < 0.18:
        correction = record(say.corrected(outcome, str(on), void=pick < 0.15), on)
        if pick > 0.17:
            record(say.repudiated(correction, str(on)), on)
    elif pick < 0.21:
        record(say.repudiated(outcome, str(on)), on)
    elif pick < 0.27:
        application = sealed(applied(outcome, effective_on=on))
        approval = sealed(approved(application, outcome, effective_on=on))
        if pick > 0.25:
            sealed(rescinded(approval, outcome, effective_on=on))
    elif pick < 0.33:
        objection = sealed(filed(outcome, effective_on=on))
        sealed(rejected(objection, outcome, effective_on=on))
