"""The import itself: read → plan → sign → send → report. Safe to stop, and to run again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx

from api.importing.annex_folder import AnnexFolder
from api.importing.campaign_terms import campaign_subject
from api.importing.fulfilment_table import FulfilmentRules, plan_fulfilment
from api.importing.import_report import HIDDEN, ImportReport, RowReport
from api.importing.import_signer import ImportSigner
from api.importing.outcome_template import national_mapping
from api.importing.outcomes_table import OutcomeRules, plan_outcomes
from api.importing.public_records import Look, PublicRecordRules, plan_public_records
from api.importing.roster import RosterRules, plan_roster
from api.importing.row_plan import RowPlan
from api.importing.service_client import ImportClient
from api.importing.signing import Scribe
from api.importing.source_mapping import Mapping
from api.importing.standards_table import DeclarationRules, plan_declarations, resolved
from api.importing.statement_names import Naming, named, namings
from api.importing.submission import STOPPED, Progress, Sending, unsent
from api.importing.table_kinds import Kind, read_kind
from api.importing.table_reader import Table, read_table
from ledger.domain.events.campaign import Scope
from ledger.errors import Busy, Malformed, Unavailable
from ledger.keys.naming_secret import NamingSecret

__all__ = ["import_file", "plan_file"]


def import_file(
    path: Path,
    *,
    client: httpx.Client,
    hand: ImportSigner,
    today: date,
    kind: Kind | None = None,
    campaign: str | None = None,
    mapping: Mapping | None = None,
    scope: Scope | None = None,
    looked: Look | None = None,
    organizer: ImportSigner | None = None,
    annexes: Path | None = None,
    late_ground: str | None = None,
    approved: frozenset[int] = frozenset(),
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
    clock: Callable[[], int] = lambda: int(time.time()),
    sleep: Callable[[float], None] | None = None,
) -> ImportReport:
    """Import a table into the service of `client`: of `kind`, or what its columns say; outcomes of another source
    by `mapping`; a roster of pledges for `campaign`, of `scope` where its rows name none; public records, `looked` up.

    `hand` signs and names it; `organizer` enters unknown enterprises, where `hand` is a handling body's.
    `annexes`: the folder of the files that the table names, its own if not given. `late_ground`
    replaces the default one of late rows. `approved`: rows in which somebody has looked at what might be personal
    data. `today` is the Asia/Shanghai date.
    With `dry_run` everything is done but sending.
    Ctrl-C ends it after the batch that is under way; what is left says `not sent`.

    Raises `Malformed` (file, mapping, or an answer that is none), `NotFound` (campaign, key), `OSError`, and
    `Unavailable` or `Busy` if the service was not reached before the first row.
    """
    stop = threading.Event()

    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise Unavailable(STOPPED)

    service = ImportClient(client, sleep=sleep or wait)
    ways = namings(hand.secrets, organizer.secrets if organizer else None)
    files = AnnexFolder(annexes or path.parent)
    table, plans = plan_file(
        path,
        service=service,
        ways=ways,
        today=today,
        kind=kind,
        campaign=campaign,
        mapping=mapping,
        scope=scope,
        looked=looked,
        annexes=files,
        late_ground=late_ground,
        approved=approved,
    )

    def scribe_of(one: ImportSigner, secret: NamingSecret, entering: Scribe | None = None) -> Scribe:
        return Scribe(one.signer, one.party, secret, audience=origin, today=today, clock=clock, entering=entering)

    origin = service.origin()
    scribes = [
        scribe_of(hand, way.own, scribe_of(organizer, way.entering) if organizer is not None else None) for way in ways
    ]
    chosen = named(plans, scribes, service)

    def send(part: Sequence[RowPlan], done: int) -> tuple[str | None, tuple[RowReport, ...]]:
        def tell(more: int, _: int) -> None:
            progress(min(done + more, len(chosen)), len(chosen))

        stop.clear()
        sending = Sending(
            part, service, scribes, files, dry_run=dry_run, progress=tell, sleep=sleep or wait, stop=stop.set
        )
        return sending.go(), sending.reports()

    def send_next(part: Sequence[RowPlan], done: int) -> tuple[str | None, tuple[RowReport, ...]]:
        try:
            part = named([part] * len(ways), scribes, service)
        except (Unavailable, Busy) as error:
            return str(error), tuple(unsent(plan) for plan in part)
        return send(part, done)

    stopped, reports = _in_stages(chosen, service, send, send_next, dry_run)
    hidden = frozenset(table.hidden)
    seen = tuple(replace(one, reasons=(*one.reasons, HIDDEN)) if one.row in hidden else one for one in reports)
    return ImportReport(table.file_name, table.file_sha256, seen, dry_run, stopped)


_Send = Callable[[Sequence[RowPlan], int], tuple[str | None, tuple[RowReport, ...]]]


def _in_stages(
    plans: Sequence[RowPlan], service: ImportClient, send: _Send, send_next: _Send, dry_run: bool
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
        stopped = _follow_up(plans, reports, send_next)
    return stopped, tuple(reports[place] for place in range(len(plans)))


def _follow_up(plans: Sequence[RowPlan], reports: dict[int, RowReport], send: _Send) -> str | None:
    """The assessments that rows of a roster hold beside their pledges."""
    places, part = [], []
    for place, plan in enumerate(plans):
        code = None if plan.entries else reports[place].pledge_code  # those were compared, and are never sent
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
    service: ImportClient,
    ways: Sequence[Naming],
    today: date,
    kind: Kind | None = None,
    campaign: str | None = None,
    mapping: Mapping | None = None,
    scope: Scope | None = None,
    looked: Look | None = None,
    annexes: AnnexFolder,
    late_ground: str | None = None,
    approved: frozenset[int] = frozenset(),
) -> tuple[Table, list[list[RowPlan]]]:
    """The table and, for each naming, a plan for each of its rows. Raises as `import_file` does."""
    if mapping is not None:
        kind, table = "outcomes", read_table(path, mapping.columns, headerless=mapping.source.headerless)
    else:
        kind, table = read_kind(path, "roster" if kind is None and campaign is not None else kind)
    digest, epoch = table.file_sha256, table.epoch
    # The file by its digest: its name may say what must not be in the book.
    ground = late_ground or f"迟报名单 / late roster: {digest[:16]}"
    if kind == "roster" and campaign is None:
        raise Malformed("a roster of pledges is imported for a campaign: say which (--campaign)")
    campaign_id = "" if campaign is None else campaign_subject(campaign)
    called = service.campaign(campaign_id) if kind == "roster" else None

    def plan(way: Naming) -> list[RowPlan]:
        entering = way.entering.derive
        if kind == "outcomes":
            which = mapping or national_mapping()
            outcomes = OutcomeRules(which, today, digest, way.own.derive, entering, late_ground, epoch, approved)
            return plan_outcomes(table.rows, outcomes)
        if kind == "declarations":
            declared = DeclarationRules(today, digest, entering, ground, annexes.named, epoch, approved)
            return plan_declarations(table.rows, declared)
        if kind == "fulfilment":
            assessed = FulfilmentRules(today, entering, service.validity, ground, epoch, approved)
            return plan_fulfilment(table.rows, assessed)
        if kind in ("penalties", "abnormal", "serious"):
            cited = PublicRecordRules(kind, today, entering, ground, looked or Look(), epoch, approved)
            return plan_public_records(table.rows, cited)
        assert called is not None  # what is left is a roster
        rules = RosterRules(campaign_id, called, today, digest, way.own.derive, ground, epoch, approved, scope)
        return plan_roster(table.rows, rules)

    return table, [plan(way) for way in ways]
