"""`audit`: recompute everything that a log, or its whole database, promises."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
import psycopg

from api.auditing.audit_report import as_html, as_json
from api.auditing.audit_target import Opened, open_database, open_published
from api.auditing.served_standings import ServedStandings
from api.cli.chosen_database import data_dir_option, opened
from api.cli.engine_options import engine_option, opened_engine, workers_option
from api.cli.options import FILE, FOLDER
from api.cli.output import explain
from api.cli.progress_bar import progress_bar
from ledger.audit import Audited, AuditResult, AuditWorkers, FurtherChecks, Known, run_audit
from ledger.audit.audit import Progress
from ledger.audit.streams import StreamChecks
from ledger.errors import LedgerError, Malformed
from ledger.parallel.engine import Engine
from ledger.tlog.checkpoint import open_checkpoint
from ledger.verifier import Trust, TrustFile, parse_trust
from projections.completeness.map_check import check_map
from projections.engine.audit_check import check_read_models, rows_of_streams

__all__ = ["audit"]

_OUT = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("place", metavar="[URL|DIR|BUCKET]", required=False)
@click.option("--database", metavar="URL", help="Audit this database, with closed bodies and every table.")
@click.option("--trust", "trust_path", type=FILE, help="What you believe beforehand: the log's trust file.")
@click.option("--from", "from_path", type=FILE, help="Go on from what an earlier audit wrote with --state.")
@click.option(
    "--state", "state_path", type=_OUT, help="Write what a later audit can go on from; only if nothing is found."
)
@click.option("--against", "against", type=FILE, multiple=True, help="A checkpoint of this log seen elsewhere.")
@click.option("--report", "reports", type=_OUT, multiple=True, help="FILE.json or FILE.html; may be given twice.")
@click.option("--standings", default="all", show_default=True, help="Served standings to check: all, or how many.")
@workers_option
@engine_option
@click.option("--scratch", type=FOLDER, help="Where a published log is laid out: a folder that all workers see.")
@data_dir_option
@click.pass_context
def audit(
    ctx: click.Context,
    place: str | None,
    *,
    database: str | None,
    trust_path: Path | None,
    from_path: Path | None,
    state_path: Path | None,
    against: tuple[Path, ...],
    reports: tuple[Path, ...],
    standings: str,
    workers: int,
    address: str | None,
    scratch: Path | None,
    data_dir: Path,
) -> None:
    """Recompute everything: tree, checkpoints, signatures, rules, bodies, facts, standings, map (docs/audit.md).

    Of a service or a mirror at URL, of a folder or a bucket (s3://bucket/prefix) that `mirror` filled, of a database,
    or (nothing named) of the one of the data folder. Exit code 0 if all is in order, 1 if a promise is broken, 2 if the
    audit could not be completed.
    """
    if place and database:
        raise click.UsageError("give an address or a database, not both")
    if any(path.suffix not in (".json", ".html") for path in reports):
        raise click.UsageError("a report is FILE.json or FILE.html")
    began_at = int(time.time())
    try:
        with ExitStack() as stack:
            at = _Place(place, database, data_dir, trust_path, scratch)
            engine = stack.enter_context(opened_engine(address, workers))
            outcome, trusted, name = _run(stack, at, from_path, against, standings, engine)
    except LedgerError as error:
        click.echo(f"未能完成 / NOT COMPLETED: {explain(error)[0]}", err=True)
        ctx.exit(2)
    except (OSError, psycopg.Error) as error:
        # A file that cannot be read, a database that went: nothing is known of the log.
        click.echo(f"未能完成 / NOT COMPLETED: {type(error).__name__}: {str(error).strip()}", err=True)
        ctx.exit(2)
    for path in reports:
        render = as_html if path.suffix == ".html" else as_json
        path.write_bytes(render(outcome, name, began_at, trusted))
    if state_path is not None and outcome.clean:
        state_path.write_bytes(msgspec.json.encode(Audited(outcome.origin, outcome.size, outcome.root, outcome.note)))
    _say(outcome, trusted)
    ctx.exit(outcome.exit_code)


class _Place(NamedTuple):
    """Where what is audited lies: a service, a mirror or its target at `url`, else a database, else the data folder's.

    `trust_path`: what is believed of it beforehand, if anything is. `scratch`: where it is laid out meanwhile.
    """

    url: str | None
    database: str | None
    data_dir: Path
    trust_path: Path | None
    scratch: Path | None

    @property
    def name(self) -> str:
        """What a report calls it."""
        return "database" if self.url is None else self.url

    def open(self, stack: ExitStack, trust: Trust | None, progress: Progress, engine: Engine) -> Opened:
        """The source, closed with the stack."""
        if self.url is not None:
            found: Opened = open_published(
                self.url, trust, lambda done, total: progress("fetched", done, total), engine, self.scratch
            )
        else:
            conninfo = self.database or stack.enter_context(opened(self.data_dir, "service"))
            found = open_database(conninfo, trust)
        stack.callback(found.source.close)
        return found


def _run(
    stack: ExitStack, place: _Place, from_path: Path | None, against: Sequence[Path], standings: str, engine: Engine
) -> tuple[AuditResult, bool, str]:
    trust = None if place.trust_path is None else parse_trust(place.trust_path.read_bytes())
    bar = stack.enter_context(progress_bar())
    tasks = {}

    def progress(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=None)
        bar.update(tasks[what], completed=done, total=total)

    found = place.open(stack, trust, progress, engine)
    notes = [path.read_bytes() for path in against]
    heads = [open_checkpoint(note, *found.trust.vkeys_of(note), origin=found.trust.origin) for note in notes]
    outcome = run_audit(
        found.source,
        found.trust,
        workers=AuditWorkers(engine, found.sources) if engine.processes else None,
        known=Known((*heads, *found.shown), None if from_path is None else _audited(from_path)),
        checks=FurtherChecks(_checks(found, place, standings), [check_read_models, check_map]),
        progress=progress,
    )
    return outcome, found.trusted, place.name


def _checks(found: Opened, place: _Place, standings: str) -> list[StreamChecks]:
    if found.source.tables:
        return [rows_of_streams]
    url, trust_path = place.url, place.trust_path
    if url is None or not url.startswith("http") or standings == "0" or trust_path is None:
        return []
    parts = len(found.source.parts(governing=False, count=1))  # of a published log: its files, whoever reads them
    most = None if standings == "all" else -(-int(standings) // max(1, parts))
    size = max(row.tree_size for row in found.source.checkpoints())
    # For workers, as bytes, with the keys that succeeded those of the file.
    trust = msgspec.json.decode(trust_path.read_bytes(), type=TrustFile).renewed(found.trust).format()
    served: StreamChecks = ServedStandings(url, trust, size, most)
    return [served]


def _audited(path: Path) -> Audited:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Audited)
    except msgspec.MsgspecError as error:
        raise Malformed(f"{path}: not the state of an audit: {error}") from None


def _say(outcome: AuditResult, trusted: bool) -> None:
    click.echo(
        f"{outcome.origin}: {outcome.size} entries, {outcome.checkpoints} checkpoints, "
        f"{outcome.signatures} signatures, "
        f"{outcome.judged} entries judged, {outcome.facts} facts, {outcome.bodies} bodies, in {outcome.seconds:.1f} s"
    )
    click.echo(f"root {outcome.root}")
    for one in outcome.findings:
        click.echo(f"! {one.code} [{one.place}] {one.zh} / {one.en}" + (f": {one.detail}" if one.detail else ""))
    for code, count in sorted(outcome.notice_counts.items()):
        first = next(one for one in outcome.notices if one.code == code)
        click.echo(f"  {count} x {code}: {first.zh} / {first.en}")
    if not trusted:
        click.echo("  未提供信任文件 / no trust file was given: nothing but the log itself vouches for its keys")
    found = sum(outcome.counts.values())
    if found:
        click.echo(f"发现 {found} 处问题 / {found} BROKEN PROMISES")
    if not outcome.complete:
        missed = outcome.notice_counts["not_reached"]
        click.echo(f"未能完成 / NOT COMPLETED: {missed} 处未能取得 / {missed} things could not be reached")
    if outcome.clean:
        click.echo("未发现问题 / CLEAN")
