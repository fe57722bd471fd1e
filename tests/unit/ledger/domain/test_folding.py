"""Folding: the same in batches as one by one, the same from closed entries as after an erasure, and fast."""

from __future__ import annotations

import time
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.domain.events.base import Closed, Recorded
from ledger.domain.events.complaint import ComplaintOutcomeCorrected
from ledger.domain.events.enterprise import EnterpriseRenamed, IdentifierOverridden
from ledger.domain.events.pledge import PledgeReplaced
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.state.complaint import OUTCOMES, outcome_root
from ledger.domain.state.fold import fold
from ledger.domain.state.governance import Governance, evolve_governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.subject import is_enterprise
from tests.support.book import Book
from tests.support.findings import (
    annulment,
    breach,
    breach_corrected,
    cited,
    defaulted,
    found,
    performed,
    rechecked,
)
from tests.support.histories import histories, recorded
from tests.support.marks import mark_licensed, misuse_found
from tests.support.remedies import applied, approved, filed, refusal, rejected, rescinded, upheld
from tests.support.reports import invalidated, submitted
from tests.support.standards import declared, noted
from tests.support.statements import (
    TODAY,
    assessed,
    code,
    corrected,
    outcome,
    pledge_made,
    pledge_published,
    registered,
    replied,
)


def closed(at: Recorded) -> Recorded:
    return replace(at, event=Closed(sha256(at.statement_id).digest()))


def test_nothing_folds_to_nothing() -> None:
    assert fold(None, ()) is None


@given(histories(), st.lists(st.integers(1, 8), max_size=40))
def test_folding_in_batches_equals_one_by_one(events: list[Recorded], sizes: list[int]) -> None:
    one_by_one: EnterpriseRecord | None = None
    for event in events:
        one_by_one = fold(one_by_one, (event,))
    in_batches: EnterpriseRecord | None = None
    start = 0
    for size in (*sizes, len(events)):
        in_batches = fold(in_batches, events[start : start + size])
        start += size
    assert in_batches == one_by_one == fold(None, events)


@given(histories())
def test_a_record_after_an_erasure_equals_one_folded_from_closed_entries(events: list[Recorded]) -> None:
    gone = {at.event.entry for at in events if isinstance(at.event, BodyErased)}
    from_closed = fold(None, [closed(at) if at.index in gone else at for at in events])
    assert fold(None, events) == from_closed


def test_every_sealed_event_can_be_erased_as_if_it_had_been_closed() -> None:
    statement = recorded(2, pledge_made(disclosure="none"), sealed=True)
    events = [
        recorded(1, registered(), sealed=True),
        statement,
        recorded(3, pledge_published(statement.statement_id)),
        recorded(4, PledgeReplaced(v=1, effective_on=TODAY, code=code(), slip="错字", valid_until=TODAY), sealed=True),
        recorded(5, assessed(), sealed=True),
        recorded(6, EnterpriseRenamed(v=1, effective_on=TODAY, name="新名", evidence="证"), sealed=True),
        recorded(7, IdentifierOverridden(v=1, effective_on=TODAY, code="X", evidence="证"), sealed=True),
        recorded(8, outcome(1), sealed=True),
        recorded(9, replied(8 * 3), sealed=True),
        recorded(10, corrected(8 * 3), sealed=True),
        recorded(11, pledge_made(disclosure="none", scope="product"), sealed=True),
        recorded(13, declared()),
        recorded(14, noted(13 * 3), sealed=True),
        recorded(15, mark_licensed()),
        recorded(16, misuse_found(), sealed=True),
        recorded(17, submitted()),
        recorded(18, invalidated(17 * 3), sealed=True),
        recorded(19, found(), sealed=True),
        recorded(20, cited(), sealed=True),
        recorded(21, rechecked(20 * 3), sealed=True),
        recorded(22, annulment(19 * 3), sealed=True),
        recorded(23, breach(), sealed=True),
        recorded(24, breach_corrected(23 * 3), sealed=True),
        recorded(25, defaulted(8 * 3), sealed=True),
        recorded(26, performed(8 * 3), sealed=True),
        recorded(27, applied(20 * 3), sealed=True),
        recorded(28, approved(27 * 3, 20 * 3), sealed=True),
        recorded(29, rescinded(28 * 3, 20 * 3), sealed=True),
        recorded(30, refusal(27 * 3, 20 * 3), sealed=True),
        recorded(31, filed(20 * 3), sealed=True),
        recorded(32, upheld(31 * 3, 20 * 3), sealed=True),
        recorded(33, rejected(31 * 3, 20 * 3), sealed=True),
    ]
    before = fold(None, events)
    for number, at in enumerate(events):
        if not at.sealed or isinstance(at.event, ComplaintOutcomeCorrected):
            continue
        erasure = recorded(99, BodyErased(v=1, effective_on=TODAY, entry=at.index, ground="删除"))
        from_closed = fold(None, [*events[:number], closed(at), *events[number + 1 :], erasure])
        assert fold(before, (erasure,)) == from_closed, type(at.event).__name__


def test_what_was_said_of_an_erased_outcome_leaves_no_trace_whatever_is_erased_next() -> None:
    events = [
        recorded(1, registered()),
        recorded(2, outcome(1), sealed=True),
        recorded(3, replied(2 * 3), sealed=True),
        recorded(4, corrected(2 * 3), sealed=True),
        recorded(5, corrected(4 * 3), sealed=True),
    ]
    record = fold(None, events)
    assert record is not None
    assert [outcome_root(record, at.index) for at in events] == [None, 6, None, 6, 6]
    without_outcome = [events[0], closed(events[1]), *events[2:]]
    for number, gone in enumerate((2, 5, 4, 3), 6):
        erasure = recorded(number, BodyErased(v=1, effective_on=TODAY, entry=gone * 3, ground="删除"))
        record = fold(record, (erasure,))
        without_outcome = [closed(at) if at.index == gone * 3 else at for at in without_outcome] + [erasure]
        assert record is not None
        assert record == fold(None, without_outcome)
        assert OUTCOMES.key not in record.nouns


@given(histories())
def test_a_reader_without_bodies_counts_what_is_closed(events: list[Recorded]) -> None:
    record = fold(None, [closed(at) if at.sealed else at for at in events])
    assert record is not None
    assert record.closed == sum(at.sealed for at in events)
    assert not OUTCOMES.of(record).by_entry
    assert record.version == len(events)


@given(histories())
def test_folding_never_changes_an_earlier_record(events: list[Recorded]) -> None:
    half = len(events) // 2
    before = fold(None, events[:half])
    fold(before, events[half:])
    assert before == fold(None, events[:half])


def test_an_event_costs_as_much_after_50_000_as_after_1_000() -> None:
    first = recorded(1, registered())
    content = outcome(1)
    events = [first, *(recorded(version, content, sealed=True) for version in range(2, 51_001))]

    def cost(record: EnterpriseRecord | None, tail: list[Recorded]) -> float:
        """The best of five: others share this machine."""
        times = []
        for _ in range(5):
            begin = time.process_time()
            fold(record, tail)
            times.append(time.process_time() - begin)
        return min(times)

    early = cost(fold(None, events[:1_000]), events[1_000:2_000])
    late = cost(fold(None, events[:50_000]), events[50_000:51_000])
    assert late < 10 * early  # linear cost would be 50 times as much


def test_governance_folds_to_the_same_again() -> None:
    book = Book().with_enterprise()
    governance = Governance.empty()
    for event in book.events:
        if not is_enterprise(event.subject):
            governance = evolve_governance(governance, event)
    assert governance == book.governance
    assert governance.size == len(book.events)
