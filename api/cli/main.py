"""The table of commands. Each is imported only when it is called, so that `verify` starts without a server.

Errors leave as one line on standard error; exit codes: 0 done (or verified), 1 refused (or refuted), 2 wrong
usage, or it could not be carried out or checked.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final, NamedTuple

import click

from api.cli.output import explain
from ledger.errors import LedgerError

__all__ = ["main"]

# httpx has a command line of its own, whose colours and lexers are a third of what a command of ours loads.
# It does without where they are missing, and None says that they are (docs.python.org, "The module cache").
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


class Entry(NamedTuple):
    """A command: the module that is imported when it is called, its function, one line of help."""

    module: str
    function: str
    help: str


COMMANDS: Final = {
    "serve": Entry("api.cli.serve", "serve", "Run the service."),
    "charter": Entry("api.cli.charter", "charter", "Make or show the first entries of a log."),
    "migrate": Entry("api.cli.migrate", "migrate", "Bring the database's schema up to date."),
    "key": Entry("api.cli.key", "key", "Make or show a private key."),
    "statement": Entry("api.cli.statement", "statement", "Make and sign, or show, a statement."),
    "mark": Entry("api.cli.mark", "mark", "Make the serials of a mark's licence."),
    "submit": Entry("api.cli.submit", "submit", "Register statements; write receipts and transparent statements."),
    "verify": Entry("api.cli.verify", "verify", "Verify offline: exit 0 verified, 1 refuted, 2 cannot."),
    "audit": Entry("api.cli.audit", "audit", "Recompute everything: exit 0 clean, 1 findings, 2 not completed."),
    "drill": Entry("api.cli.drill", "drill", "Tamper with a copy of a book, and see what the audit finds."),
    "import": Entry("api.cli.importing", "import_", "Import pledges, fulfilment, standards or outcomes."),
    "export": Entry("api.cli.exporting", "export", "Write tables of the book, or an evidence archive."),
    "dump": Entry("api.cli.dump", "dump", "Write all current standings into one file."),
    "rebuild": Entry("api.cli.rebuild", "rebuild", "Derive the projections again."),
    "backup": Entry("api.cli.backup", "backup", "Write a consistent copy of the book and the vault."),
    "restore": Entry("api.cli.backup", "restore", "Restore such a copy into an empty database."),
    "follow": Entry("api.cli.follow", "follow", "Verify a log as it grows; tell of what concerns a subject."),
    "mirror": Entry("api.cli.mirror", "mirror", "Keep a verified static copy of a log."),
    "witness": Entry("api.cli.witness", "witness", "Run a witness of transparency logs (C2SP tlog-witness)."),
    "map": Entry("api.cli.map", "map_", "Publish a root of the completeness map, or check all that were published."),
    "reference": Entry("api.cli.reference", "reference", "Print the reference page of all events."),
    "policy": Entry("api.cli.policy", "policy", "Check a standing policy, or compare it with the one in force."),
    "access": Entry("api.cli.access", "access", "Read by signed request, attach, register the access log."),
    "pending": Entry("api.cli.pending", "pending", "Pledges that wait: list, show, refuse, publish."),
    "complaints": Entry("api.cli.complaints", "complaints", "Complaint files: erase those whose time is over."),
    "sample": Entry("api.cli.sample", "sample", "Generate sample input."),
}


class CommandTable(click.Group):
    """A group whose commands are the rows of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module), entry.function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the table itself: help imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error of the product, or of a file, becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except LedgerError as error:
            line, code = explain(error)
        except OSError as error:
            line, code = f"{error.filename}: {error.strerror}" if error.filename else str(error), 2
        click.echo(f"credit-ledger: {line}", err=True)
        sys.exit(code)


@click.group(cls=CommandTable, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="credit-ledger")
def main() -> None:
    """An append-only book of signed statements about enterprises."""
