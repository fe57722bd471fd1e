"""The import itself: read → plan → sign → send → report. Safe to stop, and to run again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx

from api.importing.campaign import campaign_subject
from api.importing.declarations import DeclarationRules, plan_declarations, resolved
from api.importing.fulfilment import FulfilmentRules, plan_fulfilment
from api.importing.kinds import Kind, read_kind
from api.importing.mapping import Mapping
from api.importing.outcome_template import national_mapping
from api.importing.outcomes import OutcomeRules, plan_outcomes
from api.importing.plan import RowPlan
from api.importing.report import Report, RowReport
from api.importing.roster import RosterRules, plan_roster
from api.importing.sending import STOPPED, Progress, Sending, unsent
from api.importing.service import Service
from api.importing.statements import Scribe
from api.importing.tables import Table, read_table
from ledger.errors import Malformed, Unavailable
from ledger.keys.signer import Signer

__all__ = ["import_file", "plan_file"]


def import_file(
    path: Path,
    *,
    client: httpx.Client,
    signer: Signer,
    today: date,
    kind: Kind | None = None,
    campaign: str | None = None,
    mapping: Mapping | None = None,
    issuer: str | None = None,
    organizer: Signer | None = None,
    late_ground: str | None = None,
    approved: frozenset[int] = frozenset(),
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
    clock: Callable[[], int] = lambda: int(time.time()),
    sleep: Callable[[float], None] | None = None,
) -> Report:
    """Import a table into the service of `client`: of `kind`, or what its columns say; outcomes of another source
    by `mapping`; a roster of pledges for `campaign`.

    `issuer` is the party that signs, looked up by its key if not given; `organizer` signs what enters unknown
    enterprises, where `signer` is a handling body's key. `late_ground` replaces the default one of late rows.
    `approved`: rows in which somebody has looked at what might be personal data. `today` is the Asia/Shanghai date.
    With `dry_run` everything is done but sending.
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
        kind=kind,
        campaign=campaign,
        mapping=mapping,
        organizer=organizer,
        late_ground=late_ground,
        approved=approved,
    )

    def scribe_of(key: Signer, party: str | None, entering: Scribe | None = None) -> Scribe:
        says = party or service.issuer_of(key.kid)
        return Scribe(key, says, audience=origin, today=today, clock=clock, entering=entering)

    origin = service.origin()
    scribe = scribe_of(signer, issuer, scribe_of(organizer, None) if organizer else None)

    def send(part: Sequence[RowPlan], done: int) -> tuple[str | None, tuple[RowReport, ...]]:
        def tell(more: int, _: int) -> None:
            progress(min(done + more, len(plans)), len(plans))

        stop.clear()
        sending = Sending(part, service, scribe, dry_run=dry_run, progress=tell, sleep=sleep or wait, stop=stop.set)
        return sending.go(), sending.reports()

    stopped, reports = _in_stages(plans, service, send, dry_run)
    return Report(table.file_name, table.file_sha256, reports, dry_run, stopped)


_Send = Callable[[Sequence[RowPlan], int], tuple[str | None, tuple[RowReport, ...]]]


def _in_stages(
    plans: Sequence[RowPlan], service: Service, send: _Send, dry_run: bool
) -> tuple[str | None, tuple[RowReport, ...]]:
    """Rows of one stage after those of another, then what follows from rows that are in the book."""
    reports: dict[int, RowReport] = {}
    stopped: str | None = None
    for stage in sorted({plan.stage for plan in plans} | {0}):
        places = [place for place, plan in enumerate(plans) if plan.stage == stage]
        part = [plans[place] for place in places]
        if stage and not dry_run and stopped is None:
            part = [resolved(plan, service.standards) if plan.sound or plan.override else plan for plan in part]
        if stopped is not None:
            reports |= {place: unsent(plans[place]) for place in places}
            continue
        stopped, said = send(part, len(reports))
        reports |= dict(zip(places, said, strict=True))
    if stopped is None and not dry_run:
        stopped = _follow_up(plans, reports, send)
    return stopped, tuple(reports[place] for place in range(len(plans)))


def _follow_up(plans: Sequence[RowPlan], reports: dict[int, RowReport], send: _Send) -> str | None:
    """The assessments that rows of a roster hold beside their pledges."""
    places, part = [], []
    for place, plan in enumerate(plans):
        code = reports[place].pledge_code
        if plan.then is not None and code is not None and reports[place].status in ("accepted", "already registered"):
            places.append(place)
            part.append(RowPlan(plan.row, plan.name, plan.code, (), plan.then(code)))
    if not part:
        return None
    stopped, said = send(part, len(plans))
    for place, then in zip(places, said, strict=True):
        first = reports[place]
        status = first.status if then.status == "already registered" else then.status
        reports[place] = replace(first, status=status, reasons=then.reasons, entries=(*first.entries, *then.entries))
    return stopped


def plan_file(
    path: Path,
    *,
    service: Service,
    signer: Signer,
    today: date,
    kind: Kind | None = None,
    campaign: str | None = None,
    mapping: Mapping | None = None,
    organizer: Signer | None = None,
    late_ground: str | None = None,
    approved: frozenset[int] = frozenset(),
) -> tuple[Table, list[RowPlan]]:
    """The table and a plan for each of its rows. Raises as `import_file` does."""
    if mapping is not None:
        kind, table = "outcomes", read_table(path, mapping.columns)
    else:
        kind, table = read_kind(path, "roster" if kind is None and campaign is not None else kind)
    digest, epoch = table.file_sha256, table.epoch
    # The file by its digest: its name may say what must not be in the book.
    ground = late_ground or f"迟报名单 / late roster: {digest[:16]}"
    if kind == "outcomes":
        derive = (organizer or signer).derive
        outcomes = OutcomeRules(
            mapping or national_mapping(), today, digest, signer.derive, derive, late_ground, epoch, approved
        )
        return table, plan_outcomes(table.rows, outcomes)
    if kind == "declarations":
        declared = DeclarationRules(today, digest, (organizer or signer).derive, ground, epoch, approved)
        return table, plan_declarations(table.rows, declared)
    if kind == "fulfilment":
        assessed = FulfilmentRules(today, (organizer or signer).derive, service.validity, ground, epoch, approved)
        return table, plan_fulfilment(table.rows, assessed)
    if campaign is None:
        raise Malformed("a roster of pledges is imported for a campaign: say which (--campaign)")
    campaign_id = campaign_subject(campaign)
    called = service.campaign(campaign_id)
    roster = RosterRules(campaign_id, called, today, digest, signer.derive, ground, epoch, approved)
    return table, plan_roster(table.rows, roster)
