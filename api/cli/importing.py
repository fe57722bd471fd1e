"""`import`: pledges, their fulfilment, standards, complaint outcomes, public records; with a report for every row."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Final, get_args

import click
import httpx

from api.cli.options import FILE, FOLDER
from api.cli.output import in_main_thread, passphrase_of, passphrase_option, unfinished
from api.cli.progress_bar import progress_bar
from api.importing.import_file import ImportSigners, import_file
from api.importing.import_report import ImportReport
from api.importing.import_signer import ImportSigner, hand_of
from api.importing.public_records import Look
from api.importing.row_ranges import row_numbers
from api.importing.service_client import ImportClient
from api.importing.source_mapping import SourceMapping, read_mapping
from api.importing.submission import ImportRun
from api.importing.table_kinds import Kind
from api.importing.table_plan import TableReading
from ledger.domain.events.campaign import Scope
from ledger.domain.events.finding import Severity
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Malformed
from ledger.keys.signer import load_key

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_TIMEOUT_SECONDS: Final = 60.0
_KEPT_OBJECTS: Final = 50_000  # an import keeps what it makes: the collector would take 7 % and find nothing


@click.command("import")
@click.argument("path", metavar="FILE", type=FILE)
@click.argument("url", metavar="URL")
@click.option("--key", "key_path", required=True, type=FILE, help="The private key that signs what is imported.")
@click.option("--organizer-key", "organizer_path", type=FILE, help="Registers enterprises, if --key may not.")
@click.option(
    "--kind", type=click.Choice(get_args(Kind)), help="Which national template; told by its columns if not given."
)
@click.option("--campaign", metavar="ID", help="FILE is a roster of this campaign's pledges.")
@click.option("--scope", type=click.Choice(get_args(Scope)), help="Of pledges whose rows name none.")
@click.option("--address", metavar="HTTPS", help="Where public records were looked up, for rows that do not say it.")
@click.option("--checked-on", type=_DAY, help="When public records were looked up; today.")
@click.option("--recheck-by", type=_DAY, help="By when they are to be looked up again; three months later.")
@click.option("--severity", type=click.Choice(get_args(Severity)), help="Of penalties whose rows say none.")
@click.option("--mapping", "mapping_path", type=FILE, metavar="TOML", help="FILE holds outcomes, mapped by this file.")
@click.option("--issuer", metavar="PARTY", help="Who signs; looked up by the key if not given.")
@click.option(
    "--secrets", type=FOLDER, metavar="DIR", help="Where PARTY.import-secret.pem lies, if not beside the key."
)
@click.option("--annexes", type=FOLDER, metavar="DIR", help="Where files that FILE names lie; FILE's own folder.")
@click.option("--late-ground", metavar="TEXT", help="Why late rows are late, in place of the default.")
@click.option("--approve", metavar="ROWS", help="Rows (7,12,30-40) whose possible names somebody has looked at.")
@click.option("--dry-run", is_flag=True, help="Read, check and sign everything, send nothing.")
@click.option("--report", "report_path", type=click.Path(path_type=Path), help="Default: NAME.report.csv, here.")
@passphrase_option
@click.pass_context
def import_(
    ctx: click.Context,
    path: Path,
    url: str,
    *,
    key_path: Path,
    organizer_path: Path | None,
    kind: Kind | None,
    campaign: str | None,
    scope: Scope | None,
    address: str | None,
    checked_on: datetime | None,
    recheck_by: datetime | None,
    severity: Severity | None,
    mapping_path: Path | None,
    issuer: str | None,
    secrets: Path | None,
    annexes: Path | None,
    late_ground: str | None,
    approve: str | None,
    dry_run: bool,
    report_path: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Import FILE (XLSX, or CSV in UTF-8 or GB 18030) into the service at URL.

    Pledges (with or without their fulfilment), fulfilment, standards and outcomes come in the national templates;
    outcomes of another source by --mapping; penalties, and the lists of abnormal operations and of serious violators,
    as the authorities publish them. What `export` wrote is found to be in the book already.
    Free text that holds telephone or identity numbers, or seems to name a person, sets its row aside (flagged).

    Every row gets a line in the report: accepted, already registered, flagged: why, refused: why, not sent: why.
    A report that ends in .json is for a program. Safe to run again, also with another key of the same party: rows
    that are in the book are found there by names that derive from the party's import secret. It is made beside the
    key at first need; keep a copy, and take it to whichever machine or key imports next.
    SIGTERM ends it as Ctrl-C does: after the batch that is under way, with its report.
    Exit code 0 if no row was refused, 1 if one was, 2 if the import ended early; run it again to go on.
    """
    target = report_path or Path(f"{path.stem}.report.csv")
    if target.resolve() in (path.resolve(), key_path.resolve()):
        raise click.BadParameter(f"{target} is what is read", param_hint="--report")
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url} is not the address of a service (http://… or https://…)", param_hint="URL")
    reading = TableReading(
        kind=kind,
        campaign=campaign,
        mapping=None if mapping_path is None else _mapping(mapping_path, kind, campaign),
        scope=scope,
        looked=Look(address, _date(checked_on), _date(recheck_by), severity),
        annexes=annexes,
        late_ground=late_ground,
        approved=_rows(approve),
    )
    gc.set_threshold(_KEPT_OBJECTS, 20, 20)
    with _interrupted_by_sigterm(), httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS) as client:

        def hand(key: Path, party: str | None = None) -> ImportSigner:
            word = passphrase_of(key, passphrase_file)
            folder = secrets or key.parent
            signer, service = load_key(key, word), ImportClient(client)
            return hand_of(signer, service, folder, party=party, passphrase=word, keep=not dry_run)

        who = hand(key_path, issuer)
        organizer = None if organizer_path is None else hand(organizer_path)
        with progress_bar() as bar:
            task = bar.add_task(path.name, total=None)
            report = import_file(
                path,
                client,
                ImportSigners(who, organizer),
                shanghai_date(int(time.time())),
                reading,
                ImportRun(dry_run, lambda done, total: bar.update(task, completed=done, total=total)),
            )
    ctx.exit(_finish(report, target))


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if in_main_thread() else None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _date(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _rows(text: str | None) -> frozenset[int]:
    try:
        return row_numbers(text or "")
    except Malformed as error:
        raise click.BadParameter(str(error), param_hint="--approve") from None


def _mapping(path: Path, kind: Kind | None, campaign: str | None) -> SourceMapping:
    if campaign is not None or kind not in (None, "outcomes"):
        raise click.UsageError("--mapping is for outcomes of another source, --campaign for a roster")
    return read_mapping(path)


def _finish(report: ImportReport, target: Path) -> int:
    """The exit code; what became of the rows is said in short, the rest is in the file."""
    with unfinished(target) as out:
        out.write(report.to_json() if target.suffix == ".json" else report.to_csv())
    for status, count in report.counts().items():
        click.echo(f"{count:>7}  {status}")
    for rule, count in report.reasons().items():
        click.echo(f"{count:>7}    {rule}")
    if report.dry_run:
        click.echo("试运行，未发送任何内容 / dry run: nothing was sent")
    if report.stopped:
        click.echo(f"提前结束 / ended early: {report.stopped}", err=True)
    click.echo(f"report: {target}")
    return 2 if report.stopped else 1 if "refused" in report.counts() else 0
