"""`mirror`: keep a verified static copy of a log."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import click

from api.cli.options import FILE
from api.cli.output import explain
from api.cli.progress_bar import progress_bar
from api.mirror.mirror import Mirror
from api.mirror.mirror_copy import MirrorCopy
from api.mirror.target_writer import open_writer
from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.graceful_shutdown import GracefulShutdown
from api.monitor.log_growth import LogGrowth
from api.monitor.log_source import LogSource
from api.monitor.retry import keep_going
from api.monitor.trust_on_first_use import believed
from ledger.errors import LedgerError
from ledger.limits import MIRROR_RETRY_SECONDS_MAX

__all__ = ["mirror"]


@click.command()
@click.argument("url")
@click.argument("target")
@click.option("--trust", "trust_path", type=FILE, help="What you believe beforehand: the log's trust file.")
@click.option("--once", is_flag=True, help="Copy what there is, and end.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=60.0,
    show_default=True,
    help="Seconds between two looks, where the service's event stream does not say when to look.",
)
@click.pass_context
def mirror(ctx: click.Context, url: str, target: str, *, trust_path: Path | None, once: bool, interval: float) -> None:
    """Keep a verified copy of the log at URL (a service or another mirror) in TARGET, for any static file server.

    TARGET is a folder, or a bucket of an object store: s3://bucket/prefix, reached by the usual AWS_* variables.

    Exit code 1 as soon as the log contradicts itself, what it signed or what is in TARGET: the evidence lies in
    TARGET/.mirror. With --once 0 if the copy is whole, 2 if the log could not be read; else it keeps trying until
    SIGTERM.
    """
    kept = MirrorCopy(open_writer(target))
    with contextlib.ExitStack() as stack:
        stack.enter_context(kept.alone())
        source = stack.enter_context(LogSource(url, newest=True))
        growth = LogGrowth(url)
        stack.callback(growth.close)
        stack.enter_context(GracefulShutdown().listening())
        step = _progress(stack)
        copy: Mirror | None = None
        listening = False

        def one_round() -> None:
            nonlocal copy
            if copy is None:
                trust, text = believed(trust_path, kept.trust(), source, _say)
                copy = Mirror(source, trust, kept, step)
                kept.keep_trust(text)
            before = copy.size
            if copy.round() != before and (once or not before or _is_tty()):
                dates = "" if copy.timed else " (the source gives no receipts: an audit of the copy judges no dates)"
                _say(f"{target}: {copy.size} entries, verified{dates}")

        def wait(seconds: float) -> None:
            nonlocal listening
            assert copy is not None  # a round went well
            if not listening:
                growth.listen(copy.size)
                listening = True
            growth.wait(copy.size, seconds)

        said = ""

        def say(error: LedgerError) -> None:  # once, however often it is tried
            nonlocal said
            if (line := explain(error)[0]) != said:
                said = line
                _say(line)

        retry = MIRROR_RETRY_SECONDS_MAX
        try:
            keep_going(one_round, once=once, interval=interval, say=say, wait=wait, retry_seconds_max=retry)
        except Inconsistent as found:
            where = kept.keep_inconsistency(found)
            _say(f"日志不一致 / THE LOG IS INCONSISTENT ({found.kind})\n{found.zh}\n{found.en}\n{where}")
            ctx.exit(1)


def _progress(stack: contextlib.ExitStack) -> Callable[[int, int], None]:
    """What is told how many entries are copied, of how many; it is shown where a person looks on."""
    progress = stack.enter_context(progress_bar()) if _is_tty() else None
    task = None if progress is None else progress.add_task("copying", total=None)

    def step(done: int, size: int) -> None:
        if progress is not None and task is not None:
            progress.update(task, completed=done, total=size)

    return step


def _is_tty() -> bool:
    return sys.stderr.isatty()


def _say(text: str) -> None:
    click.echo(f"credit-ledger: {text}", err=True)
