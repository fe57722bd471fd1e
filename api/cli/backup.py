"""`backup`, `restore`: a consistent copy of the book, its vault and its desk, and the way back."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from api.cli.chosen_database import data_dir_option, opened
from api.cli.options import FILE
from api.cli.output import print_json
from api.settings import attachment_keys
from ledger.store.backup import backup as write_backup
from ledger.store.erasure_journal import journal_of
from ledger.store.migrate import SERVICE_ROLE, has_schema, migrate
from ledger.store.restore import Restored
from ledger.store.restore import restore as read_backup
from ledger.tlog.checkpoint import Checkpoint, open_checkpoint
from ledger.verifier import parse_trust


@click.command()
@click.option("-o", "--output", "path", required=True, type=click.Path(path_type=Path), help="Where to write it.")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def backup(path: Path, data_dir: Path, as_json: bool) -> None:
    """Write a consistent copy of the book, its vault and its desk, while the service runs.

    The file holds sealed bodies: keep it as safe as the database. An existing file is never overwritten.
    """
    with opened(data_dir, "service") as conninfo:
        manifest = write_backup(conninfo, path)
    if as_json:
        print_json(msgspec.to_builtins(manifest))
    else:
        click.echo(f"{path}: {manifest.tree_size} entries")
        click.echo(manifest.note, nl=False)


@click.command()
@click.argument("path", metavar="FILE", type=FILE)
@data_dir_option
@click.option("--checkpoint", "known_path", type=FILE, help="The newest checkpoint of this log that is known anywhere.")
@click.option("--trust", "trust_path", type=FILE, help="The log's trust file, to check that checkpoint with.")
@click.option("--service-role", default=SERVICE_ROLE, show_default=True, help="The role that `serve` runs as.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_context
def restore(
    ctx: click.Context,
    path: Path,
    data_dir: Path,
    *,
    known_path: Path | None,
    trust_path: Path | None,
    service_role: str,
    as_json: bool,
) -> None:
    """Fill an empty book from a backup: all of it or, if anything is wrong, nothing.

    A database without our schema gets it first, as by `migrate`; one that has it is taken as it is.

    What the journal of erasures in the data folder names (DATA/attachment-keys/) is erased again on the way.
    With --checkpoint and --trust it says how many entries of that checkpoint the backup does not have; then the
    exit code is 1, since receipts for them may be in other hands.
    """
    if (known_path is None) != (trust_path is None):
        raise click.UsageError("--checkpoint is checked against --trust: give both or neither")
    known = _open(known_path, trust_path) if known_path and trust_path else None
    with opened(data_dir, "owner", create=True) as conninfo:
        if not has_schema(conninfo):
            migrate(conninfo, service_role)
        restored = read_backup(conninfo, path, known=known, erased=journal_of(attachment_keys(data_dir)).read())
    if as_json:
        print_json(msgspec.to_builtins(restored))
    else:
        click.echo(_said(restored, known))
    ctx.exit(1 if restored.missing else 0)


def _open(path: Path, trust_path: Path) -> Checkpoint:
    """The checkpoint, verified under a key that the trust file gives. Raises `Malformed`, `Refuted`."""
    trust = parse_trust(trust_path.read_bytes())
    note = path.read_bytes()
    return open_checkpoint(note, *trust.vkeys_of(note), origin=trust.origin)


def _said(restored: Restored, known: Checkpoint | None) -> str:
    said = f"restored {restored.tree_size} entries\n{restored.note}"
    if known is None:
        return said + "未与已知检查点比较 / not compared with any checkpoint: see --checkpoint"
    if restored.missing:
        return said + (
            f"缺少 {restored.missing} 条记录 / {restored.missing} entries up to the known checkpoint of size "
            f"{known.size} are missing: receipts for them may be in other hands"
        )
    return said + f"与已知检查点一致 / agrees with the known checkpoint of size {known.size}"
