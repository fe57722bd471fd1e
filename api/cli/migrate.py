"""`migrate`: bring the schema up to date, as its owner."""

from __future__ import annotations

import os

import click

from api.settings import Settings
from ledger.errors import Misconfigured
from ledger.store.migrate import migrate as apply


@click.command()
@click.option("--service-role", default="ledger_service", show_default=True, help="The role that `serve` runs as.")
def migrate(service_role: str) -> None:
    """Bring the schema of LEDGER_ADMIN_DATABASE_URL up to date and grant the service its rights.

    Safe to run again, and beside a running service; the embedded PostgreSQL is migrated by `serve` itself.
    """
    conninfo = Settings.read(os.environ).admin_database_url
    if conninfo is None:
        raise Misconfigured("set LEDGER_ADMIN_DATABASE_URL to the database, as the owner of its schema")
    applied = apply(conninfo, service_role)
    for migration in applied:
        click.echo(f"applied {migration.number:04}_{migration.name}")
    if not applied:
        click.echo("nothing to apply: the schema is up to date")
