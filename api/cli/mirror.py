"""`mirror`: keep a verified static copy of a log."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from api.cli.output import explain
from api.cli.progress import progress_bar
from api.mirror.mirror import Mirror
from api.mirror.mirror_folder import Folder
from api.monitor.atomic_files import keep_evidence, only_one
from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.graceful_shutdown import GracefulShutdown
from api.monitor.log_source import LogSource
from api.monitor.retry import keep_going
from api.monitor.trust_on_first_use import believed

__all__ = ["mirror"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("url")
@click.argument("folder_path", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--trust", "trust_path", type=_FILE, help="What you believe beforehand: the log's trust file.")
@click.option("--once", is_flag=True, help="Copy what there is, and end.")
@click.option("--interval", type=click.FloatRange(min=0.1), default=60.0, show_default=True, help="Seconds.")
@click.pass_context
def mirror(
    ctx: click.Context, url: str, folder_path: Path, *, trust_path: Path | None, once: bool, interval: float
) -> None:
    """Keep a verified copy of the log at URL (a service or another mirror) in DIR, for any static file server.

    Exit code 1 as soon as the log contradicts itself, what it signed or what is in DIR: the evidence lies in
    DIR/.mirror. With --once 0 if the copy is whole, 2 if the log could not be read; else it keeps trying until SIGTERM.
    """
    folder = Folder(folder_path)
    with contextlib.ExitStack() as stack:
        stack.enter_context(only_one(folder.lock))
        source = stack.enter_context(LogSource(url))
        stack.enter_context(GracefulShutdown().listening())
        copy: Mirror | None = None
        progress = stack.enter_context(progress_bar()) if sys.stderr.isatty() else None
        task = None if progress is None else progress.add_task("copying", total=None)

        def step(done: int, size: int) -> None:
            if progress is not None and task is not None:
                progress.update(task, completed=done, total=size)

        def one_round() -> None:
            nonlocal copy
            if copy is None:
                trust, text = believed(trust_path, folder.trust(), source, _say)
                copy = Mirror(source, trust, folder, step)
                folder.keep_trust(text)
            before = copy.size
            if copy.round() != before:
                dates = "" if copy.timed else " (the source gives no receipts: an audit of the copy judges no dates)"
                _say(f"{folder_path}: {copy.size} entries, verified{dates}")

        try:
            keep_going(one_round, once=once, interval=interval, say=lambda error: _say(explain(error)[0]))
        except Inconsistent as found:
            kept = keep_evidence(folder.evidence, found)
            _say(f"日志不一致 / THE LOG IS INCONSISTENT ({found.kind})\n{found.zh}\n{found.en}\n{kept}")
            ctx.exit(1)


def _say(text: str) -> None:
    click.echo(f"credit-ledger: {text}", err=True)
