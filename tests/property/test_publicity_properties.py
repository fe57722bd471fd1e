"""What counts is public, what is no longer public counts no more: on every day of years, in random histories."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.events.base import Event
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.state.complaint import OUTCOMES
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import add_months
from projections.declarations.outcome_section import OUTCOMES_PART, decode_outcomes
from projections.standing.disclosure import DisclosureWindows
from projections.standing.evaluate import Case, policies_of
from projections.standing.facts_from_record import facts_of
from projections.standing.level_history import follow, without_erased
from projections.standing.policy_timeline import Rules
from tests.property.test_erasure_properties import MOVES, a_book
from tests.support.statements import ENTERPRISE

_DAYS = 3 * 366
_MILDEST_MONTHS = 3


def contributing(case: Case, record: EnterpriseRecord, entries: dict[int, Event], day: date) -> set[int]:
    """The sealed entries on which the standing of a day rests, as the standing itself tells."""
    standing = case.on(day)
    found = {entry for reason in standing.reasons for entry in (reason.entry, *reason.same_matter)}
    found |= {held.entry for held in standing.holds}
    if standing.conditions.live_public_pledge and standing.conditions.period_kept_in_full:
        found |= {one.entry for one in case.facts.kept if one.on <= day and one.period_until < day}
    if standing.conditions.replies_in_time is not None:
        months = case.policies[-1].policy.good.replies_months
        counted = {reply.on for reply in case.facts.replies if reply.on <= day < add_months(reply.on, months)}
        for index, outcome in OUTCOMES.of(record).by_entry.items():
            stands = outcome.newest(record.repudiated)
            if (stands.reply != "none" or outcome.reply_lapsed) and outcome.effective_on in counted:
                found.add(index)
    return found & entries.keys()


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 1_000)), max_size=8))
def test_what_counts_is_public_and_what_is_closed_counts_no_more(moves: list[tuple[str, int]]) -> None:
    book = a_book(moves)
    record = book.record
    sealed = {
        at.index: at.event
        for at in book.events
        if at.subject == ENTERPRISE and at.sealed and isinstance(at.event, Event)
    }
    case = Case(policies_of(book.governance), facts_of(record, ENTERPRISE))
    closing = DisclosureWindows(record, case)
    items = {item.entry for item in case.facts.items}
    gone = {
        index for index, outcome in OUTCOMES.of(record).by_entry.items() if getattr(outcome.newest(()), "void", False)
    }
    gone |= set(record.repudiated)
    for number in range(_DAYS):
        day = book.clock.today + timedelta(days=number)
        counts = contributing(case, record, sealed, day) - gone
        shown = {index for index, event in sealed.items() if closing.shows(index, event, day)}
        assert counts <= shown, "what counts is public"
        closed = {index for index in items if index not in shown}
        assert not closed & counts, "what is closed counts no more"
        for index in (shown & items) - counts:
            raise AssertionError(f"{index} cost something, counts no more on {day} and is still shown")
        for index in shown - counts - items:
            root = _root(book, index, sealed[index])
            within = day < add_months(root, _MILDEST_MONTHS)
            assert within or _shown_with(counts, sealed[index], record), "what cost nothing goes with the mildest"
    for index, event in sealed.items():
        since = closing.closed_since(index, event, book.clock.today + timedelta(days=_DAYS + 400))
        assert since is not None
        if index not in gone and not _shown_with(gone, event, record):  # what was taken back closes on that day
            assert closing.shows(index, event, since - timedelta(days=1))
        assert not closing.shows(index, event, since)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 1_000)), max_size=8))
def test_outcomes_are_counted_on_the_days_on_which_they_are_public(moves: list[tuple[str, int]]) -> None:
    book = a_book(moves)
    rules = Rules.none().after([at for at in book.events if at.subject == "policy"])
    stream = without_erased([at for at in book.events if at.subject == ENTERPRISE])
    step = follow(None, stream, rules, len(book.events))
    assert step is not None
    record = step.course.record
    case = Case(rules.policies, facts_of(record, ENTERPRISE))
    rows = OUTCOMES_PART.rows(step.course, case).get("outcomes", ())
    counted = [one for _, row in rows for one in decode_outcomes(row)]
    closing = DisclosureWindows(record, case)
    said = {at.index: at.event for at in stream if isinstance(at.event, ComplaintOutcomeRecorded)}
    for number in range(-30, _DAYS):
        day = book.clock.today + timedelta(days=number)
        shown = {
            index: event.closed
            for index, event in said.items()
            if index not in record.repudiated and closing.shows(index, event, day)
        }
        assert {one.entry: one.case_closed for one in counted if one.shown_until(day) is not None} == shown
    for one in counted:
        assert one.outcome == OUTCOMES.of(record).by_entry[one.entry].newest(record.repudiated).outcome


def _root(book: object, index: int, event: Event) -> date:
    outcomes = OUTCOMES.of(book.record).by_entry  # type: ignore[attr-defined]
    for outcome in outcomes.values():
        if index in [one.index for one in (*outcome.corrections, *outcome.replies)]:
            on: date = outcome.effective_on
            return on
    return event.effective_on


def _shown_with(counts: set[int], event: Event, record: object) -> bool:
    """A reply and a correction are shown as long as their outcome counts."""
    named = getattr(event, "outcome_entry", getattr(event, "corrects", None))
    outcomes = OUTCOMES.of(record).by_entry  # type: ignore[attr-defined]
    roots = {
        root
        for root, outcome in outcomes.items()
        if named == root or named in [one.index for one in outcome.corrections]
    }
    return bool(roots & counts)
