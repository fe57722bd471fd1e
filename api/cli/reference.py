"""`reference`: what may be said in the book, as a page made from the definitions of the events."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.domain.reference import events_page


@click.command()
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="A file instead of standard output.")
def reference(path: Path | None) -> None:
    """Print the reference page of all events (Markdown)."""
    page = events_page()
    if path is None:
        click.echo(page, nl=False)
    else:
        path.write_text(page, encoding="utf-8")
