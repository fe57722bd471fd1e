"""Which database a command works on: the one that the environment names, or the embedded one of a data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import click

from api.settings import Settings
from ledger.errors import Misconfigured
from ledger.store.embedded import EmbeddedPostgres

__all__ = ["data_dir_option", "opened"]

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The folder of the embedded PostgreSQL; not used if a database is named in the environment.",
)


@contextmanager
def opened(data_dir: Path, role: Literal["service", "owner"], *, create: bool = False) -> Iterator[str]:
    """The conninfo to use for `role`. An embedded server is started for as long as this lasts, or joined if it runs.

    Raises `Misconfigured` where there is no such database; with `create`, a new embedded one is made instead.
    """
    settings = Settings.read(os.environ, data_dir=data_dir)
    named = settings.admin_database_url if role == "owner" else settings.database_url
    if named is not None:
        yield named
        return
    if settings.database_url or settings.admin_database_url:
        missing = "LEDGER_ADMIN_DATABASE_URL" if role == "owner" else "LEDGER_DATABASE_URL"
        raise Misconfigured(f"a database is named in the environment, but not by {missing}, which this command uses")
    if not create and not (data_dir / "pg").exists():
        raise Misconfigured(f"{data_dir} holds no database, and LEDGER_DATABASE_URL names none")
    with EmbeddedPostgres(data_dir) as embedded:
        yield embedded.admin_conninfo if role == "owner" else embedded.service_conninfo
