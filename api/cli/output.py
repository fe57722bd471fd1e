"""What the commands share: saying an error in one line, writing files and JSON, opening private keys."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

import click

from api.cli.options import FILE
from ledger.errors import Busy, LedgerError, Misconfigured, Refused, Unavailable, Uncheckable
from ledger.keys.signer import Signer, load_key

__all__ = [
    "explain",
    "open_key",
    "passphrase_of",
    "passphrase_option",
    "print_json",
    "read_passphrase",
    "unfinished",
    "write_new",
]

_ENCRYPTED: Final = b"BEGIN ENCRYPTED PRIVATE KEY"  # RFC 7468 §11

passphrase_option = click.option(
    "--passphrase-file",
    type=FILE,
    help="The key's passphrase, in the file's first line; asked for if the key needs one and this is not given.",
)


def explain(error: LedgerError) -> tuple[str, int]:
    """One line for a person, in both languages where the error has them, and the exit code."""
    if isinstance(error, Refused):
        detail = f" ({error.detail})" if error.detail else ""
        return f"{error.rule}: {error.zh} / {error.en}{detail}", 1
    code = 2 if isinstance(error, Uncheckable | Unavailable | Busy | Misconfigured) else 1
    return " ".join(str(error).split()), code


def print_json(document: object) -> None:
    """A document for a program, on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet. Raises `FileExistsError`."""
    with path.open("xb") as file:
        file.write(content)


@contextmanager
def unfinished(path: Path) -> Iterator[BinaryIO]:
    """A file to write `path` into: it takes that place when it is whole, and leaves nothing where it breaks off, be it
    by SIGTERM."""
    part = path.with_name(path.name + ".part")
    before = signal.signal(signal.SIGTERM, _terminated) if in_main_thread() else None
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def in_main_thread() -> bool:
    """Whether signal handlers can be set here."""
    return threading.current_thread() is threading.main_thread()


def _terminated(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)  # as a shell tells it; what stands in `finally` is done on the way out


def read_passphrase(path: Path | None) -> str | None:
    """The first line of a passphrase file, None without one."""
    if path is None:
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0]:
        raise click.BadParameter(f"{path} holds no passphrase", param_hint="--passphrase-file")
    return lines[0]


def passphrase_of(path: Path, passphrase_file: Path | None = None) -> str | None:
    """A key file's passphrase, from a file or from the terminal; None if it needs none, or none is given."""
    if _ENCRYPTED not in path.read_bytes():
        return None
    passphrase = read_passphrase(passphrase_file)
    if passphrase is None and sys.stdin.isatty():
        passphrase = click.prompt(f"Passphrase of {path}", hide_input=True, err=True)
    return passphrase


def open_key(path: Path, passphrase_file: Path | None = None) -> Signer:
    """A private key file; its passphrase, if it needs one, from a file or from the terminal. Raises `Malformed`."""
    return load_key(path, passphrase_of(path, passphrase_file))
