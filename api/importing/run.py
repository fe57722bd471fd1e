"""The import itself: read → plan → sign → send → report. Safe to stop, and to run again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx

from api.importing.campaign import campaign_subject
from api.importing.mapping import Mapping
from api.importing.outcomes import OutcomeRules, plan_outcomes
from api.importing.plan import RowPlan
from api.importing.report import Report
from api.importing.roster import RosterRules, plan_roster
from api.importing.sending import STOPPED, Progress, Sending
from api.importing.service import Service
from api.importing.statements import Scribe
from api.importing.tables import Table, read_table
from api.importing.template import COLUMNS
from ledger.errors import Malformed, Unavailable
from ledger.keys.signer import Signer

__all__ = ["import_file", "plan_file"]


def import_file(
    path: Path,
    *,
    client: httpx.Client,
    signer: Signer,
    today: date,
    campaign: str | None = None,
    mapping: Mapping | None = None,
    issuer: str | None = None,
    organizer: Signer | None = None,
    late_ground: str | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
    clock: Callable[[], int] = lambda: int(time.time()),
    sleep: Callable[[float], None] | None = None,
) -> Report:
    """Import a roster of pledges for `campaign`, or complaint outcomes by `mapping`, into the service of `client`.

    `issuer` is the party that signs, looked up by its key if not given; `organizer` signs what enters unknown
    enterprises, where `signer` is a handling body's key. `late_ground` replaces the default one of late rows.
    `today` is the Asia/Shanghai date. With `dry_run` everything is done but sending.
    Ctrl-C ends it after the batch that is under way; what is left says `not sent`.

    Raises `Malformed` (file, mapping, or an answer that is none), `NotFound` (campaign, key), `OSError`, and
    `Unavailable` or `Busy` if the service was not reached before the first row.
    """
    stop = threading.Event()

    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise Unavailable(STOPPED)

    service = Service(client, sleep=sleep or wait)
    table, plans = plan_file(
        path,
        service=service,
        signer=signer,
        today=today,
        campaign=campaign,
        mapping=mapping,
        organizer=organizer,
        late_ground=late_ground,
    )

    def scribe_of(key: Signer, party: str | None, entering: Scribe | None = None) -> Scribe:
        says = party or service.issuer_of(key.kid)
        return Scribe(key, says, audience=origin, today=today, clock=clock, entering=entering)

    origin = service.origin()
    scribe = scribe_of(signer, issuer, scribe_of(organizer, None) if organizer else None)
    sending = Sending(plans, service, scribe, dry_run=dry_run, progress=progress, sleep=sleep or wait, stop=stop.set)
    stopped = sending.go()
    return Report(table.file_name, table.file_sha256, sending.reports(), dry_run, stopped)


def plan_file(
    path: Path,
    *,
    service: Service,
    signer: Signer,
    today: date,
    campaign: str | None,
    mapping: Mapping | None,
    organizer: Signer | None = None,
    late_ground: str | None = None,
) -> tuple[Table, list[RowPlan]]:
    """The table and a plan for each of its rows. Raises as `import_file` does."""
    if mapping is not None:
        table = read_table(path, mapping.columns)
        rules = OutcomeRules(
            mapping,
            today,
            table.file_sha256,
            derive=signer.derive,
            derive_subject=(organizer or signer).derive,
            late_ground=late_ground,
            epoch=table.epoch,
        )
        return table, plan_outcomes(table.rows, rules)
    if campaign is None:
        raise Malformed("say what the table is: a campaign's roster (its id), or outcomes (a mapping file)")
    campaign_id = campaign_subject(campaign)
    table = read_table(path, COLUMNS)
    # The file by its digest: its name may say what must not be in the book.
    ground = late_ground or f"迟报名单 / late roster: {table.file_sha256[:16]}"
    rules_ = RosterRules(
        campaign_id, service.campaign(campaign_id), today, table.file_sha256, signer.derive, ground, table.epoch
    )
    return table, plan_roster(table.rows, rules_)
