"""`--engine` and `--workers`: who works on the parts of a long job."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ledger.errors import Misconfigured
from ledger.parallel.engine import Engine, Here
from ledger.parallel.process_pool import ProcessEngine

__all__ = ["engine_option", "opened_engine", "workers_option"]

engine_option = click.option(
    "--engine",
    "address",
    metavar="ADDRESS",
    help="A Dask scheduler (tcp://host:port) whose workers do it, in place of processes of this machine.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=0), default=os.cpu_count() or 1, show_default="all cores", help="Processes."
)


@contextmanager
def opened_engine(address: str | None, workers: int) -> Iterator[Engine]:
    """The Dask cluster at `address`, else so many processes here, else (0) this one. Raises `Misconfigured`."""
    if address is None:
        if not workers:
            yield Here()
            return
        with ProcessEngine(workers) as processes:
            yield processes
        return
    if not address.startswith(("tcp://", "tls://")):
        raise click.BadParameter(f"{address} is not the address of a Dask scheduler (tcp://host:port)")
    try:
        from ledger.parallel.dask_engine import DaskEngine  # noqa: PLC0415  (an optional extra)
    except ImportError:
        raise Misconfigured(
            "--engine 需要 Dask: pip install 'credit-ledger[engine]' / --engine needs Dask: "
            "pip install 'credit-ledger[engine]'"
        ) from None
    with DaskEngine(address) as cluster:
        yield cluster
