"""What a decision costs does not grow with the history of its enterprise.

Counted in calls: they are the same on every machine, and whatever goes over a history makes some for each entry of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date

import pytest

from ledger.domain.events.base import Event
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.state.fold import fold
from ledger.errors import Refused
from ledger.registration import EntryPosition, judge
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, HANDLING_COLLEAGUE, Speaker
from tests.support.remedies import filed
from tests.support.statements import ENTERPRISE, corrected, outcome, replied, sign, speaker_of

OUTCOMES = 100
GROWTH_MAX = 1.1  # for four times the history
REFUSED = {"reply": "none", "replied": None, "outcome": "refused", "reason": "不接受调解"}
LATER = date(2031, 3, 16)  # nothing of it counts any more


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called, those of extensions too, once all that is made but once is there."""
    count = 0
    work()

    def seen(frame: object, what: str, argument: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def decided(book: Book, event: Event, by: Speaker, *, refused: bool = False) -> Callable[[], None]:
    """Decide it at the next place, and fold it in; the book stays as it was."""
    candidate = book.admit(*sign(event, subject=ENTERPRISE, by=by, iat=book.clock()))
    record, place = book.record, EntryPosition(len(book.events), book.record.version + 1, book.clock())

    def decide() -> None:
        with pytest.raises(Refused, match="still_counts") if refused else nullcontext():
            fold(record, [judge(candidate, record, book.governance, place).recorded])

    return decide


@pytest.fixture(scope="module")
def costs() -> dict[str, list[int]]:
    """By what is said, what deciding it cost after a history, one of twice, one of four times its length."""
    book, found = Book().with_enterprise(), dict[str, list[int]]()
    book.with_pledge()
    entries: list[int] = []
    for length in (OUTCOMES, 2 * OUTCOMES, 4 * OUTCOMES):
        while len(entries) < length:
            entries.append(book.say(outcome(len(entries) + 1, **REFUSED), by=HANDLING_BODY).index)
        entry, on = entries[-1], book.clock.today
        said: dict[str, tuple[Event, Speaker]] = {
            "an outcome": (outcome(length + 1, **REFUSED), HANDLING_BODY),
            "a correction": (corrected(entry), HANDLING_COLLEAGUE),
            "a reply": (replied(entry), speaker_of(ENTERPRISE)),
            "an objection": (filed(entry), speaker_of(ENTERPRISE)),
            "an erasure": (BodyErased(v=1, effective_on=on, entry=entry, ground="依申请"), DATA_OFFICER),
        }
        for name, (event, by) in said.items():
            refused = isinstance(event, BodyErased)
            found.setdefault(name, []).append(calls_of(decided(book, event, by, refused=refused)))
    book.clock.go_to(LATER)
    erased = BodyErased(v=1, effective_on=LATER, entry=entries[-1], ground="依申请")
    many = calls_of(decided(book, erased, DATA_OFFICER))
    few_book = Book().with_enterprise()
    few_book.with_pledge()
    few = [few_book.say(outcome(number, **REFUSED), by=HANDLING_BODY).index for number in range(1, OUTCOMES)][-1]
    few_book.clock.go_to(LATER)
    erased = BodyErased(v=1, effective_on=LATER, entry=few, ground="依申请")
    found["an erasure when it may be"] = [calls_of(decided(few_book, erased, DATA_OFFICER)), many]
    return found


def test_a_decision_costs_the_same_after_any_history(costs: dict[str, list[int]]) -> None:
    assert len(costs) == 6
    for name, counted in costs.items():
        assert max(counted) <= GROWTH_MAX * min(counted), (name, counted)
