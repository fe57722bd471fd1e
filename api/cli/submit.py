"""`submit`: send statement files, and keep what the service answers beside them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from api.cli.files import BODY, EVIDENCE, NOT_ALONE, PROOF, RECEIPT, STATEMENT, TRANSPARENT, beside, named
from api.cli.options import FILE, FOLDER
from api.cli.output import explain, open_key, passphrase_option, print_json
from api.client.client import Client, RegisteredEntry, Waiting
from api.client.signed_uploads import Uploader
from ledger.cose.receipt import attach
from ledger.cose.statement import parse_statement
from ledger.errors import LedgerError, Malformed, NotFound


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement file's content and, if one lies beside it, its body's."""

    path: Path
    statement: bytes
    body: bytes | None


@click.command()
@click.argument("url", metavar="URL")
@click.argument(
    "paths",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=FILE,
)
@click.option(
    "-o",
    "--output-dir",
    "folder",
    type=FOLDER,
    help="Where to write receipts and transparent statements; beside each statement if not given.",
)
@click.option(
    "--annex",
    "annexes",
    multiple=True,
    metavar="FILE",
    type=FILE,
    help="A public file that one of the statements names by its SHA-256; sent first. May be given several times.",
)
@click.option(
    "--key",
    "key_path",
    type=FILE,
    help="Signs for the annexes: they count towards the quota of the statements' issuer, not towards your address's.",
)
@passphrase_option
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_context
def submit(
    ctx: click.Context,
    url: str,
    paths: tuple[Path, ...],
    folder: Path | None,
    annexes: tuple[Path, ...],
    *,
    key_path: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Register statements with the service at URL.

    A sealed statement NAME.cose is sent with its body NAME.body.json. Writes what `verify` takes, offline and for
    ever: NAME.receipt.cose, NAME.transparent.cose (statement and receipt) and NAME.evidence.cbor (its issuer).
    Sending the same file again is safe: it gets the receipt of the entry that it has.

    Exit code 0 if every statement is registered or waits for its release, 1 if one was refused, 2 if the
    service could not be reached or was busy: send those again.
    """
    signed = [_read(path) for path in paths if not path.name.endswith((*NOT_ALONE, TRANSPARENT))]
    if not signed:
        raise click.UsageError("there is no statement among these files, only what belongs to one")
    uploader = None
    if key_path is not None:
        first = parse_statement(signed[0].statement)
        uploader = Uploader(first.issuer, first.audience, open_key(key_path, passphrase_file))
    with Client(url, uploader=uploader) as client:
        for annex in annexes:
            client.put_annex(annex.read_bytes())
        results = client.submit_batch([(one.statement, one.body) for one in signed])
        kept = [_keep(client, one, result, folder) for one, result in zip(signed, results, strict=True)]
    for row, code in kept:
        if not as_json:
            click.echo(f"{row['file']}: {row['said']}", err=code > 0)
    if as_json:
        print_json([row for row, _ in kept])
    ctx.exit(max(code for _, code in kept))


def _read(path: Path) -> Signed:
    if path.suffix != STATEMENT:
        raise Malformed(f"{path}: a statement file's name ends in {STATEMENT}")
    body = beside(path, BODY)
    return Signed(path, path.read_bytes(), None if body is None else body.read_bytes())


def _keep(
    client: Client, one: Signed, result: RegisteredEntry | Waiting | LedgerError, folder: Path | None
) -> tuple[dict[str, object], int]:
    """Write what proves the registration; a row for the report, and the exit code that the result asks for."""
    row: dict[str, object] = {"file": str(one.path)}
    if isinstance(result, LedgerError):
        said, code = explain(result)
        return row | {"result": "refused" if code == 1 else "not registered", "said": said}, code
    row["statement_id"] = result.statement_id.hex()
    if isinstance(result, Waiting):
        said = "等待发布 / waits for its release; send it again later for its receipt"
        return row | {"result": "waiting", "location": result.location, "said": said}, 0
    transparent = named(one.path, TRANSPARENT, folder)
    named(one.path, RECEIPT, folder).write_bytes(result.receipt)
    transparent.write_bytes(attach(one.statement, [result.receipt]))
    named(one.path, EVIDENCE, folder).write_bytes(client.evidence(result.index))
    with suppress(NotFound):  # no witnesses, or not yet: sent again later, the statement gets it then
        named(one.path, PROOF, folder).write_bytes(client.proof(result.index))
    word = "已在账本中 / already registered" if result.existing else "已登记 / registered"
    said = f"{word}: {result.index} → {transparent}"
    return row | {"result": "registered", "index": result.index, "existing": result.existing, "said": said}, 0
