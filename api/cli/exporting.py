"""`export`: tables out of a service's public feed, in the national templates."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click
import httpx

from api.cli.exporting_evidence import evidence
from api.cli.output import unfinished
from api.cli.parquet import parquet
from api.cli.progress_bar import progress_bar
from api.client.transport import Transport
from api.export.book_reader import read_book
from api.export.template_rows import TABLES, table_rows
from api.importing.campaign_terms import campaign_subject
from api.importing.table_writer import write_csv, write_xlsx
from ledger.domain.values.dates import shanghai_date
from ledger.limits import IMPORT_TRIES_MAX

_TIMEOUT_SECONDS: Final = 60.0
_HELP: Final = {
    "pledges": "Public pledges as they stand, corrections in their place.",
    "national": "The same in the national template, each with its last assessment.",
    "fulfilment": "How public pledges were kept, as far as that is public today.",
    "declarations": "Self-declared standards with all their versions.",
    "outcomes": "Complaint outcomes, as far as they are public today.",
}


@click.group()
def export() -> None:
    """Write what a service shows to everybody into a table.

    XLSX, or CSV (UTF-8) by the file's name. No cell is ever run as a formula: in XLSX text is text, in CSV a text
    that a spreadsheet would run has an apostrophe before it, which `import` takes away again. The last column names
    the entries of the book, so that an import finds every row already registered.
    """


def _command(kind: str) -> click.Command:
    @click.command(kind, help=_HELP[kind], short_help=_HELP[kind])
    @click.argument("url", metavar="URL")
    @click.option("-o", "--output", "path", required=True, type=click.Path(dir_okay=False, path_type=Path))
    @click.option("--campaign", metavar="ID", help="Only enterprises that pledged in this campaign.")
    def command(url: str, path: Path, campaign: str | None) -> None:
        if path.suffix not in (".xlsx", ".csv"):
            raise click.BadParameter(f"{path} ends neither in .xlsx nor in .csv", param_hint="--output")
        if not url.startswith(("http://", "https://")):
            raise click.BadParameter(f"{url} is not the address of a service (http://… or https://…)", param_hint="URL")
        chosen = None if campaign is None else campaign_subject(campaign)
        with (
            httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS) as client,
            progress_bar() as bar,
            unfinished(path) as out,
        ):
            task = bar.add_task("entries", total=None)
            transport = Transport(client, tries_max=IMPORT_TRIES_MAX, again_if_silent=True)
            book = read_book(transport, path.parent, lambda entries: bar.update(task, completed=entries))
            rows = table_rows(kind, book, shanghai_date(int(time.time())), chosen)
            count = write_xlsx(rows, kind, out) if path.suffix == ".xlsx" else write_csv(rows, out)
        click.echo(f"{count - 1} rows → {path}")  # the header is none

    return command


for _kind in TABLES:
    export.add_command(_command(_kind))
export.add_command(evidence)
export.add_command(parquet)
