"""`mark new`, `mark serials`, `mark prove`: the serials of a licence, made and proven where the seed is."""

from __future__ import annotations

import csv
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count as counting
from pathlib import Path
from typing import Final, TextIO

import click

from api.cli.files import BODY
from api.cli.options import FILE
from api.cli.output import print_json, write_new
from ledger.domain.events.mark import MarkSeed
from ledger.domain.payload import decode_body, encode_body
from ledger.domain.values.mark_serials import RANGE_BYTES, SEED_BYTES, fold, parse, serials
from ledger.errors import Malformed
from ledger.limits import MARK_SERIALS_MAX
from ledger.mark_serials.serial_tree import prove_serial, serials_root, verify_serial

_SALT_BYTES: Final = 16
_seed_option = click.option(
    "--seed", "seed_path", required=True, type=FILE, help=f"The licence's seed, NAME{BODY}: keep it secret."
)
_range_option = click.option("--range", "range_", required=True, metavar="HEX", help="As in the licence.")
_count_option = click.option("--count", required=True, type=click.IntRange(1, MARK_SERIALS_MAX), help="How many.")


@click.group()
def mark() -> None:
    """Make the serials of a mark's licence, and prove them."""


@mark.command("new")
@_count_option
@click.option("-o", "--output", "path", required=True, type=click.Path(path_type=Path), help=f"NAME{BODY}")
def new(count: int, path: Path) -> None:
    """Draw a range and a seed; print the licence's fields that follow from them, as JSON.

    The seed is written to NAME.body.json, for the owner's eyes only: submit it beside the statement NAME.cose. Add
    pledge, products, valid_from and valid_until to the JSON, and give it to `statement new MarkLicensed --data @FILE`.
    """
    if not path.name.endswith(BODY):
        raise click.BadParameter(f"the file's name must end in {BODY}", param_hint="--output")
    salt, secret = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(SEED_BYTES)
    range_ = secrets.token_hex(RANGE_BYTES)
    body = encode_body(MarkSeed(v=1, salt=salt.hex(), secret=secret.hex()), salt)
    root = serials_root(secret, range_, count)
    write_new(path, b"")
    path.chmod(0o600)
    path.write_bytes(body)
    print_json({"range": range_, "count": count, "serials_root": root.hex(), "seed": sha256(body).hexdigest()})


@mark.command("serials")
@_seed_option
@_range_option
@_count_option
@click.option("--url", metavar="URL", default="", help="Of the service: adds the address that a QR code should hold.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="serials.csv; standard output if absent.")
def list_serials(seed_path: Path, range_: str, count: int, url: str, path: Path | None) -> None:
    """Write all serials of a licence, a line each, as CSV: number from 0, serial and address."""
    source = serials(_seed(seed_path), range_, count)
    first = next(source)  # a wrong seed or range is told before a file is made
    with _opened(path) as file:
        writer = csv.writer(file)
        writer.writerow(("number", "serial", "address") if url else ("number", "serial"))
        for number, serial in zip(counting(), _after(first, source), strict=False):
            row = (number, serial, f"{url.rstrip('/')}/m/{serial}")
            writer.writerow(row if url else row[:2])
    click.echo(f"{count} serials of range {range_}", err=True)


@mark.command("prove")
@click.argument("serial")
@_seed_option
@_range_option
@_count_option
def prove(serial: str, seed_path: Path, range_: str, count: int) -> None:
    """Prove that SERIAL is one of those that the licence fixed: an inclusion proof under its serials_root."""
    text = fold(serial)
    found, seed = parse(text), _seed(seed_path)
    root = serials_root(seed, range_, count)
    proof = prove_serial(seed, range_, count, found.number)
    verify_serial(text, range_, count, root, proof)
    document = {"serial": text, "range": range_, "count": count, "number": found.number, "serials_root": root.hex()}
    print_json({**document, "proof": [node.hex() for node in proof]})


def _seed(path: Path) -> bytes:
    held = decode_body(path.read_bytes())[1]
    if not isinstance(held, MarkSeed):
        raise Malformed(f"{path} holds no seed of a mark")
    return bytes.fromhex(held.secret)


def _after(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with path.open("x", encoding="utf-8", newline="") as file:
        yield file
