"""When a licence holds: a course of states, each from a day on, of the licence, its pledge and what was said since.

Dates alone decide: nobody has to say that a licence ended with its pledge. What was repudiated counts for nothing; of
a licence that was repudiated, or whose pledge was, no day is left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from ledger.domain.state.mark import Licence, LicenceChange
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.pledge_state import PledgeState
from ledger.domain.state.record import EnterpriseRecord

__all__ = ["LicencePeriod", "MarkState", "last_day", "pledge_days", "spans", "standing_turns", "state_on"]

MarkState = Literal["upcoming", "valid", "suspended", "revoked", "ended", "void"]


class LicencePeriod(NamedTuple):
    """From `from_on` to the day before the next span the licence is in `state`."""

    from_on: date
    state: MarkState


def pledge_days(pledge: PledgeState | None, repudiated: Container[int]) -> tuple[date, date] | None:
    """The first and the last day on which a public pledge binds; None where there is none that stands."""
    if pledge is None or pledge.terms is None or pledge.publication is None or pledge.terms.disclosure != "public":
        return None
    if pledge.terms.index in repudiated or pledge.publication.index in repudiated:
        return None
    last = pledge.last_day(repudiated)
    assert last is not None  # a publication has an end
    return max(pledge.publication.valid_from, pledge.publication.effective_on), last


def last_day(record: EnterpriseRecord, licence: Licence) -> date | None:
    """The last day that licence and pledge leave, revocation aside; None where one of them was repudiated."""
    days = pledge_days(PLEDGES.of(record).coded(licence.pledge), record.repudiated)
    if days is None or licence.index in record.repudiated:
        return None
    return min(licence.valid_until, days[1])


def standing_turns(record: EnterpriseRecord, licence: Licence) -> list[LicenceChange]:
    """What was said of the licence and not repudiated, in log order, which is that of the dates."""
    return [turn for turn in licence.turns if turn.index not in record.repudiated]


def spans(record: EnterpriseRecord, licence: Licence) -> Sequence[LicencePeriod]:
    """The states of a licence in order, the first from `date.min`."""
    last = last_day(record, licence)
    if last is None:
        return (LicencePeriod(date.min, "void"),)
    found = [LicencePeriod(date.min, "upcoming")]
    if licence.valid_from <= last:
        found.append(LicencePeriod(licence.valid_from, "valid"))
    for turn in standing_turns(record, licence):
        if turn.effective_on <= last:
            # before it begins a licence can be suspended, which shows when it begins, or revoked, which shows at once
            begin = turn.effective_on if turn.state == "revoked" else max(turn.effective_on, licence.valid_from)
            if licence.valid_from <= last or turn.state == "revoked":
                found = [span for span in found if span.from_on < begin]
                found.append(LicencePeriod(begin, turn.state))
    if found[-1].state != "revoked" and last < date.max:
        found.append(LicencePeriod(last + timedelta(days=1), "ended"))
    return tuple(one for place, one in enumerate(found) if not place or one.state != found[place - 1].state)


def state_on(course: Sequence[LicencePeriod], day: date) -> LicencePeriod:
    """The span that a day is in."""
    return course[bisect_right(course, day, key=lambda span: span.from_on) - 1]
