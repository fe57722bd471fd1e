"""`policy check`, `policy schema`, `policy compare`: a standing policy before it is proposed."""

from __future__ import annotations

import time
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import click
import msgspec

from api.cli.chosen_database import data_dir_option, opened
from api.cli.engine_options import engine_option, opened_engine, workers_option
from api.cli.options import FILE
from api.cli.progress_bar import progress_bar
from ledger.domain.rules.policy_conditions import flaws_of, policy_schema, read_policy, require_flawless
from ledger.domain.values.dates import shanghai_date
from projections.standing.levels import WORDS
from projections.standing.policy_comparison import Comparison, compare_policies


@click.group()
def policy() -> None:
    """Check a standing policy, or compare it with the one in force."""


@policy.command("check")
@click.argument("path", metavar="FILE", type=FILE)
@click.pass_context
def check(ctx: click.Context, path: Path) -> None:
    """Say whether the standing policy in FILE (JSON) could be proposed; else every place that is wrong, and why.

    Places are JSON pointers. Exit code 0 if it could, 1 if not.
    """
    document = read_policy(path.read_bytes())
    flaws = flaws_of(document)
    for flaw in flaws:
        click.echo(f"{flaw.place}  {flaw.rule}  {flaw.zh} / {flaw.en}")
    if flaws:
        ctx.exit(1)
    click.echo(f"{path}: {document.title_zh} / {document.title_en}: {len(document.rules)} rules, no flaw")


@policy.command("schema")
def schema() -> None:
    """Write the JSON Schema of a standing policy's document."""
    click.echo(policy_schema())


@policy.command("compare")
@click.option("--policy", "path", metavar="FILE", type=FILE, required=True, help="The other policy (JSON).")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day that is compared; today if not given.")
@click.option("--database", metavar="URL", help="A PostgreSQL conninfo; else as for the other commands.")
@click.option("--json", "as_json", is_flag=True, help="The totals, too, as a line of JSON.")
@click.option("--totals", "totals_only", is_flag=True, help="Only the totals.")
@workers_option
@engine_option
@data_dir_option
def compare(
    path: Path,
    *,
    as_of: datetime | None,
    database: str | None,
    as_json: bool,
    totals_only: bool,
    workers: int,
    address: str | None,
    data_dir: Path,
) -> None:
    """Say who would have another level under the policy in FILE, from what to what and why.

    Totals first, then a line of JSON for each enterprise that would change. Nothing is written to the database.
    """
    document = read_policy(path.read_bytes())
    require_flawless(document)
    day = shanghai_date(int(time.time())) if as_of is None else as_of.date()
    place = nullcontext(database) if database else opened(data_dir, "service")
    with (
        place as conninfo,
        opened_engine(address, workers) as engine,
        progress_bar(transient=True) as bar,
    ):
        task = bar.add_task("parts", total=None)
        with compare_policies(
            conninfo,
            document,
            day,
            engine=engine,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        ) as (totals, lines):
            bar.stop()
            click.echo(msgspec.json.encode(totals) if as_json else _table(totals))
            for line in () if totals_only else lines:
                click.echo(line, nl=False)


def _table(totals: Comparison) -> str:
    """The totals for people: who moves from where to where, and how many stay."""
    rows = [
        f"{move.enterprises:>9}  {WORDS[move.before].zh} {move.before} → {WORDS[move.after].zh} {move.after}"
        for move in totals.moves
        if move.before != move.after
    ]
    head = f"{totals.as_of}: {totals.enterprises} 家企业 / enterprises, {totals.changed} 家变化 / would change"
    return "\n".join([head, *rows])
