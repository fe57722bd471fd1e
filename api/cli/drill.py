"""`drill`: for regulators who want to see whether an audit finds what it says it finds."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from api.auditing.drill import drill as run_drill
from api.auditing.mutations import NO_EVIDENCE, NO_EVIDENCE_COLUMNS, NO_EVIDENCE_GONE
from api.cli.options import FILE
from api.cli.progress_bar import progress_bar
from ledger.store.embedded import DATABASE, EmbeddedPostgres
from ledger.store.restore import restore
from ledger.verifier import parse_trust
from projections.completeness.map_rebuild import rebuild_map
from projections.engine.rebuild import rebuild

__all__ = ["drill"]


@click.group()
def drill() -> None:
    """Try out on a copy whether an audit finds what was tampered with."""


@drill.command()
@click.option(
    "--book", "backup", type=FILE, help="A backup: restored into a database of its own, thrown away at the end."
)
@click.option("--database", metavar="URL", help="A COPY of a book, as superuser. Every change is rolled back.")
@click.option("--trust", "trust_path", type=FILE, required=True, help="The log's trust file.")
@click.option("--each", type=click.IntRange(min=1), default=1, show_default=True, help="Rows of a table to change.")
@click.option("--most", type=click.IntRange(min=1), help="So many mutations, spread over all tables.")
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), help="FILE.json")
@click.pass_context
def tamper(
    ctx: click.Context,
    *,
    backup: Path | None,
    database: str | None,
    trust_path: Path,
    each: int,
    most: int | None,
    report_path: Path | None,
) -> None:
    """Change one thing at a time in a copy of a book, audit it, and put it back.

    One audit each: on a big book say how many with --most. Exit code 0 if each was found, and nothing else.
    """
    if (backup is None) == (database is None):
        raise click.UsageError("give either a backup (--book) or the copy of a database (--database)")
    trust = parse_trust(trust_path.read_bytes())
    results, kinds = [], Counter[str]()
    with _copy(backup, database) as conninfo, progress_bar() as bar:
        task = bar.add_task("mutations", total=None)
        for one in run_drill(
            conninfo,
            trust,
            each=each,
            most=most,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        ):
            results.append(one)
            kinds["found" if one.found else "false" if one.named and one.strayed else "missed"] += 1
            if not one.found:
                bar.console.print(f"! {one.name}: {one.failed or [f.code + ' ' + f.place for f in one.strayed[:3]]}")
    if report_path is not None:
        report_path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2))
    click.echo(
        f"{len(results)} 处篡改 / mutations: {kinds['found']} 被准确指出 / named exactly, {kinds['missed']} 未指出 / "
        f"missed, {kinds['false']} 另有误报 / with false findings"
    )
    for name, why in {**NO_EVIDENCE, **NO_EVIDENCE_COLUMNS}.items():
        click.echo(f"  不作证据 / no evidence: {name}: {why}")
    for name, why in NO_EVIDENCE_GONE.items():
        click.echo(f"  缺行不作证据 / a row that is gone is no evidence: {name}: {why}")
    if trust.policy is None:
        click.echo("  未核对联署：信任文件没有见证方 / cosignatures: left out, the trust file names no witness")
    ctx.exit(0 if kinds["found"] == len(results) else 1)


@contextmanager
def _copy(backup: Path | None, database: str | None) -> Iterator[str]:
    if database is not None:
        yield database
        return
    assert backup is not None  # the caller looked
    with tempfile.TemporaryDirectory(prefix="ledger-drill-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as a user of its own
        with EmbeddedPostgres(folder) as embedded:
            restore(embedded.admin_conninfo, backup)
            rebuild(embedded.service_conninfo)
            rebuild_map(embedded.service_conninfo)
            yield embedded.superuser_conninfo(DATABASE)
