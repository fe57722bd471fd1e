"""`export parquet`: the public feed, all standings and outcomes, for DuckDB and whatever else reads Parquet."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
import httpx

from api.cli.progress_bar import progress_bar
from api.client.problems import error_of
from api.client.transport import Transport
from ledger.errors import Misconfigured, Unavailable
from ledger.limits import EVENTS_PAGE_MAX, IMPORT_TRIES_MAX
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.note import parse_note

__all__ = ["parquet"]

_TIMEOUT_SECONDS: Final = 60.0
_NDJSON: Final = "application/x-ndjson"


@click.command("parquet")
@click.argument("url", metavar="URL")
@click.option("-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="A folder, made new.")
def parquet(url: str, folder: Path) -> None:
    """The public feed, all current standings and all public outcomes of complaints as Parquet, by log and month.

    For DuckDB, and whatever else reads it. Nothing is verified; an export that breaks off leaves no folder.
    """
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url} is not the address of a service (http://… or https://…)", param_hint="URL")
    if folder.exists():
        raise click.BadParameter(f"{folder} is there already: name a new folder", param_hint="--output")
    try:
        from api.export.parquet_files import write_events, write_outcomes, write_standings  # noqa: PLC0415  (an optional extra)
    except ImportError:
        raise Misconfigured(
            "导出 Parquet 需要 pyarrow: pip install 'credit-ledger[parquet]' / Parquet needs pyarrow: "
            "pip install 'credit-ledger[parquet]'"
        ) from None
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS) as client, progress_bar() as bar:
            transport = Transport(client, tries_max=IMPORT_TRIES_MAX, again_if_silent=True)
            origin = parse_checkpoint(parse_note(transport.ask("GET", "/checkpoint")[0].content).text).origin
            task = bar.add_task("entries", total=None)
            entries = write_events(_feed(transport, lambda at: bar.update(task, completed=at)), origin, unfinished)
            task = bar.add_task("standings", total=None)
            standings = write_standings(_dump(client, "standings"), origin, unfinished)
            outcomes = write_outcomes(_dump(client, "outcomes"), origin, unfinished)
            bar.update(task, completed=standings)
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    click.echo(f"{entries} entries, {standings} standings, {outcomes} outcomes → {folder}")


def _feed(transport: Transport, tell: Callable[[int], None]) -> Iterator[bytes]:
    after, count = -1, EVENTS_PAGE_MAX
    while count == EVENTS_PAGE_MAX:
        answer, _ = transport.ask("GET", f"/v1/events?after={after}&limit={EVENTS_PAGE_MAX}", accept=_NDJSON)
        lines = answer.content.splitlines()
        yield from lines
        count = len(lines)
        after += count
        tell(after + 1)


def _dump(client: httpx.Client, what: str) -> Iterator[bytes]:
    try:
        with client.stream("GET", f"/v1/{what}.ndjson") as answer:
            if answer.is_error:
                raise error_of(answer.status_code, answer.headers.get("Content-Type", ""), answer.read())
            rest = b""
            for piece in answer.iter_bytes():
                *lines, rest = (rest + piece).split(b"\n")  # at no other end of a line than NDJSON has
                yield from lines
            if rest:
                yield rest
    except httpx.TransportError as error:
        raise Unavailable(f"{client.base_url} did not answer, or broke off: {error!r:.200}") from error
