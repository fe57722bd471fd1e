"""Cosignatures: every one is verified, and the quorum of the trust file must be on a checkpoint that is not old."""

from __future__ import annotations

import pytest

from api.auditing.drill import Drilling, _one, audit_here
from api.auditing.mutations import mutations
from ledger.audit import AuditResult
from ledger.limits import AUDIT_UNWITNESSED_SECONDS_MAX
from ledger.tlog.note import parse_note
from ledger.verifier.trust import Trust
from tests.integration.audit.test_audit import audited
from tests.support.live_book import WITNESSES, LiveBook, trust_of
from tests.support.witnesses import cosigner, policy_text

_ALL = "SELECT tree_size FROM ledger.checkpoints ORDER BY tree_size"


def sizes(drilling: Drilling) -> list[int]:
    return [row[0] for row in drilling.connection.execute(_ALL).fetchall()]


def said(outcome: AuditResult) -> list[tuple[str, int | None]]:
    return [(one.code, one.size) for one in outcome.findings]


def test_a_quorum_on_a_late_checkpoint_is_clean_and_what_came_since_is_said(live: LiveBook, trust: Trust) -> None:
    outcome = audited(live, trust)
    newest = live.store.latest()
    assert newest is not None
    assert outcome.clean
    (notice,) = [one for one in outcome.notices if one.code == "not_witnessed_yet"]
    assert notice.size == newest.tree_size
    assert f"size {newest.tree_size - 2}" in notice.detail


def test_without_any_quorum_the_log_is_not_what_the_trust_file_demands(forged: Drilling) -> None:
    forged.connection.execute("DELETE FROM ledger.cosignatures WHERE name = %s", (cosigner(WITNESSES[1]).key.name,))
    outcome = audit_here(forged)
    assert said(outcome) == [("checkpoint.quorum", sizes(forged)[-1])]
    assert WITNESSES[0] not in outcome.findings[0].detail


def test_a_quorum_that_stayed_behind_for_more_than_a_day_is_found(forged: Drilling) -> None:
    oldest = sizes(forged)[0]
    forged.connection.execute("DELETE FROM ledger.cosignatures WHERE tree_size > %s", (oldest,))
    ((waited,),) = forged.connection.execute(
        "SELECT max(recorded_at) - min(recorded_at) FROM ledger.checkpoints WHERE tree_size > %s", (oldest,)
    ).fetchall()
    assert waited > AUDIT_UNWITNESSED_SECONDS_MAX
    assert said(audit_here(forged)) == [("checkpoint.quorum", sizes(forged)[-1])]


def test_any_of_the_witnesses_is_enough_where_the_policy_says_so(live: LiveBook) -> None:
    newest = live.store.latest()
    assert newest is not None
    outcome = audited(live, trust_of(live.store, policy_text(*WITNESSES, rule="any")))
    assert outcome.clean
    (notice,) = [one for one in outcome.notices if one.code == "not_witnessed_yet"]
    assert f"size {newest.tree_size - 1}" in notice.detail


def test_witnesses_that_the_trust_file_does_not_know_count_for_nothing(live: LiveBook) -> None:
    strangers = audited(live, trust_of(live.store, policy_text("south")))
    assert [one.code for one in strangers.findings] == ["checkpoint.quorum"]
    assert strangers.notice_counts["cosigner_unknown"] == 5
    nothing_demanded = audited(live, trust_of(live.store))
    assert nothing_demanded.clean
    assert nothing_demanded.notice_counts["cosigner_unknown"] == 5


def test_a_cosignature_of_another_tree_does_not_hold(live: LiveBook, forged: Drilling) -> None:
    at = sizes(forged)[-3]
    other = live.store.checkpoint_covering(0)
    assert other is not None
    line = cosigner(WITNESSES[0]).sign(parse_note(other.note).text, other.recorded_at)
    forged.connection.execute(
        "UPDATE ledger.cosignatures SET signature = %s WHERE tree_size = %s AND name = %s",
        (line.signature, at, line.name),
    )
    outcome = audit_here(forged)
    assert ("checkpoint.cosignature", at) in said(outcome)
    assert {one.row.split(" ")[0] for one in outcome.findings if one.row} == {"ledger.cosignatures"}


@pytest.mark.timeout(600)
def test_every_mutation_of_the_table_is_named_exactly(forged: Drilling) -> None:
    planned = [one for one in mutations(forged.connection, 1) if one.table == "ledger.cosignatures"]
    before = audit_here(forged)
    tried = [_one(forged, one, before) for one in planned]
    wrong = [(done.name, done.named, done.strayed) for done in tried if not done.found]
    assert wrong == []
    assert len(planned) >= 10


def test_without_witnesses_in_the_trust_file_the_table_is_not_drilled(forged: Drilling) -> None:
    without = {one.table for one in mutations(forged.connection, 1, ("ledger.cosignatures",))}
    assert "ledger.cosignatures" not in without
    assert len(without) > 10
