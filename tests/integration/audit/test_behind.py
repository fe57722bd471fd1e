"""Read models that are behind the log are no broken promise, and a position that was moved never goes unnamed."""

from __future__ import annotations

from pathlib import Path

from api.auditing.drill import Drilling, audit_here
from ledger.store.backup import backup
from ledger.store.restore import restore
from ledger.verifier.trust import Trust
from projections.completeness.map_tables import prepare_map
from projections.engine.schema import prepare
from tests.support.database import PostgresServer
from tests.support.forging import superuser
from tests.support.live_book import LiveBook

MOVE = "UPDATE projections.tracking SET notification_id = notification_id - %s WHERE application_name = 'ledger'"


def test_a_position_that_was_counted_down_is_always_named(forged: Drilling) -> None:
    """As long as nothing between was derived, that is true of all rows, and a notice; from then on it is a finding."""
    seen = set()
    for steps in (1, 5, 20, 60):
        with forged.connection.transaction(force_rollback=True):
            forged.connection.execute(MOVE, (steps,))
            outcome = audit_here(forged)
        named = {one.code for one in outcome.findings} | {one.code for one in outcome.notices}
        assert named & {"projection.position", "projection_behind"}, f"{steps} entries down, and nobody says so"
        assert {one.code for one in outcome.findings} <= {"projection.position", "projection.row"}, outcome.findings[:3]
        seen |= {one.code for one in outcome.findings}
    assert "projection.position" in seen, "over entries that give rise to rows it is a finding"


def test_a_book_that_was_just_restored_is_clean_before_anything_is_derived_and_while_it_is(
    live: LiveBook, trust: Trust, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    copy = tmp_path / "book.backup"
    backup(live.database.service, copy)
    with postgres_server.database() as database:
        restore(database.admin, copy)
        for step in (lambda: None, lambda: prepare(database.service), lambda: prepare_map(database.service)):
            step()
            with superuser(database) as connection, connection.transaction(force_rollback=True):
                outcome = audit_here(Drilling(connection, trust))
            assert outcome.counts == {}, outcome.findings[:3]
            assert outcome.complete
        assert outcome.notice_counts["projection_behind"] == 1


def test_a_position_that_is_gone_while_rows_are_there_is_found(forged: Drilling) -> None:
    forged.connection.execute("DELETE FROM projections.tracking WHERE application_name = 'ledger'")
    assert "projection.position" in audit_here(forged).counts
