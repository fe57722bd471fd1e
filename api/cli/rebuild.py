"""`rebuild`: derive the projections again, from the book alone."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.chosen_database import data_dir_option, opened
from api.cli.engine_options import engine_option, opened_engine, workers_option
from api.cli.progress_bar import progress_bar
from projections.completeness.map_rebuild import rebuild_map
from projections.engine.rebuild import rebuild as derive


@click.command()
@data_dir_option
@workers_option
@engine_option
def rebuild(data_dir: Path, workers: int, address: str | None) -> None:
    """Derive all projections again, while the old tables go on serving.

    The same book gives the same bytes; nothing in the projections is an input of anything.
    """
    with (
        opened(data_dir, "service") as conninfo,
        opened_engine(address, workers) as engine,
        progress_bar() as bar,
    ):
        task = bar.add_task("entries", total=None)
        size = derive(
            conninfo,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            engine=engine,
        )
        task = bar.add_task("completeness map", total=None)
        rebuild_map(conninfo, lambda done, total: bar.update(task, completed=done, total=total))
    click.echo(f"derived from {size} entries")
