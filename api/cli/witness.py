"""`witness init`, `witness serve`, `witness key`: run a C2SP witness, for this product's logs or any other's."""

from __future__ import annotations

import time
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from api.cli.options import FILE, host_option, port_option, requests_per_second_option, stop_on_signals
from api.cli.output import open_key, passphrase_of, passphrase_option, read_passphrase
from ledger import limits
from ledger.errors import Malformed, Misconfigured
from ledger.keys.signer import load_private, save_private
from ledger.tlog.cosignature import Cosigner
from ledger.witness import Witness, WitnessState, parse_known_logs

PORT = 8316
_key_option = click.option("--key", "key_path", type=FILE, required=True, help="Ed25519, used for nothing else.")
_ml_dsa_option = click.option(
    "--ml-dsa-key", "ml_dsa_path", type=FILE, help="ML-DSA-44, which cosigns beside it (`witness new-key`)."
)
_state_option = click.option(
    "--state", "state_path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="What it remembers."
)


@click.group()
def witness() -> None:
    """Run a witness of transparency logs (C2SP tlog-witness)."""


@witness.command("new-key")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True, help="Where to write it.")
@passphrase_option
def make_key(path: Path, passphrase_file: Path | None) -> None:
    """Make an ML-DSA-44 key (FIPS 204), for cosignatures that a quantum computer does not forge.

    It cosigns beside the Ed25519 key, which `key new` makes. An existing file is never overwritten.
    """
    save_private(path, MLDSA44PrivateKey.generate(), read_passphrase(passphrase_file))
    click.echo(f"{path}  ml-dsa-44")


@witness.command("init")
@_key_option
@_ml_dsa_option
@click.option("--name", required=True, help="A URL without scheme that you control, such as witness.example/w1.")
@_state_option
@passphrase_option
def init(key_path: Path, ml_dsa_path: Path | None, name: str, state_path: Path, passphrase_file: Path | None) -> None:
    """Make the state file of keys that have never cosigned; print the verifier keys for others' policies.

    Make a new key for it (`key new`). A witness that lost its state file is never started again with the same key:
    it could cosign a second history without knowing.
    """
    keys = [cosigner.key for cosigner in _cosigners(name, key_path, ml_dsa_path, passphrase_file)]
    WitnessState.create(state_path, *keys).close()
    for key in keys:
        click.echo(key.format())


@witness.command("add-key")
@click.option("--ml-dsa-key", "ml_dsa_path", type=FILE, required=True, help="A new one, which has never cosigned.")
@_state_option
@passphrase_option
def add_key(ml_dsa_path: Path, state_path: Path, passphrase_file: Path | None) -> None:
    """Let an ML-DSA-44 key cosign, too, by the state of a witness that works already; print its verifier key."""
    with WitnessState.open(state_path) as state:
        added = _ml_dsa(state.keys[0].name, ml_dsa_path, passphrase_file).key
        state.add_key(added)
        click.echo(added.format())


@witness.command("key")
@_key_option
@_ml_dsa_option
@click.option("--name", required=True, help="The witness's name.")
@passphrase_option
def key(key_path: Path, ml_dsa_path: Path | None, name: str, passphrase_file: Path | None) -> None:
    """Print the verifier keys: what logs and verifiers put into their policies."""
    for cosigner in _cosigners(name, key_path, ml_dsa_path, passphrase_file):
        click.echo(cosigner.key.format())


@witness.command("serve")
@_key_option
@_ml_dsa_option
@click.option(
    "--logs",
    "logs_path",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="Whom it knows: lines `log <vkey>`, or a witness network's `logs/v0` list; a folder of such files.",
)
@_state_option
@host_option
@port_option(PORT)
@requests_per_second_option(limits.WITNESS_REQUESTS_PER_SECOND_MAX)
@passphrase_option
def serve(
    key_path: Path,
    ml_dsa_path: Path | None,
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

    stop_on_signals()
    logs = parse_known_logs(*(path.read_bytes() for path in _lists(logs_path)))
    with WitnessState.open(state_path) as state:
        cosigners = _cosigners(state.keys[0].name, key_path, ml_dsa_path, passphrase_file)
        limiter = Limits(requests_per_second, max(limits.WITNESS_REQUESTS_BURST_MAX, requests_per_second))
        serve_witness(create_witness_app(Witness(cosigners, logs, state, _now), limiter), host, port)


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


def _cosigners(name: str, path: Path, ml_dsa_path: Path | None, passphrase_file: Path | None) -> list[Cosigner]:
    """The Ed25519 key first: what older logs and policies know."""
    private = open_key(path, passphrase_file).private
    if not isinstance(private, Ed25519PrivateKey):
        raise Malformed(f"{path}: a witness's key must be Ed25519 (C2SP tlog-cosignature)")
    further = [] if ml_dsa_path is None else [_ml_dsa(name, ml_dsa_path, passphrase_file)]
    return [Cosigner(name, private), *further]


def _ml_dsa(name: str, path: Path, passphrase_file: Path | None) -> Cosigner:
    private = load_private(path, passphrase_of(path, passphrase_file))
    if not isinstance(private, MLDSA44PrivateKey):
        raise Malformed(f"{path} holds no ML-DSA-44 key (see `witness new-key`)")
    return Cosigner(name, private)
