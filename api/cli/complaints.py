"""`complaints erase`: complaint files whose time is over lose their key and their content; for a daily timer."""

from __future__ import annotations

import time
from pathlib import Path

import click

from api.cli.chosen_database import data_dir_option, opened
from api.desk.complaints.case_keeping import erasable_until
from api.settings import complaint_keys
from ledger.domain.values.dates import shanghai_date
from ledger.store.connect import Database
from ledger.store.desk_complaints import DeskComplaints
from ledger.store.key_folder import KeyFolder

__all__ = ["complaints"]


@click.group()
def complaints() -> None:
    """Complaint files of handling bodies."""


@complaints.command()
@data_dir_option
def erase(data_dir: Path) -> None:
    """Erase the files that were closed 36 months ago or earlier: the key first, then the content. Outcomes stay.

    The service does the same whenever somebody looks at the work list. DATA has the keys (DATA/complaint-keys/).
    """
    until = erasable_until(shanghai_date(int(time.time())))
    with opened(data_dir, "service") as conninfo, Database(conninfo) as database:
        count = DeskComplaints(database).erase_due(until, KeyFolder(complaint_keys(data_dir)))
    click.echo(f"closed until {until}: {count} erased")
