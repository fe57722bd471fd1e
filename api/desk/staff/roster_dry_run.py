"""A roster's dry run at the desk: the very code of `credit-ledger import --dry-run`, asking the service that it is in.

It signs by a key and names by a secret that are made for this run and forgotten with it: so what cannot become a
statement is found here, too, and nothing that comes of it could be registered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp

from api.desk.staff.own_service import own_service
from api.desk.staff.row_fields import row_fields
from api.importing.annex_folder import AnnexFolder
from api.importing.import_file import ImportSigners, import_table
from api.importing.import_report import ImportReport, RowReport
from api.importing.import_signer import ImportSigner
from api.importing.submission import ImportRun
from api.importing.table_plan import TableFile, TableReading
from ledger.errors import Unavailable
from ledger.keys.naming_secret import NamingSecret
from ledger.keys.signer import new_key
from ledger.limits import DESK_ROSTER_SECONDS_MAX

__all__ = ["DryRun", "dry_run"]

_WAIT_SECONDS_MAX: Final = 2.0
_NO_FOLDER: Final = AnnexFolder(Path(os.devnull))  # a roster names no files


@dataclass(frozen=True, slots=True)
class DryRun:
    """A roster's dry run, as it is kept for whoever made it.

    `report` as the command writes it, but for the ids of individual businesses, which derive from a secret that is
    not here. `fields`: of the rows that would be sent, JSON by row number (`row_fields`).
    """

    report: ImportReport
    fields: Mapping[int, bytes]
    campaign: str
    today: date
    personal: int  # how many rows are of individual businesses


def dry_run(app: ASGIApp, data: bytes, name: str, reading: TableReading, party: str, today: date) -> DryRun:
    """Judge a roster's rows; `app` answers what the importer asks. Runs in a thread of the event loop.

    Raises `Malformed` (no such table), `NotFound` (the campaign), `Unavailable`, `Busy`.
    """
    signers = ImportSigners(ImportSigner(new_key("p256"), party, (NamingSecret(os.urandom(32)),)))
    with own_service(app, DESK_ROSTER_SECONDS_MAX) as client:
        table = import_table(
            TableFile(data, name, _NO_FOLDER), client, signers, today, reading, ImportRun(dry_run=True, sleep=_wait)
        )
    if table.report.stopped is not None:
        raise Unavailable(table.report.stopped)
    accepted = {row.row for row in table.report.rows if row.status == "accepted"}
    planned = {plan.row: plan for plan in table.plans}
    fields = {row: row_fields(plan, today) for row, plan in planned.items() if row in accepted}
    hidden = {row for row, plan in planned.items() if plan.work is not None and plan.work.who.individual}
    rows = tuple(_without_id(row) if row.row in hidden else row for row in table.report.rows)
    return DryRun(
        replace(table.report, rows=rows), fields, (reading.campaign or "").removeprefix("campaign:"), today, len(hidden)
    )


def _without_id(row: RowReport) -> RowReport:
    return replace(row, subject=None)


def _wait(seconds: float) -> None:
    """For a service that is busy, or whose reads are behind what was just registered; `own_service` ends it all."""
    time.sleep(min(seconds, _WAIT_SECONDS_MAX))
