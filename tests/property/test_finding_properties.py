"""Whatever was recorded: a finding never helps, and an annulment gives back what would have been without it."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.agreement import AgreementDefaulted
from ledger.domain.events.base import Closed, Recorded
from ledger.domain.events.finding import FindingRecorded, PublicRecordCited
from ledger.domain.rules.findings_on_record import findings_at, findings_of, holds_at
from ledger.domain.state.fold import SLOTS, fold
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing
from projections.standing.evaluate import evaluate
from projections.standing.facts import PolicyInForce
from projections.standing.standing_model import Standing
from tests.support.findings import annulment, cited, found
from tests.support.histories import histories, recorded
from tests.support.remedies import misattributed
from tests.support.statements import TODAY

POLICIES = (PolicyInForce(date(2026, 1, 1), 5, default_standing_policy()),)
RANK = ["GOOD", "PLEDGED", "NORMAL", "WATCH", "ALERT", "REVOKED", "LISTED"]
DAYS = st.integers(0, 1200).map(lambda days: TODAY + timedelta(days=days))
FINDINGS = st.sampled_from(
    [
        found(),
        found(severity="severe"),
        cited(),
        cited(kind="abnormal_list"),
        cited(kind="penalty", severity="severe"),
    ]
)


def folded(events: list[Recorded]) -> EnterpriseRecord:
    record = fold(None, events)
    assert record is not None
    return record


def with_one_more(events: list[Recorded], event: FindingRecorded | PublicRecordCited) -> list[Recorded]:
    """The events, with the finding as the second of them."""
    at = replace(recorded(1, event, sealed=True), index=events[0].index + 1)
    return [events[0], at, *events[1:]]


def bearings(record: EnterpriseRecord) -> list[Bearing]:
    """What counts, without the entries that were merely looked at."""
    read = [noun.bearing(record) for noun in SLOTS.values() if noun.bearing is not None]
    return [one._replace(bearing=()) for one in read]


def told(standing: Standing) -> tuple[object, ...]:
    return standing.level, standing.points, standing.reasons, standing.holds


@settings(max_examples=60, deadline=None)
@given(histories(), FINDINGS, DAYS)
def test_a_finding_never_makes_a_standing_better(
    events: list[Recorded], event: FindingRecorded | PublicRecordCited, day: date
) -> None:
    with_it = with_one_more(events, event)
    before, after = evaluate(POLICIES, folded(events), day), evaluate(POLICIES, folded(with_it), day)
    assert after.points >= before.points
    if before.level != "UNRATED":
        assert RANK.index(after.level) >= RANK.index(before.level)
    else:
        assert after.level != "GOOD"


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(0, 100), DAYS)
def test_an_annulment_restores_what_would_have_been_without_the_finding(
    events: list[Recorded], pick: int, day: date
) -> None:
    kinds = FindingRecorded | PublicRecordCited | AgreementDefaulted
    if not any(isinstance(at.event, kinds) for at in events):
        events = with_one_more(events, found())
    said = [at.index for at in events if isinstance(at.event, kinds)]
    index = said[pick % len(said)]
    annulled = recorded(len(events) + 5, annulment(index), sealed=True)
    without, restored = folded([at for at in events if at.index != index]), folded([*events, annulled])
    closed = folded([replace(at, event=Closed(b"")) if at.index == index else at for at in events])
    assert findings_of(restored) == findings_of(without) == findings_of(closed)
    assert bearings(restored) == bearings(without) == bearings(closed)
    assert told(evaluate(POLICIES, restored, day)) == told(evaluate(POLICIES, without, day))


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(0, 100))
def test_what_was_disowned_bears_nothing(events: list[Recorded], pick: int) -> None:
    disowned = misattributed(events[pick % len(events)].index)
    record = folded([*events, recorded(len(events) + 5, disowned)])
    for entry in record.repudiated:
        assert findings_at(record, entry) == ()
        assert holds_at(record, entry) == ()
    for one in bearings(record):
        assert not {mark.entry for mark in one.conduct} & set(record.repudiated)
        assert not {relief.by for relief in one.reliefs} & set(record.repudiated)
        assert not {note.by for note in one.annotations} & set(record.repudiated)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_findings_at_an_entry_are_those_of_the_record(events: list[Recorded]) -> None:
    record = folded(events)
    everything = findings_of(record)
    for entry in record.entries:
        assert sorted(findings_at(record, entry)) == sorted(one for one in everything if one.entry == entry)
