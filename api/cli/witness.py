"""`witness init`, `witness serve`, `witness key`: run a C2SP witness, for this product's logs or any other's."""

from __future__ import annotations

import logging
import signal
import sys
import time
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.cli.output import open_key, passphrase_option
from ledger import limits
from ledger.errors import Malformed, Misconfigured
from ledger.tlog.cosignature import Cosigner
from ledger.witness import Witness, WitnessState, parse_known_logs

PORT = 8316
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_key_option = click.option("--key", "key_path", type=_FILE, required=True, help="Ed25519, used for nothing else.")
_state_option = click.option(
    "--state", "state_path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="What it remembers."
)


@click.group()
def witness() -> None:
    """Run a witness of transparency logs (C2SP tlog-witness)."""


@witness.command("init")
@_key_option
@click.option("--name", required=True, help="A URL without scheme that you control, such as witness.example/w1.")
@_state_option
@passphrase_option
def init(key_path: Path, name: str, state_path: Path, passphrase_file: Path | None) -> None:
    """Make the state file of a key that has never cosigned; print the verifier key for others' policies.

    Make a new key for it (`key new`). A witness that lost its state file is never started again with the same key:
    it could cosign a second history without knowing.
    """
    cosigner = Cosigner(name, _private(key_path, passphrase_file))
    WitnessState.create(state_path, cosigner.key).close()
    click.echo(cosigner.key.format())


@witness.command("key")
@_key_option
@click.option("--name", required=True, help="The witness's name.")
@passphrase_option
def key(key_path: Path, name: str, passphrase_file: Path | None) -> None:
    """Print the verifier key: what logs and verifiers put into their policies."""
    click.echo(Cosigner(name, _private(key_path, passphrase_file)).key.format())


@witness.command("serve")
@_key_option
@click.option(
    "--logs",
    "logs_path",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="Whom it knows: lines `log <vkey>`, or a witness network's `logs/v0` list; a folder of such files.",
)
@_state_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True)
@click.option(
    "--requests-per-second",
    type=click.IntRange(min=1),
    default=limits.WITNESS_REQUESTS_PER_SECOND_MAX,
    show_default=True,
    help="What one client may ask on average.",
)
@passphrase_option
def serve(
    key_path: Path,
    logs_path: Path,
    state_path: Path,
    host: str,
    port: int,
    requests_per_second: int,
    passphrase_file: Path | None,
) -> None:
    """Answer logs until SIGTERM. Several may share one state file, on one machine."""
    from api.http.rate_limit import Limits  # noqa: PLC0415 - the other commands need no server
    from api.witness_server.server import create_witness_app, serve_witness  # noqa: PLC0415

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for package in ("api", "ledger"):
        logging.getLogger(package).setLevel(logging.INFO)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    logs = parse_known_logs(*(path.read_bytes() for path in _lists(logs_path)))
    with WitnessState.open(state_path) as state:
        cosigner = Cosigner(state.key.name, _private(key_path, passphrase_file))
        limiter = Limits(requests_per_second, max(limits.WITNESS_REQUESTS_BURST_MAX, requests_per_second))
        serve_witness(create_witness_app(Witness(cosigner, logs, state, _now), limiter), host, port)


def _now() -> int:
    return int(time.time())


def _lists(path: Path) -> list[Path]:
    """The file itself, or the files of a folder that are not hidden."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    if not found:
        raise Misconfigured(f"{path} holds no lists of logs")
    return found


def _private(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    private = open_key(path, passphrase_file).private
    if not isinstance(private, Ed25519PrivateKey):
        raise Malformed(f"{path}: a witness's key must be Ed25519 (C2SP tlog-cosignature)")
    return private
