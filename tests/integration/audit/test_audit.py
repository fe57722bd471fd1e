"""The audit names the broken promise and its entry; a book in order is clean, whoever audits it and however."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise

import pytest

from api.auditing.drill import Drilling, audit_here
from ledger.audit import Audited, AuditResult, Known
from ledger.audit.audit import AuditWorkers, FurtherChecks, run_audit
from ledger.audit.sources.database_source import DatabaseSource
from ledger.cose.statement import Claims, decode_event, make_statement, parse_statement
from ledger.domain.events.campaign import Clause
from ledger.domain.events.enterprise import EnterpriseRenamed
from ledger.parallel.process_pool import ProcessEngine
from ledger.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.tlog.hashing import leaf_hash
from ledger.verifier.trust import Trust
from projections.engine.audit_check import check_read_models, rows_of_streams
from tests.support.charter import ORGANIZER, ORIGIN, Speaker
from tests.support.forging import LEAF_OF_STATE, resign
from tests.support.keys import log_keys, signer_for
from tests.support.live_book import LiveBook
from tests.support.statements import CAMPAIGN, campaign_corrected, sign


def audited(live: LiveBook, trust: Trust, *, workers: int = 0, known: Known = Known()) -> AuditResult:  # noqa: B008
    source, snapshot = DatabaseSource.begin(live.database.service)
    with closing(source), ProcessEngine(workers or 1) as engine:
        return run_audit(
            source,
            trust,
            workers=AuditWorkers(engine, snapshot) if workers else None,
            known=known,
            checks=FurtherChecks([rows_of_streams], [check_read_models]),
        )


def said(outcome: AuditResult) -> list[tuple[str, int | None]]:
    return [(one.code, one.entry) for one in outcome.findings]


def renamed_at(drilling: Drilling) -> int:
    row = drilling.connection.execute(
        "SELECT notification_id - 1 FROM ledger.entries WHERE topic = 'EnterpriseRenamed'"
    ).fetchone()
    assert row is not None
    index: int = row[0]
    return index


def say_instead(drilling: Drilling, index: int, event: EnterpriseRenamed, by: Speaker) -> None:
    """Another statement in the place of an entry, with its identity, under any key."""
    ((data,),) = drilling.connection.execute(
        "SELECT state FROM ledger.entries WHERE notification_id = %s", (index + 1,)
    ).fetchall()
    old = parse_statement(data)
    new = make_statement(event, Claims(old.subject, by.party, ORIGIN, old.iat, old.cti), by.signer)
    drilling.connection.execute(f"ALTER TABLE ledger.entries DROP CONSTRAINT {LEAF_OF_STATE}")
    drilling.connection.execute("UPDATE ledger.entries SET state = %s WHERE notification_id = %s", (new, index + 1))


def event_at(drilling: Drilling, index: int) -> EnterpriseRenamed:
    ((data,),) = drilling.connection.execute(
        "SELECT state FROM ledger.entries WHERE notification_id = %s", (index + 1,)
    ).fetchall()
    event = decode_event(parse_statement(data))
    assert isinstance(event, EnterpriseRenamed)
    return event


def test_a_book_in_order_is_clean_and_every_entry_was_verified_and_judged(live: LiveBook, trust: Trust) -> None:
    outcome = audited(live, trust)
    assert outcome.findings == []
    assert outcome.entries == outcome.size >= 300
    assert outcome.signatures == outcome.entries + 2 * outcome.checkpoints
    assert outcome.judged == outcome.entries - outcome.notice_counts["closed"]


def test_worker_processes_come_to_the_same_as_one(live: LiveBook, trust: Trust) -> None:
    alone, shared = audited(live, trust), audited(live, trust, workers=2)
    for outcome in (alone, shared):
        outcome.seconds = 0
    assert alone == shared


def test_going_on_from_an_audited_state_verifies_only_what_is_new(live: LiveBook, trust: Trust) -> None:
    first = audited(live, trust)
    again = audited(live, trust, known=Known(audited=Audited(ORIGIN, first.size, first.root)))
    assert again.clean
    assert again.signatures == 2 * again.checkpoints
    assert again.judged == first.judged


def test_an_audited_state_of_another_history_is_a_fork(live: LiveBook, trust: Trust) -> None:
    outcome = audited(live, trust, known=Known(audited=Audited(ORIGIN, 100, "ab" * 32)))
    assert [(one.code, one.size) for one in outcome.findings] == [("log.fork", 100)]
    assert outcome.signatures == outcome.entries + 2 * outcome.checkpoints  # nothing is taken from that state


def test_two_checkpoints_signed_by_the_log_name_the_size_at_which_its_trees_part(live: LiveBook, trust: Trust) -> None:
    signer = log_keys(ORIGIN).checkpoint
    heads = [row for row in (live.store.checkpoint_covering(at) for at in (100, 150)) if row is not None]
    agreed = open_checkpoint(heads[0].note, *trust.first_vkeys)
    other = sign_checkpoint(Checkpoint(ORIGIN, heads[1].tree_size, sha256(b"other").digest()), signer)
    parted = open_checkpoint(other, *trust.first_vkeys)
    outcome = audited(live, trust, known=Known((agreed, parted)))
    assert [(one.code, one.size) for one in outcome.findings] == [("log.fork", heads[1].tree_size)]
    assert f"from {heads[0].tree_size} to {heads[1].tree_size - 1}" in outcome.findings[0].detail


def test_a_tail_cut_off_everywhere_shows_against_a_checkpoint_that_somebody_kept(
    live: LiveBook, forged: Drilling
) -> None:
    newest = live.store.latest()
    assert newest is not None
    kept = open_checkpoint(newest.note, *forged.trust.first_vkeys)
    least = newest.tree_size - 3
    forged.connection.execute("DELETE FROM ledger.checkpoints WHERE tree_size > %s", (least,))
    forged.connection.execute("DELETE FROM ledger.entries WHERE notification_id > %s", (least,))
    for table in ("unique_facts", "vault"):
        forged.connection.execute(f"DELETE FROM ledger.{table} WHERE leaf_index >= %s", (least,))
    outcome = audit_here(forged._replace(known=Known((kept,))))
    assert ("log.shrunk", newest.tree_size) in [(one.code, one.size) for one in outcome.findings]


def test_an_entry_resigned_by_another_key_is_named_though_the_whole_tree_was_signed_anew(forged: Drilling) -> None:
    index = renamed_at(forged)
    stranger = Speaker(ORGANIZER.party, signer_for("a stranger"), "stranger-1", ORGANIZER.roles)
    say_instead(forged, index, event_at(forged, index), stranger)
    resign(forged.connection)
    outcome = audit_here(forged)
    assert ("entry.key", index) in said(outcome)
    assert {one.entry for one in outcome.findings if one.code.startswith("entry.")} == {index}


def test_a_backdated_record_breaks_the_recording_limit_of_its_time(forged: Drilling) -> None:
    from msgspec.structs import replace as changed  # noqa: PLC0415

    index = renamed_at(forged)
    event = event_at(forged, index)
    say_instead(forged, index, changed(event, effective_on=event.effective_on - timedelta(days=800)), ORGANIZER)
    resign(forged.connection)
    rules = [one for one in audit_here(forged).findings if one.code == "entry.rule"]
    assert [(one.entry, "recording.late" in one.detail) for one in rules] == [(index, True)]


def test_terms_corrected_behind_a_published_pledge_are_named(
    forged: Drilling,
) -> None:
    """The operator takes out the fact that a pledge is published, lets a correction in, and signs everything anew."""
    run = forged.connection.execute
    rows = run("SELECT * FROM ledger.entries WHERE originator_id = %s ORDER BY 2", (CAMPAIGN,)).fetchall()
    ((fixed,),) = run("SELECT leaf_index FROM ledger.unique_facts WHERE kind = 'published_in'").fetchall()
    ((size, at),) = run("SELECT tree_size, recorded_at FROM ledger.checkpoints ORDER BY 1 DESC LIMIT 1").fetchall()
    event = campaign_corrected(rows[-1][4] - 1, late_ground="历史导入", clauses=(Clause(id="refund", zh="概不退货"),))
    data, _ = sign(event, subject=CAMPAIGN, by=ORGANIZER, iat=at)
    run(
        "INSERT INTO ledger.entries VALUES (%s, %s, 'CampaignCorrected', %s, %s, %s, %s)",
        (CAMPAIGN, len(rows) + 1, data, size + 1, leaf_hash(data), at),
    )
    statement = parse_statement(data)
    cti = f"{statement.issuer}/{statement.cti.hex()}"
    run("INSERT INTO ledger.unique_facts VALUES ('cti', %s, %s)", (cti, size))
    run(
        "INSERT INTO ledger.checkpoints (tree_size, previous_size, root, recorded_at, note, receipt_protected, "
        "receipt_signature) SELECT %s, tree_size, root, recorded_at, note, receipt_protected, "
        "receipt_signature FROM ledger.checkpoints WHERE tree_size = %s",
        (size + 1, size),
    )
    resign(forged.connection)
    outcome = audit_here(forged)
    found = [(one.code, one.entry, one.detail) for one in outcome.findings if one.code.startswith(("fact", "entry"))]
    assert found == [("fact.before", size, f"entry {fixed} says so already")]
    run("UPDATE ledger.unique_facts SET leaf_index = %s WHERE kind = 'published_in'", (fixed + 1,))
    assert ("fact.altered", fixed) in said(audit_here(forged))


def test_a_hidden_complaint_outcome_leaves_a_gap_in_its_stream_and_another_map_root(forged: Drilling) -> None:
    """The operator drops an entry, moves all later ones up and signs everything anew."""
    ((hidden, subject, version),) = forged.connection.execute(
        "SELECT notification_id, originator_id, originator_version FROM ledger.entries "
        "WHERE topic = 'sealed' AND notification_id BETWEEN 120 AND 200 ORDER BY 1 LIMIT 1"
    ).fetchall()
    run = forged.connection.execute
    for table in ("unique_facts", "vault"):
        run(f"DELETE FROM ledger.{table} WHERE leaf_index = %s", (hidden - 1,))
        run(f"UPDATE ledger.{table} SET leaf_index = -leaf_index WHERE leaf_index >= %s", (hidden,))
        run(f"UPDATE ledger.{table} SET leaf_index = -leaf_index - 1 WHERE leaf_index < 0")
    run("DELETE FROM ledger.entries WHERE notification_id = %s", (hidden,))
    run("ALTER TABLE ledger.entries DROP CONSTRAINT entries_notification_id_key")
    run("UPDATE ledger.entries SET notification_id = notification_id - 1 WHERE notification_id > %s", (hidden,))
    run("DELETE FROM ledger.checkpoints WHERE tree_size = (SELECT max(tree_size) FROM ledger.checkpoints)")
    resign(forged.connection)
    codes = {one.code for one in audit_here(forged).findings}
    gaps = [(one.code, one.subject) for one in audit_here(forged).findings if one.code == "stream.gap"]
    assert gaps == [("stream.gap", subject)]
    assert version > 1
    assert "map.root" in codes


def test_a_forked_tree_with_a_validly_signed_checkpoint_is_named_by_its_size(live: LiveBook, forged: Drilling) -> None:
    keys, row = log_keys(ORIGIN), live.store.checkpoint_covering(140)
    assert row is not None
    note = sign_checkpoint(Checkpoint(ORIGIN, row.tree_size, sha256(b"fork").digest()), keys.checkpoint)
    forged.connection.execute("UPDATE ledger.checkpoints SET note = %s WHERE tree_size = %s", (note, row.tree_size))
    outcome = audit_here(forged)
    assert outcome.findings
    assert {one.size for one in outcome.findings} == {row.tree_size}


def test_a_receipt_key_that_the_trust_file_does_not_name_signs_nothing(live: LiveBook, trust: Trust) -> None:
    outcome = audited(live, replace(trust, first_receipt_keys={}))
    assert {"checkpoint.receipt", "log.anchors"} == set(outcome.counts)
    assert outcome.counts["checkpoint.receipt"] == outcome.checkpoints
    assert sum(one.code == "checkpoint.receipt" for one in outcome.findings) == 100  # bounded, counted in full


@pytest.mark.parametrize("wrong", ["charter", "origin"])
def test_another_logs_trust_file_is_refuted_at_the_charter(live: LiveBook, trust: Trust, wrong: str) -> None:
    other = replace(trust, charter=bytes(32)) if wrong == "charter" else replace(trust, origin="other.example/log")
    counts = audited(live, other).counts
    assert "log.charter" in counts or "log.anchors" in counts


def test_checkpoints_are_read_in_order_of_their_signed_sizes(live: LiveBook) -> None:
    source, _ = DatabaseSource.begin(live.database.service)
    sizes = [row.tree_size for row in source.checkpoints()]
    source.close()
    assert all(one < other for one, other in pairwise(sizes))
