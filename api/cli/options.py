"""Kinds of arguments, and options that several commands have; and what each command that serves does first."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

__all__ = [
    "FILE",
    "FOLDER",
    "host_option",
    "port_option",
    "requests_per_second_option",
    "stop_on_signals",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")


def port_option(default: int) -> Callable[[_Command], _Command]:
    return click.option("--port", type=click.IntRange(0, 65_535), default=default, show_default=True)


def requests_per_second_option(default: int) -> Callable[[_Command], _Command]:
    return click.option(
        "--requests-per-second",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        help="What one client may ask on average.",
    )


def stop_on_signals() -> None:
    """Log to standard error, and exit with 0 at SIGTERM and SIGINT.

    A server hands a signal on when it has stopped listening: everything is closed on the way out of the command.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for package in ("api", "ledger", "projections"):
        logging.getLogger(package).setLevel(logging.INFO)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
