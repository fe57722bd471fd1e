"""An enterprise's public pledges as canonical JSON: terms, dates, state, corrections, end, assessments.

Pledges that are not for publication are nowhere in it. A repudiated one is a stub. An assessment is shown
for as long as it is public (`projections/standing/disclosure.py`); then it is gone from here, and the step that holds
it ends on that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.events.pledge import PledgeMade, PledgeReplaced
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.pledge_state import Assessment
from ledger.domain.state.public_pledges import PublicPledge, public_pledges
from projections.db.dated_document import DatedDocument, etag
from projections.standing import Case
from projections.standing.disclosure import DisclosureWindows
from projections.standing.level_history import LevelHistory

__all__ = ["PledgePage", "pledge_pages"]

# No floating-point numbers, ASCII keys: sorted keys are all that RFC 8785 asks beyond this encoder.
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class PledgePage(NamedTuple):
    """A published pledge and its steps. `last_day` is the last day on which it binds."""

    code: str
    campaign: str
    published_entry: int
    made_entry: int
    from_on: date
    last_day: date
    steps: Sequence[DatedDocument]


def pledge_pages(course: LevelHistory, case: Case) -> list[PledgePage]:
    """The pages of all public pledges of one enterprise, in the order of their publication."""
    pledges = public_pledges(PLEDGES.of(course.record), course.record.repudiated)
    closing = DisclosureWindows(course.record, case) if any(pledge.assessments for pledge in pledges) else None
    return [_Page(course, pledge, closing).page() for pledge in pledges]


class _Page:
    def __init__(self, course: LevelHistory, pledge: PublicPledge, closing: DisclosureWindows | None) -> None:
        self._course = course
        self._pledge = pledge
        self._shown_on: Final[dict[int, list[tuple[date, date]]]] = {
            one.index: closing.stretches(one.index, one.effective_on) for one in pledge.assessments if closing
        }

    def page(self) -> PledgePage:
        pledge, terms, start = self._pledge, self._pledge.state.terms, self._course.told_on
        assert terms is not None  # public pledges have them
        edges = {pledge.from_on, _day_after(pledge.last_day)}
        edges.update(day for stretches in self._shown_on.values() for stretch in stretches for day in stretch)
        starts = [start, *sorted(edge for edge in edges if start < edge < date.max)]
        document = self._stub() if pledge.repudiated else self._document()
        steps = []
        for begin, until in zip(starts, [*starts[1:], None], strict=True):
            if not pledge.repudiated:
                document |= self._of_the_day(begin, until)
            body = _ENCODE(document)
            steps.append(DatedDocument(begin, until, body, etag(body)))
        return PledgePage(
            pledge.publication.code,
            terms.campaign,
            pledge.publication.index,
            terms.index,
            pledge.from_on,
            pledge.last_day,
            steps,
        )

    def _stub(self) -> dict[str, Any]:
        record, pledge = self._course.record, self._pledge
        assert pledge.state.terms is not None  # public pledges have them
        gone = [
            record.repudiated[entry]
            for entry in (pledge.state.terms.index, pledge.publication.index)
            if entry in record.repudiated
        ]
        return {
            "code": pledge.publication.code,
            "subject": record.subject,
            "state": gone[0].how,
            "made_entry": pledge.state.terms.index,
            "published_entry": pledge.publication.index,
            "repudiated_by": [one.index for one in gone],
        }

    def _of_the_day(self, day: date, until: date | None) -> dict[str, Any]:
        return {
            "state": self._state(day),
            "next_change_on": until,
            "assessments": [_assessment(one) for one in self._pledge.assessments if self._shown(one, day)],
        }

    def _document(self) -> dict[str, Any]:
        pledge, terms, publication = self._pledge, self._pledge.state.terms, self._pledge.publication
        assert terms is not None  # public pledges have them
        made = self._course.texts[terms.index]
        assert isinstance(made, PledgeMade)  # kept when it was taken in
        corrections = self._corrections()
        body: dict[str, Any] = {
            "code": publication.code,
            "subject": self._course.record.subject,
            "campaign": terms.campaign,
            "scope": terms.scope,
            "disclosure": terms.disclosure,
            "reason": made.reason,
            "content": made.content,
            "liability": made.liability,
            "clauses": terms.clauses,
            "remark": made.remark,
            "made_on": terms.made_on,
            "accepting_body": made.accepting_body,
            "accepting_code": made.accepting_code,
            "made_by": terms.issuer,
            "made_entry": terms.index,
            "published_entry": publication.index,
            "published_on": publication.effective_on,
            "valid_from": publication.valid_from,
            "valid_until": pledge.valid_until,
            "last_day": pledge.last_day,
            "corrections": [self._correction(index, event) for index, event in corrections],
            "end": self._end(),
        }
        for _, event in corrections:  # what was corrected stands in place of what was said
            for field in ("reason", "content", "liability"):
                if getattr(event, field) is not None:
                    body[field] = getattr(event, field)
        return body

    def _state(self, day: date) -> str:
        if day < self._pledge.from_on:
            return "upcoming"
        if day <= self._pledge.last_day:
            return "live"
        end = self._pledge.end
        return "expired" if end is None or end.ends_on > self._pledge.valid_until else end.how

    def _corrections(self) -> list[tuple[int, PledgeReplaced]]:
        gone, texts = self._course.record.repudiated, self._course.texts
        found = ((one.index, texts[one.index]) for one in self._pledge.state.replacements if one.index not in gone)
        return [(index, event) for index, event in found if isinstance(event, PledgeReplaced)]

    def _correction(self, index: int, event: PledgeReplaced) -> dict[str, Any]:
        given = ("reason", "content", "liability", "valid_until")
        return {
            "entry": index,
            "on": event.effective_on,
            "slip": event.slip,
            "fields": [field for field in given if getattr(event, field) is not None],
        }

    def _end(self) -> dict[str, Any] | None:
        end = self._pledge.end
        if end is None:
            return None
        return {
            "entry": end.index,
            "how": end.how,
            "on": end.effective_on,
            "ends_on": end.ends_on,
            "ground": end.ground,
        }

    def _shown(self, one: Assessment, day: date) -> bool:
        return any(start <= day < stop for start, stop in self._shown_on[one.index])


def _assessment(one: Assessment) -> dict[str, Any]:
    return {
        "entry": one.index,
        "on": one.effective_on,
        "period_from": one.period_from,
        "period_until": one.period_until,
        "result": one.result,
    }


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
