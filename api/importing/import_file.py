"""The import itself: read → plan → sign → send → report. Safe to stop, and to run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import httpx

from api.importing.annex_folder import AnnexFolder
from api.importing.import_report import HIDDEN, ImportReport, RowReport
from api.importing.import_signer import ImportSigner
from api.importing.row_plan import RowPlan
from api.importing.service_client import ImportClient
from api.importing.signing import Scribe, SigningContext
from api.importing.standards_table import resolved
from api.importing.statement_names import named, namings
from api.importing.submission import ImportRun, Pauses, Sending, unsent
from api.importing.table_plan import TableFile, TableReading, plan_table
from api.importing.table_reader import table_bytes
from ledger.errors import Busy, Unavailable

__all__ = ["ImportSigners", "ImportedTable", "import_file", "import_table"]


@dataclass(frozen=True, slots=True)
class ImportSigners:
    """Who signs what a table leads to.

    `own` signs and names what the table says; `organizer` enters unknown enterprises, where `own` is a handling
    body's, which may not.
    """

    own: ImportSigner
    organizer: ImportSigner | None = None


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """What became of the rows, and the plans behind them, each at its row's place."""

    report: ImportReport
    plans: tuple[RowPlan, ...]


def import_file(
    path: Path, client: httpx.Client, signers: ImportSigners, today: date, reading: TableReading, run: ImportRun
) -> ImportReport:
    """Import a file's table as `import_table` does. Raises `OSError`, too."""
    file = TableFile(table_bytes(path), path.name, AnnexFolder(reading.annexes or path.parent))
    return import_table(file, client, signers, today, reading, run).report


def import_table(
    file: TableFile, client: httpx.Client, signers: ImportSigners, today: date, reading: TableReading, run: ImportRun
) -> ImportedTable:
    """Import a table, read by `reading`, into the service of `client`. `today` is the Asia/Shanghai date.

    Ctrl-C ends it after the batch that is under way; what is left says `not sent`.

    Raises `Malformed` (file, mapping, or an answer that is none), `NotFound` (campaign, key), and
    `Unavailable` or `Busy` if the service was not reached before the first row.
    """
    pauses = Pauses(run.sleep)
    service = ImportClient(client, sleep=pauses.wait)
    own, organizer = signers.own, signers.organizer
    ways = namings(own.secrets, organizer.secrets if organizer else None)
    table, plans = plan_table(file, reading, ways, today, service)
    at = SigningContext(service.origin(), today, run.clock)
    scribes = [
        Scribe(own.signer, own.party, way.own, at, Scribe(organizer.signer, organizer.party, way.entering, at))
        if organizer is not None
        else Scribe(own.signer, own.party, way.own, at)
        for way in ways
    ]
    chosen = named(plans, scribes, service)

    def send(part: Sequence[RowPlan], done: int) -> tuple[str | None, tuple[RowReport, ...]]:
        def tell(more: int, _: int) -> None:
            run.progress(min(done + more, len(chosen)), len(chosen))

        pauses.begin()
        sending = Sending(part, service, scribes, file.annexes, replace(run, progress=tell), pauses)
        return sending.go(), sending.reports()

    def send_next(part: Sequence[RowPlan], done: int) -> tuple[str | None, tuple[RowReport, ...]]:
        try:
            part = named([part] * len(ways), scribes, service)
        except (Unavailable, Busy) as error:
            return str(error), tuple(unsent(plan) for plan in part)
        return send(part, done)

    stopped, reports = _in_stages(chosen, service, send, send_next, run.dry_run)
    hidden = frozenset(table.hidden)
    seen = tuple(replace(one, reasons=(*one.reasons, HIDDEN)) if one.row in hidden else one for one in reports)
    report = ImportReport(table.file_name, table.file_sha256, seen, run.dry_run, stopped)
    return ImportedTable(report, tuple(chosen))


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
